// Holds the state, applies actions, and tells the components once a frame that it changed.

import { initial, reduce } from './state.js';

/** Events: `change`, at most once a frame; in a hidden tab four times a second, so that its title stays true. */
export class Store extends EventTarget {
	#due = false;

	/** @param {string} client */
	constructor(client) {
		super();
		this.state = initial(client);
	}

	/** @param {import('./state.js').Action} action */
	dispatch(action) {
		const before = this.state;
		this.state = reduce(before, action);
		if (this.state === before || this.#due) return;
		this.#due = true;
		const tell = () => { this.#due = false; this.dispatchEvent(new Event('change')); };
		if (document.visibilityState === 'visible') requestAnimationFrame(tell);
		else setTimeout(tell, 250);
	}

	/** Now and whenever it changed. @param {(state: import('./state.js').State) => void} render */
	watch(render) {
		this.addEventListener('change', () => render(this.state));
		render(this.state);
	}

	/** A short message of the page itself. @param {string} message @param {string} [level] @param {{ upload?: string, action?: { text: string, act: string, id?: string } }} [more] */
	toast(message, level = 'info', more = {}) { this.dispatch({ type: 'toast', at: Date.now(), message, level, ...more }); }
}

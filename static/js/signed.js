// Who is signed in: asked at the start, and whenever the server refuses something, or no longer does. No DOM.

import { shutOf } from './access.js';
import * as api from './api.js';

/** Before what was refused to somebody who is signed in is tried again. */
const REFUSED_MS = 1000;

/** Events: `may` when the page may go on (detail: whether it could not before), `other` when somebody else has signed in. */
export class Signed extends EventTarget {
	#store;
	/** The answer that is waited for. @type {Promise<import('./access.js').Access | null> | null} */
	#asked = null;
	/** Who was signed in last. @type {string | null} */
	#sub = null;
	#begun = false;

	/** @param {import('./store.js').Store} store */
	constructor(store) {
		super();
		this.#store = store;
		api.answers.addEventListener('refused', () => this.ask());
	}

	async ask() {
		if (this.#asked) return;
		const asked = this.#asked = api.who().catch(() => null);
		const access = await asked;
		// Somebody may have signed in meanwhile.
		if (this.#asked === asked) this.knows(access ?? this.#store.state.access);
	}

	/** Who one is now; null where nobody is asked, or that cannot be told. @param {import('./access.js').Access | null} access */
	knows(access) {
		const before = shutOf(this.#store.state) !== null || !this.#begun;
		this.#asked = null;
		if (this.#sub && access?.sub && access.sub !== this.#sub) return this.dispatchEvent(new Event('other'));
		this.#sub = access?.sub ?? this.#sub;
		this.#begun = true;
		// What is shown to somebody who has to sign in again stays as it was for them.
		const now = access?.signed_in === false ? { ...this.#store.state.access ?? access, signed_in: false } : access;
		this.#store.dispatch({ type: 'access', access: now?.mode === 'none' ? null : now });
		if (before) this.#tell(true);
		else setTimeout(() => this.#tell(false), REFUSED_MS);
	}

	#tell(detail) {
		if (this.#store.state.access?.signed_in !== false) this.dispatchEvent(new CustomEvent('may', { detail }));
	}
}

// The last messages in a popover, newest first. Loaded when it is asked for.

import { hashOf } from '../client-name.js';
import { h, icon } from '../elements.js';
import { clock } from '../format.js';
import { app } from '../words.js';
import { LEVELS, popover } from './popovers.js';

/** They come in while it is open. @param {HTMLElement} host @param {HTMLElement} anchor @param {import('../store.js').Store} store */
export function showMessages(host, anchor, store) {
	let last = 0;
	const item = ({ at, level, message, upload }) => {
		const [kind, look] = LEVELS[level] ?? LEVELS.info;
		const { uploads, client } = store.state;
		const file = uploads.get(upload);
		return h('li', { class: `msg ${kind}` }, icon(look), h('p', message, h('small', clock(at), ' ', file && h('a', { href: hashOf(client, file.id) }, file.filename))));
	};
	const list = h('ol', { tabindex: 0, 'aria-label': app.messages });
	const none = h('p.hint', app.noMessages);
	const render = () => {
		const { messages } = store.state;
		list.prepend(...messages.filter(({ key }) => key > last).map(item).reverse());
		last = messages.at(-1)?.key ?? 0;
		list.hidden = !last;
		none.hidden = !list.hidden;
	};
	render();
	store.addEventListener('change', render);
	popover(host, anchor, app.messages, list, none).addEventListener('toggle', ({ newState }) => { if (newState === 'closed') store.removeEventListener('change', render); });
}

// The last messages in a popover, newest first. Loaded when it is asked for.

import { hashOf } from '../client-name.js';
import { h, icon } from '../elements.js';
import { clock } from '../format.js';
import { app } from '../words.js';
import { LEVELS, popover } from './popovers.js';

/** @param {HTMLElement} host @param {HTMLElement} anchor @param {import('../state.js').State} state */
export function showMessages(host, anchor, { messages, uploads, client }) {
	const item = ({ at, level, message, upload }) => {
		const [kind, look] = LEVELS[level] ?? LEVELS.info;
		const file = uploads.get(upload);
		return h('li', { class: `msg ${kind}` }, icon(look), h('p', message, h('small', clock(at), ' ', file && h('a', { href: hashOf(client, file.id) }, file.filename))));
	};
	const list = h('ol', { tabindex: 0, 'aria-label': app.messages }, ...messages.map(item).reverse());
	popover(host, anchor, app.messages, messages.length ? list : h('p.hint', app.noMessages));
}

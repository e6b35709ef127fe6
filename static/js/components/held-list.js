// What the columns of a held upload look like, in the place of its rows. Loaded when the first one is held.

import { component, h } from '../elements.js';
import { isHeld, selectedUpload } from '../state.js';
import { table as words } from '../words.js';

const COLUMNS_MAX = 200;

component('held-list', (host, { store }) => {
	let shown = /** @type {any} */ (null);
	store.watch((state) => {
		const upload = selectedUpload(state);
		host.hidden = !upload || !isHeld(upload);
		const list = upload?.profile ?? [];
		if (host.hidden || list === shown) return;
		shown = list;
		const line = (tag, cells) => h('tr', ...cells.map((cell) => h(tag, { dir: tag === 'td' && 'auto' }, cell)));
		const row = ({ name, type, examples }) => line('td', [h('b', name), words.looks[type] ?? type, h('span', ...examples.map((one) => h('span.code', { dir: 'auto' }, one)))]);
		host.replaceChildren(h('strong', words.held), h('p', words.heldText),
			h('table', h('thead', line('th', words.heldHead)), h('tbody', ...list.slice(0, COLUMNS_MAX).map(row))), h('p', { hidden: list.length <= COLUMNS_MAX }, words.heldMore(list.length - COLUMNS_MAX)));
	});
});

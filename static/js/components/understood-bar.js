// How the file was understood, as the server says it. Nothing here can be changed yet, so nothing here is a button.

import { attr, component, h } from '../elements.js';
import { count } from '../format.js';
import { isRunning, localSending, selectedUpload } from '../state.js';
import { app, understood as words } from '../words.js';

component('understood-bar', (host, { store }) => {
	let shown = '';
	// It scrolls sideways where it has no room, so it must be reachable.
	for (const [name, value] of Object.entries({ tabindex: 0, role: 'group', 'aria-label': app.know, class: 'inset' })) attr(host, name, value);
	store.watch((state) => {
		const upload = selectedUpload(state);
		const sending = localSending(state);
		const coming = upload ? isRunning(upload) : sending?.over === false;
		const list = upload?.reading ? facts(upload.reading, upload.columns.length) : [[coming ? words.waiting : upload ?? sending ? words.none : words.idle]];
		const key = JSON.stringify(list);
		if (key === shown) return;
		shown = key;
		host.replaceChildren(h('span', { class: 'lead' }, words.lead), ...list.flatMap(([name, code, value], i) => [
			i > 0 && h('i', { class: 'ub-sep' }), value === undefined ? h('span', { class: 'dim cut' }, name) : h('span', { class: 'ub' }, h('span', {}, name), code && h('span', { class: 'code' }, code), value && h('b', {}, value)),
		]).filter(Boolean));
	});
});

/** Name, the character itself, its name or value. @param {import('../state.js').Reading} reading @param {number} columns */
const facts = ({ delimiter, quote, encoding, header_rows: rows, byte_order_mark: mark }, columns) => [
	[words.delimiter, delimiter === '\t' ? '\\t' : delimiter, words.delimiters[delimiter] ?? ''], [words.quote, quote, words.quotes[quote] ?? ''], [words.encoding, '', encoding.toUpperCase()],
	[words.header, '', words.headerRows(rows)], [words.columns, '', count(columns)], ...(mark ? [[words.mark, '', words.yes]] : []),
];

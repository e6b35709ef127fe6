// One row as a list, narrowed by typing the name of a column; a name leads to its cell. Of very many columns the first are shown.

import { button, h, text as setText } from '../elements.js';
import { count } from '../format.js';
import { column as words, table } from '../words.js';
import { popover } from './popovers.js';
import { textNodes } from './problem-parts.js';

const SHOWN_MAX = 200;

/** @param {HTMLElement} host @param {HTMLElement} anchor @param {import('../opened.js').Opened} opened @param {number} row @param {(row: number, column: string) => void} goTo @param {() => void} copy */
export function openRow(host, anchor, { rows: source, index }, row, goTo, copy) {
	const wrong = index.of(row).map((at) => index.brief(at).column);
	const cells = /** @type {any[]} */ (source.at(row)?.cells ?? []);
	const list = h('dl.record');
	const note = h('p.hint');
	const input = h('input.input', { autofocus: !matchMedia('(pointer: coarse)').matches, autocomplete: 'off', placeholder: words.find, oninput: fill });
	const one = (name, i) => [h('dt', h('button', { type: 'button', dir: 'auto', onclick: () => { pop.hidePopover(); goTo(row, name); } }, name)), h('dd', { dir: 'auto', class: (cells[i] === null || wrong.includes(name)) && 'bad' }, ...textNodes(cells[i] === null ? table.missing : cells[i]?.text ?? cells[i] ?? ''))];
	function fill() {
		const found = [...source.columns.entries()].filter(([, name]) => name.toLowerCase().includes(input.value.toLowerCase()));
		list.replaceChildren(...found.slice(0, SHOWN_MAX).flatMap(([i, name]) => one(name, i)));
		setText(note, words.more(found.length, SHOWN_MAX));
	}
	const pop = popover(host, anchor, `${table.row} ${count(row)}`, h('form', { onsubmit: (event) => { event.preventDefault(); list.querySelector('button')?.click(); } }, input), list, note, button({ icon: 'copy', text: words.copy, onclick: copy }));
	fill();
}

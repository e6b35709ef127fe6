// What is known of one column: what it looks like, how full it is, a few of its values, its problems; and its width.

import { button, h } from '../elements.js';
import { count, percent } from '../format.js';
import { column as words, table } from '../words.js';
import { popover } from './popovers.js';
import { fact } from './problem-parts.js';

/**
 * @param {HTMLElement} host @param {HTMLElement} anchor @param {import('../columns.js').Profile} known @param {boolean} first whether it is known of the first rows of the file, or of those that are here
 * @param {import('../problem-index.js').Group[]} groups its problems @param {(row: number, column: string) => void} goTo @param {(by: number) => void} size
 */
export function openColumn(host, anchor, { name, type, rows, nulls, distinct, min, max, examples }, first, groups, goTo, size) {
	const filled = rows - nulls;
	const row = Math.min(...groups.map((group) => group.rows[0] ?? Infinity));
	const facts = [table.looks[type] ?? type, `${count(filled)}, ${percent(filled, rows || 1)} %`, count(nulls), count(distinct), min, max, examples.join(' · ')];
	const pop = popover(host, anchor, name, h('dl', ...words.facts.map((what, i) => facts[i] && fact(what, facts[i]))), h('p.hint', words.of(rows, first)), h('div.row.wrap', {},
		...words.sizes.map(([text, by]) => button({ text, onclick: () => size(by) })), row < Infinity && button({ text: words.first(groups.reduce((sum, { at }) => sum + at.length, 0)), onclick: () => { pop.hidePopover(); goTo(row, name); } })));
	pop.classList.add('find-problem');
}

// Writes the head and the lines of the table into their nodes. Nodes are reused; every value goes in as text.

import { isPlain } from '../cell-text.js';
import { attr, h, svg } from '../elements.js';
import { count } from '../format.js';
import { table as words } from '../words.js';
import { kindOf, textNodes } from './problem-parts.js';

/** @typedef {{ tr: HTMLTableRowElement, head: any, cells: HTMLTableCellElement[], row: number, data: any, marks: number }} Line */
/** @typedef {{ code: string, column: string | null, severity: string }} Brief */

/** Stands for the columns that are not in the document, and at the end for the room that is left. */
const spacer = (tag) => h(tag, { class: 'rt-space', 'aria-hidden': true });

/** @param {number} cells @param {boolean} windowed whether columns are left out @returns {Line} */
export function makeLine(cells, windowed) {
	const head = h('th', { scope: 'row', class: 'rt-n' }, '', h('span.vh'));
	const list = Array.from({ length: cells }, () => h('td', { dir: 'auto' }));
	return { tr: h('tr', head, windowed && spacer('td'), ...list, spacer('td')), head, cells: list, row: 0, data: undefined, marks: -1 };
}

/** @param {Line} line @param {number} index its place in the table @param {number} row @param {import('../row-source.js').Row | null | undefined} data @param {import('../columns.js').Column[]} columns @param {{ from: number, windowed: boolean }} shown @param {Brief[]} problems */
export function writeLine(line, index, row, data, columns, { from, windowed }, problems) {
	const wrong = problems.length > 0 || data === null;
	Object.assign(line, { row, data, marks: problems.length });
	attr(line.tr, 'aria-rowindex', index + 2);
	attr(line.head, 'class', wrong ? 'rt-n rt-dot' : 'rt-n');
	line.head.firstChild.data = count(row);
	line.head.lastChild.textContent = wrong ? words.hasProblem : '';
	line.cells.forEach((td, i) => {
		const at = from + i;
		const last = at === columns.length - 1;
		if (windowed) attr(td, 'aria-colindex', at + 2);
		const problem = problems.find(({ column }) => column === columns[at].name) ?? (last && problems.find(({ code }) => code === 'extra-cell'));
		writeCell(td, data && data.cells[at], columns[at].numeric ? 'num' : '', problem, last && data?.extra, data === null);
	});
}

/** `cell` is undefined while the row is not here, null when the record ends before it. */
function writeCell(td, cell, kind, problem, extra, notKept) {
	if (td.title) attr(td, 'title', null);
	if (cell === undefined) return plain(td, `${kind} rt-wait`, '');
	if (cell === null) {
		attr(td, 'class', 'gone');
		return td.replaceChildren(h('em', notKept ? words.notKept : words.missing));
	}
	const long = cell.length && cell.text;
	const text = long || cell;
	if (!problem && !extra && !long && isPlain(text)) return plain(td, kind, text);
	attr(td, 'class', problem ? `${kind} ${problem.severity === 'error' ? 'bad' : 'odd'}` : kind);
	const content = textNodes(text);
	const size = long ? words.size(cell.length) : extra && `+${count(extra.length)}`;
	td.replaceChildren(...(problem ? [h('button', { type: 'button', class: 'rt-flag', tabindex: -1, dir: 'auto', 'aria-haspopup': 'dialog' }, ...content, h('span.vh', `, ${kindOf(problem.code)}`))] : content),
		...(size ? [h('span.size.code', { title: extra && !long ? words.extra(extra.length) : null }, size)] : []));
}

/** The usual cell, with as little work as possible. */
function plain(td, kind, text) {
	if (td.className !== kind) td.className = kind;
	const only = td.firstChild;
	if (!(only instanceof Text) || only.nextSibling) td.textContent = text;
	else if (only.data !== text) only.data = text;
}

function headCell({ name, type, numeric, rows, nulls }, index) {
	// Of no row nothing is said.
	const filled = rows && Math.round(100 - (100 * nulls) / rows);
	const profile = svg('svg', { class: 'profile', viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': true }, svg('rect', { class: 'val', width: filled, height: 4 }));
	return h('th', { scope: 'col', 'aria-colindex': index + 2, class: numeric && 'num', title: rows ? `${name}\n${words.filled(filled)}` : name },
		h('button', { type: 'button', class: 'rt-col', tabindex: -1, 'aria-haspopup': 'dialog' }, h('b', { dir: 'auto' }, name), h('span', rows ? words.looks[type] ?? type : '\u00a0'), profile), h('span.rt-grip'));
}

/** @param {HTMLElement} group @param {import('../columns.js').Column[]} columns @param {{ from: number, to: number, windowed: boolean }} shown @param {number[]} at left edges */
export function writeWidths(group, columns, { from, to, windowed }, at) {
	const col = (kind, width) => {
		const node = h('col', { class: kind });
		if (width !== undefined) node.style.width = `${width}px`;
		return node;
	};
	group.replaceChildren(col('c-n'), ...(windowed ? [col('c-rest', at[from])] : []), ...columns.slice(from, to).map(({ width, px }) => col(width, px)), col('c-rest', windowed ? at[columns.length] - at[to] : undefined));
}

/** @param {HTMLElement} row @param {import('../columns.js').Column[]} columns @param {{ from: number, to: number, windowed: boolean }} shown */
export const writeHead = (row, columns, { from, to, windowed }) =>
	row.replaceChildren(h('th', { scope: 'col', class: 'rt-n', 'aria-colindex': 1 }, words.row), ...(windowed ? [spacer('th')] : []), ...columns.slice(from, to).map((column, i) => headCell(column, from + i)), spacer('th'));

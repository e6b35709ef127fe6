// The nodes of the table: head, widths and the lines in view. Lines that leave at one end go on at the other.

import { SAMPLE_ROWS, columnWindow, describe, offsets } from '../columns.js';
import { attr, h } from '../elements.js';
import { makeLine, writeHead, writeLine } from './row-cells.js';

const SAMPLE_CELLS = 40_000;
/** Lines beyond the need that are kept for the next time. */
const KEPT = 16;
/** Width of the row numbers, as in row-table.css. */
const NUMBERS_REM = 6.5;

export const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
export const numbersWidth = () => NUMBERS_REM * rem();

export class TableBody {
	#group = h('colgroup');
	#body = h('tbody');
	headRow = h('tr', { 'aria-rowindex': 1 });
	grid = h('table', { class: 'rt', role: 'grid', tabindex: 0 }, this.#group, h('thead', {}, this.headRow), this.#body);
	/** @type {import('../columns.js').Column[]} */
	columns = [];
	/** Left edges of the columns, in px. */
	at = [0];
	#shown = { from: 0, to: 0, windowed: false };
	#sampled = -1;
	/** @type {import('./row-cells.js').Line[]} */
	lines = [];
	#first = 0;

	/** Another upload: nothing of the old one stays. */
	reset() {
		Object.assign(this, { columns: [], at: [0] });
		this.#shown = { from: 0, to: 0, windowed: false };
		this.#sampled = -1;
		this.#dropLines();
		this.#group.replaceChildren();
		this.headRow.replaceChildren();
	}

	/** Picks looks and widths from the first rows, and again once when there are enough of them. @param {import('../row-source.js').RowSource} source @param {boolean} running @returns {boolean} whether widths are new */
	pick(source, running) {
		const names = source.columns;
		const enough = Math.min(SAMPLE_ROWS, Math.max(20, SAMPLE_CELLS / Math.max(1, names.length)));
		if (!names.length || this.#sampled >= enough) return false;
		const sample = source.sample(enough);
		if (sample.length <= this.#sampled || (this.#sampled > 0 && running && sample.length < enough)) return false;
		this.columns = describe(names, sample);
		this.at = offsets(this.columns, rem());
		this.#sampled = sample.length;
		this.#shown.from = -1;
		attr(this.grid, 'aria-colcount', names.length + 1);
		return true;
	}

	/** Shows the columns between `left` and `left + width`. @param {number} left @param {number} width @returns {boolean} whether the head was written */
	showColumns(left, width) {
		const { from, to } = columnWindow(this.at, left, width);
		if (from === this.#shown.from && to === this.#shown.to) return false;
		if (this.lines[0]?.cells.length !== to - from) this.#dropLines();
		this.#shown = { from, to, windowed: to - from < this.columns.length };
		writeHead(this.headRow, this.#group, this.columns, this.#shown, this.at);
		for (const line of this.lines) line.row = 0;
		return true;
	}

	/** Writes the rows [from, to), by index, shifted up by `shift` px. @param {{ from: number, to: number, shift: number }} window @param {number} need lines at least @param {import('../row-source.js').RowSource} source @param {import('../problem-index.js').ProblemIndex} index */
	write({ from, to, shift }, need, source, index) {
		this.#arrange(from, Math.max(to - from, need));
		this.lines.forEach((line, i) => {
			const row = from + i + 1;
			if (line.tr.hidden !== row > to) line.tr.hidden = row > to;
			if (row > to) return;
			const data = source.at(row);
			const marks = index.of(row);
			if (line.row !== row || line.data !== data || line.marks !== marks.length) writeLine(line, row, data, this.columns, this.#shown, marks.map((at) => index.brief(at)));
		});
		this.#body.style.transform = `translateY(${-shift.toFixed(2)}px)`;
	}

	#dropLines() {
		this.lines = [];
		this.#body.replaceChildren();
	}

	#arrange(from, need) {
		const { lines } = this;
		while (lines.length < need) {
			const line = makeLine(this.#shown.to - this.#shown.from, this.#shown.windowed);
			lines.push(line);
			this.#body.append(line.tr);
		}
		while (lines.length > need + KEPT) lines.pop()?.tr.remove();
		const shift = from - this.#first;
		this.#first = from;
		if (Math.abs(shift) >= lines.length) return;
		const moved = shift > 0 ? lines.splice(0, shift) : lines.splice(lines.length + shift, -shift);
		lines.splice(shift > 0 ? lines.length : 0, 0, ...moved);
		this.#body[shift > 0 ? 'append' : 'prepend'](...moved.map(({ tr }) => tr));
	}

	/** @param {number} row */
	line(row) { return this.lines.find((one) => one.row === row && !one.tr.hidden); }

	/** @param {number} row @param {number} column @returns {HTMLElement | undefined} */
	cell(row, column) { return this.line(row)?.cells[column - this.#shown.from]; }

	/** The row and column of a node; the column is -1 on a row's number. @param {Node} node */
	placeOf(node) {
		const line = this.lines.find(({ tr }) => tr.contains(node));
		const place = line?.cells.findIndex((td) => td.contains(node)) ?? -1;
		return line && { row: line.row, column: place < 0 ? -1 : place + this.#shown.from };
	}

	/** Marks the cell that keys move from. @param {HTMLElement | undefined} td */
	select(td) {
		for (const one of this.#body.querySelectorAll('[aria-selected]')) if (one !== td) for (const name of ['aria-selected', 'tabindex']) attr(one, name, null);
		if (td) for (const [name, value] of [['aria-selected', 'true'], ['tabindex', '0']]) attr(td, name, value);
		attr(this.grid, 'tabindex', td ? -1 : 0);
	}
}

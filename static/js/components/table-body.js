// The nodes of the table: head, widths and the lines in view. Lines that leave at one end go on at the other.

import { SAMPLE_ROWS, columnWindow, describe, offsets } from '../columns.js';
import { attr, h } from '../elements.js';
import { makeLine, writeHead, writeLine, writeWidths } from './row-cells.js';

const SAMPLE_CELLS = 40_000;
/** Lines beyond the need that are kept for the next time. */
const KEPT = 16;
/** Width of the row numbers, as in row-table.css. */
const NUMBERS_REM = 6.5;

export const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
export const numbersWidth = () => NUMBERS_REM * rem();

export class TableBody {
	#group = h('colgroup');
	body = h('tbody');
	headRow = h('tr', { 'aria-rowindex': 1 });
	grid = h('table.rt', { role: 'grid', tabindex: 0 }, this.#group, h('thead', this.headRow), this.body);
	/** @type {import('../columns.js').Column[]} */
	columns = [];
	/** Left edges of the columns, in px. */
	at = [0];
	#shown = { from: 0, to: 0, windowed: false };
	#sampled = -1;
	/** Whether widths are new. */
	#wider = false;
	/** @type {import('./row-cells.js').Line[]} */
	lines = [];
	#first = 0;
	/** The head as a line, row 0. @type {any} */
	#head = { tr: this.headRow, cells: [] };

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
		const sample = names.length && this.#sampled < enough ? source.sample(enough) : [];
		if (names.length && sample.length > this.#sampled && !(this.#sampled > 0 && running && sample.length < enough)) {
			this.columns = describe(names, sample).map((column, i) => ({ ...column, px: this.columns[i]?.px }));
			this.#sampled = sample.length;
			this.#shown.from = -1;
			this.#wider = true;
			attr(this.grid, 'aria-colcount', names.length + 1);
		}
		if (this.#wider) this.at = offsets(this.columns, rem());
		return this.#wider;
	}

	/** How wide somebody wants a column, within bounds; it shows at the next write. @param {number} column @param {number} px */
	setWidth(column, px) {
		this.columns[column].px = Math.min(Math.max(Math.round(px), 3 * rem()), 60 * rem());
		this.#wider = true;
	}

	/** Shows the columns between `left` and `left + width`. @param {number} left @param {number} width @returns {boolean} whether the head was written */
	showColumns(left, width) {
		const { from, to } = columnWindow(this.at, left, width);
		const same = from === this.#shown.from && to === this.#shown.to;
		if (same && !this.#wider) return false;
		this.#wider = false;
		const shown = { from, to, windowed: to - from < this.columns.length };
		writeWidths(this.#group, this.columns, shown, this.at);
		// Nodes stay where they can: a popover may hang on one, or the focus.
		if (same) return false;
		if (this.lines[0]?.cells.length !== to - from) this.#dropLines();
		this.#shown = shown;
		writeHead(this.headRow, this.columns, shown);
		const [head, ...cells] = this.headRow.querySelectorAll('th:not(.rt-space)');
		this.#head = { tr: this.headRow, row: 0, head, cells };
		this.refresh();
		return true;
	}

	/** Every line is written anew the next time. */
	refresh() { for (const line of this.lines) line.row = 0; }

	/** Writes the rows at [from, to), shifted up by `shift` px. @param {{ from: number, to: number, shift: number }} window @param {number} need lines at least @param {import('../row-source.js').RowSource} source @param {import('../problem-index.js').ProblemIndex} index @param {import('../row-lens.js').RowLens} lens */
	write({ from, to, shift }, need, source, index, lens) {
		this.#arrange(from, Math.max(to - from, need));
		this.lines.forEach((line, i) => {
			const place = from + i;
			if (line.tr.hidden !== place >= to) line.tr.hidden = place >= to;
			if (place >= to) return;
			const row = lens.at(place);
			const data = source.at(row);
			const marks = index.of(row);
			if (line.row !== row || line.data !== data || line.marks !== marks.length) writeLine(line, place, row, data, this.columns, this.#shown, marks.map((at) => index.brief(at)));
		});
		this.body.style.transform = `translateY(${-shift.toFixed(2)}px)`;
	}

	#dropLines() {
		this.lines = [];
		this.body.replaceChildren();
	}

	#arrange(from, need) {
		const { lines } = this;
		while (lines.length < need) {
			const line = makeLine(this.#shown.to - this.#shown.from, this.#shown.windowed);
			lines.push(line);
			this.body.append(line.tr);
		}
		while (lines.length > need + KEPT) lines.pop()?.tr.remove();
		const shift = from - this.#first;
		this.#first = from;
		if (Math.abs(shift) >= lines.length) return;
		const moved = shift > 0 ? lines.splice(0, shift) : lines.splice(lines.length + shift, -shift);
		lines.splice(shift > 0 ? lines.length : 0, 0, ...moved);
		this.body[shift > 0 ? 'append' : 'prepend'](...moved.map(({ tr }) => tr));
	}

	/** @param {number} row */
	line(row) { return this.lines.find((one) => one.row === row && !one.tr.hidden); }

	/** Row 0 is the head, column -1 the row's number. @param {number} row @param {number} column @returns {HTMLElement | undefined} */
	cell(row, column) {
		const line = row ? this.line(row) : this.#head;
		return column < 0 ? line?.head : line?.cells[column - this.#shown.from];
	}

	/** The nodes of one column that are in the document, the head first. @param {number} column */
	cells(column) { return [this.#head, ...this.lines].map(({ cells }) => cells[column - this.#shown.from]).filter(Boolean); }

	/** The row and column of a node, as `cell` takes them. @param {Node} node */
	placeOf(node) {
		const line = [this.#head, ...this.lines].find(({ tr }) => tr.contains(node));
		const place = line?.cells.findIndex((td) => td.contains(node)) ?? -1;
		return line && { row: line.row, column: place < 0 ? -1 : place + this.#shown.from };
	}

	/** Marks the cell that keys move from; as selected only if somebody was there. @param {HTMLElement | undefined} td @param {boolean} selected */
	select(td, selected) {
		for (const one of this.grid.querySelectorAll('[aria-selected], :is(td, th)[tabindex]')) if (one !== td) for (const name of ['aria-selected', 'tabindex']) attr(one, name, null);
		if (td) {
			attr(td, 'aria-selected', selected && 'true');
			attr(td, 'tabindex', 0);
		}
		attr(this.grid, 'tabindex', td ? -1 : 0);
	}
}

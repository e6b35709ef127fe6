// Every problem of one upload as a few bytes each: its row, kind and column. Details are fetched when they are looked at. Pure.
//
// The place of a problem here is its place on the server (`/problems?from=`). Problems come in the order of the file, so rows
// ascend (those without a row, such as a blank line, take the row before them) and are found by halves.

import { firstWhere } from './columns.js';

/** @typedef {{ row: number | null, line: number, byte: number, column: string | null, code: string, severity: string, message: string, raw: string, raw_cut?: boolean }} Problem */
/** @typedef {{ key: string, code: string, column: string | null, severity: string, at: number[], rows: number[], example: Problem }} Group  `at`: places of its problems; `rows`: the rows they are in, ascending */

export class ProblemIndex {
	#list = [];
	/** Row of each problem, or of the one before it. */
	#rows = [];
	#groups = new Map();
	/** The rows that have any, ascending. @type {number[]} */
	touched = [];

	get length() { return this.#list.length; }
	get rowsTouched() { return this.touched.length; }

	/** @param {Problem[]} problems the next ones */
	append(problems) {
		for (const problem of problems) {
			const { row, column, code, severity } = problem;
			const before = this.#rows.at(-1) ?? 0;
			this.#rows.push(Math.max(row ?? before, before));
			const key = `${code} ${column ?? ''}`;
			if (!this.#groups.has(key)) this.#groups.set(key, { key, code, column, severity, at: [], rows: [], example: problem });
			const group = this.#groups.get(key);
			group.at.push(this.length);
			for (const rows of [this.touched, group.rows]) if (row !== null && row > (rows.at(-1) ?? 0)) rows.push(row);
			this.#list.push({ row, column, code, severity });
		}
	}

	/** Most frequent first. @returns {Group[]} */
	groups() { return [...this.#groups.values()].sort((a, b) => b.at.length - a.at.length); }

	/** Row, column, code and severity of one. @param {number} at */
	brief(at) { return this.#list[at]; }

	/** Places of the problems of one row. @param {number} row */
	of(row) {
		const found = [];
		for (let at = this.#firstFrom(row); this.#rows[at] === row; at++) if (this.#list[at].row === row) found.push(at);
		return found;
	}

	/** The next problem after `row` (direction 1) or before it (-1); -1 when there is none. @param {number} row @param {1 | -1} direction */
	beside(row, direction) {
		let at = direction === 1 ? this.#firstFrom(row + 1) : this.#firstFrom(row) - 1;
		while (this.#list[at]?.row === null) at += direction;
		return at < this.length ? at : -1;
	}

	/** Which of `buckets` equal parts of `rows` rows hold problems: 0 none, 1 odd, 2 wrong. @param {number} rows @param {number} buckets */
	map(rows, buckets) {
		const marks = new Uint8Array(buckets);
		this.#rows.forEach((row, at) => {
			const bucket = Math.min(buckets - 1, Math.floor((Math.max(0, row - 1) / Math.max(1, rows)) * buckets));
			marks[bucket] = Math.max(marks[bucket], this.#list[at].severity === 'error' ? 2 : 1);
		});
		return marks;
	}

	#firstFrom(row) { return firstWhere(this.#rows, (one) => one >= row); }
}

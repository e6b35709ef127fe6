// Which rows the table stands for, by place from 0: all of them, or only those of a list. Pure.

import { firstWhere } from './columns.js';

export class RowLens {
	/** Ascending row numbers; it may grow at its end. @type {number[] | null} */
	list = null;

	/** The row at a place. @param {number} index */
	at(index) { return this.list ? this.list[index] : index + 1; }

	/** The place of a row, or of the next one that has a place. @param {number} row */
	indexOf(row) { return this.list ? firstWhere(this.list, (one) => one >= row) : row - 1; }

	/** @param {number} row */
	has(row) { return this.at(this.indexOf(row)) === row; }
}

// What can be done at a place of the table: open it, copy it, find what is there. Loaded when somebody turns to the table.
// Row 0 is the head, column -1 the row's number.

import * as api from '../api.js';
import { openCell } from './cell-popover.js';
import { openColumn } from './column-popover.js';
import { rowFinder } from './row-finder.js';
import { openRow } from './row-list.js';

/** @typedef {import('./row-finder.js').Place} Place */

/** Quoted only where it must be, as spreadsheets take it. @param {(string | null)[]} cells */
export const tabSeparated = (cells) => cells.map((cell) => (/[\t\r\n"]/.test(cell ?? '') ? `"${cell?.replaceAll('"', '""')}"` : cell)).join('\t');

/**
 * @param {{ host: HTMLElement, table: import('./table-body.js').TableBody, session: import('../session.js').Session, lens: import('../row-lens.js').RowLens, profile: () => import('../columns.js').Profile[] | null | undefined, active: Place,
 *   copyRow: () => void, goTo: (row: number, column: string) => void, go: (place: Place) => void, step: (direction: 1 | -1) => void, size: (column: number, by: number) => void, draw: () => void, finding: (on: boolean) => void }} view
 */
export function tableActs({ host, table, session, lens, profile, active, copyRow, goTo, go, step, size, draw, finding }) {
	const finder = rowFinder({ rows: () => session.opened?.rows.loaded.filter(({ row }) => lens.has(row)) ?? [], place: active, go, draw, shown: finding });
	host.append(finder.node);
	const here = () => /** @type {import('../opened.js').Opened} */ (session.opened);

	/** What is copied of a place. Long cells, and rows that are not here, come whole from the server. @param {Place} place */
	async function textAt({ row, column }) {
		const { rows, id } = here();
		let { cells, extra } = /** @type {any} */ (row ? rows.at(row) ?? {} : { cells: rows.columns });
		if (!cells?.every((cell) => typeof cell === 'string' || cell === null)) {
			const [whole] = (await api.page(id, 'rows', row, 1)).rows;
			[cells, extra] = [rows.columns.map((name) => whole.data[name]), whole.extra];
		}
		return column < 0 ? tabSeparated([...cells, ...(extra ?? [])]) : cells[column] ?? '';
	}

	const list = (anchor = table.cell(active.row, active.column) ?? host) => openRow(host, anchor, here(), active.row || 1, goTo, copyRow);

	function about() {
		const { column } = active;
		const anchor = table.cell(0, column);
		const known = profile()?.[column];
		if (column >= 0 && anchor) openColumn(host, anchor, known ?? table.columns[column], Boolean(known), here().index.groups().filter((group) => group.column === table.columns[column].name), goTo, (by) => size(column, by));
	}

	/** What is wrong with the active cell, or all of it; its row, or its column. */
	function open() {
		const node = table.cell(active.row, active.column);
		if (!node) return;
		if (!active.row) about();
		else if (active.column < 0) list(node);
		// The next cell is written at the next frame; its popover opens at it.
		else openCell(host, node, { opened: here(), ...active, step: (direction) => { step(direction); requestAnimationFrame(() => requestAnimationFrame(open)); } });
	}

	return { open, about, list, textAt, search: () => finder.show(true), finder };
}

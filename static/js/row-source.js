// The rows of one upload, as far as they are here: pages around the view, and the newest few while following the end. No DOM.
//
// Rows come as events (the first few thousand of a live upload) and by range. A page is a sparse list by row number; what is
// asked for and not here is fetched, and a request whose rows left the view is ended. Memory is bounded in pages, and pages
// in cells, so the size of the upload does not matter. Rows that stand far apart are asked for by their numbers.

import { shortened } from './cell-text.js';

/** @typedef {string | null | import('./cell-text.js').LongCell} Cell */
/** @typedef {{ row: number, cells: Cell[], extra?: string[] }} Row */
/** @typedef {{ row: number, data: Record<string, string | null>, extra?: string[] }} RawRow */
/** @typedef {{ columns: string[], rows: RawRow[], next: number | null, total: number }} Answer */
/** @typedef {(from: number, limit: number, signal: AbortSignal) => Promise<Answer>} FetchRows */
/** @typedef {(numbers: number[], signal: AbortSignal) => Promise<Answer>} FetchThese */

const PAGE_ROWS = 256;
const PAGE_CELLS = 65_536;
const PAGES_KEPT = 64;
const SINGLES_KEPT = 256;
const CELLS_KEPT = 2_000_000;
const AHEAD = 48;
const ASK_EVERY_MS = 60;
const TAIL_EVERY_MS = 90;

/** Events: `change` when rows arrived, `gone` when the server has none of them any more. */
export class RowSource extends EventTarget {
	/** @type {string[]} */
	columns = [];
	/** Highest row number used so far. */
	total = 0;
	pageRows = PAGE_ROWS;
	/** By index, least recently used first: rows, and the number below which every row that exists is here. */
	#pages = new Map();
	/** What is being fetched, by page. @type {Map<number, AbortController>} */
	#asked = new Map();
	/** The newest rows, by the last look at the end. */
	#tail = { from: 1, to: 0, rows: /** @type {Row[]} */ ([]) };
	/** Rows that were asked for by number, oldest first. @type {Map<number, Row | null>} */
	#singles = new Map();
	#asking = false;
	#wanted = { from: 1, to: 0 };
	#timer = 0;
	#tailTimer = 0;
	#closed = new AbortController();
	#fetch;
	#fetchThese;

	/** @param {FetchRows} fetchRows @param {FetchThese} [fetchThese] */
	constructor(fetchRows, fetchThese) {
		super();
		this.#fetch = fetchRows;
		this.#fetchThese = fetchThese;
	}

	/** @param {string[]} columns */
	setColumns(columns) {
		if (this.columns.length || !columns.length) return;
		this.columns = columns;
		while (this.pageRows > 16 && this.pageRows * columns.length > PAGE_CELLS) this.pageRows /= 2;
	}

	/** Rows that came as events, in order. @param {RawRow[]} events */
	push(events) {
		for (const event of events) {
			const page = this.#page(this.#indexOf(event.row));
			page.rows[(event.row - 1) % this.pageRows] = this.#kept(event);
			if (event.row === page.until) page.until++;
		}
		this.#changed(events.at(-1)?.row ?? 0);
	}

	/** A row, `undefined` while it is not here, null when its number was used up by a record that was not kept. @param {number} row @returns {Row | null | undefined} */
	at(row) {
		const page = this.#pages.get(this.#indexOf(row));
		const found = page?.rows[(row - 1) % this.pageRows];
		if (found) return found;
		if (row >= this.#tail.from && row <= this.#tail.to) return this.#tail.rows.find((one) => one.row === row) ?? null;
		return page && row < page.until ? null : this.#singles.get(row);
	}

	/** All rows that are here, in order. */
	get loaded() {
		const rows = [...this.#pages.values(), this.#tail, { rows: [...this.#singles.values()] }].flatMap((some) => some.rows).filter(Boolean);
		return [...new Map(rows.map((one) => [one.row, one])).values()].sort((a, b) => a.row - b.row);
	}

	/** The newest row that can be shown at once, when following the end. */
	get newest() {
		for (let newest = this.#tail.to; ;) {
			const page = this.#pages.get(this.#indexOf(newest + 1));
			if (!page || page.until <= newest + 1) return newest;
			newest = page.until - 1;
		}
	}

	/** The first rows that are here, for a look at what the columns hold. @param {number} most */
	sample(most) {
		const rows = [];
		for (let row = 1; row <= most && this.at(row) !== undefined; row++) rows.push(this.at(row));
		return /** @type {Row[]} */ (rows.length ? rows.filter(Boolean) : this.#tail.rows.slice(0, most));
	}

	/** Says which rows are in view; fetches what is missing of them. @param {number} from @param {number} to */
	want(from, to) {
		this.#wanted = { from: Math.max(1, from - AHEAD), to: Math.min(this.total, to + AHEAD) };
		this.#timer ||= setTimeout(() => { this.#timer = 0; this.#ask(); }, this.#asked.size ? ASK_EVERY_MS : 0);
	}

	/** Looks at the last `rows` rows, some time after the last look. @param {number} rows */
	wantTail(rows) {
		if (this.newest < this.total) this.#tailTimer ||= setTimeout(() => this.#askTail(rows), TAIL_EVERY_MS);
	}

	/** The same for rows that do not follow each other, one request at a time. @param {number[]} numbers ascending */
	async wantThese(numbers) {
		const missing = numbers.filter((row) => this.at(row) === undefined).slice(0, this.pageRows);
		if (this.#asking || !missing.length) return;
		this.#asking = true;
		const answer = await this.#get(this.#fetchThese(missing, this.#closed.signal));
		this.#asking = false;
		if (!answer) return;
		const found = new Map(answer.rows.map((row) => [row.row, this.#kept(row)]));
		this.#singles = new Map([...this.#singles].slice(-SINGLES_KEPT));
		for (const row of missing) this.#singles.set(row, found.get(row) ?? null);
		this.#changed(answer.total);
	}

	/** Ends every request. */
	close() {
		clearTimeout(this.#timer);
		clearTimeout(this.#tailTimer);
		for (const asked of [this.#closed, ...this.#asked.values()]) asked.abort();
	}

	#indexOf(row) { return Math.floor((row - 1) / this.pageRows); }

	#ask() {
		const first = this.#indexOf(this.#wanted.from);
		const last = this.#indexOf(this.#wanted.to);
		for (const [index, asked] of this.#asked) {
			if (index >= first && index <= last) continue;
			asked.abort();
			this.#asked.delete(index);
		}
		for (let index = first; index <= last; index++) {
			const end = Math.min(this.#wanted.to, (index + 1) * this.pageRows);
			const page = this.#pages.get(index);
			if (page) this.#page(index);
			if (!this.#asked.has(index) && !(page?.until > end)) this.#askPage(index);
		}
	}

	async #askPage(index) {
		const asked = new AbortController();
		this.#asked.set(index, asked);
		const from = index * this.pageRows + 1;
		const end = from + this.pageRows;
		const answer = await this.#get(this.#fetch(from, this.pageRows, asked.signal));
		if (this.#asked.get(index) === asked) this.#asked.delete(index);
		if (!answer) return;
		const page = this.#page(index);
		for (const row of answer.rows) if (row.row < end) page.rows[row.row - from] = this.#kept(row);
		page.until = Math.max(page.until, Math.min(end, answer.next ?? answer.total + 1));
		this.#changed(answer.total);
	}

	async #askTail(rows) {
		const from = Math.max(1, this.total - rows + 1);
		const answer = await this.#get(this.#fetch(from, rows, this.#closed.signal));
		this.#tailTimer = 0;
		if (!answer) return;
		const to = Math.max(answer.rows.at(-1)?.row ?? 0, Math.min(answer.total, from + rows - 1));
		if (to > this.#tail.to) this.#tail = { from, to, rows: answer.rows.map((row) => this.#kept(row)) };
		this.#changed(answer.total);
	}

	/** Nothing when it failed: the next look asks again. @param {Promise<Answer>} asked */
	async #get(asked) {
		try {
			const answer = await asked;
			this.setColumns(answer.columns);
			return answer;
		} catch (error) {
			if (error.status === 404) this.dispatchEvent(new Event('gone'));
			return null;
		}
	}

	/** The page, made if need be and counted as just used; the least recently used ones go. */
	#page(index) {
		const page = this.#pages.get(index) ?? { rows: new Array(this.pageRows), until: index * this.pageRows + 1 };
		this.#pages.delete(index);
		this.#pages.set(index, page);
		const most = Math.max(4, Math.min(PAGES_KEPT, CELLS_KEPT / (this.pageRows * Math.max(1, this.columns.length))));
		for (const oldest of this.#pages.keys()) {
			if (this.#pages.size <= most) break;
			this.#pages.delete(oldest);
		}
		return page;
	}

	/** As it is kept: a list in the order of the columns, long cells cut. @param {RawRow} raw @returns {Row} */
	#kept({ row, data, extra }) {
		return { row, cells: this.columns.map((name) => (typeof data[name] === 'string' ? shortened(data[name]) : null)), extra };
	}

	#changed(total) {
		this.total = Math.max(this.total, total);
		this.dispatchEvent(new Event('change'));
	}
}

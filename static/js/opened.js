// The upload that is shown: its rows and its problems, from events where all of them were seen, by range where not. No DOM.

import * as api from './api.js';
import { ProblemIndex } from './problem-index.js';
import { RowSource } from './row-source.js';
import { isRunning } from './state.js';

const PROBLEMS_A_PAGE = 1000;
const PROBLEMS_UNASKED = 10_000;
const LOOK_EVERY_MS = 400;
const DETAILS_KEPT = 64;

/** Events: `rows` and `problems` when more of them are here. */
export class Opened extends EventTarget {
	index = new ProblemIndex();
	/** How many problems the server can list. */
	listable = 0;
	/** How many may be listed before somebody asks for more. */
	#most = PROBLEMS_UNASKED;
	#fromEvents;
	#timer = 0;
	#closed = new AbortController();
	#details = new Map();

	/** @param {import('./state.js').Upload} upload @param {{ fromEvents: boolean, live: boolean }} how  whether all of its events will be taken here; whether it began before our eyes */
	constructor(upload, { fromEvents, live }) {
		super();
		this.id = upload.id;
		this.live = live;
		this.#fromEvents = fromEvents;
		this.rows = new RowSource((from, limit, signal) => api.page(upload.id, 'rows', from, limit, signal), (numbers, signal) => api.rowsAt(upload.id, numbers, signal));
		this.rows.addEventListener('change', () => this.dispatchEvent(new Event('rows')));
		this.update(upload);
	}

	/** @param {import('./state.js').Upload} upload as it is known now */
	update(upload) {
		this.rows.setColumns(upload.columns);
		this.rows.total = Math.max(this.rows.total, upload.rows);
		this.listable = Math.max(this.listable, upload.problems);
		if (!this.#fromEvents) this.#loadIn(isRunning(upload) ? LOOK_EVERY_MS : 0);
	}

	/** What came by the stream. @param {import('./state.js').StreamEvent[]} events */
	take(events) {
		const problems = [];
		for (const { kind, data } of events) {
			if (kind === 'gap') this.#fromEvents = false;
			if (data.upload !== this.id) continue;
			if (kind === 'stage' && data.columns) this.rows.setColumns(data.columns);
			if (kind === 'rows') this.rows.push(data.rows);
			if (kind === 'problem' && this.#fromEvents) problems.push(data);
			if (kind === 'stage' && !isRunning(data)) this.#fromEvents = false;
		}
		if (problems.length) this.#append(problems);
	}

	/** One problem with its message and raw text. @param {number} at its place @returns {Promise<import('./problem-index.js').Problem>} */
	async problem(at) {
		if (!this.#details.has(at)) this.#details.set(at, (await api.page(this.id, 'problems', at, 1, this.#closed.signal)).problems[0]);
		const [oldest] = this.#details.keys();
		if (this.#details.size > DETAILS_KEPT) this.#details.delete(oldest);
		return this.#details.get(at);
	}

	/** Whether more can be listed than is. */
	get hasMore() { return !this.#fromEvents && this.index.length >= this.#most && this.index.length < this.listable; }

	listMore() {
		this.#most += PROBLEMS_UNASKED;
		this.#loadIn(0);
	}

	close() {
		this.#closed.abort();
		clearTimeout(this.#timer);
		this.rows.close();
	}

	#missing() { return this.index.length < Math.min(this.#most, this.listable); }

	#loadIn(ms) {
		if (this.#missing()) this.#timer ||= setTimeout(() => this.#load(), ms);
	}

	async #load() {
		try {
			while (this.#missing()) {
				const { problems, total } = await api.page(this.id, 'problems', this.index.length, PROBLEMS_A_PAGE, this.#closed.signal);
				this.listable = total;
				this.#append(problems);
				if (!problems.length) break;
			}
		} catch {
			// The next news of this upload asks again.
		}
		this.#timer = 0;
	}

	#append(problems) {
		this.index.append(problems);
		this.dispatchEvent(new Event('problems'));
	}
}

// One connection to /sse/{client}: reads the stream, connects again, and decides whether rows are wanted. No DOM.
//
// It reads the body by fetch instead of EventSource, because the page wants to be honest about what happens: EventSource hides
// data-less `id:` blocks, the server's `retry:`, comments (the pulse of a silent connection) and when it will try again, and it
// cannot change its filter without losing its place. The bytes on the wire and `Last-Event-ID` are the same.
//
// Rows: the first ROWS_AS_EVENTS of an upload come as events. Then the stream is opened again from its last id without rows,
// so that a fast upload never makes it lag; a new upload opens it again with rows, from the stage that announced it.

const ROWS_AS_EVENTS = 5000;
const LEAN = 'problem,progress,toast,stage,profile';
/** What others publish may be called anything, and is not for this page. */
const OURS = new Set(['row', 'gap', ...LEAN.split(',')]);
const SILENCE_MS_MAX = 45_000;
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];
const OFFLINE_FROM = 4;
const FLUSH_MS = 16;
/** A replay comes without pause: the first pause of this length is the present. */
const CALM_MS = 200;

/** Cuts a stream into events. Lines end with LF; the server sends nothing else. */
export class Parser {
	#rest = '';
	#block = {};
	/** The last id seen, also of blocks without data. @type {string | null} */
	id = null;
	/** What the server asked for, ms. @type {number | null} */
	retry = null;

	/** @param {string} text @returns {{ kind: string, data: any, id: string | null }[]} */
	feed(text) {
		const events = [];
		const lines = (this.#rest + text).split('\n');
		this.#rest = lines.pop() ?? '';
		for (const line of lines) {
			if (line !== '') {
				const colon = line.indexOf(':');
				this.#block[line.slice(0, colon)] = line.slice(colon + 2);
				continue;
			}
			const { event: kind, data, id, retry } = this.#block;
			this.#block = {};
			this.id = id ?? this.id;
			this.retry = retry ? Number(retry) : this.retry;
			if (data) events.push({ kind, data: JSON.parse(data), id: this.id });
		}
		return events;
	}
}

/** Events: `batch` (detail: StreamEvent[]; rows are gathered under kind `rows`), `state` (detail: Connection). */
export class SseSource extends EventTarget {
	/** @type {import('./state.js').Connection} */
	connection = { state: 'connecting', retryAt: null, lastId: null, newest: null };
	#client;
	/** @type {any} */
	#lastId = null;
	#withRows = true;
	#attempt = 0;
	#open = new AbortController();
	#pending = [];
	#timers = { retry: 0, silence: 0, flush: 0, calm: 0 };

	/** @param {string} client */
	constructor(client) {
		super();
		this.#client = client;
		this.#connect();
	}

	/** Tries at once, if it waits, or was refused. */
	retryNow() {
		if (this.connection.retryAt === null && this.connection.state !== 'refused') return;
		clearTimeout(this.#timers.retry);
		this.#connect();
	}

	close() {
		this.#open.abort();
		for (const timer of Object.values(this.#timers)) clearTimeout(timer);
	}

	async #connect() {
		this.#open.abort();
		const open = new AbortController();
		this.#open = open;
		const parser = new Parser();
		parser.id = this.#lastId;
		let earliest = 0;
		try {
			this.#heard();
			const headers = { accept: 'text/event-stream', ...(this.#lastId && { 'last-event-id': this.#lastId }) };
			const answer = await fetch(`/sse/${this.#client}${this.#withRows ? '' : `?events=${LEAN}`}`, { headers, signal: open.signal, cache: 'no-store' });
			if ([401, 403].includes(answer.status)) {
				// Trying again changes nothing: somebody has to sign in.
				clearTimeout(this.#timers.silence);
				return this.#say({ state: 'refused', retryAt: null });
			}
			if (!answer.ok) {
				// Coming sooner is refused again, where there were too many of us.
				earliest = 1000 * Number(answer.headers.get('retry-after')) || 0;
				throw new Error(`answered ${answer.status}`);
			}
			// Servers that do not say it leave it to the calm to tell when the past is over.
			const newest = Number(answer.headers.get('newest-event-id')?.split('-')[1] ?? NaN);
			const reader = /** @type {ReadableStream<any>} */ (answer.body).pipeThrough(new TextDecoderStream()).getReader();
			for (;;) {
				const { done, value } = await reader.read();
				if (done || open.signal.aborted) break;
				this.#attempt = 0;
				// The first words of the server say from where it tells everything: only now nothing can be missed.
				if (this.connection.state !== 'live' && this.connection.state !== 'behind') this.#say({ state: this.#lastId ? 'behind' : 'live', retryAt: null, newest: newest >= 0 ? newest : null });
				this.#heard();
				this.#take(parser, value);
			}
		} catch {
			// Whatever it was, the answer is the same: try again from the last id.
		}
		if (this.#open === open && !(open.signal.aborted && open.signal.reason !== 'silent')) this.#later(parser.retry, earliest);
	}

	#take(parser, text) {
		const events = parser.feed(text);
		this.#lastId = parser.id;
		let withRows = this.#withRows;
		for (const event of events) {
			const { kind, data, id } = event;
			if (!OURS.has(kind)) continue;
			if (kind === 'row') {
				if (data.row <= ROWS_AS_EVENTS) this.#gather(data);
				else withRows = false;
				continue;
			}
			this.#pending.push(event);
			if (kind === 'progress' && data.rows > ROWS_AS_EVENTS) withRows = false;
			if (kind === 'progress' || kind === 'stage') this.#calm();
			if (kind === 'stage' && data.stage === 'receiving' && !this.#withRows) {
				// Its rows were filtered out of what follows here: take it all again from this event on.
				this.#lastId = id;
				withRows = true;
				break;
			}
		}
		this.#timers.flush ||= setTimeout(() => this.#flush(), FLUSH_MS);
		if (withRows === this.#withRows) return;
		this.#withRows = withRows;
		this.#connect();
	}

	#gather(row) {
		const last = this.#pending.at(-1);
		if (last?.kind === 'rows' && last.data.upload === row.upload) last.data.rows.push(row);
		else this.#pending.push({ kind: 'rows', data: { upload: row.upload, rows: [row] } });
	}

	#flush() {
		this.#timers.flush = 0;
		if (this.connection.newest !== null) this.#calm();
		const detail = this.#pending;
		this.#pending = [];
		if (detail.length) this.dispatchEvent(new CustomEvent('batch', { detail }));
		if (this.connection.lastId !== this.#lastId) this.#say({ lastId: this.#lastId });
	}

	/** The connection lives. When nothing comes for three pulses, it is given up. */
	#heard() {
		clearTimeout(this.#timers.silence);
		this.#timers.silence = setTimeout(() => this.#open.abort('silent'), SILENCE_MS_MAX);
		clearTimeout(this.#timers.calm);
		if (this.connection.state === 'behind') this.#timers.calm = setTimeout(() => this.#calm(), CALM_MS);
	}

	#calm() {
		const { state, newest } = this.connection;
		if (state === 'behind' && !(newest !== null && newest > Number(this.#lastId?.split('-')[1]))) this.#say({ state: 'live' });
	}

	/** @param {number | null} asked ms that the server asked for @param {number} earliest ms below which it refuses */
	#later(asked, earliest) {
		const attempt = this.#attempt++;
		const spread = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] * (0.8 + Math.random() * 0.4);
		const wait = asked ?? (earliest ? earliest + spread : spread);
		this.#say({ state: attempt >= OFFLINE_FROM || navigator.onLine === false ? 'offline' : 'reconnecting', retryAt: Date.now() + wait });
		this.#timers.retry = setTimeout(() => this.#connect(), wait);
	}

	#say(news) {
		this.connection = { ...this.connection, ...news };
		this.dispatchEvent(new CustomEvent('state', { detail: this.connection }));
	}
}

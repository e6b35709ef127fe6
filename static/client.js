// Watch a client's events, publish some, and send files that go on after whatever happens. Every rowcast serves this at /client.js, as it
// is written here. It needs nothing else.
//
//     import { subscribe, upload } from 'https://rows.example/client.js';
//
//     subscribe('orders', { on: { row: ({ row, data }) => show(row, data), gap: () => reload() } });
//     const { rows, problems } = await upload('orders', input.files[0], { onProgress: ({ sent, size }) => bar(sent / size) });
//
// Its types, and what each option is for: /client.d.ts. Runs in browsers from 2022 on, and in Node from 20 on.
//
// Streams are read by `fetch`, not by `EventSource`: that one cannot send a token, ends for good at the first answer that is not 200, and
// hides ids without data, which keep a filtered stream's place. The bytes on the wire are the same.

/** Each failure doubles the wait, and chance spreads it: not everybody shall come back at once. */
const WAIT_MS = { first: 500, most: 30_000 };
/** The server says something at least every 15 s (`keep-alive-ms`). A stream that is silent for three of these is dead. */
const SILENCE_MS_MAX = 45_000;
/** Pieces of a file grow until one takes about so long: progress moves, and what stalls is seen. */
const PIECE_MS = 1000;
const PIECE_BYTES = { first: 256 << 10, least: 64 << 10, most: 16 << 20 };
const PIECE_STALL_MS = 30_000;

/** @import { Access as Options, Broadcast, Published, PublishOptions, StageChange, State, StreamEvent, SubscribeOptions, Subscription as Watched, Upload, UploadOptions, Row } from './client.d.ts' */

// ---- Asking ---------------------------------------------------------------------------------------------------------------

/** The server refused, or did not answer: its problem document (RFC 9457) as an error. */
export class RowcastError extends Error {
	name = 'RowcastError';

	/** @param {{ status?: number, type?: string, title?: string, detail?: string, code?: string, upload?: string }} problem @param {{ cause?: unknown, retryAfterMs?: number }} [more] */
	constructor({ status = 0, type = 'about:blank', title = `HTTP status ${status}`, detail = title, code = '', upload }, { cause, retryAfterMs = 0 } = {}) {
		super(detail, { cause });
		this.status = status;
		this.type = type;
		this.title = title;
		this.detail = detail;
		this.code = code;
		this.upload = upload;
		this.retryAfterMs = retryAfterMs;
	}

	/** Whether it passes by itself. */
	get passes() {
		return this.status === 0 || [408, 409, 423, 425, 429].includes(this.status) || this.status >= 500;
	}
}

/** One server, and what it is shown. */
class Server {
	#root;
	#token;
	#ticket;
	/** What was had from a function. @type {string | null} */
	#held = null;
	/** Whether it is new since the server last took something. */
	#renewed = false;
	#credentials;
	#signal;

	/** @param {Options & Pick<SubscribeOptions, 'ticket'>} options */
	constructor({ server = new URL('.', import.meta.url), token, ticket, credentials, signal }) {
		this.#root = new URL(server, globalThis.document?.baseURI);
		if (!this.#root.protocol.startsWith('http')) throw new TypeError(`server: where is rowcast? ${this.#root} is no address on the web`);
		if (!this.#root.pathname.endsWith('/')) this.#root.pathname += '/';
		this.#token = token;
		this.#ticket = ticket;
		this.#credentials = credentials;
		this.#signal = signal;
	}

	/** One request. Answers that are no success are thrown.
	 * @param {string} method @param {string} path without its leading slash
	 * @param {{ query?: Record<string, string>, headers?: Record<string, string>, body?: BodyInit, signal?: AbortSignal }} [more] */
	async ask(method, path, { query = {}, headers = {}, body, signal = this.#signal } = {}) {
		const url = new URL(path, this.#root);
		for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
		for (;;) {
			const shown = this.#ticket ?? this.#token;
			try {
				if (typeof shown === 'function') this.#held ??= await shown();
			} catch (cause) {
				throw cause instanceof RowcastError ? cause : new RowcastError({ title: 'No token', detail: 'whoever was asked for a token or ticket gave none' }, { cause });
			}
			const secret = typeof shown === 'function' ? this.#held : shown;
			if (this.#ticket) url.searchParams.set('ticket', secret ?? '');
			else if (secret) headers.Authorization = `Bearer ${secret}`;
			/** @type {Response} */
			let answer;
			try {
				answer = await fetch(url, { method, headers, body, signal, cache: 'no-store', ...(this.#credentials && { credentials: this.#credentials }) });
			} catch (cause) {
				this.#signal?.throwIfAborted();
				throw new RowcastError({ title: 'No answer', detail: `${url.origin} did not answer` }, { cause });
			}
			if (answer.ok) {
				this.#renewed = false;
				return answer;
			}
			const problem = await answer.json().catch(() => ({}));
			// What was taken until now may have expired. What is refused although it is new stays refused.
			if (answer.status === 401 && typeof shown === 'function' && !this.#renewed) {
				this.#held = null;
				this.#renewed = true;
				continue;
			}
			throw new RowcastError({ ...problem, status: answer.status }, { retryAfterMs: retryAfterMs(answer) });
		}
	}
}

/** In seconds, or as a date (RFC 9110, section 10.2.3). @param {Response} answer */
function retryAfterMs({ headers }) {
	const after = headers.get('Retry-After') ?? '0';
	const ms = Number(after) * 1000;
	return Math.max(0, Number.isNaN(ms) ? Date.parse(after) - Date.now() || 0 : ms);
}

/** Waits; ends early when a browser is online again. @param {number} ms @param {AbortSignal} [signal] @returns {Promise<void>} */
async function wait(ms, signal) {
	signal?.throwIfAborted();
	await /** @type {Promise<void>} */ (new Promise((resolve) => {
		const end = () => {
			clearTimeout(timer);
			signal?.removeEventListener('abort', end);
			globalThis.removeEventListener?.('online', end);
			resolve();
		};
		const timer = setTimeout(end, ms);
		signal?.addEventListener('abort', end);
		globalThis.addEventListener?.('online', end);
	}));
	signal?.throwIfAborted();
}

/** How long to wait after so many failures. @param {number} failures */
const backoff = (failures) => Math.min(WAIT_MS.most, WAIT_MS.first * 2 ** failures) * (0.5 + Math.random() / 2);

// ---- Watching -------------------------------------------------------------------------------------------------------------

/** Watches a client's events: each once and in order, across every loss of the connection. @param {string} client @param {SubscribeOptions} [options] @returns {Watched} */
export function subscribe(client, options = {}) {
	return new Subscription(client, options);
}

/** @implements {Watched} */
class Subscription {
	/** @type {string | null} */
	lastEventId;
	/** @type {State} */
	state = { state: 'connecting' };
	/** @type {Promise<StageChange | null>} */
	finished;
	#client;
	#options;
	#server;
	#closing = new AbortController();
	/** @type {StageChange | null} */
	#end = null;
	/** What the server asks to wait next. @type {number | null} */
	#retryMs = null;

	/** @param {string} client @param {SubscribeOptions} options */
	constructor(client, options) {
		this.#client = client;
		this.#options = options;
		this.#server = new Server({ ...options, signal: this.#closing.signal });
		this.lastEventId = options.lastEventId ?? null;
		const close = () => this.close();
		options.signal?.addEventListener('abort', close);
		if (options.signal?.aborted) this.close();
		this.finished = this.#run().then(
			(end) => { this.#say({ state: 'closed' }); return end; },
			(error) => { this.#say({ state: 'closed', error }); throw error; },
		).finally(() => options.signal?.removeEventListener('abort', close));
		// Whoever does not look at it is told by `onState`.
		this.finished.catch(() => {});
	}

	close() {
		this.#closing.abort();
	}

	async #run() {
		// Nobody is called before they have what `subscribe` gives.
		await null;
		let failures = 0;
		while (!this.#closing.signal.aborted) {
			/** @type {RowcastError | undefined} */
			let error;
			try {
				this.#say({ state: 'connecting' });
				const over = await this.#connect(() => { failures = 0; });
				if (over || this.#end) return this.#end;
			} catch (thrown) {
				if (this.#closing.signal.aborted) break;
				if (!(thrown instanceof RowcastError && thrown.passes)) throw thrown;
				error = thrown;
			}
			const retryMs = Math.max(this.#retryMs ?? backoff(failures), error?.retryAfterMs ?? 0);
			failures += 1;
			this.#retryMs = null;
			this.#say({ state: 'waiting', retryMs, error });
			await wait(retryMs, this.#closing.signal).catch(() => {});
		}
		return null;
	}

	/** One connection; true when there is nothing more to come. @param {() => void} heard */
	async #connect(heard) {
		const { events, from, until, presence } = this.#options;
		const query = {
			// With what ends it, to know that it is over.
			...(events && { events: [...new Set(until ? [...events, 'stage'] : events)].join() }),
			...(from && { from }),
			...(until && { until }),
			...(presence && { presence: 'true' }),
		};
		const headers = { Accept: 'text/event-stream', ...(this.lastEventId && { 'Last-Event-ID': this.lastEventId }) };
		const open = new AbortController();
		const giveUp = () => open.abort();
		let silence = setTimeout(giveUp, SILENCE_MS_MAX);
		this.#closing.signal.addEventListener('abort', giveUp);
		try {
			const answer = await this.#server.ask('GET', `sse/${encodeURIComponent(this.#client)}`, { query, headers, signal: open.signal });
			if (answer.status === 204 || !answer.body) return true;
			this.#say({ state: 'open' });
			const reader = answer.body.getReader();
			const decoder = new TextDecoder();
			let rest = '';
			for (;;) {
				const { done, value } = await reader.read().catch((cause) => { throw new RowcastError({ title: 'Connection lost' }, { cause }); });
				if (done) return false;
				heard();
				clearTimeout(silence);
				silence = setTimeout(giveUp, SILENCE_MS_MAX);
				const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
				rest = blocks.pop() ?? '';
				for (const block of blocks) {
					if (this.#closing.signal.aborted) return true;
					this.#take(block);
				}
			}
		} finally {
			clearTimeout(silence);
			this.#closing.signal.removeEventListener('abort', giveUp);
			open.abort();
		}
	}

	/** One block of a stream (HTML Standard, section 9.2). The server writes lines that end with LF, and data of one line. @param {string} block */
	#take(block) {
		/** @type {Record<string, string>} */
		const field = {};
		for (const line of block.split('\n')) {
			const colon = line.indexOf(': ');
			if (colon > 0) field[line.slice(0, colon)] = line.slice(colon + 2);
		}
		if (field.retry) this.#retryMs = Number(field.retry);
		const id = field.id ?? null;
		// Numbers only grow, save at a gap, which says where it goes on.
		const known = id !== null && this.lastEventId !== null && field.event !== 'gap' && number(id) <= number(this.lastEventId);
		if (known) return;
		if (field.data !== undefined) this.#handle({ kind: field.event ?? 'message', id, data: JSON.parse(field.data) });
		this.lastEventId = id ?? this.lastEventId;
	}

	/** @param {StreamEvent} event */
	#handle(event) {
		const { kind, data } = event;
		const { events, on, onEvent, until } = this.#options;
		if (until && kind === 'stage' && ['done', 'failed', 'cancelled', 'interrupted'].includes(data.stage)) this.#end = data;
		if (kind === 'stage' && events && !events.includes(kind)) return;
		onEvent?.(event);
		if (on && Object.hasOwn(on, kind)) on[kind]?.(data, event);
	}

	/** @param {State} state */
	#say(state) {
		this.state = state;
		this.#options.onState?.(state);
	}
}

/** The place of an event among those of its client: 17 of `k3v9x0ab-17`. @param {string} id */
const number = (id) => Number(id.slice(id.lastIndexOf('-') + 1));

// ---- Sending --------------------------------------------------------------------------------------------------------------

/** Sends a file by resumable upload (tus 1.0), and answers what became of it.
 *
 * It is created without bytes: when the answer to that is lost there is an empty upload too many, and never a row twice.
 * @param {string} client @param {Blob} file @param {UploadOptions} [options] @returns {Promise<Upload>} */
export async function upload(client, file, options = {}) {
	const { filename = 'name' in file ? String(file.name) : '', pieceBytes = PIECE_BYTES.most, resumeKey, signal, onBegun, onProgress } = options;
	const server = new Server(options);
	const kept = new Kept(resumeKey, file, options.storage);
	let id = kept.id;
	/** How much the server has; null when it has to be asked. @type {number | null} */
	let at = null;
	let piece = Math.min(PIECE_BYTES.first, pieceBytes);
	let failures = 0;
	for (;;) {
		try {
			if (id === null) {
				id = await create(server, file.size, { ...options.options, client, ...(filename && { filename }) });
				kept.id = id;
				at = 0;
				onBegun?.(id);
				// An empty file is complete with an empty piece.
				if (file.size === 0) await patch(server, id, file, 0, 0, signal);
			}
			at ??= await offset(server, id, file);
			kept.isOld = false;
			onProgress?.({ sent: at, size: file.size });
			if (at < file.size) {
				const since = performance.now();
				at = await patch(server, id, file, at, Math.min(at + piece, file.size), signal);
				const grow = performance.now() - since < PIECE_MS / 2;
				piece = Math.min(grow ? piece * 2 : piece, pieceBytes);
				failures = 0;
				continue;
			}
			const found = await look(server, id);
			const { stage, hold } = found;
			if (stage === 'done' || (stage === 'understood' && hold)) {
				kept.id = null;
				return found;
			}
			if (stage === 'failed' || stage === 'cancelled') throw ended(422, found);
			// All of it is there, and read on; if not, an empty piece makes it go on.
			if (stage === 'interrupted') await patch(server, id, file, at, at, signal);
			else await wait(PIECE_MS / 4, signal);
		} catch (error) {
			signal?.throwIfAborted();
			if (!(error instanceof RowcastError)) throw error;
			const gone = error.status === 404 || error.status === 410;
			// What an earlier call began may be gone, or be of another file.
			if (kept.isOld && (gone || error.code === OTHER_FILE)) {
				kept.id = id = null;
				continue;
			}
			if (!error.passes) {
				if (gone || error.upload) kept.id = null;
				throw error;
			}
			// A file that was moved or changed meanwhile looks like a lost connection, but for ever.
			if (error.status === 0) await file.slice(0, 1).arrayBuffer();
			at = null;
			piece = Math.max(piece / 2, Math.min(PIECE_BYTES.least, pieceBytes));
			await wait(Math.max(backoff(failures++), error.retryAfterMs), signal);
		}
	}
}

const TUS = { 'Tus-Resumable': '1.0.0' };
const OTHER_FILE = 'other-file';

/** @param {Server} server @param {number} size @param {Record<string, string | number | boolean>} said @returns {Promise<string>} its id */
async function create(server, size, said) {
	const base64 = (/** @type {unknown} */ value) => btoa(String.fromCharCode(...new TextEncoder().encode(String(value))));
	const metadata = Object.entries(said).map(([key, value]) => `${key} ${base64(value)}`).join();
	const answer = await server.ask('POST', 'files', { headers: { ...TUS, 'Upload-Length': String(size), 'Upload-Metadata': metadata } });
	// Of its address only the id: behind a proxy the server may not know how it is reached.
	return answer.headers.get('Location')?.split('/').at(-1) ?? '';
}

/** @param {Server} server @param {string} id @returns {Promise<Upload>} */
const look = async (server, id) => (await server.ask('GET', `uploads/${id}`)).json();

/** @param {number} status @param {Upload} upload */
const ended = (status, { id, stage, failure }) => new RowcastError({ status, title: `Upload ${stage}`, detail: failure?.message, code: failure?.code, upload: id });

/** Throws why an upload does not go on, where the answer says only that it does not. @param {Server} server @param {string} id */
const because = (server, id) => /** @param {RowcastError} error @returns {Promise<never>} */ async (error) => {
	throw error.status === 410 ? ended(410, await look(server, id)) : error;
};

/** How much the server has. @param {Server} server @param {string} id @param {Blob} file */
async function offset(server, id, file) {
	const { headers } = await server.ask('HEAD', `files/${id}`, { headers: TUS }).catch(because(server, id));
	const [at, length] = [Number(headers.get('Upload-Offset')), Number(headers.get('Upload-Length'))];
	if (length !== file.size) throw new RowcastError({ status: 422, title: 'Another file', detail: `the server has the beginning of a file of ${length} bytes`, code: OTHER_FILE, upload: id });
	return at;
}

/** Sends a piece, and answers how much the server has. @param {Server} server @param {string} id @param {Blob} file @param {number} at @param {number} end @param {AbortSignal} [signal] */
async function patch(server, id, file, at, end, signal) {
	signal?.throwIfAborted();
	const open = new AbortController();
	const giveUp = () => open.abort();
	// That of the last is answered when all is read. What became of it can be asked.
	const timer = setTimeout(giveUp, PIECE_STALL_MS);
	signal?.addEventListener('abort', giveUp);
	try {
		const headers = { ...TUS, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(at) };
		const answer = await server.ask('PATCH', `files/${id}`, { headers, body: file.slice(at, end), signal: open.signal }).catch(because(server, id));
		return Number(answer.headers.get('Upload-Offset') ?? end);
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', giveUp);
	}
}

/** The id of an unfinished upload, kept for a later call. */
class Kept {
	#key;
	#storage;
	/** @type {string | null} */
	#id = null;
	/** Whether it is of an earlier call, and the server was not asked about it yet. */
	isOld = false;

	/** @param {string | undefined} key @param {Blob} file @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} [storage] */
	constructor(key, file, storage) {
		const time = 'lastModified' in file ? file.lastModified : 0;
		this.#key = `rowcast/${key}/${file.size}/${time}`;
		this.#storage = key === undefined ? undefined : storage ?? globalThis.localStorage;
		this.#id = this.#storage?.getItem(this.#key) ?? null;
		this.isOld = this.#id !== null;
	}

	get id() {
		return this.#id;
	}

	set id(id) {
		this.#id = id;
		this.isOld = false;
		try {
			if (id === null) this.#storage?.removeItem(this.#key);
			else this.#storage?.setItem(this.#key, id);
		} catch { /* full: then a reload begins anew */ }
	}
}

// ---- Reading what is kept -------------------------------------------------------------------------------------------------

/** The rows of an upload, page by page as they are asked for.
 * @param {string} id @param {Options & { from?: number, limit?: number }} [options] @returns {AsyncGenerator<Omit<Row, 'upload'>, void>} */
export async function* rows(id, { from = 1, limit = Infinity, ...access } = {}) {
	const server = new Server(access);
	/** @type {number | null} */
	let next = from;
	while (next !== null && limit > 0) {
		const page = await (await server.ask('GET', `uploads/${id}/rows`, { query: { from: String(next), limit: String(Math.min(limit, 1000)) } })).json();
		yield* page.rows;
		limit -= page.rows.length;
		next = page.next ?? null;
	}
}

// ---- Publishing -----------------------------------------------------------------------------------------------------------

/** Publishes an event of one's own: once, however often the connection is lost. @param {string} client @param {string} event @param {unknown} data @param {PublishOptions} [options] @returns {Promise<Published>} */
export const publish = (client, event, data, options) => post(`sse/${encodeURIComponent(client)}`, { event, data }, options);

/** The same at every client that a pattern such as `orders-*` names. @param {string} clients @param {string} event @param {unknown} data @param {PublishOptions} [options] @returns {Promise<Broadcast>} */
export const broadcast = (clients, event, data, options) => post('sse', { clients, event, data }, options);

/** Posts until it is answered. The server knows by the key what it has done before. @param {string} path @param {object} body @param {PublishOptions} [options] */
async function post(path, body, options = {}) {
	const { idempotencyKey = crypto.getRandomValues(new Uint32Array(4)).join('-'), signal } = options;
	const server = new Server(options);
	for (let failures = 0; ; failures++) {
		try {
			const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': `"${idempotencyKey}"` };
			return await (await server.ask('POST', path, { headers, body: JSON.stringify(body) })).json();
		} catch (error) {
			signal?.throwIfAborted();
			if (!(error instanceof RowcastError && error.passes)) throw error;
			await wait(Math.max(backoff(failures), error.retryAfterMs), signal);
		}
	}
}

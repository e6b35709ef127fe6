// Sends one file by resumable upload (tus 1.0), and goes on by itself after whatever can pass. No DOM, no store.
//
// The server's word counts: after every failure it is asked how much it has before anything is sent again.

import { ApiError } from './api.js';

const VERSION = { 'Tus-Resumable': '1.0.0' };
/** Slices are answered one by one: proxies that limit or buffer bodies stay out of the way. */
const SLICE_BYTES = 32 << 20;
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000];
/** A request of which nothing moved for so long is given up. The last one is not: its answer waits until all is read. */
const STALL_MS = 20_000;
const DISK_FULL = 507;
export const SIGNED_OUT = 401;
const LOCKED = 423;
/** Locked at once may be a request of our own that is not over yet. */
const TAKEN_MS = 1000;

/** @typedef {{ status: number, header: (name: string) => string | null, text: string }} Answer  status 0: there was none */
/** @typedef {{ state: 'going' | 'lost' | 'paused', sent?: number, why?: ApiError | null }} News */

/** The file is not the one the server has the beginning of: `has` is its whole size there, or at least so much. Null when it cannot be read any more. */
export class OtherFile extends Error {
	/** @param {number | null} has @param {boolean} [whole] */
	constructor(has, whole = true) {
		super('another file');
		this.has = has;
		this.whole = whole;
	}
}

/** Passes by itself: worth another try. */
const passes = (status) => status === 0 || status === 408 || status === 409 || status === LOCKED || status === 429 || status >= 500;

/** @param {Uint8Array} bytes */
export const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const utf8 = (text) => base64(new TextEncoder().encode(text));

/** One request by XMLHttpRequest: fetch does not say how much was sent. @returns {Promise<Answer>} */
function xhr(method, path, { headers, body = null, heard, signal }) {
	return new Promise((resolve) => {
		const request = new XMLHttpRequest();
		request.open(method, path);
		for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
		request.upload.onprogress = ({ loaded }) => heard(loaded);
		request.onloadend = () => resolve({ status: request.status, header: (name) => request.getResponseHeader(name), text: request.responseText });
		signal.addEventListener('abort', () => request.abort());
		request.send(body);
	});
}

export class Tus {
	#file;
	#said;
	#path;
	#begun;
	#tell;
	#send;
	#patience;
	/** Ends the request that runs, or the wait. */
	#now = new AbortController();
	#wanted = /** @type {'go' | 'pause' | 'stop'} */ ('go');
	/** Whether the server still waits to be told the length. */
	#undeclared = false;
	/** When something last moved, and how much of the running request. */
	#heardAt = 0;
	#moved = 0;

	/**
	 * @param {File} file
	 * @param {{ said: Record<string, string>, path?: string | null, begun: (path: string) => void, tell: (news: News) => void, send?: typeof xhr, patience?: number }} how
	 *   `said`: of the client, and how it is to be read; `path` of an upload to go on with; `begun` is told that of a new one; `patience` stretches all waits
	 */
	constructor(file, { said, path = null, begun, tell, send = xhr, patience = 1 }) {
		this.#file = file;
		this.#said = said;
		this.#path = path;
		this.#tell = (news) => { if (this.#wanted !== 'stop') tell(news); };
		this.#begun = begun;
		this.#send = send;
		this.#patience = patience;
	}

	/** True when the server has all of it, false when it was stopped; throws ApiError or OtherFile when it can never have. */
	async run() {
		let at = this.#path === null ? 0 : null;
		let failures = 0;
		while (this.#wanted !== 'stop') {
			if (this.#wanted === 'pause') {
				await this.#wait();
				continue;
			}
			const since = Date.now();
			this.#moved = 0;
			try {
				if (this.#path === null) await this.#create();
				at ??= await this.#where();
				this.#tell({ state: 'going', sent: at });
				if (at === this.#file.size && !this.#undeclared) return true;
				at = await this.#patch(at);
				failures = 0;
				if (at === this.#file.size) return true;
			} catch (error) {
				if (!(error instanceof ApiError)) throw error;
				at = this.#path === null ? 0 : null;
				if (this.#wanted !== 'go') continue;
				const { status, after } = /** @type {any} */ (error);
				// Locked after bytes of ours went through: somebody else goes on with it. To fight over it would help neither.
				if (status === DISK_FULL || status === SIGNED_OUT || (status === LOCKED && this.#moved > 0 && Date.now() - since > TAKEN_MS * this.#patience)) this.pause(error);
				else if (!passes(status)) throw error;
				else {
					if (status === 0) await this.#readable();
					// The first failure may be nothing; the second is said.
					if (failures) this.#tell({ state: 'lost' });
					const wait = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)] * (0.8 + Math.random() * 0.4);
					await this.#wait(Math.max(wait, after * 1000) * this.#patience);
				}
			}
		}
		return false;
	}

	/** Holds on; what the server has stays there. @param {ApiError | null} [why] when it was not a person */
	pause(why = null) {
		this.#wanted = 'pause';
		this.#tell({ state: 'paused', why });
		this.#now.abort();
	}

	resume() {
		this.#wanted = 'go';
		this.#now.abort();
	}

	stop() {
		this.#wanted = 'stop';
		this.#now.abort();
	}

	/** Tries at once, if it waits or nothing moves. */
	nudge() {
		if (this.#wanted === 'go' && Date.now() - this.#heardAt > 1000 * this.#patience) this.#now.abort();
	}

	async #create() {
		const metadata = Object.entries({ ...this.#said, filename: this.#file.name }).map(([key, value]) => `${key} ${utf8(value)}`).join();
		const answer = await this.#ask('POST', '/files', { 'Upload-Length': String(this.#file.size), 'Upload-Metadata': metadata });
		// Only its path: behind a proxy the server may not know by which scheme and name it is reached.
		this.#path = new URL(answer.header('Location') ?? '', 'http://here/files').pathname;
		this.#begun(this.#path);
	}

	/** How much the server has. */
	async #where() {
		const answer = await this.#ask('HEAD', /** @type {string} */ (this.#path));
		const length = answer.header('Upload-Length');
		const at = Number(answer.header('Upload-Offset'));
		const { size } = this.#file;
		this.#undeclared = length === null;
		if (length !== null && Number(length) !== size) throw new OtherFile(Number(length));
		if (at > size) throw new OtherFile(at, false);
		return at;
	}

	async #patch(at) {
		const { size } = this.#file;
		const end = Math.min(size, at + SLICE_BYTES);
		const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(at), ...(this.#undeclared && { 'Upload-Length': String(size) }) };
		const heard = (sent) => {
			this.#moved = sent;
			this.#tell({ state: 'going', sent: at + Math.min(sent, end - at) });
		};
		const answer = await this.#ask('PATCH', /** @type {string} */ (this.#path), headers, this.#file.slice(at, end), heard, end === size);
		this.#undeclared = false;
		return Number(answer.header('Upload-Offset') ?? end);
	}

	/** @param {string} method @param {string} path @param {object} [headers] @param {Blob | null} [body] @param {(sent: number) => void} [heard] @param {boolean} [last] */
	async #ask(method, path, headers = {}, body = null, heard = () => {}, last = false) {
		if (this.#wanted !== 'go') throw new ApiError(0, {});
		const open = this.#now = new AbortController();
		let timer = 0;
		const alive = (sent = 0) => {
			this.#heardAt = Date.now();
			clearTimeout(timer);
			if (!last || sent < (body?.size ?? 0)) timer = setTimeout(() => open.abort(), STALL_MS * this.#patience);
		};
		alive();
		const answer = await this.#send(method, path, { headers: { ...VERSION, ...headers }, body, heard: (sent) => { alive(sent); heard(sent); }, signal: open.signal });
		clearTimeout(timer);
		if (answer.status >= 200 && answer.status < 300) return answer;
		let problem = {};
		try { problem = JSON.parse(answer.text); } catch { /* what is no JSON says nothing */ }
		throw Object.assign(new ApiError(answer.status, problem), { after: Number(answer.header('Retry-After')) || 0 });
	}

	/** A file that was changed or moved meanwhile fails like a lost connection, but for ever. */
	async #readable() {
		try {
			await this.#file.slice(0, 1).arrayBuffer();
		} catch {
			throw new OtherFile(null);
		}
	}

	/** @param {number} [ms] none: until somebody says so */
	#wait(ms) {
		this.#now = new AbortController();
		this.#heardAt = 0;
		return new Promise((resolve) => {
			const timer = ms === undefined ? 0 : setTimeout(resolve, ms);
			this.#now.signal.addEventListener('abort', () => { clearTimeout(timer); resolve(null); });
		});
	}
}

// The server's routes, as functions. Errors carry what its problem documents say.

import { errors } from './words.js';

const SESSION = '/session';

/** What the server said, in words for people. */
export class ApiError extends Error {
	/** @param {number} status 0 when there was no answer @param {{ title?: string, detail?: string, code?: string }} problem */
	constructor(status, { title = errors.unexpected(status), detail = title, code }) {
		super(detail);
		Object.assign(this, { status, title, code });
	}
}

/** Event: `refused` when something was asked that nobody is signed in for, or not the right one. */
export const answers = new EventTarget();

/** @param {string} path @param {RequestInit} [options] */
async function ask(path, options) {
	const answer = await fetch(path, options);
	if (answer.ok) return answer;
	if ([401, 403].includes(answer.status) && !path.startsWith(SESSION)) answers.dispatchEvent(new Event('refused'));
	throw new ApiError(answer.status, await answer.json().catch(() => ({})));
}

const json = async (path, options = {}) => (await ask(path, { headers: { accept: 'application/json' }, ...options })).json();

/** Who one is. The page's head asks for it early, in the same way. @returns {Promise<import('./access.js').Access>} */
export const who = async () => (await ask(SESSION)).json();
/** A cookie takes the place of the token. @param {string} token @param {boolean} stay when the browser is closed @returns {Promise<import('./access.js').Access>} */
export const signIn = (token, stay) => json(SESSION + (stay ? '?stay=true' : ''), { method: 'POST', headers: { authorization: `Bearer ${token}` } });
export const signOut = () => ask(SESSION, { method: 'DELETE' });
/** @param {string} client @param {string | null} before */
export const uploads = (client, before) => json(`/uploads?${new URLSearchParams({ client, limit: '50', ...(before ? { before } : {}) })}`);
export const upload = (/** @type {string} */ id) => json(`/uploads/${id}`);
export const cancel = (/** @type {string} */ id) => json(`/uploads/${id}/cancel`, { method: 'POST' });
export const next = (/** @type {string} */ id) => json(`/uploads/${id}/next`, { method: 'POST' });
/** Answers when it is read. @param {string} id @param {Record<string, string>} said */
export const reread = (id, said) => json(`/uploads/${id}/reread?${new URLSearchParams(said)}`, { method: 'POST' });
export const remove = (/** @type {string} */ id) => ask(`/uploads/${id}`, { method: 'DELETE' });
/** The most bytes a file may have; null where the server does not say. @returns {Promise<number | null>} */
export const sizeMax = async () => Number((await ask('/files', { method: 'OPTIONS' })).headers.get('tus-max-size')) || null;
/** @param {string} id @param {'rows' | 'problems'} what @param {number} from @param {number} limit @param {AbortSignal} [signal] */
export const page = (id, what, from, limit, signal) => json(`/uploads/${id}/${what}?from=${from}&limit=${limit}`, { signal });
/** Some rows by their numbers, ascending, at most 256. @param {string} id @param {number[]} numbers @param {AbortSignal} [signal] */
export const rowsAt = (id, numbers, signal) => json(`/uploads/${id}/rows?numbers=${numbers}`, { signal });

/** Fetches a file, saying how much of it is here. @param {string} url @param {string} name @param {(bytes: number) => void} [heard] */
export async function fetchFile(url, name, heard = () => {}) {
	let here = 0;
	const counted = new TransformStream({ transform(chunk, out) { heard(here += chunk.byteLength); out.enqueue(chunk); } });
	return new File([await new Response((await ask(url)).body?.pipeThrough(counted)).blob()], name, { type: 'text/csv' });
}

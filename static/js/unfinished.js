// The uploads this browser began and did not finish, and what tells their file from others: browsers do not keep the file.

import { base64 } from './tus.js';

const KEY = 'rowcast.unfinished';
const KEPT_MAX = 16;
const KEPT_MS = 30 * 86_400_000;
const END_BYTES = 64 << 10;

/** @typedef {{ name: string, size: number, time: number, hash: string | null }} Print  the hash is of both ends; null where it cannot be had */
/** @typedef {Print & { id: string, client: string, at: number }} Note */

/** @param {File} file @returns {Promise<Print>} */
export async function printOf(file) {
	const { name, size, lastModified: time } = file;
	const ends = new Blob([file.slice(0, END_BYTES), file.slice(Math.max(0, size - END_BYTES))]);
	// Browsers hash on secure pages only: on plain HTTP the rest of the print must do.
	const digest = globalThis.crypto?.subtle && await ends.arrayBuffer().then((bytes) => crypto.subtle.digest('SHA-256', bytes), () => null);
	return { name, size, time, hash: digest ? base64(new Uint8Array(digest)) : null };
}

/** What differs first; null when it is the same file. @param {Print} was @param {Print} is @returns {'name' | 'size' | 'content' | 'time' | null} */
export function difference(was, is) {
	for (const what of /** @type {const} */ (['name', 'size'])) if (was[what] !== is[what]) return what;
	if (was.hash !== null && is.hash !== null && was.hash !== is.hash) return 'content';
	return was.time === is.time ? null : 'time';
}

/** @returns {Note[]} the newest first */
export function notes() {
	try {
		return JSON.parse(localStorage.getItem(KEY) ?? '[]').filter(({ at }) => Date.now() - at < KEPT_MS);
	} catch {
		return [];
	}
}

const write = (list) => { try { localStorage.setItem(KEY, JSON.stringify(list.slice(0, KEPT_MAX))); } catch { /* full: then a reload offers nothing */ } };

/** @param {Omit<Note, 'at'>} note */
export const keep = (note) => write([{ ...note, at: Date.now() }, ...notes().filter(({ id }) => id !== note.id)]);
/** @param {string} id */
export const forget = (id) => { if (notes().some((note) => note.id === id)) write(notes().filter((note) => note.id !== id)); };

// How a file was understood, as facts: what was found or said, and how sure that is. Pure: no DOM.

import { understood as words } from './words.js';

/** @typedef {{ key: string, value: string, code: string | null, sure: 'sure' | 'likely' | 'guess' | null, set: boolean }} Fact */

/** What can be said of each fact, by the server's names. @type {Record<string, string[]>} */
export const SAID = { delimiter: ['delimiter'], quote: ['quote', 'escape'], encoding: ['encoding'], header: ['header_rows', 'skip_rows'], lines: [], compression: [], mark: [], more: ['decimal', 'trim', 'null_values', 'comment', 'repair'] };
const SURE = 90;
const LIKELY = 70;

/** @param {string} label */
export const nameOf = (label) => (label[0] === 'w' ? `W${label.slice(1)}` : label.toUpperCase());

/** A character that would not be seen. @param {string} value */
export const visible = (value) => ({ '\t': '\\t', ' ': '␣' })[value] ?? value;

/** Whether it failed before anything was found, but its bytes may be read otherwise. @param {Partial<import('./state.js').Upload>} upload */
export const canBeSaid = ({ stage, reading, received_bytes: here }) => stage === 'failed' && !reading && Boolean(here);

/** @param {Pick<import('./state.js').Upload, 'reading' | 'options'> & Partial<import('./state.js').Upload>} upload @returns {Fact[]} */
export function facts(upload) {
	const { reading: read, options } = upload;
	if (!read) return canBeSaid(upload) ? Object.keys(SAID).filter((key) => SAID[key].length).map((key) => ({ key, value: '', code: null, sure: null, set: SAID[key].some((name) => name in options) })) : [];
	const { delimiter, quote } = words.choices;
	/** @type {Record<string, (string | null)[]>} */
	const found = {
		delimiter: [delimiter[read.delimiter], read.delimiter], quote: [quote[read.quote ?? 'none'], read.quote], encoding: [nameOf(read.encoding)], header: [words.headerRows(read.header_rows, read.preamble_lines)],
		lines: [read.line_end.toUpperCase()], ...(read.compression && { compression: [read.compression] }), ...(read.byte_order_mark && { mark: [words.yes] }), more: [''],
	};
	return Object.entries(found).map(([key, [value, code = null]]) => {
		const set = SAID[key].some((name) => name in options);
		return { key, value: value ?? '', code, set, sure: set || !'delimiter quote encoding'.includes(key) ? null : read.sure_percent < LIKELY ? 'guess' : read.sure_percent < SURE ? 'likely' : 'sure' };
	});
}

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

/** @param {Pick<import('./state.js').Upload, 'reading' | 'options'>} upload @returns {Fact[]} */
export function facts({ reading: read, options }) {
	if (!read) return [];
	const { delimiter, quote, encoding, header_rows: header, preamble_lines: above, line_end: lines, compression, byte_order_mark: mark, sure_percent: percent } = read;
	const { choices } = words;
	/** @type {Record<string, string[]>} */
	const found = {
		delimiter: [choices.delimiter[delimiter], delimiter], quote: [choices.quote[quote ?? 'none'], quote], encoding: [nameOf(encoding)], header: [words.headerRows(header, above)],
		lines: [lines.toUpperCase()], ...(compression && { compression: [compression] }), ...(mark && { mark: [words.yes] }), more: [''],
	};
	return Object.entries(found).map(([key, [value, code = null]]) => {
		const set = SAID[key].some((name) => name in options);
		return { key, value: value ?? '', code, set, sure: set || !/delim|quote|enc/.test(key) ? null : percent < LIKELY ? 'guess' : percent < SURE ? 'likely' : 'sure' };
	});
}

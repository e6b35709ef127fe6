// How a file was understood, as facts: what was found or said, why, how sure that is, and what can be said otherwise. Pure: no DOM.

import { isHeld, isRunning } from './state.js';
import { understood as words } from './words.js';

/**
 * @typedef {{ key: string, found: any, names?: Record<string, string>, radio?: boolean, other?: boolean, max?: number }} Field
 *   `key` is the server's name for it; `names` of the values that can be chosen, and whether there can be `other` ones; `max` of a number
 * @typedef {{ key: string, value: string, code?: string, why: string[], sure: 'sure' | 'likely' | 'guess' | null, set: boolean, fields: Field[] }} Fact
 */

/** @param {string} label */
const nameOf = (label) => (label[0] === 'w' ? `W${label.slice(1)}` : label.toUpperCase());
const ENCODINGS = Object.fromEntries('utf-8 utf-16le utf-16be windows-1252 iso-8859-15 iso-8859-2 windows-1250 windows-1251 koi8-r windows-1253 windows-1254 windows-1256 shift_jis gbk big5 euc-kr'.split(' ').map((label) => [label, nameOf(label)]));
/** What a sentence is about; those of nothing else are about the encoding. @type {[string, RegExp][]} */
const ABOUT = [['delimiter', /delimiter(:| (gives|stands))|^Delim/], ['quote', /^Quote/], ['header', /^Header/], ['compression', /^Its first/], ['more', /^(Lines|A blank)/], ['encoding', /./]];

/** "Delimiter: a comma" → "A comma"; also of what the server has against a value. @param {string} sentence */
export const withoutLead = (sentence) => sentence.replace(/^\w+: (.)/, (_, first) => first.toUpperCase());

/** A character that would not be seen. @param {string} value */
export const visible = (value) => ({ '\t': '\\t', ' ': '␣' })[value] ?? value;

/** What was said, as a request says it. @param {import('./state.js').Said} options @returns {Record<string, string>} */
export const said = (options) => Object.fromEntries(Object.entries({ ...options, compression: '' }).filter(([, value]) => value !== '').map(([key, value]) => [key, String(value)]));

/** @param {Pick<import('./state.js').Upload, 'reading' | 'options'>} upload @returns {Fact[]} */
export function facts({ reading: read, options }) {
	if (!read) return [];
	const fact = (key, value, fields = [], code = '') => {
		const set = fields.some((field) => options[field.key] !== undefined);
		const why = read.why.filter((one) => ABOUT.find(([, about]) => about.test(one))?.[0] === key).map(withoutLead);
		const percent = read.sure_percent;
		return { key, code, value, set, fields, why: set ? [] : why, sure: set || !/delim|quote|enc/.test(key) ? null : percent < 70 ? 'guess' : percent < 90 ? 'likely' : 'sure' };
	};
	const field = (key, more) => ({ key, found: String(read[key] ?? ''), names: words.choices[key], ...more });
	const more = ['decimal', 'trim', 'null_values', 'comment', 'repair'].map((key) => field(key));
	const quote = read.quote ?? 'none';
	return [
		fact('delimiter', words.choices.delimiter[read.delimiter], [field('delimiter', { radio: true, other: true })], read.delimiter),
		fact('quote', words.choices.quote[quote], [field('quote', { found: quote, radio: true }), field('escape')], read.quote),
		fact('encoding', nameOf(read.encoding), [field('encoding', { names: ENCODINGS, other: true })]),
		fact('header', words.headerRows(read.header_rows, read.preamble_lines), [field('header_rows', { max: 16 }), field('skip_rows', { max: 1e6 })]),
		fact('lines', read.line_end.toUpperCase()), read.compression && fact('compression', read.compression), read.byte_order_mark && fact('mark', words.yes), fact('more', '', more),
	].filter(Boolean);
}

/** What becomes of the bytes when it is read otherwise. @param {import('./state.js').Upload} upload @param {boolean} mine whether this page sends it @returns {keyof typeof words.ways} */
export function wayOf(upload, mine) {
	const { received_bytes: here, total_bytes: whole } = upload;
	const all = whole !== null && here >= whole;
	if (!isRunning(upload)) return all ? 'again' : 'part';
	return all ? (isHeld(upload) ? 'again' : 'stop') : mine ? 'anew' : 'wait';
}

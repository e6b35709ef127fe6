// A cell's text as parts to show: what cannot be seen is made visible, nothing is interpreted. Pure.
//
// Blanks at the ends become dots, line breaks and control characters their pictures, direction overrides their code
// (they would reorder the text beside them), U+FFFD is marked: it stands for bytes that were not text.

/** @typedef {{ text: string, kind?: 'quiet' | 'broken' }} Part */
/** @typedef {{ text: string, length: number }} LongCell  the beginning, and how many characters there are */

const SPECIAL = /(\r\n|[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069\ufffd])/;
/** Characters shown of a long cell, at most. */
const SHOWN_MAX = 256;

/** Whether the text can be shown as it is, which is so for nearly every cell. @param {string} text */
export const isPlain = (text) => !(text.startsWith(' ') || text.endsWith(' ') || SPECIAL.test(text));

/** @returns {Part} */
function picture(character) {
	const code = character.codePointAt(0);
	if (character.endsWith('\n')) return { text: ' ↵ ', kind: 'quiet' };
	if (code === 0x7f || code < 0x20) return { text: String.fromCodePoint(code === 0x7f ? 0x2421 : 0x2400 + code), kind: 'quiet' };
	return { text: code === 0xfffd ? character : `U+${code.toString(16).toUpperCase()}`, kind: 'broken' };
}

/** @param {string} text @returns {Part[]} */
export function parts(text) {
	const [, before, middle, after] = /** @type {string[]} */ (/^( *)([^]*?)( *)$/.exec(text));
	const dots = (blanks) => ({ text: '·'.repeat(blanks.length), kind: /** @type {const} */ ('quiet') });
	return [dots(before), ...middle.split(SPECIAL).map((piece, i) => (i % 2 ? picture(piece) : { text: piece })), dots(after)].filter((part) => part.text);
}

/** Cuts a long cell between characters and lets go of the rest. @param {string} text @returns {string | LongCell} */
export function shortened(text) {
	if (text.length <= SHOWN_MAX) return text;
	const split = (text.charCodeAt(SHOWN_MAX - 1) & 0xfc00) === 0xd800;
	// A slice keeps the whole string alive; joining it anew does not.
	return { text: [...text.slice(0, SHOWN_MAX - (split ? 1 : 0))].join(''), length: text.length };
}

// How one problem is shown, in the panel and in the table's popover.

import { parts } from '../cell-text.js';
import { h } from '../elements.js';
import { count } from '../format.js';
import { problem as words } from '../words.js';

/** @param {string} code */
export const kindOf = (code) => words.kinds[code] ?? code;

export const fact = (name, value) => h('div', h('dt', name), h('dd', { dir: 'auto' }, value));

/** Message, place in the file, and the record as it stands there: bytes that are no text as their hex. @param {import('../problem-index.js').Problem} problem */
export function details({ message, row, line, byte, raw, raw_cut: cut, code }) {
	const pieces = code === 'encoding-error' ? raw.split(/\\x([0-9A-Fa-f]{2})/) : [raw];
	const text = pieces.flatMap((piece, i) => (i % 2 ? h('b', piece.toUpperCase()) : textNodes(piece)));
	return [h('p', message), h('dl', row !== null && fact(words.row, count(row)), fact(words.line, count(line)), fact(words.byte, count(byte))),
		raw && h('code.raw', { dir: 'ltr', tabindex: 0, role: 'group', 'aria-label': words.raw }, ...text, cut && h('i', ` … ${words.cut}`))];
}

/** Text with what cannot be seen made visible. @param {string} text @returns {Node[]} */
export const textNodes = (text) => parts(text).map((part) => (part.kind ? h(part.kind === 'broken' ? 'b' : 'u', {}, part.text) : document.createTextNode(part.text)));

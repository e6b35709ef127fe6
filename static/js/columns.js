// What the columns look like and how wide they are, from the first rows; and which of them are in view. Pure.
//
// "Looks like" is a description, never a conversion: values stay text. Widths are five classes, so that offsets are a prefix
// sum and nothing jumps once they are picked; a width that somebody chose goes before its class.

/** @typedef {{ name: string, type: string, rows: number, nulls: number, distinct: number, min?: string | null, max?: string | null, examples: string[] }} Profile  of the rows that were looked at */
/** @typedef {Profile & { type: 'empty' | 'integer' | 'number' | 'date' | 'datetime' | 'text', numeric: boolean, width: string, px?: number }} Column  `px`: as wide as somebody wants it */

export const SAMPLE_ROWS = 200;
/** rem, as in row-table.css. @type {Record<string, number>} */
const REM = { 'c-1': 5.5, 'c-2': 7.5, 'c-3': 11, 'c-4': 14.5, 'c-5': 20 };
/** Below this many columns all are in the document. */
const WINDOWED_FROM = 48;

const LOOKS = /** @type {[Column['type'], RegExp][]} */ ([
	['integer', /^[+-]?\d{1,18}$/],
	['number', /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i],
	['date', /^(\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})$/],
	['datetime', /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/],
]);

function widthOf(name, type, values) {
	const lengths = values.map((value) => value.length).sort((a, b) => a - b);
	const longest = Math.max((lengths[Math.floor(lengths.length * 0.9)] ?? 0) + 1, Math.min(name.length * 1.1, 20), type === 'integer' ? 9 : 0);
	return ['c-1', 'c-2', 'c-3', 'c-4'].find((_, i) => longest <= [8, 12, 20, 28][i]) ?? 'c-5';
}

/** @param {string[]} names @param {import('./row-source.js').Row[]} sample @returns {Column[]} */
export const describe = (names, sample) => names.map((name, i) => {
	const values = sample.map(({ cells }) => /** @type {any} */ (cells[i])?.text ?? cells[i]).filter(Boolean);
	const type = values.length ? LOOKS.find(([, shape]) => values.every((value) => shape.test(value.trim())))?.[0] ?? 'text' : 'empty';
	const different = [...new Set(values)];
	return { name, type, numeric: type === 'integer' || type === 'number', width: widthOf(name, type, values), rows: sample.length, nulls: sample.length - values.length, distinct: different.length, examples: different.slice(0, 3) };
});

/** Left edges in px, one more than there are columns. @param {{ width: string, px?: number }[]} columns @param {number} remPx */
export function offsets(columns, remPx) {
	const at = [0];
	for (const { width, px } of columns) at.push(at[at.length - 1] + (px ?? REM[width] * remPx));
	return at;
}

/** The columns in view and two on each side: [from, to). @param {number[]} at @param {number} left @param {number} width */
export function columnWindow(at, left, width) {
	const columns = at.length - 1;
	if (columns < WINDOWED_FROM) return { from: 0, to: columns };
	return { from: Math.max(0, firstWhere(at, (x) => x > left) - 3), to: Math.min(columns, firstWhere(at, (x) => x > left + width) + 2) };
}

/** The first index of an ascending list for which `holds` is true, by halves. @param {number[]} list @param {(value: number) => boolean} holds */
export function firstWhere(list, holds) {
	let low = 0;
	let high = list.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (holds(list[middle])) high = middle;
		else low = middle + 1;
	}
	return low;
}

// What the columns look like and how wide they are, from the first rows; and which of them are in view. Pure.
//
// "Looks like" is a description, never a conversion: values stay text. Widths are five classes, so that offsets are a prefix
// sum and nothing jumps once they are picked.

/** @typedef {{ name: string, look: 'empty' | 'whole' | 'number' | 'date' | 'time' | 'text', numeric: boolean, filled: number, width: string }} Column  `filled`: 0..1 */

export const SAMPLE_ROWS = 200;
/** rem, as in row-table.css. @type {Record<string, number>} */
const REM = { 'c-1': 5.5, 'c-2': 7.5, 'c-3': 11, 'c-4': 14.5, 'c-5': 20 };
/** Below this many columns all are in the document. */
const WINDOWED_FROM = 48;

const LOOKS = /** @type {[Column['look'], RegExp][]} */ ([
	['whole', /^[+-]?\d{1,18}$/],
	['number', /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i],
	['date', /^(\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})$/],
	['time', /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/],
]);

function widthOf(name, look, values) {
	const lengths = values.map((value) => value.length).sort((a, b) => a - b);
	const longest = Math.max((lengths[Math.floor(lengths.length * 0.9)] ?? 0) + 1, Math.min(name.length * 1.1, 20), look === 'whole' ? 9 : 0);
	return ['c-1', 'c-2', 'c-3', 'c-4'].find((_, i) => longest <= [8, 12, 20, 28][i]) ?? 'c-5';
}

/** @param {string[]} names @param {import('./row-source.js').Row[]} sample @returns {Column[]} */
export const describe = (names, sample) => names.map((name, i) => {
	const values = sample.map(({ cells }) => /** @type {any} */ (cells[i])?.text ?? cells[i]).filter(Boolean);
	const look = values.length ? LOOKS.find(([, shape]) => values.every((value) => shape.test(value.trim())))?.[0] ?? 'text' : 'empty';
	return { name, look, numeric: look === 'whole' || look === 'number', filled: values.length / Math.max(1, sample.length), width: widthOf(name, look, values) };
});

/** Left edges in px, one more than there are columns. @param {{ width: string }[]} columns @param {number} remPx */
export function offsets(columns, remPx) {
	const at = [0];
	for (const { width } of columns) at.push(at[at.length - 1] + REM[width] * remPx);
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

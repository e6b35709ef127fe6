// Finds text in the rows that are here. The field takes the place of the foot; what it found is painted, not changed.

import { button, h, text as setText } from '../elements.js';
import { search as words } from '../words.js';

/** @typedef {{ row: number, column: number }} Place */
/** @typedef {import('../row-source.js').Row} Row */

const SLICE_MS = 8;
const HITS_MAX = 10_000;

/** A slice at a time, so that the page stays quick; case does not matter, of long cells the kept beginning is seen. @param {Row[]} rows @param {string} text lower case @param {() => boolean} stale whether nobody waits any more @returns {Promise<Place[]>} in order */
export async function searchRows(rows, text, stale) {
	const hits = [];
	let since = performance.now();
	for (const { row, cells } of rows) {
		cells.forEach((/** @type {any} */ cell, column) => { if ((cell?.text ?? cell ?? '').toLowerCase().includes(text)) hits.push({ row, column }); });
		if (performance.now() - since > SLICE_MS) {
			await new Promise((done) => setTimeout(done));
			since = performance.now();
		}
		if (hits.length > HITS_MAX || stale()) break;
	}
	return hits;
}

/** The next hit after a place (1), the last before it (-1), or the first that is not before it (0); at the ends it goes round. @param {Place[]} hits @param {Place} from @param {number} direction */
export function hitBeside(hits, { row, column }, direction) {
	const by = (hit) => hit.row - row || hit.column - column;
	const at = direction < 0 ? hits.findLastIndex((hit) => by(hit) < 0) : hits.findIndex((hit) => by(hit) >= direction);
	return at < 0 && direction < 0 ? hits.length - 1 : Math.max(0, at);
}

/** @param {{ rows: () => Row[], place: Place, go: (place: Place) => void, draw: () => void, shown: (on: boolean) => void }} table */
export function rowFinder({ rows, place, go, draw, shown }) {
	const marks = new Highlight();
	const tool = (icon, label, onclick) => button({ icon, label, class: 'bare only', onclick });
	const input = h('input.input', { autocomplete: 'off', placeholder: words.label, oninput: () => run(0) });
	const found = h('output.cut.push');
	const node = h('form.rt-foot.rt-find', { role: 'search', hidden: true, onsubmit: (event) => { event.preventDefault(); run(1); }, onkeydown: ({ key }) => { if (key === 'Escape') show(false); } },
		input, found, tool('left', words.previous, () => run(-1)), tool('right', words.next, () => run(1)), tool('close', words.close, () => show(false)));
	let turn = 0;
	let text = '';

	/** Goes to the hit in a direction from where the table stands. @param {number} direction */
	async function run(direction) {
		const mine = ++turn;
		const here = rows();
		text = input.value.toLowerCase();
		draw();
		const hits = text ? await searchRows(here, text, () => mine < turn) : [];
		if (mine < turn) return;
		const at = hitBeside(hits, place, direction);
		setText(found, text && words.found(at + 1, hits.length, here.length));
		if (hits.length) go(hits[at]);
	}

	/** @param {boolean} on */
	function show(on) {
		shown(on);
		node.hidden = !on;
		input.value = '';
		if (on) input.focus();
		run(0);
	}

	CSS.highlights.set('found', marks);
	return {
		node,
		show,
		/** Paints what was found where it can be seen. @param {Node} body */
		paint(body) {
			marks.clear();
			for (const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT); text && walker.nextNode();) {
				const node = /** @type {Text} */ (walker.currentNode);
				const at = node.data.toLowerCase().indexOf(text);
				if (at >= 0) marks.add(new StaticRange({ startContainer: node, startOffset: at, endContainer: node, endOffset: at + text.length }));
			}
		},
	};
}

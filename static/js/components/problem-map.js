// Where in the whole file the problems are, in 14 px beside the rows. Click or drag jumps there.

import { attr, h, svg } from '../elements.js';
import { table as words } from '../words.js';

const BUCKETS = 400;
const HEIGHT = 1000;

/** @param {(part: number) => void} jump to a part of the whole, 0..1 */
export function problemMap(jump) {
	const [todo, view] = ['todo', 'view'].map((kind) => svg('rect', { class: kind, width: 14, height: 0 }));
	const [odd, wrong] = ['w', 't'].map((kind) => svg('path', { class: kind }));
	const node = h('div.rt-map', svg('svg', { viewBox: `0 0 14 ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': words.map }, todo, wrong, odd, view));
	const at = ({ clientY }) => {
		const { top, height } = node.getBoundingClientRect();
		jump(Math.min(1, Math.max(0, (clientY - top) / height)));
	};
	node.addEventListener('pointerdown', (event) => { node.setPointerCapture(event.pointerId); at(event); });
	node.addEventListener('pointermove', (event) => { if (node.hasPointerCapture(event.pointerId)) at(event); });
	const stand = (rect, from, to, least) => {
		attr(rect, 'y', (from * HEIGHT).toFixed(1));
		attr(rect, 'height', Math.max(least, (to - from) * HEIGHT).toFixed(1));
	};
	return {
		node,
		/** @param {import('../problem-index.js').ProblemIndex} index @param {number} rows @param {number} read how much of the file was read, 0..1 */
		draw(index, rows, read) {
			const paths = ['', '', ''];
			index.map(rows, BUCKETS).forEach((mark, i) => { paths[mark] += `M${mark === 1 ? 8 : 2} ${((i * HEIGHT * read) / BUCKETS).toFixed(1)}h${mark === 1 ? 4 : 6}v3h-${mark === 1 ? 4 : 6}z`; });
			attr(odd, 'd', paths[1]);
			attr(wrong, 'd', paths[2]);
			stand(todo, read, 1, 0);
		},
		/** The part of the file in view, 0..1. @param {number} from @param {number} to */
		frame(from, to) {
			attr(view, 'hidden', !to || to - from > 0.999);
			stand(view, from, to, 4);
		},
	};
}

// Which row is at the top of the table, for any number of rows. Pure arithmetic; the component gives it pixels.
//
// Browsers cap the height of an element near 17.9 million pixels (Gecko) or 33.5 million (others); ten million rows of 28 px
// would take 280 million. So the scroller is at most HEIGHT_MAX tall and stands for the rows in three zones: the first and the
// last EDGE px are exact (a pixel is a pixel of rows), the middle is proportional. The edges keep the first and the last rows
// reachable without a clamp that jumps. In the middle there are two ways to move. A *step* (wheel, touch; up to three screens
// between two events) moves by the same rows a notch as anywhere else, so the scroll position drifts from the place it stands
// for: `settled()` says where to put it back once the hand is still. A *jump* (the thumb) takes the row from the position.
// Rows go by index from 0 and may be fractions.

export const HEIGHT_MAX = 8_000_000;
export const EDGE = 200_000;
const STEP_SCREENS = 3;

export class Scroller {
	rows = 0;
	row = 28;
	view = 0;
	/** The row at the top of the view, a fraction. */
	first = 0;
	#top = 0;

	get whole() { return this.rows * this.row; }
	/** Height the scroller pretends to have. */
	get height() { return Math.min(this.whole, HEIGHT_MAX); }
	get exact() { return this.whole <= HEIGHT_MAX; }
	get rowsInView() { return this.view / this.row; }
	get firstMax() { return Math.max(0, this.rows - this.rowsInView); }
	get #topMax() { return Math.max(0, this.height - this.view); }
	/** Rows of a pixel in the middle. */
	get #ratio() { return (this.firstMax - (2 * EDGE) / this.row) / (this.#topMax - 2 * EDGE); }

	/** The row that a scroll position stands for. @param {number} top */
	firstAt(top) {
		if (this.exact || top <= EDGE) return top / this.row;
		const below = this.#topMax - top;
		return below <= EDGE ? this.firstMax - below / this.row : EDGE / this.row + (top - EDGE) * this.#ratio;
	}

	/** The scroll position that stands for a row: the inverse of `firstAt`. @param {number} first */
	topFor(first) {
		if (this.exact || first * this.row <= EDGE) return first * this.row;
		const below = (this.firstMax - first) * this.row;
		return below <= EDGE ? this.#topMax - below : EDGE + (first - EDGE / this.row) / this.#ratio;
	}

	/** The browser scrolled to `top`. Where it stands already, nothing moves: such events come late, for places set by script. @param {number} top */
	scrolled(top) {
		const delta = top - this.#top;
		if (Math.abs(delta) < 0.5) return;
		const there = this.firstAt(top);
		const step = !this.exact && Math.abs(delta) <= STEP_SCREENS * this.view;
		const inEdge = top <= EDGE || this.#topMax - top <= EDGE;
		const near = Math.abs(there - this.first) <= (STEP_SCREENS + 1) * this.rowsInView;
		this.goTo(step && !(inEdge && near) ? this.first + delta / this.row : there);
		this.#top = top;
	}

	/** Puts `first` at the top, as near as there are rows. @param {number} first @returns {number} the scroll position to take; say by `took` that it was */
	goTo(first) {
		this.first = Math.min(this.firstMax, Math.max(0, first));
		return this.topFor(this.first);
	}

	/** Where the scroll position belongs after steps; null when it is there. */
	settled() {
		const top = this.topFor(this.first);
		return Math.abs(top - this.#top) < 1 ? null : top;
	}

	/** Where the browser stands now; it rounds what it is told. @param {number} top */
	took(top) { this.#top = top; }

	/** The first that shows a row, moving as little as possible. @param {number} index */
	firstShowing(index) {
		const whole = Math.max(1, Math.floor(this.rowsInView));
		if (index < this.first) return index;
		return index > this.first + whole - 1 ? index - this.rowsInView + 1 : this.first;
	}

	/** The rows to have in the document, [from, to) and `spare` more at each end, and how far to shift them up. @param {number} spare */
	window(spare) {
		const from = Math.max(0, Math.floor(this.first) - spare);
		return { from, to: Math.min(this.rows, Math.ceil(this.first + this.rowsInView) + spare), shift: (this.first - from) * this.row };
	}
}

// The rows: only those in view are in the document, for any number of them (scroller.js says which).
//
// One write a frame. While it follows the end it shows the newest rows that are here, so that it never shows holes; otherwise
// a row that is not here yet keeps its place. Keys: table-keys.js. Nodes: table-body.js.

import { act, attr, component, h } from '../elements.js';
import { Scroller } from '../scroller.js';
import { isRunning, localSending, selectedUpload } from '../state.js';
import { problem as problemWords, table as words } from '../words.js';
import { openCell } from './cell-popover.js';
import { problemMap } from './problem-map.js';
import { TableBody, numbersWidth, rem } from './table-body.js';
import { DENSITIES, tableFoot } from './table-foot.js';
import { keyAction } from './table-keys.js';

const SPARE = 8;
const SETTLE_MS = 150;
const GROW_MS = 250;
const HELD_MS = 1500;
const MAP_MS = 500;
const GLOW_ROWS_MAX = 40;

component('row-table', (host, { store, session }) => {
	const table = new TableBody();
	const { grid } = table;
	const scroller = new Scroller();
	const view = h('div', { class: 'rt-view' }, grid);
	const size = h('div', { class: 'rt-size' }, view);
	const scroll = h('div', { class: 'rt-scroll' }, size);
	const none = h('div', { class: 'none rt-none', hidden: true });
	const map = problemMap((part) => { follow(false); goToFirst(part * scroller.firstMax); });
	const foot = tableFoot({ follow: () => { follow(!following); draw(); }, jump, density: setDensity });
	/** The cell that keys move from. */
	let active = { row: 1, column: 0 };
	let focused = false;
	let following = false;
	/** Where the end was when following began: the view does not go back before it while newer rows are fetched. */
	let endAtLeast = 0;
	/** Rows there were when following ended. */
	let seen = 0;
	let glowedTo = 0;
	let drawDue = false;
	let drawing = false;
	let headHeight = 52;
	/** Room for columns, and how far they are scrolled: kept, since asking the browser for them makes it lay out. */
	let width = 0;
	let left = 0;
	/** What the scroller's height waits for: nothing, the next time it may grow, or the next write. @type {'no' | 'soon' | 'now'} */
	let resize = 'now';
	let grownAt = 0;
	/** When a pointer was last seen holding the thumb; browsers do not always tell when it lets go. */
	let heldAt = -HELD_MS;
	const timers = { settle: 0, map: 0, grow: 0 };

	const upload = () => selectedUpload(store.state);
	const running = () => (upload() ? isRunning(upload()) : localSending(store.state)?.over !== true);
	const total = () => session.opened?.rows.total ?? 0;
	/** The last row that is stood on: all there are, or while following the newest that is here. */
	const end = () => (following ? Math.min(total(), Math.max(session.opened?.rows.newest ?? 0, endAtLeast)) : total());
	const toast = (message, level = 'info') => act(host, 'toast', { message, level });

	/** Another upload is shown, or none. */
	function open() {
		table.reset();
		active = { row: 1, column: 0 };
		drawMap();
		glowedTo = scroller.rows = scroll.scrollLeft = left = 0;
		scroller.goTo(0);
		follow(upload() !== undefined && (running() || session.opened?.live === true));
		changed();
	}

	function changed() {
		const sending = localSending(store.state);
		host.hidden = !upload() && !sending;
		if (host.hidden) return;
		const columns = upload()?.columns.length ?? 0;
		attr(grid, 'aria-label', words.of(upload()?.filename ?? sending?.name ?? ''));
		attr(grid, 'aria-busy', running() && 'true');
		attr(grid, 'aria-rowcount', running() ? -1 : total() + 1);
		none.hidden = total() > 0;
		grid.hidden = !total() && !columns;
		if (!total()) {
			const [head, text] = running() ? [words.waiting, words.waitingText(columns)] : upload()?.stage === 'done' ? [words.none, words.noneText(columns)] : [words.noneKept, ''];
			none.replaceChildren(h('strong', {}, head), h('p', {}, text));
		}
		mapLater();
		if (!session.opened) showFoot();
		draw();
	}

	function measure() {
		if (!scroll.clientHeight) return;
		headHeight = table.headRow.offsetHeight || headHeight;
		view.style.height = `${scroll.clientHeight}px`;
		width = scroll.clientWidth - numbersWidth();
		scroller.row = Number.parseFloat(getComputedStyle(host).getPropertyValue('--row')) * rem();
		scroller.view = scroll.clientHeight - headHeight;
		resize = 'now';
		draw();
	}

	/** Asks for one write at the next frame. */
	function draw() {
		if (drawDue || host.hidden) return;
		drawDue = true;
		requestAnimationFrame(() => { drawDue = false; if (session.opened && !host.hidden) write(session.opened); });
	}

	function write({ rows, index }) {
		drawing = true;
		if (table.pick(rows, running())) size.style.width = `${table.at[table.columns.length] + numbersWidth()}px`;
		if (table.showColumns(left, width) && table.headRow.offsetHeight !== headHeight) measure();
		grow();
		const need = Math.ceil(scroller.rowsInView) + 2 * SPARE + 1;
		const shown = scroller.window(SPARE);
		// The newest rows come by the tail; what stands before them may never have been asked for.
		if (following && (rows.newest < rows.total || rows.at(shown.from + 1) !== undefined)) rows.wantTail(need);
		else rows.want(shown.from + 1, shown.to);
		table.write(shown, need, rows, index);
		glow(shown.to);
		showActive();
		showFoot();
		drawing = false;
	}

	/** Takes new rows in. The scroller itself grows at most four times a second, and never under a pointer that holds its thumb. */
	function grow() {
		const { first } = scroller;
		if (end() !== scroller.rows && resize === 'no') resize = 'soon';
		scroller.rows = end();
		const top = scroller.goTo(following ? scroller.firstMax : first);
		const now = performance.now();
		if (resize === 'soon' && ((running() && now - grownAt < GROW_MS) || now - heldAt < HELD_MS)) timers.grow ||= setTimeout(() => { timers.grow = 0; draw(); }, GROW_MS);
		else if (resize !== 'no') {
			resize = 'no';
			grownAt = now;
			size.style.height = `${headHeight + Math.max(scroller.height, scroller.view)}px`;
			setTop(top);
		}
	}

	function setTop(top) {
		if (Math.abs(scroll.scrollTop - top) >= 1) scroll.scrollTop = top;
		scroller.took(scroll.scrollTop);
	}

	/** New rows glow once, while there are few enough of them to see one. */
	function glow(to) {
		const from = glowedTo;
		const duration = Number.parseFloat(getComputedStyle(host).getPropertyValue('--glow'));
		glowedTo = to;
		if (!following || from === 0 || to - from > GLOW_ROWS_MAX || !(duration > 0)) return;
		for (let row = from + 1; row <= to; row++) table.line(row)?.tr.animate([{ backgroundColor: 'var(--live-soft)' }, { backgroundColor: 'transparent' }], { duration, easing: 'ease-out' });
	}

	/** If the row of the active cell is not in view, focus waits on the grid and comes back with the row. */
	function showActive() {
		const td = table.cell(active.row, active.column);
		const { activeElement } = document;
		table.select(td);
		if (focused && activeElement !== (td ?? grid) && (activeElement === document.body || grid.contains(activeElement))) (td ?? grid).focus({ preventScroll: true });
	}

	function showFoot() {
		const { first, rowsInView, rows } = scroller;
		const from = Math.min(rows, Math.floor(first + 0.01) + 1);
		const to = Math.min(rows, Math.max(from, Math.floor(first + rowsInView + 0.01)));
		foot.show({
			following, fresh: following || !running() ? 0 : Math.max(0, total() - Math.max(to, seen)), from, to, of: total(), more: running(), columns: table.columns.length,
			firstColumn: Math.max(1, table.at.findIndex((x) => x > left)), lastColumn: Math.min(table.columns.length, table.at.findLastIndex((x) => x < left + width - 1) + 1),
		});
		const part = read() / Math.max(1, rows);
		map.frame(first * part, Math.min(rows, first + rowsInView) * part);
	}

	/** How much of the file was read, 0..1. */
	function read() {
		const { stage, total_bytes: whole, read_bytes: here = 0 } = upload() ?? {};
		return stage !== 'done' && whole ? Math.min(1, here / whole) : 1;
	}

	function mapLater() {
		timers.map ||= setTimeout(drawMap, MAP_MS);
	}

	function drawMap() {
		timers.map = 0;
		map.node.hidden = !session.opened;
		if (session.opened) map.draw(session.opened.index, total(), read());
	}

	function scrolled() {
		const before = scroller.first;
		left = scroll.scrollLeft;
		scroller.scrolled(scroll.scrollTop);
		if (performance.now() - heldAt < HELD_MS) heldAt = performance.now();
		if (scroller.first !== before) {
			const atEnd = running() && scroller.first >= scroller.firstMax - 0.5;
			if (atEnd !== following) follow(atEnd);
			clearTimeout(timers.settle);
			timers.settle = setTimeout(() => setTop(scroller.settled() ?? scroll.scrollTop), SETTLE_MS);
		}
		draw();
	}

	function follow(on) {
		if (following && !on) seen = scroller.rows;
		following = on;
		endAtLeast = on ? total() : 0;
		resize = 'now';
	}

	/** Puts a row, by index, at the top. */
	function goToFirst(first) {
		resize = 'now';
		scroller.rows = end();
		scroller.goTo(first);
		draw();
	}

	/** Moves to a cell; a row far away comes to the middle. */
	function moveTo(row, column) {
		const within = (n, low, high) => Math.min(Math.max(n, low), Math.max(low, high));
		active = { row: within(row, 1, total()), column: within(column, 0, table.columns.length - 1) };
		if (active.row < end()) follow(false);
		scroller.rows = end();
		const index = active.row - 1;
		const { first, rowsInView } = scroller;
		const far = index < first - rowsInView || index > first + 2 * rowsInView;
		goToFirst(far ? index - Math.floor(rowsInView / 2) : scroller.firstShowing(index));
		const [start, stop] = [table.at[active.column], table.at[active.column + 1] ?? 0];
		if (start < left) scroll.scrollLeft = start;
		else if (stop > left + width) scroll.scrollLeft = Math.min(start, stop - width);
	}

	/** Shows a row, in a named column if there is one, and takes the focus there. */
	function goTo(row, column) {
		const named = table.columns.findIndex(({ name }) => name === column);
		moveTo(row, named < 0 ? active.column : named);
		focused = true;
		grid.focus({ preventScroll: true });
	}

	function jump(text) {
		const row = Number(text.replaceAll(/[,\s]/g, ''));
		const whole = Number.isInteger(row) && row >= 1;
		if (whole && row <= total()) return goTo(row, null);
		foot.wrong();
		toast(whole ? words.noSuchRow(total()) : words.notARow, 'warning');
	}

	/** Goes to the next row with a problem (1), or the one before (-1). */
	function stepProblem(direction) {
		const { index } = /** @type {import('../opened.js').Opened} */ (session.opened);
		const at = index.beside(active.row, direction);
		if (at < 0) toast(direction === 1 ? problemWords.noFurther : problemWords.noEarlier);
		else goTo(index.brief(at).row, index.brief(at).column);
	}

	/** What is wrong with the active cell, or all of it. */
	function openActive() {
		const td = table.cell(active.row, active.column);
		if (!td) return;
		follow(false);
		// The next cell is written at the next frame; its popover opens at it.
		const step = (direction) => { stepProblem(direction); requestAnimationFrame(() => requestAnimationFrame(openActive)); };
		openCell(host, td, { opened: /** @type {import('../opened.js').Opened} */ (session.opened), ...active, step });
	}

	function setDensity(density) {
		const known = DENSITIES.includes(density) ? density : 'regular';
		attr(host, 'density', known);
		localStorage.setItem('rowcast.density', known);
		foot.density(known);
		measure();
	}

	const ACTS = {
		open: openActive, next: () => stepProblem(1), previous: () => stepProblem(-1), follow: () => { follow(!following); draw(); }, jump: foot.focusJump, keys: () => act(host, 'keys'),
		density: () => setDensity(DENSITIES[(DENSITIES.indexOf(host.getAttribute('density')) + 1) % DENSITIES.length]),
	};

	function onKey(event) {
		const key = keyAction(event);
		if (!key) return;
		event.preventDefault();
		if (key.act) return ACTS[key.act]();
		const screen = Math.max(1, Math.floor(scroller.rowsInView) - 1);
		const edge = (name, last, other) => (name === 'first' ? 0 : name === 'last' ? last : other);
		moveTo(edge(key.row, total(), active.row + (key.rows ?? 0) + (key.screens ?? 0) * screen), edge(key.column, table.columns.length - 1, active.column + (key.columns ?? 0)));
	}

	function onClick({ target, type }) {
		const place = table.placeOf(target);
		if (!place) return;
		focused = true;
		follow(false);
		active = { row: place.row, column: place.column < 0 ? active.column : place.column };
		draw();
		if (type === 'dblclick' || target.closest('.rt-flag')) openActive();
	}

	host.hidden = true;
	host.append(h('div', { class: 'rt-box' }, scroll, map.node, none), foot.node);
	setDensity(localStorage.getItem('rowcast.density'));
	scroll.addEventListener('scroll', scrolled, { passive: true });
	scroll.addEventListener('pointerdown', ({ target }) => { if (target === scroll) heldAt = performance.now(); });
	window.addEventListener('pointerup', () => { heldAt = -HELD_MS; });
	grid.addEventListener('keydown', onKey);
	grid.addEventListener('click', onClick);
	grid.addEventListener('dblclick', onClick);
	grid.addEventListener('focusin', () => { focused = true; });
	grid.addEventListener('focusout', ({ relatedTarget }) => { if (!drawing && !grid.contains(relatedTarget)) focused = false; });
	session.addEventListener('opened', open);
	session.addEventListener('rows', draw);
	session.addEventListener('problems', () => { mapLater(); draw(); });
	store.watch(changed);
	new ResizeObserver(measure).observe(scroll);
	return { goTo, stepProblem };
});

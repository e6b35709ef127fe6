// The rows: only those in view are in the document, for any number of them (scroller.js says which).
//
// One write a frame. While it follows the end it shows the newest rows that are here, so that it never shows holes; otherwise
// a row that is not here yet keeps its place. Which rows: row-lens.js. Keys: table-keys.js. Nodes: table-body.js. All else
// that can be done with a table: table-acts.js.

import { act, attr, component, dress, h } from '../elements.js';
import { RowLens } from '../row-lens.js';
import { Scroller } from '../scroller.js';
import { isRunning, localSending, selectedUpload } from '../state.js';
import { errors, problem as problemWords, table as words } from '../words.js';
import { columnSizer } from './column-sizer.js';
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
	const lens = new RowLens();
	const view = h('div.rt-view', grid);
	const size = h('div.rt-size', view);
	const scroll = h('div.rt-scroll', { onscroll: scrolled, onpointerdown: ({ target }) => { if (target === scroll) heldAt = performance.now(); } }, size);
	const none = h('div.none.rt-none', { hidden: true });
	const map = problemMap((part) => { follow(false); goToFirst(lens.list ? lens.indexOf(Math.ceil(part * all())) : part * scroller.firstMax); });
	const foot = tableFoot({ run: (name, anchor) => ACTS[name](anchor), jump, density: setDensity });
	const sizeColumn = columnSizer(table, draw);
	/** What table-acts.js gives, once it is here. @type {any} */
	let acts;
	/** The cell that keys move from: row 0 is the head, column -1 the row's number. */
	const active = { row: 1, column: 0 };
	let focused = false;
	/** Whether somebody has been in this upload's rows. */
	let touched = false;
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
	let height = 0;
	let left = 0;
	/** What the scroller's height waits for: nothing, the next time it may grow, or the next write. @type {'no' | 'soon' | 'now'} */
	let resize = 'now';
	let grownAt = 0;
	/** When a pointer was last seen holding the thumb; browsers do not always tell when it lets go. */
	let heldAt = -HELD_MS;
	const timers = { settle: 0, map: 0, grow: 0 };

	const upload = () => selectedUpload(store.state);
	const running = () => (upload() ? isRunning(upload()) : localSending(store.state)?.over !== true);
	const all = () => session.opened?.rows.total ?? 0;
	/** Rows the table stands for. */
	const total = () => lens.list?.length ?? all();
	/** The last row that is stood on: all there are, or while following the newest that is here. */
	const end = () => (following && !lens.list ? Math.min(total(), Math.max(session.opened?.rows.newest ?? 0, endAtLeast)) : total());
	const toast = (message, level = 'info') => act(host, 'toast', { message, level });

	/** Another upload is shown, or none. */
	function open() {
		table.reset();
		lens.list = null;
		drawMap();
		if (foot.node.hidden) acts.finder.show(false);
		Object.assign(active, { row: 1, column: 0 });
		touched = false;
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
			const [head, text] = lens.list ? [words.noneListed, ''] : running() ? [words.waiting, words.waitingText(columns)] : upload()?.stage === 'done' ? [words.none, words.noneText(columns)] : [words.noneKept, ''];
			none.replaceChildren(h('strong', head), h('p', text));
		}
		mapLater();
		if (!session.opened) showFoot();
		draw();
	}

	function measure() {
		height = scroll.clientHeight;
		if (!height) return;
		// The end stays the end.
		const atEnd = scroller.first > 0 && scroller.first >= scroller.firstMax - 0.5;
		headHeight = table.headRow.offsetHeight || headHeight;
		view.style.height = `${height}px`;
		width = scroll.clientWidth - numbersWidth();
		scroller.row = Number.parseFloat(getComputedStyle(host).getPropertyValue('--row')) * rem();
		scroller.view = height - headHeight;
		if (atEnd) scroller.goTo(scroller.firstMax);
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
		if (lens.list) rows.wantThese(lens.list.slice(shown.from, shown.to));
		// The newest rows come by the tail; what stands before them may never have been asked for.
		else if (following && (rows.newest < rows.total || rows.at(shown.from + 1) !== undefined)) rows.wantTail(need);
		else rows.want(shown.from + 1, shown.to);
		table.write(shown, need, rows, index, lens);
		acts?.finder.paint(table.body);
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
		glowedTo = to;
		if (!following || lens.list || from === 0 || to - from > GLOW_ROWS_MAX) return;
		const duration = Number.parseFloat(getComputedStyle(host).getPropertyValue('--glow'));
		for (let row = from + 1; row <= to; row++) table.line(row)?.tr.animate([{ backgroundColor: 'var(--live-soft)' }, { backgroundColor: 'transparent' }], { duration, easing: 'ease-out' });
	}

	/** If the row of the active cell is not in view, focus waits on the grid and comes back with the row. */
	function showActive() {
		const td = table.cell(active.row, active.column);
		const { activeElement } = document;
		touched ||= focused;
		table.select(td, touched);
		if (focused && activeElement !== (td ?? grid) && (activeElement === document.body || grid.contains(activeElement))) (td ?? grid).focus({ preventScroll: true });
	}

	function showFoot() {
		const { first, rowsInView, rows } = scroller;
		const from = Math.min(rows, Math.floor(first + 0.01) + 1);
		const to = Math.min(rows, Math.max(from, Math.floor(first + rowsInView + 0.01)));
		foot.show({
			following, fresh: following || !running() ? 0 : Math.max(0, total() - Math.max(to, seen)), from, to, of: total(), filtered: lens.list !== null, columns: table.columns.length,
			which: lens.list ? ((session.opened?.index.length ?? 0) < (upload()?.problems ?? 0) ? words.onlyListed : words.onlyThese) : running() ? words.soFar : '',
			firstColumn: Math.max(1, table.at.findIndex((x) => x > left)), lastColumn: Math.min(table.columns.length, table.at.findLastIndex((x) => x < left + width - 1) + 1),
		});
		const part = read() / Math.max(1, all());
		const at = (index) => (lens.list ? lens.at(Math.floor(index)) ?? all() : index) * part;
		map.frame(at(first), at(Math.min(rows, first + rowsInView)));
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
		map.node.hidden = !all();
		if (session.opened) map.draw(session.opened.index, all(), read());
	}

	function scrolled() {
		// It has another height: the browser moved it, not somebody.
		if (scroll.clientHeight !== height) return;
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

	/** Moves to a cell, the row by its place; one far away comes to the middle. Place -1 is the head, which is always there. */
	function moveTo(place, column) {
		const within = (n, low, high) => Math.min(Math.max(n, low), Math.max(low, high));
		const index = within(place, -1, total() - 1);
		Object.assign(active, { row: index < 0 ? 0 : lens.at(index), column: within(column, -1, table.columns.length - 1) });
		if (index >= 0) {
			if (index < end() - 1) follow(false);
			scroller.rows = end();
			const { first, rowsInView } = scroller;
			const far = index < first - rowsInView || index > first + 2 * rowsInView;
			goToFirst(far ? index - Math.floor(rowsInView / 2) : scroller.firstShowing(index));
		}
		draw();
		if (active.column < 0) return;
		const [start, stop] = [table.at[active.column], table.at[active.column + 1] ?? 0];
		if (start < left) scroll.scrollLeft = start;
		else if (stop > left + width) scroll.scrollLeft = Math.min(start, stop - width);
	}

	/** Shows a row, in a named column if there is one, and takes the focus there. */
	function goTo(row, column) {
		const named = table.columns.findIndex(({ name }) => name === column);
		if (!lens.has(row)) filter(null);
		moveTo(lens.indexOf(row), named < 0 ? active.column : named);
		focused = true;
		grid.focus({ preventScroll: true });
	}

	function jump(text) {
		const row = Number(text.replaceAll(/[,\s]/g, ''));
		const whole = Number.isInteger(row) && row >= 1;
		if (whole && row <= all()) return goTo(row, null);
		foot.wrong();
		toast(whole ? words.noSuchRow(all()) : words.notARow, 'warning');
	}

	/** Goes to the next row with a problem (1), or the one before (-1). */
	function stepProblem(direction) {
		const { index } = /** @type {import('../opened.js').Opened} */ (session.opened);
		let at = index.beside(active.row, direction);
		while (at >= 0 && !lens.has(index.brief(at).row)) at = index.beside(index.brief(at).row, direction);
		if (at < 0) toast(direction === 1 ? problemWords.noFurther : problemWords.noEarlier);
		else goTo(index.brief(at).row, index.brief(at).column);
	}

	/** Shows only these rows, or every row again. @param {number[] | null} list */
	function filter(list) {
		const row = lens.at(Math.ceil(scroller.first)) ?? active.row;
		lens.list = list;
		table.refresh();
		changed();
		goToFirst(lens.indexOf(row));
	}

	/** What a pointer sees of a cell that is cut, until it is written anew. */
	function tip({ target }) {
		const td = target.closest('td');
		const box = target.closest('.rt-flag') ?? td;
		if (td) attr(td, 'title', box.scrollWidth > box.clientWidth && td.textContent);
	}

	function setDensity(density) {
		const known = DENSITIES.includes(density) ? density : 'regular';
		attr(host, 'density', known);
		localStorage.setItem('rowcast.density', known);
		foot.density(known);
		measure();
	}

	/** Most of what can be done comes when somebody turns to the table. */
	async function can() {
		const { tableActs } = await import('./table-acts.js');
		return acts ??= tableActs({
			host, table, session, lens, profile: () => /** @type {any} */ (upload())?.profile, active, copyRow, goTo, go: ({ row, column }) => moveTo(lens.indexOf(row), column), step: stepProblem, size: sizeColumn, draw,
			finding: (on) => { foot.node.hidden = on; if (!on && host.contains(document.activeElement)) grid.focus({ preventScroll: true }); },
		});
	}

	const ask = (name) => (anchor) => {
		follow(false);
		can().then((all) => all[name](anchor), () => toast(errors.offline, 'warning'));
	};
	const copy = (column = active.column) => act(host, 'copy', { text: can().then(({ textAt }) => textAt({ row: active.row, column })) });
	const copyRow = () => copy(-1);

	/** @type {Record<string, (anchor?: HTMLElement) => void>} */
	const ACTS = {
		open: ask('open'), about: ask('about'), list: ask('list'), search: ask('search'), copy: () => copy(), copyRow, narrower: () => sizeColumn(active.column, -24), wider: () => sizeColumn(active.column, 24),
		next: () => stepProblem(1), previous: () => stepProblem(-1), follow: () => { follow(!following); draw(); }, jump: foot.focusJump, keys: () => act(host, 'keys'), only: () => filter(lens.list ? null : session.opened?.index.touched ?? null),
		density: () => setDensity(DENSITIES[(DENSITIES.indexOf(host.getAttribute('density')) + 1) % DENSITIES.length]),
	};

	function onKey(event) {
		const key = keyAction(event);
		// Text that somebody marked is the browser's to copy.
		if (!key || (key.act === 'copy' && !getSelection()?.isCollapsed)) return;
		event.preventDefault();
		if (key.act) return ACTS[key.act]();
		const { columns = 0, screens = 0, rows = screens * Math.max(1, Math.floor(scroller.rowsInView) - 1) } = key;
		const at = lens.indexOf(active.row);
		// Up from the first row is the head; down from there the first row in view.
		const up = rows === -1 && !at ? -1 : 0;
		moveTo(active.row ? Math.max(at + rows, up) : rows === 1 ? Math.ceil(scroller.first) : rows ? Math.max(rows, 0) : -1, Math.max(active.column + columns, columns < -1 ? 0 : -1));
	}

	function onClick({ target, type }) {
		const place = table.placeOf(target);
		if (!place || target.matches('.rt-grip')) return;
		focused = true;
		follow(false);
		Object.assign(active, place);
		draw();
		if (type === 'dblclick' ? target.closest('td') : target.closest('.rt-flag, th')) ACTS.open();
	}

	host.hidden = true;
	host.append(h('div.rt-box', scroll, map.node, none), foot.node);
	setDensity(localStorage.getItem('rowcast.density'));
	window.addEventListener('pointerup', () => { heldAt = -HELD_MS; });
	dress(grid, {
		onkeydown: onKey, onclick: onClick, ondblclick: onClick, onpointerover: tip,
		// What may be asked for next is on its way.
		onfocusin: () => { focused = true; if (!drawing) draw(); can().catch(() => {}); },
		// From a popover the focus comes back.
		onfocusout: ({ relatedTarget }) => { if (!drawing && !grid.contains(relatedTarget) && !relatedTarget?.closest('.pop')) focused = false; },
	});
	host.addEventListener('toggle', draw, true);
	session.addEventListener('opened', open);
	session.addEventListener('rows', draw);
	session.addEventListener('problems', () => { if (lens.list && !none.hidden) changed(); mapLater(); draw(); });
	store.addEventListener('change', changed);
	new ResizeObserver(measure).observe(scroll);
	// It comes when an upload is shown already.
	open();
	return { goTo, stepProblem, filter };
});

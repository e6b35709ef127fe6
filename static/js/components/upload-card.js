// The upload that is shown: name and state, two bars, speed or words, and what can be done with it.

import { act, attr, button, component, h, icon, svg, text, withPart } from '../elements.js';
import { bytes, bytesOf, clock, percent } from '../format.js';
import { rowsPerSecond, secondsLeft, spark } from '../meter.js';
import { canBeSaid } from '../reading-facts.js';
import { isHeld, localSending, mineOf, phaseOf, selectedUpload, waitsForFile } from '../state.js';
import { card, drop, rows as rowWords, states } from '../words.js';
import { askCancel, askRemove } from './popovers.js';

/** What the first button does: its icon and its words. @type {Record<string, [keyof typeof import('../icons.js').PATHS, string]>} */
const GO = { pause: ['pause', card.pause], resume: ['play', card.resume], retry: ['again', card.tryNow], goOn: ['play', card.goOn] };
/** The icon and the colour of each state. @type {Record<string, [keyof typeof import('../icons.js').PATHS, string]>} */
export const LOOKS = {
	waiting: ['waiting', ''], receiving: ['receiving', 'live'], understood: ['waiting', 'warn'], reading: ['stream', 'live'], paused: ['pause', ''], done: ['check', 'ok'], interrupted: ['interrupted', 'warn'], failed: ['wrong', 'bad'], cancelled: ['cancelled', ''],
};
const ASK_FROM_BYTES = 1e9;

component('upload-card', (host, { store, session }) => {
	const chip = h('span.chip');
	const name = h('h1.cut', { tabindex: -1 });
	const about = h('span.dim.cut');
	const cancel = button({ icon: 'close', text: card.cancel, class: 'sends', onclick: () => (view.sent > ASK_FROM_BYTES ? askCancel(host, cancel, view) : act(host, 'cancel')) });
	const next = button({ icon: 'stream', text: card.next, class: 'main sends', onclick: () => act(host, 'next', { id: view.id }) });
	const go = button({ icon: 'pause', text: card.pause, class: 'sends', onclick: () => act(host, view.does, { id: view.id }) });
	const again = button({ icon: 'again', text: card.again, class: 'sends', onclick: () => act(host, 'again', { id: view.id }) });
	const another = button({ icon: 'send', text: card.another, class: 'sends', onclick: () => act(host, 'choose') });
	const download = button({ icon: 'download', text: card.download, onclick: () => withPart(host, async () => await import('./downloads.js'), ({ showDownloads }) => showDownloads(host, download, card.download, view)) });
	const remove = button({ icon: 'remove', label: card.remove, class: 'only sends', onclick: () => askRemove(host, remove, view) });
	const sent = bar(card.sent, 'sent');
	const read = bar(card.read, 'read');
	const line = svg('svg', { class: 'spark', viewBox: '0 0 160 36', preserveAspectRatio: 'none', role: 'img', 'aria-label': card.spark });
	const figure = h('b');
	const under = h('span');
	const found = h('span');
	const figures = h('div.uc-fig', figure, under, found);
	const waiting = h('span.chip');
	const why = h('p');
	const whyText = h('p');
	const say = h('div.uc-say');
	let view = /** @type {any} */ (null);
	let drawn = [];

	host.append(h('div.uc-title', chip, name, about, waiting), h('div.uc-acts', next, go, cancel, again, another, download, remove),
		h('div.uc-bars', ...sent.nodes, ...read.nodes), h('div.uc-aside', line, figures, say));

	function render(state) {
		const upload = selectedUpload(state);
		const sending = localSending(state);
		host.hidden = !upload && !sending;
		if (host.hidden) return;
		view = upload ? ofUpload(upload, state) : ofSending(/** @type {any} */ (sending));
		const { phase } = view;
		// Some browsers let go of it as soon as it is hidden.
		const focused = document.activeElement;
		if (host.getAttribute('state') !== phase) {
			const [look, kind] = LOOKS[phase];
			attr(host, 'state', phase);
			attr(chip, 'class', `chip ${kind}`);
			chip.replaceChildren(icon(look), states[phase]);
			say.replaceChildren(icon(look), why, whyText);
		}
		text(name, view.name);
		attr(name, 'title', view.name);
		text(about, aboutOf(view));
		waiting.hidden = !state.queue.length;
		text(waiting, drop.waiting(state.queue.length));
		const running = ['waiting', 'receiving', 'understood', 'reading'].includes(phase);
		const open = running || view.mine;
		cancel.hidden = !open;
		next.hidden = !view.held;
		offer(view.does);
		again.hidden = Boolean(view.does) || (phase !== 'interrupted' && phase !== 'cancelled');
		again.classList.toggle('main', phase === 'interrupted');
		another.hidden = phase !== 'failed';
		download.hidden = open || !view.rows || !view.id;
		remove.hidden = open || !view.id;
		sent.show(phase === 'done' ? 100 : view.size === null ? null : percent(view.sent, view.size), view.size === null ? bytes(view.sent) : bytesOf(view.sent, view.size));
		// What was read is never said to be all of it before the server says so.
		read.show(phase === 'done' ? 100 : view.size === null ? null : Math.min(99, percent(view.read, view.size)), rowWords(view.rows));
		aside(running);
		if (focused?.closest('.uc-acts [hidden]')) name.focus();
	}

	/** What else can be done, on one button, so that the focus stays where it is. @param {keyof typeof GO | null} does */
	function offer(does) {
		go.hidden = !does;
		if (!does || go.dataset.does === does) return;
		const [look, words] = GO[go.dataset.does = does];
		go.replaceChildren(icon(look), h('span', words));
		go.classList.toggle('main', does !== 'pause' && !view.held);
	}

	function aside(running) {
		const { phase, meter, rows, problems } = view;
		const words = phase === 'failed' || phase === 'interrupted' || Boolean(view.why);
		say.hidden = !words;
		figures.hidden = words;
		attr(line, 'hidden', words);
		if (drawn[0] !== meter || drawn[1] !== phase) draw(running);
		text(why, view.why?.title ?? card.interrupted);
		text(whyText, view.why?.text ?? card.interruptedText(rows));
		const index = session.opened?.id === view.id ? session.opened?.index : null;
		const left = secondsLeft(meter, view.size);
		text(found, running ? card.soFar(problems) : '');
		if (phase === 'done') fill(card.problemCount(problems), card.problemsIn(problems, index?.length === problems ? index?.rowsTouched : 0));
		else if (phase === 'paused') fill(card.held, card.heldText);
		else if (phase === 'cancelled') fill(rowWords(rows), card.kept);
		else fill(left === null ? card.measuring : card.left(left), card.speed(rowsPerSecond(meter)));
	}

	function fill(head, below) {
		text(figure, head);
		text(under, below);
	}

	/** The line of the speed; nothing where nobody was here to measure it. */
	function draw(running) {
		drawn = [view.meter, view.phase];
		const heights = spark(view.meter);
		const points = heights.map((height, i) => `${((i / (heights.length - 1)) * 160).toFixed(1)} ${(35.5 - height * 33).toFixed(1)}`).join('L');
		attr(line, 'visibility', running || points ? null : 'hidden');
		line.replaceChildren(svg('path', { class: 'base', d: 'M0 35.5H160' }), ...(points ? [svg('path', { class: 'area', d: `M0 36L${points}L160 36Z` }), svg('path', { class: 'line', d: `M${points}` })] : []));
	}

	store.watch(render);
	session.addEventListener('problems', () => render(store.state));
	return { focusHeading: () => name.focus() };
});

function bar(label, kind) {
	const progress = h('progress', { class: kind, 'aria-labelledby': `bar-${kind}`, max: 100, value: 0 });
	const of = h('span.of');
	const pc = h('span.pc');
	const show = (value, words) => {
		attr(progress, 'value', value ?? 0);
		text(of, words);
		text(pc, value === null ? '' : `${value} %`);
	};
	return { nodes: [h('span', { id: `bar-${kind}` }, label), progress, of, pc], show };
}

function aboutOf({ phase, size, startedAt, endedAt, seconds }) {
	const more = { waiting: '', receiving: card.started(clock(startedAt)), understood: card.started(clock(startedAt)), reading: card.allHere, done: card.took(seconds) }[phase] ?? card.stopped(clock(endedAt));
	return [size === null ? card.unknownSize : bytes(size), more].filter(Boolean).join(', ');
}

/** @param {import('../state.js').Upload} upload @param {import('../state.js').State} state */
function ofUpload(upload, state) {
	const mine = mineOf(upload, state.sending);
	const waits = waitsForFile(upload, state);
	const phase = phaseOf(upload, state);
	return {
		id: upload.id, name: upload.filename, phase, held: isHeld(upload), mine: Boolean(mine), size: mine?.size ?? upload.total_bytes, read: isHeld(upload) ? 0 : upload.read_bytes, rows: upload.rows,
		// While nothing is sent, what counts is what has arrived.
		sent: Math.max((!mine?.hold && mine?.sent) || 0, upload.received_bytes),
		does: waits ? 'goOn' : ['receiving', 'understood'].includes(phase) ? mine && mine.sent < mine.size && 'pause' : mine && { paused: 'resume', interrupted: 'retry' }[phase],
		problems: upload.problems, meter: upload.meter ?? [], startedAt: upload.created_at, endedAt: upload.updated_at, seconds: upload.seconds ?? (Date.parse(upload.updated_at) - Date.parse(upload.created_at)) / 1000,
		why: whyOf(upload, phase, mine, waits && (state.refused ?? card.rest)),
	};
}

/** @param {import('../state.js').Upload} upload @param {string} phase @param {import('../state.js').Sending | null} mine @param {string | false} waits what is so while it waits for its file */
function whyOf(upload, phase, mine, waits) {
	const { failure, rows } = upload;
	if (phase === 'failed') return { title: failure?.message ?? card.failed, text: !rows && canBeSaid(upload) ? card.failedSay : card.failedText(rows) };
	if (waits) return { title: waits, text: waits === card.rest ? card.restText : '' };
	if (phase === 'understood') return { title: card.toCheck, text: card.toCheckText };
	if (phase === 'paused') return mine?.why && { title: mine.why, text: card.whyText };
	return phase === 'interrupted' && mine && { title: card.lost, text: card.lostText };
}

/** What is being sent and is not known to the server yet, or was refused by it. @param {import('../state.js').Sending} sending */
const ofSending = ({ name, size, sent, startedAt, over, hold, why, error }) => ({
	id: null, name, mine: !over, phase: over ? 'failed' : hold ? 'interrupted' : sent ? 'receiving' : 'waiting', does: hold && 'retry', size, sent, read: 0, rows: 0, problems: 0, meter: [], startedAt, endedAt: Date.now(), seconds: 0, why: error ?? (hold && (why ? { title: why, text: card.whyText } : { title: card.waits, text: card.lostText })),
});

// Builds the page from its parts and does what they ask for. Everything the page can do is in ACTS.

import './components/client-switcher.js';
import './components/connection-indicator.js';
import './components/drop-zone.js';
import './components/empty-state.js';
import './components/history-list.js';
import './components/mock-data-form.js';
import './components/problems-panel.js';
import './components/toast-region.js';
import './components/understood-bar.js';
import './components/upload-card.js';
import { freshClient, mayUpload, mayWatch, offered, shutOf } from './access.js';
import { announce } from './announcer.js';
import * as api from './api.js';
import { freshName, hashOf, known, parseHash, remember } from './client-name.js';
import { popover } from './components/popovers.js';
import { attr, h, icon, text, withPart } from './elements.js';
import { count, percent } from './format.js';
import { Session } from './session.js';
import { isHeld, localSending, phaseOf, selectedUpload } from './state.js';
import { Store } from './store.js';
import * as words from './words.js';

/** @typedef {{ store: Store, session: Session }} Page */

const one = (selector) => /** @type {any} */ (document.querySelector(selector));
const all = (selector) => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector));
const root = document.documentElement;
const store = new Store(parseHash(location.hash).client ?? known()[0] ?? freshName());
const session = new Session(store);
/** Written when somebody signs out, for the other tabs. */
const OUT = 'rowcast.out';
/** After a part could not be loaded. */
const RETRY_MS = 2000;
/** After the next write. */
const soon = (then) => requestAnimationFrame(() => requestAnimationFrame(then));

/** @type {Record<string, (detail: any) => void>} */
const ACTS = {
	send: ({ files }) => {
		if (!session.isBusy) soon(() => one('upload-card').focusHeading());
		session.send(files);
	},
	unqueue: ({ key }) => session.unqueue(key),
	choose: () => one('drop-zone').choose(),
	again: ({ id }) => { if (!session.sendAgain(id)) one('drop-zone').choose(); },
	cancel: () => session.cancel(),
	next: ({ id }) => session.next(id),
	pause: () => session.pause(),
	resume: () => session.resume(),
	// With the file where it is still at hand, else it is asked for.
	goOn: ({ id }) => { if (session.goOnAtHand(id)) return; session.select(id, true); one('drop-zone').choose(id); },
	goOnWith: ({ id, file }) => session.goOn(id, file),
	anew: ({ id }) => session.anew(id),
	remove: async ({ id }) => {
		await session.remove(id);
		// With what had the focus.
		soon(() => { if (document.activeElement === document.body) one('drop-zone').hidden ? one('upload-card').focusHeading() : one('drop-zone').focusButton(); });
	},
	older: () => session.list(store.state.next),
	retry: () => session.retryNow(),
	toast: ({ message, level }) => store.toast(message, level),
	closeToast: ({ key }) => store.dispatch({ type: 'toastClosed', key }),
	closeGap: () => {
		store.dispatch({ type: 'gapClosed' });
		one('#rows').focus();
	},
	// The text may be a promise: some browsers let a page copy only right after a key or a click, not later.
	copy: async ({ text: copied }) => {
		try {
			await navigator.clipboard.write([new ClipboardItem({ 'text/plain': copied })]);
			store.toast(words.app.copied, 'success');
		} catch {
			store.toast(words.app.notCopied, 'warning');
		}
	},
	goTo: ({ row, column }) => inTable((table) => table.goTo(row, column)),
	filter: ({ rows }) => inTable((table) => table.filter(rows)),
	nextProblem: () => inTable((table) => table.stepProblem(1)),
	// From light to dark to what the system says.
	theme: () => {
		const next = { light: 'dark', dark: 'system' }[root.dataset.theme] ?? 'light';
		if (next === 'system') delete root.dataset.theme;
		else root.dataset.theme = next;
		localStorage.setItem('rowcast.theme', next);
		text(one('#status'), nameTheme());
	},
	messages: () => withPart(document.body, async () => await import('./components/messages.js'), ({ showMessages }) => showMessages(document.body, one('[data-act="messages"]'), store)),
	who: () => withPart(document.body, async () => await import('./components/who.js'), ({ showWho }) => {
		// On a phone it stands in the drawer.
		const anchor = [...all('[data-act="who"]')].find((node) => node.checkVisibility());
		if (anchor && store.state.access) showWho(/** @type {HTMLElement} */ (anchor.parentElement), anchor, store.state.access);
	}),
	signOut: async () => {
		// What is shown was for them alone, in other tabs too.
		try { await api.signOut(); } catch { return store.toast(words.signIn.outFailed, 'error'); }
		localStorage.setItem(OUT, String(Date.now()));
		location.reload();
	},
	keys: () => {
		const list = words.keys.list.flatMap(([keys, what]) => [h('dt', ...keys.split(' ').map((key) => h('kbd', key))), h('dd', what)]);
		popover(document.body, one('[data-act="keys"]'), words.keys.head, h('dl.keys', ...list), h('p.hint', words.keys.text));
	},
	// Back to the start: ready for the next file. What runs goes on.
	start: () => { session.select(null, true); one('#side').hidePopover(); soon(() => one('drop-zone').focusButton()); },
	skip: () => one('#rows').focus(),
};

/** The parts that wait until an upload is shown, by the promise of each. @type {Record<string, Promise<any>>} */
const later = {};

/** Loads a part when it is first needed; if that fails, whoever needs it next tries again. @param {string} tag @param {() => Promise<any>} load */
const part = (tag, load) => later[tag] ??= load().then(() => {
	one(tag).connect({ store, session });
	return one(tag);
}, (error) => {
	setTimeout(() => { delete later[tag]; render(store.state); }, RETRY_MS);
	throw error;
});
const table = () => part('row-table', async () => await import('./components/row-table.js'));
// Nor this: nobody who is not asked.
const gate = () => part('sign-in', async () => await import('./components/sign-in.js'));
// Few see it: what the columns of a held upload look like.
const heldList = () => part('held-list', async () => await import('./components/held-list.js'));

/** @param {(table: any) => void} then */
function inTable(then) {
	show('rows');
	withPart(document.body, table, then);
}

/** On a narrow screen rows and problems share one place. */
function show(view) {
	one('.app').dataset.view = view;
	for (const button of all('[data-show]')) attr(button, 'aria-pressed', String(button.dataset.show === view));
}

/** F6 goes from region to region, as in other programs of this kind. */
function nextRegion(back) {
	const regions = ['.top', '.side', '.stage', '.know', '.rows', '.panel', 'sign-in'].map(one);
	const at = regions.findIndex((region) => region.contains(document.activeElement));
	const stops = (region) => [...region.querySelectorAll('[role="grid"] [tabindex="0"], [role="grid"][tabindex="0"], a[href], button:not([tabindex="-1"]), [tabindex="0"], #token')].filter((node) => node.checkVisibility() && !node.disabled && !node.closest('[inert]'));
	for (let step = 1; step <= regions.length; step++) {
		const [target] = stops(regions[(at + (back ? -step : step) + 2 * regions.length) % regions.length]);
		if (target) return target.focus();
	}
}

function title(upload, sending, state) {
	if (shutOf(state) === 'out') return words.title.out;
	if (sending && !sending.over) return words.title.running(percent(sending.sent, sending.size), sending.name);
	if (!upload) return words.title.idle;
	const phase = phaseOf(upload, state);
	if (!['receiving', 'reading'].includes(phase)) return words.title.ended(words.states[phase], upload.filename);
	return words.title.running(upload.total_bytes && Math.min(99, percent(upload.read_bytes, upload.total_bytes)), upload.filename);
}

function render(state) {
	const upload = selectedUpload(state);
	const sending = localSending(state);
	if (upload ?? sending) table().catch(() => {});
	if (isHeld(upload)) heldList().catch(() => {});
	if (shutOf(state)) gate().catch(() => {});
	asWho(state.access);
	text(one('title'), title(upload, upload ? null : sending, state));
	one('drop-zone').hidden = Boolean(upload ?? sending);
	text(one('[data-show="problems"]'), upload?.problems ? `${words.app.problems} ${count(upload.problems)}` : words.app.problems);
	one('.gap').hidden = state.gap === null;
	if (state.gap) text(one('.gap span'), words.table.gap(state.gap.events));
	// The address names what is shown, so that a reload shows it again and a link can be made of it.
	const hash = hashOf(state.client, upload?.id);
	if (state.listed && location.hash !== hash) history.replaceState(null, '', hash);
}

/** @param {import('./access.js').Access | null} access */
function asWho(access) {
	document.body.classList.toggle('watching', !mayUpload(access));
	for (const node of all('[data-act="who"]')) {
		node.hidden = !access?.signed_in;
		text(/** @type {Node} */ (node.lastChild), access?.sub ?? '');
		attr(node, 'aria-label', words.signIn.who(access?.sub));
		attr(node, 'title', words.signIn.who(access?.sub));
	}
}

/** @returns {string} what the switches say */
function nameTheme() {
	const now = root.dataset.theme ?? 'system';
	const name = words.app.theme(words.app.themes[now]);
	for (const node of all('[data-act="theme"]')) {
		attr(node, 'aria-label', name);
		attr(node, 'title', name);
		node.replaceChildren(icon(/** @type {any} */ (now === 'light' ? 'theme' : now)), node.matches('.only') ? '' : name);
	}
	return name;
}

/** Words and icons for what stands in the HTML: attributes name them. */
function dress() {
	const find = (path) => path.split('.').reduce((at, key) => at[key], /** @type {any} */ (words));
	for (const node of all('[data-text]')) node.textContent = find(node.dataset.text);
	for (const node of all('[data-label]')) attr(node, 'aria-label', find(node.dataset.label));
	for (const node of all('[data-icon]')) node.prepend(icon(/** @type {any} */ (node.dataset.icon)));
}

function listen() {
	document.addEventListener('act', (/** @type {any} */ { detail: { type, ...detail } }) => ACTS[type](detail));
	for (const node of all('[data-act]')) node.addEventListener('click', (event) => { event.preventDefault(); ACTS[/** @type {string} */ (node.dataset.act)]({}); });
	for (const node of all('[data-show]')) node.addEventListener('click', () => show(node.dataset.show));
	document.addEventListener('keydown', (event) => {
		if (event.key !== 'F6') return;
		event.preventDefault();
		nextRegion(event.shiftKey);
	});
	// By the time this is heard the address may be written over already.
	addEventListener('hashchange', ({ newURL }) => {
		const { client, upload } = parseHash(new URL(newURL).hash);
		one('#side').hidePopover();
		if (client && client !== store.state.client) watch(client, upload);
		else if (upload) session.open(upload);
		else if (client) session.select(null, true);
	});
	addEventListener('beforeunload', (event) => { if (session.isSending) event.preventDefault(); });
	addEventListener('pagehide', () => session.leave());
	addEventListener('pageshow', (event) => { if (event.persisted) watch(store.state.client, store.state.selected); });
	addEventListener('online', () => session.retryNow());
	session.addEventListener('ready', begin);
	session.signed.addEventListener('other', () => location.reload());
	addEventListener('storage', ({ key }) => { if (key === OUT) location.reload(); });
}

/** What the address names, else what was watched before, else something new that one may watch. */
function begin() {
	const { client: named, upload } = parseHash(location.hash);
	const { access, client } = store.state;
	watch(named ?? (mayWatch(access, client) ? client : offered(access, known())[0] ?? freshClient(access) ?? client), upload);
}

function watch(client, upload) {
	if (mayWatch(store.state.access, client)) remember(client);
	session.watch(client, upload);
}

dress();
nameTheme();
listen();
for (const part of all('[data-part]')) /** @type {any} */ (part).connect({ store, session });
announce(one('#status'), one('#alert'), store);
store.watch(render);
session.signed.ask();

// What waits to be sent, then the uploads of this client, newest first. Each is a link, so that it can be opened, shared and gone back to.

import { hashOf } from '../client-name.js';
import { act, attr, button, component, h, icon, withPart } from '../elements.js';
import { bytes, percent, when } from '../format.js';
import { isRunning, phaseOf, waitsForFile } from '../state.js';
import { card, drop, history as words, resume, states } from '../words.js';
import { askRemove } from './popovers.js';
import { LOOKS } from './upload-card.js';

component('history-list', (host, { store }) => {
	const list = h('ul');
	const older = button({ text: words.more, class: 'bare', onclick: () => act(host, 'older') });
	const nav = h('nav.hl', { 'aria-labelledby': 'h-hist' }, list, older);
	const none = h('div.none', h('strong', words.none), h('p', words.noneText));
	/** By upload, or by the key of a file that waits. @type {Map<string | number, any>} */
	const items = new Map();
	host.append(h('h2', { id: 'h-hist' }, words.head), nav, none);

	function entry(key, href, ...acts) {
		const link = h('a', { href });
		const from = h('a.from', { hidden: true }, words.again);
		const made = { link, from, item: h('li', link, h('span.hl-acts', ...acts), from), acts, shown: '' };
		items.set(key, made);
		return made;
	}

	function show(made, ...lines) {
		const [phase, name, first, second] = lines;
		if (made.shown !== lines.join()) made.link.replaceChildren(icon(...LOOKS[phase]), h('span.cut', { title: name }, name), h('small', h('span', first), second));
		made.shown = lines.join();
		return made.item;
	}

	function waitingOf({ key, name, size }) {
		const away = () => {
			items.get(key).item.nextElementSibling?.querySelector('button, a[href]').focus();
			act(host, 'unqueue', { key });
		};
		const made = items.get(key) ?? entry(key, null, button({ icon: 'close', label: drop.takeAway(name), class: 'bare only', onclick: away }));
		return show(made, 'waiting', name, states.waiting, bytes(size));
	}

	function itemOf(upload, state) {
		const { id, filename: name } = upload;
		const menu = ({ currentTarget: anchor }) => withPart(host, async () => await import('./downloads.js'), ({ showDownloads }) => {
			const view = { .../** @type {any} */ (store.state.uploads.get(id)), name };
			showDownloads(host, anchor, name, view, button({ icon: 'remove', text: card.remove, class: 'sends', onclick: () => askRemove(host, anchor, view) }));
		});
		const made = items.get(id) ?? entry(id, hashOf(state.client, id), button({ icon: 'play', label: resume.goOn(name), class: 'bare only sends', onclick: () => act(host, 'goOn', { id }) }),
			button({ icon: 'more', label: words.menu(name), class: 'bare only', 'aria-haspopup': 'dialog', onclick: menu }));
		const phase = phaseOf(upload, state);
		const running = isRunning(upload);
		made.acts[0].hidden = !waitsForFile(upload, state);
		made.acts[1].hidden = running;
		made.from.hidden = !state.uploads.has(upload.source);
		attr(made.from, 'href', hashOf(state.client, upload.source));
		attr(made.link, 'aria-current', state.selected === id && 'page');
		return show(made, phase, name, describe(upload, phase), `${bytes((running && upload.total_bytes) || upload.received_bytes)}, ${when(upload.created_at, Date.now())}`);
	}

	function render(state) {
		const { order, uploads, listed, next, queue } = state;
		for (const [key, { item }] of items) if (!uploads.has(key) && !queue.some((one) => one.key === key)) { item.remove(); items.delete(key); }
		const all = [...queue.map(waitingOf), ...order.map((id) => itemOf(uploads.get(id), state))];
		all.forEach((item, place) => { if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null); });
		none.hidden = !listed || all.length > 0;
		nav.hidden = !all.length;
		older.hidden = next === null;
	}
	store.watch(render);
	setInterval(() => render(store.state), 60_000);
});

/** @param {import('../state.js').Upload} upload @param {string} phase */
function describe(upload, phase) {
	if (phase === 'understood') return states[phase];
	const part = upload.total_bytes ? Math.min(99, percent(upload.read_bytes, upload.total_bytes)) : null;
	if (phase !== 'interrupted' && (phase === 'paused' || isRunning(upload))) return words.running(states[phase], part);
	if (phase === 'done') return words.done(upload.rows, upload.problems);
	if (phase === 'interrupted') return words.interrupted(part);
	return phase === 'cancelled' ? words.cancelled(upload.rows) : words.failed(upload.failure?.message ?? '');
}

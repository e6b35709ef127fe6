// The uploads of this client, newest first. Each is a link, so that it can be opened, shared and gone back to.

import { hashOf } from '../client-name.js';
import { act, attr, button, component, h, icon } from '../elements.js';
import { percent, when } from '../format.js';
import { isRunning, phaseOf, waitsForFile } from '../state.js';
import { history as words, resume, states } from '../words.js';
import { LOOKS } from './upload-card.js';

component('history-list', (host, { store }) => {
	const list = h('ul');
	const more = button({ text: words.more, class: 'bare', onclick: () => act(host, 'older') });
	const nav = h('nav', { class: 'hl', 'aria-labelledby': 'h-hist' }, list, more);
	const none = h('div', { class: 'none' }, h('strong', {}, words.none), h('p', {}, words.noneText));
	/** By upload. @type {Map<string, { item: HTMLElement, link: HTMLElement, go: HTMLElement, from: HTMLElement, shown: string }>} */
	const items = new Map();
	host.append(h('h2', { id: 'h-hist' }, words.head), nav, none);

	function itemOf(upload, state) {
		const { client, selected } = state;
		if (!items.has(upload.id)) {
			const link = h('a', { href: hashOf(client, upload.id) });
			const go = button({ icon: 'play', label: resume.goOn(upload.filename), class: 'bare only', onclick: () => act(host, 'goOn', { id: upload.id }) });
			const from = h('a', { class: 'from' }, words.again);
			items.set(upload.id, { item: h('li', {}, link, go, from), link, go, from, shown: '' });
		}
		const entry = /** @type {any} */ (items.get(upload.id));
		const phase = phaseOf(upload, state);
		entry.go.hidden = !waitsForFile(upload, state);
		entry.from.hidden = !state.uploads.has(upload.source);
		attr(entry.from, 'href', hashOf(client, upload.source));
		const lines = [phase, upload.filename, describe(upload, phase), when(upload.created_at, Date.now())];
		attr(entry.link, 'aria-current', selected === upload.id && 'page');
		if (entry.shown !== lines.join('\n')) entry.link.replaceChildren(icon(...LOOKS[phase]), h('span', { class: 'cut', title: upload.filename }, upload.filename), h('small', {}, lines[2], h('br'), lines[3]));
		entry.shown = lines.join('\n');
		return entry.item;
	}

	function render(state) {
		const { order, uploads, listed, next } = state;
		none.hidden = !listed || order.length > 0;
		nav.hidden = !order.length;
		more.hidden = next === null;
		for (const [id, { item }] of items) if (!uploads.has(id)) { item.remove(); items.delete(id); }
		order.forEach((id, place) => {
			const item = itemOf(uploads.get(id), state);
			if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
		});
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

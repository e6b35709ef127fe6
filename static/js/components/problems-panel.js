// What was wrong, grouped by code and column. One group is open at a time and shows one of its problems with its bytes.

import { act, attr, button, component, h, icon, text } from '../elements.js';
import { count } from '../format.js';
import { isRunning, selectedUpload } from '../state.js';
import { card, problem as words } from '../words.js';
import { details, kindOf } from './problem-parts.js';

const GROUPS_SHOWN = 60;
const EVERY_MS = 300;

component('problems-panel', (host, { store, session }) => {
	const counts = h('span');
	const none = h('div.none');
	const box = h('div');
	const list = h('div.pp-list', { tabindex: 0, role: 'group', 'aria-label': words.list }, none, box);
	const footText = h('span');
	const download = h('a.btn.bare.only.push', { 'aria-label': words.download, title: words.download, download: '' }, icon('download'));
	const listMore = button({ text: words.more, onclick: () => session.opened?.listMore() });
	/** By key: its nodes, and which of its problems is shown. */
	const groups = new Map();
	let told = '';
	let timer = 0;
	let listedAt = -EVERY_MS;
	host.append(h('div.pp-head', h('h2', words.head, ' ', counts), download), list, h('div.pp-foot', footText, listMore));

	function make(group) {
		const nodes = { number: h('span.pp-count'), share: h('progress.pp-share', { 'aria-label': words.share }), place: h('span.micro'), body: h('div.pp-body') };
		const shown = { ...nodes, group, at: 0, node: h('details', { class: `pp-group ${group.severity === 'error' ? 'bad' : 'odd'}`, name: 'pp', ontoggle: () => { if (shown.node.open) example(shown); } },
			h('summary.inset', icon('right'), h('span.pp-what.cut', kindOf(group.code)), nodes.number,
				h('span.pp-where', h('span.code', group.code), h('span.cut', { dir: 'auto' }, group.column ?? words.anywhere)), nodes.share), nodes.body) };
		groups.set(group.key, shown);
		return shown;
	}

	const csvOf = ({ code, column }) => `/uploads/${session.opened?.id}/problems.csv?${new URLSearchParams({ code, ...(column === null ? {} : { column }) })}`;

	async function example(shown, held = '') {
		const { group, place, body } = shown;
		const { opened } = session;
		const at = shown.at;
		text(place, words.of(at + 1, group.at.length));
		const problem = at === 0 ? group.example : await opened?.problem(group.at[at]).catch(() => null);
		if (!problem || opened !== session.opened || shown.at !== at) return;
		const step = (by, does) => button({ icon: by < 0 ? 'left' : 'right', label: words[does], class: 'bare only', 'data-does': does, onclick: () => { shown.at = (shown.at + by + group.at.length) % group.at.length; example(shown, does); } });
		body.replaceChildren(...details(problem).filter(Boolean), h('div.row.wrap', {},
			problem.row !== null && button({ text: words.show, onclick: () => act(host, 'goTo', problem) }),
			group.rows.length > 0 && button({ text: words.only, onclick: () => act(host, 'filter', group) }), h('span.row.push', place, step(-1, 'previous'), step(1, 'next'))),
			h('p.row.hint', h('a', { href: `/problems/${group.code}`, target: '_blank' }, words.meaning), h('a', { href: csvOf(group), download: '' }, words.downloadKind)));
		body.querySelector(`[data-does="${held}"]`)?.focus();
	}

	function renderList() {
		timer = 0;
		listedAt = performance.now();
		const found = session.opened?.index.groups().slice(0, GROUPS_SHOWN) ?? [];
		found.forEach((group, place) => {
			const shown = groups.get(group.key) ?? make(group);
			text(shown.number, count(group.at.length));
			attr(shown.share, 'max', found[0].at.length);
			attr(shown.share, 'value', group.at.length);
			text(shown.place, words.of(shown.at + 1, group.at.length));
			if (box.children[place] !== shown.node) box.insertBefore(shown.node, box.children[place] ?? null);
		});
		render();
	}

	function render() {
		const upload = selectedUpload(store.state);
		const { opened } = session;
		const listed = opened?.index.length ?? 0;
		const total = Math.max(upload?.problems ?? 0, listed);
		const over = upload !== undefined && !isRunning(upload);
		text(counts, total === 0 ? (over ? words.cleanText(upload.rows) : words.none) : listed === total ? words.inRows(total, opened?.index.rowsTouched) : count(total));
		const failed = upload?.stage === 'failed' && upload.failure?.message;
		const [head, below = ''] = failed ? [failed, total ? '' : card.failedText(upload.rows)] : !upload ? [words.idle, words.idleText] : [over && !total ? words.clean : words.soFar];
		if (told !== head + below) none.replaceChildren(h('strong', head), h('p', below));
		told = head + below;
		none.hidden = listed > 0 && !failed;
		const capped = listed > 0 && listed === opened?.listable && listed < total;
		text(footText, !listed ? words.foot : listed === total ? words.grouped : capped ? words.notDetailed(total - listed) : words.listed(listed, total));
		download.hidden = !total;
		attr(download, 'href', `/uploads/${upload?.id}/problems.csv`);
		listMore.hidden = !opened?.hasMore;
	}

	session.addEventListener('opened', () => { groups.clear(); box.replaceChildren(); renderList(); listedAt = 0; });
	session.addEventListener('problems', () => { timer ||= setTimeout(renderList, listedAt + EVERY_MS - performance.now()); });
	store.watch(render);
});

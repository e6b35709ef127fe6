// How the file was understood: each fact is a button that opens its reasons and what can be chosen instead. What is chosen is
// kept until the file is read again by all of it, or it is undone.

import { attr, button, component, h, svg, text } from '../elements.js';
import { facts, said, visible, wayOf, withoutLead } from '../reading-facts.js';
import { isHeld, isRunning, localSending, mineOf, selectedUpload } from '../state.js';
import { app, understood as words } from '../words.js';

component('understood-bar', (host, { store, session }) => {
	/** @type {import('../state.js').Upload | undefined} */
	let upload;
	/** What is chosen and not read yet, by the server's names, and what the server has against it. @type {Record<string, string>} */
	const draft = {};
	/** @type {Record<string, string>} */
	const wrong = {};
	let busy = false;
	let shown = '';
	/** The popover that was opened last. @type {ReturnType<typeof import('./reading-popover.js').openReading> | null} */
	let opened = null;
	const lead = h('span', { class: 'lead' });
	const acts = doing();
	/** By fact: they stay, so that focus and popover stay. @type {Map<string, HTMLElement>} */
	const buttons = new Map();
	attr(host, 'role', 'group');
	attr(host, 'aria-label', app.know);

	const update = () => render(store.state);
	const way = () => wayOf(/** @type {any} */ (upload), Boolean(mineOf(upload, store.state.sending)));

	function doing() {
		return h('div', { class: 'row asks' }, button({ text: words.undo, class: 'bare', onclick: () => { forget(); update(); } }), button({ icon: 'again', text: words.again, class: 'main', onclick: readAgain }));
	}

	function forget() {
		for (const values of [draft, wrong]) for (const key in values) delete values[key];
		opened?.pop.hidePopover();
	}

	async function readAgain() {
		const { id, options } = /** @type {any} */ (upload);
		busy = true;
		update();
		try {
			await session.readAgain(id, { ...said(options), ...draft });
		} catch ({ title = words.failed, message }) {
			const [key] = message.split(':');
			const fact = facts(upload).find(({ fields }) => fields.some((field) => field.key === key));
			if (fact) wrong[key] = withoutLead(message);
			else store.toast(`${title}. ${message}`, 'error');
			if (fact && !(opened?.pop.isConnected && opened.key === fact.key)) await open(fact.key);
		}
		busy = false;
		update();
	}

	async function open(key) {
		const { openReading } = await import('./reading-popover.js');
		const fact = facts(upload).find((one) => one.key === key);
		if (fact) opened = openReading(/** @type {any} */ (host.parentElement), /** @type {any} */ (buttons.get(key)), fact, { upload: /** @type {any} */ (upload), draft, wrong, changed: update, acts: doing, way });
		update();
	}

	/** @param {import('../reading-facts.js').Fact} fact */
	function show({ key, value, code, fields, sure, set }) {
		const node = /** @type {HTMLElement} */ (buttons.get(key));
		const changed = fields.some((field) => field.key in draft);
		const chosen = draft[fields[0]?.key];
		if (chosen !== undefined) [value, code] = [fields[0].names?.[chosen] ?? (chosen || words.findOut), code && chosen.length < 3 && chosen];
		const state = changed ? words.changed : set ? words.set : words.sure[sure];
		if (changed) sure = null;
		attr(node, 'class', `ub ${changed || set ? 'set' : sure ?? ''}`);
		const all = [code, value, state].join('\n');
		if (node.dataset.shown === all) return;
		node.dataset.shown = all;
		const on = Object.keys(words.sure).indexOf(sure ?? '');
		node.replaceChildren(...[h('span', {}, words.names[key]), code && h('span', { class: 'code' }, visible(code)), value && h('b', {}, value),
			sure && svg('svg', { class: 'pips', viewBox: '0 0 14 12', 'aria-hidden': true }, ...[0, 1, 2].map((i) => svg('rect', { class: i <= on && 'on', x: i * 5, y: 8 - i * 3, width: 3.5, height: 4 + i * 3, rx: 1 }))),
			state && h('span', { class: on > 0 && 'vh' }, state)].filter(Boolean));
	}

	function render(state) {
		const now = selectedUpload(state);
		if (now?.id !== upload?.id) forget();
		upload = now;
		const sending = localSending(state);
		const coming = upload ? isRunning(upload) : sending?.over === false;
		const list = upload ? facts(upload) : [];
		const key = list.map((fact) => fact.key).join() || (coming ? words.waiting : upload ?? sending ? words.none : words.idle);
		for (const { key: name } of list) if (!buttons.has(name)) buttons.set(name, h('button', { type: 'button', 'aria-haspopup': 'dialog', onclick: () => open(name) }));
		if (key !== shown) host.replaceChildren(lead, ...(list.length ? list.flatMap((fact) => [/** @type {any} */ (buttons.get(fact.key)), h('i', { class: 'ub-sep' })]).slice(0, -1) : [h('span', { class: 'dim cut' }, key)]), acts);
		shown = key;
		text(lead, isHeld(upload) ? words.held : words.lead);
		list.forEach(show);
		acts.hidden = !Object.keys(draft).length;
		for (const row of [acts, opened?.row]) for (const one of row?.children ?? []) one.disabled = busy || acts.hidden || (one === row.lastChild && way() === 'wait');
		if (opened?.pop.isConnected) opened.refresh();
	}
	store.watch(render);
});

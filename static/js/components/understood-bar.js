// How the file was understood: each fact is a button that opens its reasons and what can be chosen instead (reading-panel.js).

import { attr, component, h, svg, text, withPart } from '../elements.js';
import { facts, visible } from '../reading-facts.js';
import { isHeld, isRunning, localSending, selectedUpload } from '../state.js';
import { understood as words } from '../words.js';

component('understood-bar', (host, page) => {
	const { store } = page;
	const lead = h('span.lead');
	/** By fact: they stay, so that focus and popover stay. @type {Map<string, HTMLElement>} */
	const buttons = new Map();
	let shown = '';
	let panel = /** @type {ReturnType<typeof import('./reading-panel.js').readingPanel> | null} */ (null);

	const open = ({ currentTarget: node }) => withPart(host, async () => await import('./reading-panel.js'), ({ readingPanel }) => {
		if (!panel) host.append((panel = readingPanel(page, host.parentElement, () => render(store.state))).acts);
		render(store.state);
		if (node.isConnected) panel.open(node.dataset.fact, node);
	});

	/** @param {import('../reading-facts.js').Fact} fact */
	function show({ key, value, code, sure, set }) {
		const node = /** @type {HTMLElement} */ (buttons.get(key));
		const chosen = panel?.of(key);
		if (chosen) [value, code, sure] = [...chosen, null];
		const state = chosen ? words.changed : set ? words.set : words.sure[sure];
		const all = [code, value, state].join('\n');
		if (node.dataset.shown === all) return;
		node.dataset.shown = all;
		attr(node, 'class', `ub ${chosen || set ? 'set' : sure ?? ''}`);
		const on = Object.keys(words.sure).indexOf(sure ?? '');
		node.replaceChildren(...[h('span', words.names[key]), code && h('span.code', visible(code)), value && h('b', value),
			sure && svg('svg', { class: 'pips', viewBox: '0 0 14 12', 'aria-hidden': true }, ...[0, 1, 2].map((i) => svg('rect', { class: i <= on && 'on', x: i * 5, y: 8 - i * 3, width: 3.5, height: 4 + i * 3, rx: 1 }))),
			state && h('span', { class: on > 0 && 'vh' }, state)].filter(Boolean));
	}

	function render(state) {
		const upload = selectedUpload(state);
		const sending = localSending(state);
		const coming = upload ? isRunning(upload) : sending?.over === false;
		const list = upload ? facts(upload) : [];
		const key = list.map((fact) => fact.key).join() || (coming ? words.waiting : upload ?? sending ? words.none : words.idle);
		const held = host.parentElement.contains(document.activeElement);
		panel?.show(upload);
		if (key !== shown) {
			const buttonOf = (name) => buttons.get(name) ?? h('button', { type: 'button', 'aria-haspopup': 'dialog', 'data-fact': name, onclick: open });
			for (const fact of list) buttons.set(fact.key, buttonOf(fact.key));
			host.replaceChildren(lead, ...(list.length ? list.flatMap((fact, i) => [i && h('i.ub-sep'), buttons.get(fact.key)]).slice(1) : [h('span.dim.cut', key)]), ...(panel ? [panel.acts] : []));
		}
		shown = key;
		// What had the focus is gone: it goes where it goes with every new upload.
		if (held && document.activeElement === document.body) /** @type {any} */ (document.querySelector('upload-card')).focusHeading();
		text(lead, isHeld(upload) ? words.held : list.length && !upload?.reading ? words.say : words.lead);
		list.forEach(show);
	}
	store.watch(render);
});

// State changes in a few words, over the rows. Without an action they go after six seconds, unless somebody is at them.

import { act, attr, button, component, h, icon, text } from '../elements.js';
import { app, problem } from '../words.js';
import { LEVELS } from './popovers.js';

const STAY_MS = 6000;
const SHOWN = 3;
component('toast-region', (host, { store }) => {
	/** By key; those without a timer stay. @type {Map<number, { node: HTMLElement, timer: any }>} */
	const shown = new Map();
	const more = button({ text: ' ', class: 'more', onclick: () => act(host, 'messages') });
	host.append(more);
	attr(host, 'role', 'region');
	attr(host, 'aria-label', app.messages);

	// It may cover what has the focus.
	document.addEventListener('keydown', ({ key, target }) => {
		const last = [...shown.keys()].at(-1);
		if (key === 'Escape' && last && !document.querySelector(':popover-open') && !(/** @type {any} */ (target).closest('form'))) act(host, 'closeToast', { key: last });
	});

	const later = (key) => setTimeout(() => act(host, 'closeToast', { key }), STAY_MS);
	const hold = () => { for (const { timer } of shown.values()) clearTimeout(timer); };
	const goOn = () => { hold(); for (const [key, toast] of shown) if (toast.timer) toast.timer = later(key); };
	for (const type of ['pointerenter', 'focusin']) host.addEventListener(type, hold);
	for (const type of ['pointerleave', 'focusout']) host.addEventListener(type, goOn);

	function make({ key, level, message, upload }, action) {
		const [kind, look] = LEVELS[level] ?? LEVELS.info;
		const close = () => act(host, 'closeToast', { key });
		return h('div', { class: `toast ${kind}` }, icon(look), h('p', message), h('button', { type: 'button', class: 'x', 'aria-label': app.close, onclick: close }, icon('close')),
			action && h('div.row', button({ text: action.text, onclick: () => { close(); act(host, action.act, action); } }),
				action.act === 'nextProblem' && h('a.btn.bare', { href: `/uploads/${upload}/problems.csv`, download: '' }, problem.download)));
	}

	store.watch(({ toasts, uploads, selected }) => {
		for (const [key, { node, timer }] of shown) {
			if (toasts.some((toast) => toast.key === key)) continue;
			clearTimeout(timer);
			const held = node.contains(document.activeElement);
			node.remove();
			shown.delete(key);
			if (held) /** @type {HTMLElement} */ (host.querySelector('.toast:last-child .x') ?? document.querySelector('#rows')).focus();
		}
		for (const toast of toasts) {
			const known = shown.get(toast.key);
			// Its action speaks of an upload that is no longer shown.
			if (known && !known.timer && uploads.has(toast.upload) && toast.upload !== selected) {
				known.node.querySelector('.row')?.remove();
				known.timer = later(toast.key);
			}
			if (known) continue;
			const upload = uploads.get(toast.upload);
			const withNext = toast.level === 'warning' && toast.upload === selected && upload?.stage === 'done' && upload.rows > 0;
			const action = toast.action ?? (withNext && { text: problem.nextProblem, act: 'nextProblem' });
			const node = make(toast, action);
			host.append(node);
			shown.set(toast.key, { node, timer: action ? 0 : later(toast.key) });
		}
		const folded = Math.max(0, toasts.length - SHOWN);
		toasts.forEach(({ key }, i) => { /** @type {any} */ (shown.get(key)).node.hidden = i < folded; });
		more.hidden = !folded;
		text(more.firstChild, app.moreMessages(folded));
	});
});

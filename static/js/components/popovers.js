// Popovers are made when they are needed and gone when they are closed; the browser places them at their anchor.

import { act, button, h } from '../elements.js';
import { cancelAsk, remove } from '../words.js';

/** Colour and icon of the levels of messages. @type {Record<string, [string, keyof typeof import('../icons.js').PATHS]>} */
export const LEVELS = { info: ['', 'receiving'], success: ['ok', 'check'], warning: ['warn', 'warn'], error: ['bad', 'wrong'] };

/** @param {HTMLElement} host @param {HTMLElement} anchor @param {string} label @param {...any} content */
export function popover(host, anchor, label, ...content) {
	const pop = h('div.pop', { popover: 'auto', role: 'dialog', 'aria-label': label }, h('h2.cut', { dir: 'auto' }, label), ...content);
	pop.addEventListener('toggle', ({ newState }) => {
		anchor.setAttribute('aria-expanded', String(newState === 'open'));
		if (newState === 'closed') pop.remove();
	});
	host.append(pop);
	pop.showPopover({ source: anchor });
	pop.querySelector('[autofocus]')?.focus();
	return pop;
}

function ask(host, anchor, words, head, view, go) {
	const pop = popover(host, anchor, head, h('p', words.text(view)), h('div.row.asks', {},
		button({ text: words.keep, autofocus: true, onclick: () => pop.hidePopover() }), button({ text: words.go, class: 'main', onclick: () => { pop.hidePopover(); go(); } })));
}

/** @param {HTMLElement} host @param {HTMLElement} anchor @param {{ sent: number, rows: number }} view */
export const askCancel = (host, anchor, view) => ask(host, anchor, cancelAsk, cancelAsk.head, view, () => act(host, 'cancel'));

/** @param {HTMLElement} host @param {HTMLElement} anchor @param {{ id: string | null, name: string, rows: number, problems: number }} view */
export const askRemove = (host, anchor, view) => ask(host, anchor, remove, remove.head(view.name), view, () => act(host, 'remove', { id: view.id }));

// Takes a file: dropped anywhere, chosen, or pasted. Fills the stage while nothing is shown there.

import { act, attr, button, component, h, icon, svg, text } from '../elements.js';
import { CHECK } from '../session.js';
import { drop } from '../words.js';

const REFUSED_MS = 4000;

component('drop-zone', (host) => {
	const head = h('h1', {}, drop.head);
	const about = h('p', {}, drop.text);
	const input = h('input', { class: 'vh', type: 'file', id: 'file', accept: '.csv,.tsv,.txt,text/csv', tabindex: -1, onchange: () => { send(input.files[0]); input.value = ''; }, oncancel: () => { goOn = null; } });
	const choose = button({ icon: 'send', text: drop.choose, class: 'main', onclick: () => ask(null) });
	const check = h('input', { type: 'checkbox', role: 'switch', checked: Boolean(localStorage.getItem(CHECK)), onchange: () => localStorage.setItem(CHECK, check.checked ? 'on' : '') });
	const veil = h('div', { class: 'drop-veil', hidden: true, 'aria-hidden': true }, icon('send'), h('span', {}, drop.over));
	/** The upload for which the file is being chosen. @type {string | null} */
	let goOn = null;
	let depth = 0;
	let timer = 0;

	const send = (file) => {
		if (file) act(host, goOn ? 'goOnWith' : 'send', { file, id: goOn });
		goOn = null;
	};
	const ask = (id) => {
		goOn = id;
		input.click();
	};
	const say = (over, refused = false) => {
		attr(host, 'over', over);
		attr(host, 'refused', refused);
		veil.hidden = !over;
		text(head, over ? drop.over : refused ? drop.refused : drop.head);
		text(about, refused ? drop.refusedText : drop.text);
	};
	// Enter and leave come for every element that is passed: the depth says whether the file is still over the page.
	const pass = (step) => (event) => {
		if (!event.dataTransfer.types.includes('Files')) return;
		event.preventDefault();
		depth = Math.max(0, depth + step);
		say(depth > 0);
	};
	const dropped = (event) => {
		event.preventDefault();
		depth = 0;
		goOn = null;
		const items = [...event.dataTransfer.items].filter((item) => item.kind === 'file');
		const refused = items.length !== 1 || items[0].webkitGetAsEntry?.()?.isDirectory;
		say(false, refused);
		clearTimeout(timer);
		if (!refused) return send(event.dataTransfer.files[0]);
		if (host.hidden) act(host, 'toast', { message: `${drop.refused}. ${drop.refusedText}`, level: 'warning' });
		timer = setTimeout(() => say(false), REFUSED_MS);
	};
	// A file, or text of more than one line that is not meant for a field.
	const pasted = ({ target, clipboardData }) => {
		if (target instanceof HTMLInputElement) return;
		const words = clipboardData.getData('text/plain');
		send(clipboardData.files[0] ?? (words.trim().includes('\n') && new File([words], drop.pasted, { type: 'text/csv' })));
	};

	host.append(h('div', { class: 'dz' }, svg('svg', { viewBox: '0 0 52 52', 'aria-hidden': true }, svg('path', { d: 'M4 8h30v6H4zM4 18h22v6H4zM4 28h30v6H4zM4 38h16v6H4z' }), svg('path', { class: 'go', d: 'M38 8h10v6H38zM30 18h18v6H30zM38 28h10v6H38zM24 38h24v6H24z' })),
		h('div', { class: 'dz-text' }, head, about, h('label', { class: 'choice' }, check, drop.check)), h('label', { class: 'vh', for: 'file' }, drop.label), input, choose));
	document.body.append(veil);
	const page = document.documentElement;
	for (const [type, listener] of Object.entries({ dragenter: pass(1), dragleave: pass(-1), dragover: (event) => event.preventDefault(), drop: dropped, paste: pasted })) page.addEventListener(type, /** @type {any} */ (listener));
	return { choose: (id = null) => ask(id), focusButton: () => choose.focus() };
});

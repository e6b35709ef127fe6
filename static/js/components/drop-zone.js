// Takes files: dropped anywhere, chosen, or pasted. Fills the stage while nothing is shown there.

import { mayUpload, shutOf } from '../access.js';
import { act, attr, button, component, h, icon, text } from '../elements.js';
import { CHECK } from '../session.js';
import { drop, signIn } from '../words.js';

const REFUSED_MS = 4000;

component('drop-zone', (host, { store }) => {
	const head = h('h1', { tabindex: -1 }, drop.head);
	const about = h('p');
	const input = h('input.vh', { type: 'file', id: 'file', multiple: true, accept: '.csv,.tsv,.txt,.gz,.zst,text/csv', tabindex: -1, onchange: () => { send([...input.files]); input.value = ''; }, oncancel: () => { goOn = null; } });
	const choose = button({ icon: 'send', text: drop.choose, class: 'main sends', onclick: () => ask(null) });
	const check = h('input', { type: 'checkbox', role: 'switch', checked: Boolean(localStorage.getItem(CHECK)), onchange: () => localStorage.setItem(CHECK, check.checked ? 'on' : '') });
	const veil = h('div.drop-veil', { hidden: true, 'aria-hidden': true }, icon('send'), h('span', drop.over));
	/** The upload for which the file is being chosen. @type {string | null} */
	let goOn = null;
	let depth = 0;
	let timer = 0;
	const may = () => mayUpload(store.state.access);
	const roles = () => store.state.access?.roles.join(', ') ?? '';

	/** Sends all of them or none. @param {File[]} files */
	const send = (files) => {
		if (shutOf(store.state)) return;
		if (!may()) return act(host, 'toast', { message: signIn.watchOnlyText(roles()), level: 'warning' });
		const { sizeMax } = store.state;
		const large = sizeMax !== null && files.find(({ size }) => size > sizeMax);
		if (large) refuse(drop.tooLarge, drop.tooLargeText(files.length > 1 ? large.name : null, large.size, sizeMax));
		else if (goOn) act(host, 'goOnWith', { file: files[0], id: goOn });
		else if (files.length) act(host, 'send', { files });
		goOn = null;
	};
	const ask = (id) => {
		goOn = id;
		input.multiple = !id;
		input.click();
	};
	const say = (over, refused = /** @type {string[] | null} */ (null)) => {
		attr(host, 'over', over);
		attr(host, 'refused', refused !== null);
		veil.hidden = !over;
		text(head, over ? drop.over : refused?.[0] ?? (may() ? drop.head : signIn.watchOnly));
		text(about, refused?.[1] ?? (may() ? drop.text(store.state.sizeMax) : signIn.watchOnlyText(roles())));
		clearTimeout(timer);
		timer = refused ? setTimeout(() => say(false), REFUSED_MS) : 0;
	};
	const refuse = (...why) => {
		say(false, why);
		if (host.hidden) act(host, 'toast', { message: why.join('. '), level: 'warning' });
	};
	// Enter and leave come for every element that is passed: the depth says whether the file is still over the page.
	const pass = (step) => (event) => {
		if (!event.dataTransfer.types.includes('Files')) return;
		event.preventDefault();
		depth = may() && !shutOf(store.state) ? Math.max(0, depth + step) : 0;
		say(depth > 0);
	};
	const dropped = (event) => {
		event.preventDefault();
		depth = 0;
		goOn = null;
		const items = [...event.dataTransfer.items].filter((item) => item.kind === 'file');
		if (!items.length || items.some((item) => item.webkitGetAsEntry?.()?.isDirectory)) return refuse(drop.refused, drop.refusedText);
		say(false);
		send([...event.dataTransfer.files]);
	};
	// A file, or text of more than one line that is not meant for a field.
	const pasted = ({ target, clipboardData }) => {
		if (target instanceof HTMLInputElement) return;
		const words = clipboardData.getData('text/plain');
		if (clipboardData.files.length) send([...clipboardData.files]);
		else if (words.trim().includes('\n')) send([new File([words], drop.pasted, { type: 'text/csv' })]);
	};

	host.append(h('div.dz', document.querySelector('.brand svg')?.cloneNode(true),
		h('div.dz-text', head, about, h('label.choice.sends', check, drop.check)), h('label.vh', { for: 'file' }, drop.label), input, choose));
	document.body.append(veil);
	const page = document.documentElement;
	for (const [type, listener] of Object.entries({ dragenter: pass(1), dragleave: pass(-1), dragover: (event) => event.preventDefault(), drop: dropped, paste: pasted })) page.addEventListener(type, /** @type {any} */ (listener));
	store.watch(() => { if (!timer) say(depth > 0); });
	return { choose: (id = null) => ask(id), focusButton: () => choose.focus() };
});

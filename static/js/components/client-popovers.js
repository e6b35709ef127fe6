// The way to another client, and the links that let others watch this one. Loaded when they are asked for.

import { freshClient, mayWatch, offered, patternsOf } from '../access.js';
import { hashOf, isName, known } from '../client-name.js';
import { attr, button, copyLine, h, icon, text } from '../elements.js';
import { app, client as words, signIn } from '../words.js';
import { popover } from './popovers.js';

/** @param {HTMLElement} host @param {HTMLElement} anchor @param {import('../state.js').State} state */
export function switchTo(host, anchor, { client: watched, access }) {
	const input = h('input.input', { id: 'client-name', maxlength: 64, placeholder: words.placeholder, autocomplete: 'off', spellcheck: 'false', autofocus: true });
	const wrong = h('p.hint.bad', { id: 'client-wrong', hidden: true });
	const go = (client) => { pop.hidePopover(); location.hash = hashOf(client); };
	const onsubmit = (event) => {
		event.preventDefault();
		const name = input.value.trim();
		const good = isName(name);
		if (good && mayWatch(access, name)) return go(name);
		text(wrong, good && access ? signIn.notThis(patternsOf(access)) : words.wrong);
		wrong.hidden = false;
		attr(input, 'aria-invalid', 'true');
		attr(input, 'aria-describedby', 'client-wrong');
	};
	const fresh = freshClient(access);
	const item = (client) => h('li', h('a', { href: hashOf(client), 'aria-current': client === watched && 'true', onclick: () => pop.hidePopover() }, icon(client === watched ? 'check' : 'stream'), h('span.cut', client)));
	const pop = popover(host, anchor, words.head, h('form.row', { onsubmit }, h('label.vh', { for: 'client-name' }, words.name), input, h('button.btn', words.watch)), wrong,
		h('ul.cs-list', ...offered(access, known()).map(item), fresh && h('li', button({ icon: 'plus', text: words.fresh, class: 'bare', onclick: () => go(fresh) }))), h('p.hint', words.text));
}

/** @param {HTMLElement} host @param {HTMLElement} anchor @param {import('../state.js').State} state */
export function showLink(host, anchor, { client, selected, access }) {
	// With the system's own ways to send it, where it has some.
	const link = (label, url) => {
		const { line, code } = copyLine({ label, copy: app.copy, wide: true });
		code.textContent = url;
		if (navigator.share) line.append(button({ icon: 'send', label: words.send, class: 'only', onclick: () => navigator.share({ url }).catch(() => {}) }));
		return h('div.field', h('span.hint', label), line);
	};
	popover(host, anchor, app.share, ...[null, selected].slice(0, selected ? 2 : 1).map((upload) => link(upload ? words.thisUpload : words.thisClient, `${location.origin}/${hashOf(client, upload)}`)), h('p.hint', access ? words.shareSigned : words.shareText));
}

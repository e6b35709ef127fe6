// Which stream is watched, the way to another one, and the link that lets others watch this one.

import { freshName, hashOf, isName, known } from '../client-name.js';
import { attr, button, component, copyLine, h, icon, text } from '../elements.js';
import { app, client as words } from '../words.js';
import { popover } from './popovers.js';

component('client-switcher', (host, { store }) => {
	const name = h('span', { class: 'cut' });
	const open = h('button', { type: 'button', class: 'btn bare', 'aria-haspopup': 'dialog', onclick: switchTo }, h('span', { class: 'vh' }, words.label), name, icon('down'));
	const share = button({ icon: 'share', label: app.share, class: 'bare only', 'aria-haspopup': 'dialog', onclick: showLink });
	host.append(open, share);
	store.watch(({ client }) => { text(name, client); attr(name, 'title', client); });

	function switchTo() {
		const input = h('input', { class: 'input', id: 'client-name', maxlength: 64, placeholder: words.placeholder, autocomplete: 'off', spellcheck: 'false', autofocus: true });
		const wrong = h('p', { class: 'hint bad', id: 'client-wrong', hidden: true }, words.wrong);
		const go = (client) => { pop.hidePopover(); location.hash = hashOf(client); };
		const onsubmit = (event) => {
			event.preventDefault();
			const good = isName(input.value.trim());
			if (good) return go(input.value.trim());
			wrong.hidden = false;
			attr(input, 'aria-invalid', 'true');
			attr(input, 'aria-describedby', 'client-wrong');
		};
		const item = (client) => h('li', {}, h('a', { href: hashOf(client), 'aria-current': client === store.state.client && 'true', onclick: () => pop.hidePopover() }, icon(client === store.state.client ? 'check' : 'stream'), h('span', { class: 'cut' }, client)));
		const pop = popover(host, open, words.head, h('form', { class: 'row', onsubmit }, h('label', { class: 'vh', for: 'client-name' }, words.name), input, h('button', { class: 'btn' }, words.watch)), wrong,
			h('ul', { class: 'cs-list' }, ...known().map(item), h('li', {}, button({ icon: 'plus', text: words.fresh, class: 'bare', onclick: () => go(freshName()) }))), h('p', { class: 'hint' }, words.text));
	}

	function showLink() {
		const { line, code } = copyLine({ label: words.link, copy: app.copy, wide: true });
		code.textContent = `${location.origin}/${hashOf(store.state.client)}`;
		popover(host, share, app.share, line, h('p', { class: 'hint' }, words.shareText));
	}
});

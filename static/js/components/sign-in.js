// Stands over the page while nobody is signed in, or one may not watch this client. Loaded when that is so. What is shown stays
// below it as it is; the token goes to the server and is kept nowhere.

import { freshClient, offered, patternsOf, shutOf } from '../access.js';
import * as api from '../api.js';
import { hashOf, known } from '../client-name.js';
import { act, attr, button, component, h, icon, text } from '../elements.js';
import { signIn as words } from '../words.js';

component('sign-in', (host, { store, session }) => {
	const app = /** @type {HTMLElement} */ (host.parentElement);
	const head = h('h1', { id: 'h-sign', tabindex: -1 });
	const about = h('p.dim');
	const token = h('input.input', { id: 'token', type: 'password', autocomplete: 'current-password', spellcheck: 'false', autocapitalize: 'off', required: true, 'aria-describedby': 'token-says' });
	const code = h('span.code');
	const says = h('span');
	const hint = h('p.hint', says, ' ', code);
	const stay = h('input', { type: 'checkbox' });
	const form = h('form', { novalidate: true, onsubmit }, h('div.field', h('label', { for: 'token' }, words.token), token, h('div.says', { id: 'token-says' }, hint)),
		h('label.choice', stay, words.stay), h('button.btn.main', words.go));
	const list = h('ul.cs-list');
	const other = button({ text: words.other, onclick: () => act(host, 'signOut') });
	let shown = '';
	let busy = false;
	/** Where the focus was. @type {Element | null} */
	let back = null;
	host.append(h('section', { 'aria-labelledby': 'h-sign' }, h('div', head, about), form, list, other));

	/** @param {string} [wrong] @param {string} [of] the code of what is wrong */
	function say(wrong, of = '') {
		text(says, wrong ?? words.hint(/** @type {any} */ (store.state.access)?.mode));
		hint.classList.toggle('bad', wrong !== undefined);
		attr(token, 'aria-invalid', wrong !== undefined && 'true');
		text(code, of);
		code.hidden = !of;
		if (wrong !== undefined) token.focus();
	}

	async function onsubmit(event) {
		event.preventDefault();
		const value = token.value.trim();
		if (busy) return;
		// What a header cannot hold is no token.
		if (!/^[\x21-\x7e]+$/.test(value)) return say(value ? words.wrong : words.none);
		busy = true;
		try {
			const access = await api.signIn(value, stay.checked);
			token.value = '';
			session.signed.knows(access);
		} catch (/** @type {any} */ { status, message, code }) {
			if (status) say(words.codes[code] ? `${words.codes[code]} ${message}` : message, code);
			else say(words.offline);
		}
		busy = false;
	}

	function open(why) {
		if (host.hidden) back = document.activeElement;
		for (const pop of document.querySelectorAll(':popover-open')) /** @type {HTMLElement} */ (pop).hidePopover();
		host.hidden = false;
		form.hidden = why !== 'out';
		list.hidden = other.hidden = why === 'out';
		for (const one of [token, head]) if (one.checkVisibility()) return one.focus();
	}

	function close() {
		host.hidden = true;
		token.value = '';
		if (back && back !== document.body && back.checkVisibility()) /** @type {HTMLElement} */ (back).focus();
		else /** @type {HTMLElement | undefined} */ ([...document.querySelectorAll('.stage h1')].find((one) => one.checkVisibility()))?.focus();
	}

	const link = (client, words, name) => h('li', h('a', { href: hashOf(client) }, icon(name), h('span.cut', words)));

	function render(state) {
		const { access, client, listed } = state;
		const why = shutOf(state);
		const now = why ? [why, client, ...(access?.clients ?? [])].join() : '';
		if (now === shown) return;
		shown = now;
		attr(app, 'data-shut', why);
		for (const one of document.querySelectorAll('.side, .work, .skip')) /** @type {HTMLElement} */ (one).inert = why !== null;
		/** @type {any} */ (document.querySelector('client-switcher')).inert = why === 'out';
		if (!why) return close();
		// Where nothing was shown yet there is nothing to look through to.
		attr(host, 'class', why === 'out' && listed ? 'over' : null);
		text(head, why === 'denied' ? words.denied(client) : listed ? words.over : words.head);
		text(about, why === 'denied' ? words.deniedText(access.sub, access.clients.length && patternsOf(access)) : words.text);
		const fresh = freshClient(access);
		list.replaceChildren(...offered(access, known()).map((one) => link(one, one, 'stream')), ...(fresh ? [link(fresh, words.fresh, 'plus')] : []));
		say();
		open(why);
	}
	store.watch(render);
});

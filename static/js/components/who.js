// Who is signed in, what they may do, and the way out. Loaded when it is asked for.

import { patternsOf } from '../access.js';
import { act, button, h } from '../elements.js';
import { stamp } from '../format.js';
import { signIn as words } from '../words.js';
import { popover } from './popovers.js';

/** @param {HTMLElement} host @param {HTMLElement} anchor @param {import('../access.js').Access} access */
export function showWho(host, anchor, access) {
	const { sub, roles, expires_at: until } = access;
	const facts = { [words.roles]: roles.join(', '), [words.clients]: patternsOf(access), [words.until]: until && stamp(Date.parse(until)) };
	popover(host, anchor, sub ?? '', h('dl.facts', ...Object.entries(facts).flatMap(([name, value]) => (value ? [h('dt', name), h('dd', value)] : []))),
		h('div.row.asks', {}, button({ text: words.out, onclick: () => act(host, 'signOut') })));
}

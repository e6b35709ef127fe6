// Which stream is watched, the way to another one, and the link that lets others watch this one.

import { attr, button, component, h, icon, text, withPart } from '../elements.js';
import { app, client as words } from '../words.js';

component('client-switcher', (host, { store }) => {
	const name = h('span.cut');
	const open = h('button', { type: 'button', class: 'btn bare', 'aria-haspopup': 'dialog', onclick: () => show('switchTo', open) }, h('span.vh', words.label), name, icon('down'));
	const share = button({ icon: 'share', label: app.share, class: 'bare only', 'aria-haspopup': 'dialog', onclick: () => show('showLink', share) });
	host.append(open, share);
	store.watch(({ client }) => { text(name, client); attr(name, 'title', client); });

	const show = (name, anchor) => withPart(host, async () => await import('./client-popovers.js'), (popovers) => popovers[name](host, anchor, store.state));
});

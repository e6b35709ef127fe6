// Whether what is shown is now. A shape and a word; the rest in its popover.

import { shutOf } from '../access.js';
import { act, attr, button, component, h, svg, text } from '../elements.js';
import { isLost } from '../session.js';
import { behindBy } from '../state.js';
import { connection as words } from '../words.js';
import { popover } from './popovers.js';

const RING = 'M1.5 6a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0';
const DOT = 'M4.25 6a1.75 1.75 0 1 0 3.5 0a1.75 1.75 0 1 0-3.5 0';
/** Attributes of the paths of each shape. @type {Record<string, object[]>} */
const SHAPES = {
	connecting: [{ d: RING, 'stroke-dasharray': '2.6 2.1' }], live: [{ d: RING, class: 'full' }], behind: [{ d: 'M6 1.5a4.5 4.5 0 1 1-4.5 4.5' }, { d: DOT, class: 'full' }],
	reconnecting: [{ d: RING, 'stroke-dasharray': '2.6 2.1' }], offline: [{ d: RING }, { d: 'm3 9 6-6' }],
};
for (const state of ['refused', 'denied', 'out']) SHAPES[state] = SHAPES.offline;

component('connection-indicator', (host, { store }) => {
	const shape = svg('svg', { viewBox: '0 0 12 12', 'aria-hidden': true });
	const word = h('span');
	const more = h('span.more');
	const open = h('button', { type: 'button', class: 'ci', onclick: show }, shape, h('span', word, more));
	host.append(open);

	function show() {
		const { connection, client } = store.state;
		const lost = isLost(connection);
		const pop = popover(host, open, words.head, h('p', words.refusedText[stateOf()] ?? (lost ? words.lostText : connection.state === 'behind' ? words.behindText : words.liveText)),
			h('dl.facts', h('dt', words.client), h('dd.mono', client), h('dt', words.last), h('dd.mono', connection.lastId ?? '-')),
			h('p.hint', words.shared), lost && button({ icon: 'again', text: words.tryNow, onclick: () => { pop.hidePopover(); act(host, 'retry'); } }));
	}

	/** What the stream itself cannot know counts more. */
	const stateOf = () => shutOf(store.state) ?? store.state.connection.state;

	function render() {
		const { connection } = store.state;
		const { retryAt } = connection;
		const state = stateOf();
		if (host.getAttribute('state') !== state) {
			attr(host, 'state', state);
			shape.replaceChildren(...SHAPES[state].map((path) => svg('path', path)));
		}
		const seconds = Math.ceil(((retryAt ?? 0) - Date.now()) / 1000);
		text(word, words[state]);
		const behind = state === 'behind' && behindBy(connection);
		text(more, state === 'offline' ? words.offlineText : behind ? words.behindBy(behind) : state === 'reconnecting' && seconds > 0 ? words.again(seconds) : '');
		attr(open, 'aria-label', words.label(word.textContent + more.textContent));
	}

	store.watch(render);
	setInterval(render, 1000);
});

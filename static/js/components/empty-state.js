// What stands in the place of the rows while there are none: how to get some.

import { fetchFile } from '../api.js';
import { act, button, component, copyLine, h, text } from '../elements.js';
import { localSending, selectedUpload } from '../state.js';
import { app, empty as words, mock } from '../words.js';

component('empty-state', (host, page) => {
	const [command, address] = [0, 1].map(() => copyLine({ label: words.command, copy: app.copy }));
	const form = h('mock-data-form');
	const sample = ([name, about]) => {
		const go = async () => {
			try {
				act(host, 'send', { files: [await fetchFile(`/samples/${name}`, name)] });
			} catch ({ message }) {
				act(host, 'toast', { message: `${mock.failed} ${message}`, level: 'error' });
			}
		};
		return h('div.field', button({ text: name, onclick: go }), h('span.hint', about));
	};
	const look = (head, ...content) => h('section', h('h2', head), ...content);
	const part = (head, ...content) => h('section.sends', h('h2', head), ...content);
	host.append(h('div.rt-empty', h('div.ghost-head', { 'aria-hidden': true }, ...Array.from({ length: 12 }, () => h('i'))), h('div.ghost'),
		h('div.empty', { tabindex: 0, role: 'group', 'aria-label': words.ways }, h('div', h('h2', words.head), h('p', words.text)),
			part(mock.samples, h('div.mf', ...Object.entries(mock.sample).map(sample))), part(mock.head, form),
			h('div.two', part(words.terminal, command.line, h('p.hint', words.terminalText)), look(words.code, address.line, h('p.hint', words.codeText, h('a', { href: '/docs' }, words.codeLink), '.'))))));
	form.connect(page);
	page.store.watch((state) => {
		text(command.code, `curl -F file=@customers.csv ${location.origin}/upload/${state.client}`);
		text(address.code, `curl -N ${location.origin}/sse/${state.client}`);
		host.hidden = Boolean(selectedUpload(state) ?? localSending(state));
	});
});

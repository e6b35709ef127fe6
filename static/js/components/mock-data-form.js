// Makes a test file on the server and sends it like any other, or downloads it.

import * as api from '../api.js';
import { act, attr, button, component, h, text } from '../elements.js';
import { count } from '../format.js';
import { mock as words } from '../words.js';

/** Least, most, and what is there at first; of these only the share may be a part. @type {Record<string, number[]>} */
const FIELDS = { rows: [1, 10_000_000, 100_000], columns: [1, 200, 6], messy: [0, 100, 0.5], seed: [0, 999_999_999, 42] };

component('mock-data-form', (host) => {
	const field = (name) => h('input.input', { id: `m-${name}`, inputmode: 'decimal', autocomplete: 'off', value: count(FIELDS[name][2]) });
	const kind = h('select.input', { id: 'm-kind' }, ...words.kinds.map(([name], i) => h('option', { value: i }, name)));
	const fields = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, field(name)]));
	const hint = h('span.hint', { id: 'm-hint' });
	const download = h('a.btn', { download: '' }, words.download);
	const send = button({ icon: 'play', text: words.send });
	let busy = false;

	/** What was asked for, its place, and the first field that is wrong. */
	function asked() {
		const [name, list, rowBytes] = /** @type {[string, string, number]} */ (words.kinds[kind.value]);
		const of = list.split(',');
		const read = (text) => Number(text.replaceAll(/[,\s]/g, ''));
		const [rows, columns, seed] = ['rows', 'columns', 'seed'].map((field) => read(fields[field].value));
		const messy = Number(fields.messy.value.replace(',', '.'));
		const values = { rows, columns, messy, seed };
		const wrong = Object.entries(FIELDS).find(([field, [least, most]]) => !(values[field] >= least && values[field] <= most && (field === 'messy' || Number.isInteger(values[field]))))?.[0];
		// Of more columns than it has, the server numbers those that come again.
		const query = wrong ? {} : { rows, columns: Array.from({ length: columns }, (_, i) => of[i % of.length]), messy: messy / 100, seed };
		return { wrong, size: (rows * rowBytes * columns) / of.length, name: `${name.toLowerCase()}-${rows}-seed-${seed}.csv`, url: `/csv?${new URLSearchParams(/** @type {any} */ (query))}` };
	}

	function show() {
		const { wrong, size, url } = asked();
		for (const [name, input] of Object.entries(fields)) {
			attr(input, 'aria-invalid', name === wrong && 'true');
			attr(input, 'aria-describedby', name === wrong && 'm-hint');
		}
		hint.classList.toggle('bad', wrong !== undefined);
		text(hint, wrong ? words.wrong(words[wrong], FIELDS[wrong]) : words.size(size));
		send.disabled = wrong !== undefined || busy;
		attr(download, 'href', wrong ? null : url);
	}

	async function make(event) {
		event.preventDefault();
		const { wrong, name, url } = asked();
		if (wrong || busy) return;
		busy = send.disabled = true;
		try {
			act(host, 'send', { files: [await api.fetchFile(url, name, (bytes) => text(hint, words.making(bytes)))] });
		} catch ({ message }) {
			act(host, 'toast', { message: `${words.failed} ${message}`, level: 'error' });
		}
		busy = false;
		show();
	}

	const preset = () => { fields.columns.value = String(words.kinds[kind.value][1]).split(',').length; show(); };
	kind.addEventListener('change', preset);
	send.type = 'submit';
	const labelled = (input, label) => h('div.field', h('label', { for: input.id }, label), input);
	host.append(h('form.mf', { oninput: show, onsubmit: make }, labelled(kind, words.kind), ...Object.entries(fields).map(([name, input]) => labelled(input, words[name])),
		h('div.row.wrap.all', hint, h('span.row.wrap', download, send))));
	preset();
});

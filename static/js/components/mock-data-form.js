// Makes a test file on the server and sends it like any other, or downloads it.

import * as api from '../api.js';
import { act, attr, button, component, h, text } from '../elements.js';
import { count } from '../format.js';
import { mock as words } from '../words.js';

const ROWS_MAX = 10_000_000;

component('mock-data-form', (host) => {
	const field = (name, value) => h('input', { class: 'input', id: `m-${name}`, inputmode: 'decimal', autocomplete: 'off', value });
	const kind = h('select', { class: 'input', id: 'm-kind' }, ...words.kinds.map(([name], i) => h('option', { value: i }, name)));
	const fields = { rows: field('rows', count(100_000)), messy: field('messy', '0.5'), seed: field('seed', '42') };
	const hint = h('span', { class: 'hint', id: 'm-hint' });
	const download = h('a', { class: 'btn', download: '' }, words.download);
	const send = button({ icon: 'play', text: words.send });
	let busy = false;

	/** What was asked for, its place, and the first field that is wrong. */
	function asked() {
		const [name, columns, rowBytes] = /** @type {[string, string, number]} */ (words.kinds[kind.value]);
		const rows = Number(fields.rows.value.replaceAll(/[,\s]/g, ''));
		const messy = Number(fields.messy.value.replace(',', '.')) / 100;
		const seed = fields.seed.value.trim();
		const wrong = !(Number.isInteger(rows) && rows >= 1 && rows <= ROWS_MAX) ? 'rows' : !(messy >= 0 && messy <= 1) ? 'messy' : /^\d{1,15}$/.test(seed) ? null : 'seed';
		return { wrong, size: rows * rowBytes, name: `${name.toLowerCase()}-${rows}-seed-${seed}.csv`, url: `/csv?${new URLSearchParams(/** @type {any} */ ({ rows, columns, messy: messy.toFixed(4), seed }))}` };
	}

	function show() {
		const { wrong, size, url } = asked();
		for (const [name, input] of Object.entries(fields)) {
			attr(input, 'aria-invalid', name === wrong && 'true');
			attr(input, 'aria-describedby', name === wrong && 'm-hint');
		}
		hint.classList.toggle('bad', wrong !== null);
		text(hint, wrong ? words.wrong[wrong] : words.size(size));
		send.disabled = wrong !== null || busy;
		attr(download, 'href', wrong ? null : url);
	}

	async function make(event) {
		event.preventDefault();
		const { wrong, name, url } = asked();
		if (wrong || busy) return;
		busy = send.disabled = true;
		try {
			const blob = await api.fetchFile(url, (bytes) => text(hint, words.making(bytes)));
			act(host, 'send', { file: new File([blob], name, { type: 'text/csv' }) });
		} catch ({ message }) {
			act(host, 'toast', { message: `${words.failed} ${message}`, level: 'error' });
		}
		busy = false;
		show();
	}

	send.type = 'submit';
	const labelled = (input, label) => h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
	host.append(h('form', { class: 'mf', oninput: show, onsubmit: make }, labelled(kind, words.kind), labelled(fields.rows, words.rows), labelled(fields.messy, words.messy), labelled(fields.seed, words.seed),
		h('div', { class: 'row wrap all' }, hint, h('span', { class: 'row' }, download, send))));
	show();
});

// What is wrong with a cell, or the whole of a long one. Opens at the cell.

import * as api from '../api.js';
import { act, button, h, text as setText } from '../elements.js';
import { count } from '../format.js';
import { app, cell as words, problem as problemWords } from '../words.js';
import { popover } from './popovers.js';
import { details, fact, kindOf, textNodes } from './problem-parts.js';

const SHOWN_AT_ONCE = 4096;

/**
 * @param {HTMLElement} host @param {HTMLElement} td
 * @param {{ opened: import('../opened.js').Opened, row: number, column: number, step: (direction: 1 | -1) => void }} cell
 */
export async function openCell(host, td, { opened, row, column, step }) {
	const { index, rows } = opened;
	const name = rows.columns[column];
	const places = index.of(row);
	const at = places.find((place) => index.brief(place).column === name) ?? places.find((place) => index.brief(place).column === null);
	if (at !== undefined) return showProblem(host, td, await opened.problem(at), step);
	const data = rows.at(row);
	const cell = data?.cells[column] ?? null;
	const whole = async () => (await api.page(opened.id, 'rows', row, 1)).rows[0].data[name];
	showCell(host, td, name, row, cell === null || typeof cell === 'string' ? cell : whole(), column === rows.columns.length - 1 && data?.extra);
}

function showProblem(host, anchor, problem, step) {
	const go = (direction, icon, label) => button({ icon, label, class: 'bare only', onclick: () => { pop.hidePopover(); step(direction); } });
	const pop = popover(host, anchor, kindOf(problem.code), ...details(problem), h('div.row', h('span.code', problem.code),
		h('span.row', go(-1, 'left', problemWords.previous), go(1, 'right', problemWords.next), button({ icon: 'copy', text: app.copy, onclick: () => act(host, 'copy', { text: problem.raw }) }))));
	pop.classList.add('find-problem');
}

async function showCell(host, anchor, column, row, text, extra) {
	const raw = h('code.raw', { dir: 'auto', tabindex: 0, role: 'group', 'aria-label': words.head, hidden: true });
	const note = h('p.hint', words.loading);
	const more = button({ text: words.more, hidden: true, onclick: grow });
	const copy = button({ icon: 'copy', text: app.copy, hidden: true, onclick: () => act(host, 'copy', { text: whole }) });
	const facts = h('dl', fact(problemWords.row, count(row)), extra && fact(words.extra, extra.join(' · ').slice(0, SHOWN_AT_ONCE)));
	popover(host, anchor, column, facts, raw, note, h('div.row', more, h('span.push'), copy)).classList.add('find-problem');
	let shown = 0;
	let whole = '';
	try {
		const found = await text;
		whole = found ?? '';
		setText(note, found === null ? words.missing : found === '' ? words.empty : '');
	} catch ({ message }) {
		setText(note, message);
	}
	if (!whole) return;
	facts.append(fact(words.characters, count(whole.length)));
	raw.hidden = copy.hidden = false;
	grow();

	function grow() {
		raw.append(h('span', ...textNodes(whole.slice(shown, shown + SHOWN_AT_ONCE))));
		shown += SHOWN_AT_ONCE;
		more.hidden = shown >= whole.length;
	}
}

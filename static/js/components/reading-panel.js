// What can be said of how the file is read: a popover for each fact, and the choices made so far, which are kept until the file
// is read again by all of them or they are undone. Loaded when the first one is opened.

import { attr, button, h, text } from '../elements.js';
import { bytes } from '../format.js';
import { SAID, visible } from '../reading-facts.js';
import { fieldOf, readAgain, reasons, said, wayOf, withoutLead } from '../reading-otherwise.js';
import { understood as words } from '../words.js';
import { popover } from './popovers.js';

const OTHER = 'other';

/** @param {import('../main.js').Page} page @param {HTMLElement} host of the popovers @param {() => void} changed told when something was chosen or undone */
export function readingPanel(page, host, changed) {
	/** @type {import('../state.js').Upload} */
	let upload;
	/** What is chosen, and what the server has against it, by its names. @type {Record<string, string>} */
	let chosen = {};
	/** @type {Record<string, string>} */
	let wrong = {};
	let busy = false;
	/** Of which fact, and its parts. @type {{ key: string, anchor: HTMLElement, pop: HTMLElement, refresh: () => void } | null} */
	let opened = null;
	const { store } = page;
	const hint = (words) => h('p.hint', words);
	const rows = [acts()];

	function acts() {
		return h('div.row.asks.sends', button({ text: words.undo, class: 'bare', onclick: undo }), button({ icon: 'again', text: words.again, class: 'main', onclick: again }));
	}

	function undo() {
		const back = opened?.anchor ?? host.querySelector('button');
		forget();
		changed();
		back?.focus();
	}

	function forget() {
		chosen = {};
		wrong = {};
		opened?.pop.hidePopover();
	}

	async function again() {
		if (busy) return;
		busy = true;
		try {
			await readAgain(page, upload, { ...said(upload.options), ...chosen });
		} catch ({ title = words.failed, message }) {
			const [name] = message.split(':');
			const key = Object.keys(SAID).find((one) => SAID[one].includes(name));
			if (key) wrong[name] = withoutLead(message);
			else store.toast(`${title}. ${message}`, 'error');
			if (key && opened?.key !== key) open(key, /** @type {any} */ (document.querySelector(`.ub[data-fact="${key}"]`)));
		}
		busy = false;
		refresh();
	}

	/** @param {string} key @param {HTMLElement} anchor */
	function open(key, anchor) {
		const { options, reading } = /** @type {any} */ (upload);
		const spoken = said(options);
		const set = SAID[key].some((name) => name in spoken);
		const fields = SAID[key].map((name) => control(name, fieldOf(reading, name), spoken[name], chosen[name], (value) => {
			if (value === (spoken[name] ?? '')) delete chosen[name];
			else chosen[name] = value;
			delete wrong[name];
			changed();
		}));
		const how = hint('');
		const why = set ? [] : [...reasons(reading, key), reading && 'delimiter quote encoding'.includes(key) && words.surePercent(reading.sure_percent, bytes(reading.examined_bytes))].filter(Boolean);
		const row = rows[1] = acts();
		const pop = popover(host, anchor, words.names[key], ...fields.map(({ node }) => node), ...why.map(hint), ...(fields.length ? [how, row] : [hint(words.fixed)]));
		pop.classList.add('ub-pop');
		pop.addEventListener('toggle', ({ newState }) => { if (newState === 'closed' && opened?.pop === pop) opened = null; });
		opened = { key, anchor, pop, refresh: () => {
			for (const { name, say } of fields) say(wrong[name]);
			text(how, words.ways[wayOf(upload, store.state.sending)](upload));
		} };
		refresh();
	}

	function refresh() {
		const none = !Object.keys(chosen).length;
		rows[0].hidden = none;
		for (const row of rows) for (const one of row.children) one.disabled = none || (one === row.lastChild && wayOf(upload, store.state.sending) === 'wait');
		opened?.refresh();
	}

	return {
		acts: rows[0], open,
		/** @param {import('../state.js').Upload | undefined} now */
		show(now) {
			if (now?.id !== upload?.id) forget();
			if (!now) return rows[0].hidden = true;
			upload = now;
			refresh();
		},
		/** What is chosen of a fact: as its value and its character; null if nothing is. @param {string} key @returns {[string, string | null] | null} */
		of(key) {
			const [first] = SAID[key];
			if (!SAID[key].some((name) => name in chosen)) return null;
			const value = chosen[first];
			if (first === 'header_rows' && value) return [words.headerRows(Number(value), 0), null];
			if (value === undefined) return ['', null];
			if (first === 'delimiter') return [value ? words.choices.delimiter[value] ?? '' : words.findOut, value];
			return [fieldOf(/** @type {any} */ (upload.reading), first).names?.[value] ?? (value || words.findOut), null];
		},
	};
}

/** Radio buttons, a list or a field; `change` is told what is chosen, empty where it is to be found. @param {string} name @param {import('../reading-otherwise.js').Field} field @param {string | undefined} spoken @param {string | undefined} chosen @param {(value: string) => void} change */
function control(name, { found, names, radio, other, max }, spoken, chosen, change) {
	const now = chosen ?? spoken ?? '';
	const free = spoken === undefined;
	const bad = h('p.hint.bad', { id: `bad-${name}` });
	const described = { 'aria-describedby': bad.id };
	const input = (more) => h('input.input', { spellcheck: 'false', autocomplete: 'off', oninput: ({ target }) => change(target.value), ...described, ...more });
	const label = words.labels[name] ?? words.names[name];
	let node;
	let typed = /** @type {any} */ (null);
	if (names) {
		const list = Object.entries(names).map(([value, words]) => [free && value === found ? '' : value, words, value]);
		if (!free || !(found in names)) list.push(['', (free && found) || words.findOut, '']);
		if (other) list.push([OTHER, words.other, '']);
		const at = list.some(([value]) => value === now) ? now : OTHER;
		typed = other && input({ 'aria-label': words.other, hidden: at !== OTHER, value: at === OTHER ? now : '' });
		const onchange = ({ target: { value } }) => {
			if (typed) typed.hidden = value !== OTHER;
			change(typed && value === OTHER ? typed.value : value);
		};
		const note = (value) => free && value === '' && found !== '' && (name === 'repair' ? words.usual : words.found);
		node = radio
			? h('fieldset', { onchange, ...described }, h('legend.vh', label), ...list.map(([value, named, code]) => h('label.choice', h('input', { type: 'radio', name, value, checked: value === at }), code.length === 1 && h('span.code', visible(code)), named, note(value) && h('span.hint', note(value)))))
			: h('select.input', { id: name, onchange, ...described }, ...list.map(([value, named]) => h('option', { value, selected: value === at }, named, note(value) && ` (${note(value)})`)));
	} else node = input({ id: name, type: max ? 'number' : 'text', min: 0, max, value: now, placeholder: free && found && `${found} (${words.found})` });
	const say = (what) => {
		bad.hidden = !what;
		text(bad, what ?? '');
		for (const one of [node, typed]) if (one) attr(one, 'aria-invalid', Boolean(what) && (one === typed || typed?.hidden !== false) && 'true');
	};
	return { name, say, node: h('div.field.sends', !radio && h('label', { for: name }, label), node, typed, bad) };
}

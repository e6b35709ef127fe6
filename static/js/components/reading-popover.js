// What was found or said of how a file is read, why, and what can be said instead. Loaded when a first one is opened.

import { attr, h, text } from '../elements.js';
import { bytes } from '../format.js';
import { said, visible } from '../reading-facts.js';
import { understood as words } from '../words.js';
import { popover } from './popovers.js';

const OTHER = 'other';

/** @typedef {Record<string, string>} Values  by the server's names */

/**
 * @param {HTMLElement} host @param {HTMLElement} anchor @param {import('../reading-facts.js').Fact} fact
 * @param {{ upload: import('../state.js').Upload, draft: Values, wrong: Values, changed: () => void, acts: () => any, way: () => keyof typeof words.ways }} how
 *   `draft` is what is chosen and not read yet, and is changed here; `wrong` what the server has against it
 */
export function openReading(host, anchor, fact, { upload, draft, wrong, changed, acts, way }) {
	const spoken = said(upload.options);
	const fields = fact.fields.map((field) => fieldOf(field, spoken[field.key], draft[field.key], (value) => {
		if (value === (spoken[field.key] ?? '')) delete draft[field.key];
		else draft[field.key] = value;
		delete wrong[field.key];
		changed();
	}));
	const { sure_percent: percent, examined_bytes: examined } = /** @type {import('../state.js').Reading} */ (upload.reading);
	const how = h('p', { class: 'hint' });
	const row = acts();
	const reasons = [...fact.why, fact.set && words.setWhy, fact.sure && words.surePercent(percent, bytes(examined)), !fields.length && words.fixed].filter(Boolean);
	const pop = popover(host, anchor, words.names[fact.key], ...fields.map(({ node }) => node), ...reasons.map((reason) => h('p', { class: 'hint' }, reason)), ...(fields.length ? [how, row] : []));
	pop.classList.add('ub-pop');
	const refresh = () => {
		for (const { key, say } of fields) say(wrong[key]);
		text(how, words.ways[way()](upload));
	};
	refresh();
	return { key: fact.key, pop, row, refresh };
}

/** Radio buttons, a list or a field; `change` is told what is chosen, empty where it is to be found. @param {import('../reading-facts.js').Field} field @param {string | undefined} spoken @param {string | undefined} drafted @param {(value: string) => void} change */
function fieldOf({ key, found, names, radio, other, max }, spoken, drafted, change) {
	const now = drafted ?? spoken ?? '';
	const free = spoken === undefined;
	const bad = h('p', { class: 'hint bad', id: `bad-${key}` });
	const input = (more) => h('input', { class: 'input', 'aria-describedby': bad.id, spellcheck: 'false', autocomplete: 'off', oninput: ({ target }) => change(target.value), ...more });
	let control;
	let typed;
	if (names) {
		const list = Object.entries(names).map(([value, name]) => [free && value === found ? '' : value, name, value]);
		if (!free || !(found in names)) list.push(['', (free && found) || words.findOut]);
		if (other) list.push([OTHER, words.other]);
		const chosen = list.some(([value]) => value === now) ? now : OTHER;
		typed = other && input({ 'aria-label': words.other, hidden: chosen !== OTHER, value: chosen === OTHER ? now : '' });
		const more = { onchange: ({ target: { value } }) => { if (typed) typed.hidden = value !== OTHER; change(value === OTHER ? typed.value : value); }, 'aria-describedby': bad.id };
		const note = ([value]) => free && value === '' && found !== '' && words.found;
		control = radio ? h('fieldset', more, h('legend', { class: 'vh' }, words.labels[key]), ...list.map((one) => h('label', { class: 'choice' }, h('input', { type: 'radio', name: key, value: one[0], checked: one[0] === chosen }), one[2]?.length === 1 && h('span', { class: 'code' }, visible(one[2])), one[1], note(one) && h('span', { class: 'hint' }, note(one)))))
			: h('select', { class: 'input', id: key, ...more }, ...list.map((one) => h('option', { value: one[0], selected: one[0] === chosen }, one[1], note(one) && ` (${note(one)})`)));
	} else control = input({ id: key, type: max ? 'number' : 'text', min: 0, max, value: now, placeholder: free && found });
	const say = (what) => {
		bad.hidden = !what;
		text(bad, what ?? '');
		attr(control, 'aria-invalid', Boolean(what) && 'true');
	};
	return { key, say, node: h('div', { class: 'field' }, !radio && h('label', { for: key }, words.labels[key]), control, typed, bad) };
}

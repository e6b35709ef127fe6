// The line under the rows: following the end, what is in view, tools, go to row, row height.

import { attr, button, h, icon, text } from '../elements.js';
import { columns as columnWords, column as finderWords, search, table as words } from '../words.js';

export const DENSITIES = /** @type {const} */ (['compact', 'regular', 'roomy']);

/** @param {{ run: (act: string, anchor?: HTMLElement) => void, jump: (text: string) => void, density: (name: string) => void }} act */
export function tableFoot(act) {
	const pillText = h('span');
	const pill = h('button', { type: 'button', class: 'rt-pill', onclick: () => act.run('follow') }, icon('end'), pillText);
	const range = h('span.cut.range');
	const tool = (name, icon, label) => button({ icon, label, class: 'bare only', onclick: ({ currentTarget }) => act.run(name, currentTarget) });
	const only = tool('only', 'filter', words.only);
	const columns = h('span.mid.cut');
	const input = h('input.input', { id: 'jump', inputmode: 'numeric', autocomplete: 'off', placeholder: words.number, 'aria-label': words.jump, oninput: () => attr(input, 'aria-invalid', null) });
	const radios = DENSITIES.map((name) => h('button', { type: 'button', role: 'radio', 'aria-label': words.densities[name], title: words.densities[name], onclick: () => act.density(name) }, icon(name)));
	const arrows = (event) => {
		const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
		if (!step) return;
		event.preventDefault();
		const next = radios[(radios.indexOf(event.target) + step + radios.length) % radios.length];
		next.click();
		next.focus();
	};
	return {
		node: h('div.rt-foot', pill, range, h('span.push'), columns, h('div.row', tool('list', 'columns', finderWords.find), tool('search', 'search', search.label), only),
			h('form.row', { onsubmit: (event) => { event.preventDefault(); act.jump(input.value); } }, h('label', { for: 'jump' }, words.jump), input),
			h('div.density.far', { role: 'radiogroup', 'aria-label': words.density, onkeydown: arrows }, ...radios)),
		/** `which`: what is said behind the number of rows. */
		show({ following, fresh, from, to, of, which, filtered, firstColumn, lastColumn, columns: all }) {
			text(pillText, following ? words.following : fresh ? words.fresh(fresh) : words.toEnd);
			pill.hidden = !of;
			attr(pill, 'aria-pressed', String(following));
			pill.classList.toggle('new', !following && fresh > 0);
			text(range, of ? words.range(from, to, of, which) : '');
			attr(range, 'title', which && range.textContent);
			attr(only, 'aria-pressed', String(filtered));
			text(columns, lastColumn - firstColumn + 1 < all ? words.columnRange(firstColumn, lastColumn, all) : all ? columnWords(all) : '');
		},
		density: (current) => DENSITIES.forEach((name, i) => {
			attr(radios[i], 'aria-checked', String(name === current));
			attr(radios[i], 'tabindex', name === current ? 0 : -1);
		}),
		wrong: () => attr(input, 'aria-invalid', 'true'),
		focusJump: () => { input.select(); input.focus(); },
	};
}

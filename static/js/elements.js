// Builds nodes. Text goes in as text, never as markup; attributes never hold styles or handlers.

import { PATHS } from './icons.js';
import { errors } from './words.js';

/** @typedef {Record<string, any>} Attributes  `onclick` and the like add listeners; false and null leave an attribute out */

/** @param {Element} element @param {Attributes} attributes @param {any[]} [children] */
export function dress(element, attributes, children = []) {
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === 'function') element.addEventListener(name.slice(2), value);
		else attr(element, name, value ?? null);
	}
	element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
	return element;
}

/** `h('p.hint', { id: 'x' }, 'text', node)`: its classes, its attributes if it has any, and what is in it; false and null are left out. @param {string} tag @param {...any} children @returns {any} */
export function h(tag, ...children) {
	const [name, ...classes] = tag.split('.');
	const element = document.createElement(name);
	if (classes.length) element.className = classes.join(' ');
	return dress(element, children[0]?.constructor === Object ? children.shift() : {}, children);
}

/** @param {string} tag @param {Attributes} [attributes] @param {...any} children @returns {any} */
export const svg = (tag, attributes = {}, ...children) => dress(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

/** @param {keyof typeof PATHS} name @param {string} [kind] */
export const icon = (name, kind = '') => svg('svg', { class: `icon ${kind}`.trim(), viewBox: '0 0 16 16', 'aria-hidden': true }, ...PATHS[name].map((d) => svg('path', { d })));

/** With an icon, a text or both; `label` names one without text. @param {Attributes} options */
export const button = ({ icon: name, text: words, label, class: kind = '', ...more }) =>
	h('button', { type: 'button', class: `btn ${kind}`.trim(), 'aria-label': label, title: label, ...more }, name && icon(name), words && h('span', words));

/** Sets text only where it differs, so that nothing is laid out for nothing. @param {Node} node @param {string} value */
export function text(node, value) {
	if (node.textContent !== value) node.textContent = value;
}

/** False and null take the attribute away. @param {Element} element @param {string} name @param {string | number | boolean | null} value */
export function attr(element, name, value) {
	if (value === null || value === false) element.removeAttribute(name);
	else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** Asks for something to be done, upwards: main.js listens once, on the document. @param {Element} element @param {string} type @param {object} [detail] */
export const act = (element, type, detail = {}) => element.dispatchEvent(new CustomEvent('act', { bubbles: true, detail: { type, ...detail } }));

/** Uses a part that is loaded when somebody asks for it; says so where it cannot be had. @template T @param {Element} element @param {() => Promise<T>} load @param {(part: T) => void} then */
export const withPart = (element, load, then) => load().then(then, () => act(element, 'toast', { message: errors.offline, level: 'warning' }));

/** Code with a button that copies it. @param {{ label: string, copy: string, wide?: boolean }} words */
export function copyLine({ label, copy, wide }) {
	const code = h('code', { tabindex: 0, role: 'group', 'aria-label': label });
	const onclick = () => act(code, 'copy', { text: code.textContent });
	return { code, line: h('div.copy-line', code, button(wide ? { icon: 'copy', text: copy, onclick } : { icon: 'copy', label: copy, class: 'only', onclick })) };
}

/**
 * Defines a light-DOM element. `setup` builds it once, when the page is there, and may return what others can ask of it.
 * @param {string} tag @param {(host: any, page: import('./main.js').Page) => object | void} setup
 */
export function component(tag, setup) {
	customElements.define(tag, class extends HTMLElement {
		/** @param {import('./main.js').Page} page */
		connect(page) { Object.assign(this, setup(this, page)); }
	});
}

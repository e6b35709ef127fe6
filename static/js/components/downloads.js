// What can be downloaded of an upload, in a popover. Loaded when it is asked for.

import { h, icon } from '../elements.js';
import { downloads } from '../words.js';
import { popover } from './popovers.js';

/** Plain links, so that the browser saves the file as it comes. @param {HTMLElement} host @param {HTMLElement} anchor @param {string} label
 * @param {{ id: string | null, rows: number, problems: number }} view @param {...any} more */
export function showDownloads(host, anchor, label, { id, rows, problems }, ...more) {
	const links = Object.entries(downloads).slice(0, problems ? 5 : rows ? 2 : 0).map(([path, [name, about]]) => h('li', h('a', { href: `/uploads/${id}/${path}`, download: '' }, icon('download'), h('span', name, h('small', about)))));
	return popover(host, anchor, label, h('ul.cs-list', ...links), ...more);
}

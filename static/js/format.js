// Numbers, sizes and times as text. Pure: no DOM, no clock of its own.

const grouped = new Intl.NumberFormat('en');
const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** 13560240 → "13,560,240". @param {number} n */
export const count = (n) => grouped.format(n);

/** A reason of the server as a sentence of this page: it begins with a capital, its numbers are grouped. @param {string} reason */
export const sentence = (reason) => reason.replace(/^\p{Ll}/u, (first) => first.toUpperCase()).replace(/ \d{4,}(?=[ ),:;.]|$)/g, (number) => ` ${count(Number(number))}`);

const unitOf = (n) => (n < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(n) / 3)));

function inUnit(n, unit) {
	const value = n / 1000 ** unit;
	return unit === 0 || value === 0 ? count(Math.round(value)) : value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

/** 48234567 → "48.2 MB". @param {number} n */
export const bytes = (n) => `${inUnit(n, unitOf(n))} ${UNITS[unitOf(n)]}`;

/** Both in the unit of the whole, so that the text does not jump: "1.61 of 3.42 GB". @param {number} part @param {number} whole */
export const bytesOf = (part, whole) => `${inUnit(part, unitOf(whole))} of ${inUnit(whole, unitOf(whole))} ${UNITS[unitOf(whole)]}`;

/** Whole percent; 100 only for all of it. @param {number} part @param {number} whole */
export const percent = (part, whole) => (whole <= 0 ? 0 : part >= whole ? 100 : Math.min(99, Math.floor((part / whole) * 100)));

/** A span as one number and its unit: "30 s", "4 min", "2 h". @param {number} seconds */
export const span = (seconds) => (seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`);

/** How long something took: "0.04 s", "1.9 s", "4 min". @param {number} seconds */
export const took = (seconds) => (seconds < 60 ? `${Math.max(0.01, seconds).toFixed(seconds < 0.1 ? 2 : 1)} s` : span(seconds));

/** 15:20:41 in the reader's zone. @param {string | number} at */
export const clock = (at) => new Date(at).toLocaleTimeString('en-GB');

/** 21 Nov, 15:20:41. @param {number} at */
export const stamp = (at) => `${new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}, ${clock(at)}`;

/** Short and relative to `now`: "now", "14:02", "yesterday", "18 Nov", "18 Nov 2023". @param {string} at @param {number} now */
export function when(at, now) {
	const then = new Date(at);
	const today = new Date(now);
	if (now - then.getTime() < 60_000) return 'now';
	if (then.toDateString() === today.toDateString()) return clock(at).slice(0, 5);
	if (then.toDateString() === new Date(now - 86_400_000).toDateString()) return 'yesterday';
	return then.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...(then.getFullYear() === today.getFullYear() ? {} : { year: 'numeric' }) });
}

// What can be said of how a file is read, why it was found so, and the way to have it read otherwise. Loaded when somebody asks. No DOM.

import * as api from './api.js';
import { nameOf } from './reading-facts.js';
import { isHeld, isRunning, mineOf } from './state.js';
import { understood as words } from './words.js';

/** @typedef {{ found: string, names?: Record<string, string>, radio: boolean, other: boolean, max?: number }} Field  `names` of the values that can be chosen, and whether there are `other` ones; `max` of a number */

const ENCODINGS = Object.fromEntries('utf-8 utf-16le utf-16be windows-1252 iso-8859-2 iso-8859-5 iso-8859-7 iso-8859-15 windows-1250 windows-1251 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 koi8-r ibm866 shift_jis euc-jp gbk gb18030 big5 euc-kr'.split(' ').map((label) => [label, nameOf(label)]));
const MOST = { header_rows: 16, skip_rows: 1e6 };
/** What a sentence is about; those of nothing else are about the encoding. @type {[string, RegExp][]} */
const ABOUT = [['delimiter', /^Delimiter|^No delimiter|names the delimiter/], ['quote', /^Quote/], ['header', /^Header/], ['compression', /^Its first bytes are/], ['more', /^Lines that|^A blank/], ['encoding', /./]];

/** "Delimiter: a comma" → "A comma"; so are refusals. @param {string} sentence */
export const withoutLead = (sentence) => sentence.replace(/^\w+: (.)/, (_, first) => first.toUpperCase());

/** @param {import('./state.js').Reading | null} reading @param {string} key of a fact */
export const reasons = (reading, key) => (reading?.why ?? []).filter((one) => ABOUT.find(([, about]) => about.test(one))?.[0] === key).map(withoutLead);

/** @param {import('./state.js').Reading | null} reading @param {string} key the server's name for it @returns {Field} */
export const fieldOf = (reading, key) => ({
	found: String((key === 'quote' && reading ? reading.quote ?? 'none' : reading?.[key]) ?? ''), names: key === 'encoding' ? ENCODINGS : words.choices[key],
	radio: key === 'delimiter' || key === 'quote', other: key === 'delimiter' || key === 'encoding', max: MOST[key],
});

/** What was said, as a request says it. How it is compressed is told by the file. @param {import('./state.js').Said & { compression?: string }} options @returns {Record<string, string>} */
export const said = ({ compression, ...options }) => Object.fromEntries(Object.entries(options).map(([key, value]) => [key, String(value)]));

/** What becomes of the bytes when it is read otherwise. @param {import('./state.js').Upload} upload @param {import('./state.js').Sending | null} sending @returns {keyof typeof words.ways} */
export function wayOf(upload, sending) {
	const { received_bytes: here, total_bytes: whole } = upload;
	const all = whole !== null && here >= whole;
	if (!isRunning(upload)) return all ? 'again' : 'part';
	return all ? (isHeld(upload) ? 'again' : 'stop') : mineOf(upload, sending) ? 'anew' : 'wait';
}

/** Reads the upload that is shown by what is said: what runs is cancelled before, and what is not all here is sent again. @param {import('./main.js').Page} page @param {import('./state.js').Upload} upload @param {Record<string, string>} values  an empty one is to be found */
export async function readAgain({ store, session }, upload, values) {
	const { id } = upload;
	const options = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
	const all = { ...options, ...(isHeld(upload) && { hold: 'review' }) };
	const reread = async () => {
		store.dispatch({ type: 'reread', reread: { id, options } });
		try {
			await api.reread(id, all);
		} catch (error) {
			// Once it has begun, its end is for the stream to tell.
			if (store.state.reread?.id === id) throw error;
		} finally {
			store.dispatch({ type: 'reread', reread: null });
		}
	};
	const way = wayOf(upload, store.state.sending);
	try {
		return await reread();
	} catch (error) {
		// What is wrong with it is said before anything is given up.
		if (error.status !== 409 || way === 'again' && !isRunning(upload)) throw error;
	}
	await session.cancel();
	if (way === 'anew') session.sendAgain(id, all);
	else await reread();
	// Nothing of it was read.
	if (!upload.rows && await api.remove(id).catch(() => null)) store.dispatch({ type: 'deleted', id });
}

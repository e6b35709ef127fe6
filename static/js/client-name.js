// Which client this page watches: from the link, else the one of last time, else a new one.
//
// A link is `/#name`, or `/#name/upload-id` for one of its uploads.

const KNOWN = 'rowcast.clients';
const KNOWN_MAX = 8;

/** @param {string} text */
export const isName = (text) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);

/** @param {string} hash @returns {{ client: string | null, upload: string | null }} */
export function parseHash(hash) {
	const [client = '', upload = ''] = hash.slice(1).split('/');
	return { client: isName(client) ? client : null, upload: /^[0-9a-f-]{36}$/.test(upload) ? upload : null };
}

/** @param {string} client @param {string | null} [upload] */
export const hashOf = (client, upload) => `#${client}${upload ? `/${upload}` : ''}`;

/** Shaped like a UUID: `randomUUID` is there on secure pages only. */
export const freshName = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte, i) => ([4, 6, 8, 10].includes(i) ? '-' : '') + byte.toString(16).padStart(2, '0')).join('');

/** The clients watched here before, the last one first. @returns {string[]} */
export function known() {
	try {
		return JSON.parse(localStorage.getItem(KNOWN) ?? '[]').filter(isName);
	} catch {
		return [];
	}
}

/** @param {string} client */
export const remember = (client) => localStorage.setItem(KNOWN, JSON.stringify([client, ...known().filter((name) => name !== client)].slice(0, KNOWN_MAX)));

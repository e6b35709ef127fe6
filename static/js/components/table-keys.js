// Which key does what while the table has the focus. Pure.

/** @typedef {{ rows?: number, columns?: number, screens?: number, act?: string }} KeyAction  a move, without end to an edge, or something to do */

/** @type {Record<string, KeyAction>} */
const KEYS = {
	ArrowUp: { rows: -1 }, ArrowDown: { rows: 1 }, ArrowLeft: { columns: -1 }, ArrowRight: { columns: 1 }, PageUp: { screens: -1 }, PageDown: { screens: 1 }, Home: { columns: -Infinity }, End: { columns: Infinity },
	Enter: { act: 'open' }, i: { act: 'about' }, c: { act: 'list' }, '/': { act: 'search' }, o: { act: 'only' }, y: { act: 'copyRow' }, n: { act: 'next' }, p: { act: 'previous' }, f: { act: 'follow' }, g: { act: 'jump' }, d: { act: 'density' }, '?': { act: 'keys' },
};
/** @type {Record<string, KeyAction>} */
const WITH_CTRL = { Home: { rows: -Infinity }, End: { rows: Infinity }, c: { act: 'copy' } };
/** @type {Record<string, KeyAction>} */
const WITH_SHIFT = { ArrowLeft: { act: 'narrower' }, ArrowRight: { act: 'wider' } };

/** @param {{ key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean }} event @returns {KeyAction | undefined} */
export const keyAction = ({ key, ctrlKey, metaKey, altKey, shiftKey }) => (altKey ? undefined : ctrlKey || metaKey ? WITH_CTRL[key] : (shiftKey && WITH_SHIFT[key]) || KEYS[key]);

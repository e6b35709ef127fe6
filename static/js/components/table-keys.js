// Which key does what while the table has the focus. Pure.

/** @typedef {{ rows?: number, columns?: number, screens?: number, row?: 'first' | 'last', column?: 'first' | 'last', act?: 'open' | 'next' | 'previous' | 'follow' | 'jump' | 'density' | 'keys' }} KeyAction  a move, an edge, or something to do */

/** @type {Record<string, KeyAction>} */
const KEYS = {
	ArrowUp: { rows: -1 }, ArrowDown: { rows: 1 }, ArrowLeft: { columns: -1 }, ArrowRight: { columns: 1 }, PageUp: { screens: -1 }, PageDown: { screens: 1 }, Home: { column: 'first' }, End: { column: 'last' },
	Enter: { act: 'open' }, n: { act: 'next' }, p: { act: 'previous' }, f: { act: 'follow' }, g: { act: 'jump' }, d: { act: 'density' }, '?': { act: 'keys' },
};
/** @type {Record<string, KeyAction>} */
const WITH_CTRL = { Home: { row: 'first' }, End: { row: 'last' } };

/** @param {{ key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean }} event @returns {KeyAction | undefined} */
export const keyAction = ({ key, ctrlKey, metaKey, altKey }) => (altKey ? undefined : (ctrlKey || metaKey ? WITH_CTRL : KEYS)[key]);

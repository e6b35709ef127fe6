// All the page knows, and how an action changes it. Pure: (state, action) → state, no DOM, no clock, no network.
//
// Rows and the list of problems are not here: they are too many (row-source.js, problem-index.js). Uploads keep the server's
// names for their fields. What arrives late or twice must not take anything back, so counts only rise and a final stage stays.

import { sentence } from './format.js';
import { closed, sampled } from './meter.js';

/** @typedef {{ delimiter: string, quote: string | null, escape: 'doubled' | 'backslash', encoding: string, compression?: string, byte_order_mark: boolean, line_end: string, comment?: string, trim: boolean, decimal?: string,
 *   null_values?: string[], preamble_lines: number, header_rows: number, repair: 'off' | 'report' | 'fix', examined_bytes: number, sure_percent: number, why: string[], columns: string[] }} Reading */
/** @typedef {{ name: string, type: string, rows: number, nulls: number, distinct: number, min: string | null, max: string | null, examples: string[] }} Profile  of one column, as far as the file was examined before its first row */
/** @typedef {{ delimiter?: string, quote?: string, escape?: string, encoding?: string, header_rows?: number, skip_rows?: number, comment?: string, null_values?: string[], trim?: boolean, decimal?: string, repair?: string }} Said  how it is to be read, as somebody said */
/** @typedef {{ id: string, client: string, filename: string, stage: 'receiving' | 'understood' | 'reading' | 'done' | 'failed' | 'cancelled' | 'interrupted', percent: number | null,
 *   received_bytes: number, read_bytes: number, total_bytes: number | null, rows: number, problems: number, problems_by_code: Record<string, number>, columns: string[],
 *   reading: Reading | null, profile: Profile[] | null, options: Said, hold: boolean, source: string | null, failure: { code: string, message: string } | null, created_at: string, updated_at: string, resume?: string | null, seconds?: number, meter?: import('./meter.js').Meter }} Upload */
/** @typedef {{ name: string, size: number, sent: number, upload: string | null, startedAt: number, error: { title: string, text: string } | null, over: boolean,
 *   hold: 'lost' | 'paused' | null, why: string | null }} Sending  `hold`: nothing is on its way; `why`: when it was not a person who paused it */
/** @typedef {{ key: number, name: string, size: number }} Waiting  a file that is sent after those before it */
/** @typedef {{ state: 'connecting' | 'live' | 'behind' | 'reconnecting' | 'offline' | 'refused', retryAt: number | null, lastId: string | null, newest: number | null }} Connection  `newest`: number of the last event there was when it was made */
/** @typedef {{ key: number, at: number, level: string, message: string, upload: string | null, action: { text: string, act: string, id?: string } | null }} Toast */
/** @typedef {{ kind: string, data: any }} StreamEvent */
/** @typedef {{ client: string, uploads: Map<string | null, Upload>, order: string[], next: string | null, listed: boolean, selected: string | null, follow: boolean,
 *   sending: Sending | null, queue: Waiting[], sizeMax: number | null, connection: Connection, toasts: Toast[], messages: Toast[], gap: { events: number | null } | null,
 *   left: string | null, refused: string | null, reread: { id: string, options: Said } | null, access: import('./access.js').Access | null }} State
 *   `follow`: a new upload of this client is shown as soon as it begins; `left`: what this tab was sending before it was loaded again; `refused`: why the chosen file cannot go on;
 *   `reread`: the upload whose bytes are about to be read as a new one, and how */
/** @typedef {{ type: string, [key: string]: any }} Action */

const MESSAGES_KEPT = 50;
/** What is not gone back from; `interrupted` is none of them. */
const ORDER = ['receiving', 'understood', 'reading', 'done', 'failed', 'cancelled'];

/** @param {{ stage: string } | undefined} upload */
export const isRunning = (upload) => ['receiving', 'understood', 'reading'].includes(/** @type {string} */ (upload?.stage));

/** @param {string} client @returns {State} */
export const initial = (client) => ({
	client, uploads: new Map(), order: [], next: null, listed: false, selected: null, follow: true, sending: null, queue: [], sizeMax: null,
	connection: { state: 'connecting', retryAt: null, lastId: null, newest: null }, toasts: [], messages: [], gap: null, left: null, refused: null, reread: null, access: null,
});

/** Whether it waits for somebody to say that it is understood rightly. @param {Upload | undefined} upload */
export const isHeld = (upload) => upload?.stage === 'understood' && upload.hold;

/** What this page does for an upload, as long as it does. @param {Upload | undefined} upload @param {Sending | null} sending */
export const mineOf = (upload, sending) => (upload && sending?.upload === upload.id && !sending.over && (isRunning(upload) || upload.stage === 'interrupted') ? sending : null);

/** What the stage shows: sent is not read, so "reading" is said only when every byte has left; a pause is no fault. @param {Upload} upload @param {Pick<State, 'sending' | 'left'>} state */
export function phaseOf(upload, { sending, left }) {
	const mine = mineOf(upload, sending);
	if (!mine && !isRunning(upload)) return upload.stage;
	const whole = mine ? mine.size : upload.total_bytes;
	if (whole !== null && Math.max(upload.received_bytes, mine && !mine.hold ? mine.sent : 0) >= whole) return isHeld(upload) ? 'understood' : 'reading';
	if (mine?.hold === 'paused') return 'paused';
	return (mine ? mine.hold : left === upload.id) ? 'interrupted' : isHeld(upload) ? 'understood' : 'receiving';
}

/** Whether it waits for somebody to choose its file. @param {Upload} upload @param {State} state */
export const waitsForFile = (upload, state) => !mineOf(upload, state.sending) && phaseOf(upload, state) === 'interrupted' && Boolean(upload.resume || state.left === upload.id);

/** Whether this page sends something, or holds it. @param {Pick<State, 'sending'>} state */
export const isBusy = ({ sending }) => sending !== null && !sending.over;

/** Whether something would be lost with this page: bytes that are on their way, files that wait. @param {State} state */
export const isSending = ({ sending, queue }) => queue.length > 0 || (sending !== null && !sending.over && !sending.hold && sending.sent < sending.size);

/** How many events are still to come of those there were when the connection was made; null while that is not known. @param {Connection} connection */
export const behindBy = ({ newest, lastId }) => (newest === null || !lastId ? null : Math.max(0, newest - Number(lastId.split('-')[1])));

/** What this page is sending, as long as no upload of the server stands for it. @param {State} state */
export const localSending = ({ sending, uploads }) => (sending && (sending.upload === null || !(sending.over || uploads.has(sending.upload))) ? sending : null);

/** @param {State} state */
export const selectedUpload = ({ selected, uploads }) => (selected === null ? undefined : uploads.get(selected));

/** @type {Record<string, (state: State, action: any) => State>} */
const ACTIONS = {
	client: ({ sizeMax, messages, access }, { client }) => ({ ...initial(client), sizeMax, messages, access }),
	access: (state, { access }) => (state.access === access ? state : { ...state, access }),
	limit: (state, { sizeMax }) => ({ ...state, sizeMax }),
	events: (state, { events, at }) => events.reduce((now, { kind, data }) => EVENTS[kind]?.(now, data, at) ?? now, state),
	listed: (state, { uploads, next, older }) => {
		const known = uploads.reduce((now, upload) => put(now, upload.id, upload), state);
		const ids = uploads.map(({ id }) => id);
		// What began after the list was made stays before it.
		const others = known.order.filter((id) => !ids.includes(id) && (older || isRunning(known.uploads.get(id)) || id > ids[0]));
		return { ...known, order: [...others, ...ids], next, listed: true };
	},
	fetched: (state, { upload }) => {
		const known = state.uploads.get(upload.id);
		// It may have gone on since that was asked: that it stopped is for the stream to say.
		return known ? put(state, upload.id, isRunning(known) && upload.stage === 'interrupted' ? { ...upload, stage: known.stage } : upload) : state;
	},
	deleted: (state, { id }) => {
		const uploads = new Map(state.uploads);
		uploads.delete(id);
		return { ...state, uploads, order: state.order.filter((one) => one !== id), selected: state.selected === id ? null : state.selected, toasts: state.toasts.filter((one) => one.upload !== id) };
	},
	select: (state, { id, follow }) => ({ ...state, selected: id, follow, refused: null, sending: state.sending?.over ? null : state.sending }),
	/** What a person sends is shown at once, where nothing is before it. `first`: it goes before those that wait. */
	queued: (state, { files, first }) => ({ ...state, queue: first ? [...files, ...state.queue] : [...state.queue, ...files], follow: state.follow || !isBusy(state) }),
	unqueued: (state, { key }) => ({ ...state, queue: state.queue.filter((one) => one.key !== key) }),
	/** `upload`: the one it goes on with; `key`: its place among those that waited. */
	sendStarted: (state, { name, size, at, upload = null, key }) => ({
		...ACTIONS.unqueued(state, { key }), selected: state.follow ? upload : state.selected, refused: null, left: state.left === upload ? null : state.left,
		sending: { name, size, sent: state.uploads.get(upload)?.received_bytes ?? 0, upload, startedAt: at, error: null, over: false, hold: null, why: null },
	}),
	/** The server has a name for what is being sent; it may have told it by the stream before. */
	sendBegun: (state, { upload }) => (state.sending ? { ...state, sending: { ...state.sending, upload }, selected: state.follow && state.uploads.has(upload) ? upload : state.selected } : state),
	sendNews: (state, { state: now, sent, why }) => {
		if (!state.sending || state.sending.over) return state;
		const { size, sent: before } = state.sending;
		return { ...state, sending: { ...state.sending, sent: Math.min(sent ?? before, size), hold: now === 'going' ? null : now, why: why?.message ?? null } };
	},
	sendEnded: (state, { upload, error }) => {
		if (!state.sending) return state;
		const now = upload ? put(state, upload.id, upload) : state;
		const id = state.sending.upload ?? upload?.id ?? null;
		return { ...now, sending: { ...state.sending, upload: id, error, over: true }, selected: now.selected ?? (now.follow && now.uploads.has(id) ? id : null) };
	},
	left: (state, { id }) => ({ ...state, left: id }),
	refused: (state, { why }) => ({ ...state, refused: why }),
	reread: (state, { reread }) => ({ ...state, reread }),
	connection: (state, { connection }) => ({ ...state, connection }),
	toast: (state, action) => EVENTS.toast(state, action, action.at),
	toastClosed: (state, { key }) => ({ ...state, toasts: state.toasts.filter((one) => one.key !== key) }),
	gapClosed: (state) => ({ ...state, gap: null }),
};

/** @param {State} state @param {Action} action @returns {State} */
export const reduce = (state, action) => ACTIONS[action.type](state, action);

/** @type {Record<string, (state: State, data: any, at: number) => State>} */
const EVENTS = {
	stage: (state, { upload: id, code, message, ...data }, at) => {
		const now = new Date(at).toISOString();
		const known = state.uploads.get(id);
		const news = { ...data, updated_at: now };
		if (!known) Object.assign(news, { created_at: now, meter: [{ at, rows: 0, bytes: 0 }] });
		if (code) news.failure = { code, message };
		if (!isRunning(data)) state = { ...state, left: state.left === id ? null : state.left, toasts: state.toasts.filter((one) => one.upload !== id || !one.action) };
		if (data.stage === 'done') news.percent = 100;
		if (!isRunning(data) && known?.meter) news.meter = closed(known.meter, { at, rows: data.rows, bytes: data.read_bytes });
		// The newest one may have been listed before its beginning is replayed.
		if (data.stage !== 'receiving' || (known && state.order[0] !== id)) return put(state, id, news);
		// The stream does not say whose bytes they are.
		const { reread } = state;
		if (!reread || state.uploads.get(reread.id)?.filename !== data.filename) return begun(put(state, id, news), id);
		return { ...put(state, id, { ...news, source: reread.id, options: reread.options, received_bytes: data.total_bytes }), selected: id, follow: true, reread: null };
	},
	progress: (state, { upload: id, ...data }, at) => {
		const known = state.uploads.get(id);
		if (known && !isRunning(known)) return state;
		return put(state, id, { ...data, meter: sampled(known?.meter ?? [], { at, rows: data.rows, bytes: data.read_bytes }) });
	},
	profile: (state, { upload, columns }) => put(state, upload, { profile: columns }),
	// Rows came as events: the count may be ahead of the next progress.
	rows: (state, { upload, rows }) => (state.uploads.has(upload) ? put(state, upload, { rows: rows.at(-1).row }) : state),
	// Of one upload only the last word stands, and an offer while it can be taken; the same words stand once.
	toast: (state, { message: said, level, upload = null, action = null }, at) => {
		// What this page has a hand in, its card says: a pause is nothing to warn of.
		if (upload !== null && state.sending?.hold && state.sending.upload === upload && !action && level === 'warning') return state;
		// Behind how far it came the server says why it failed.
		const message = level === 'error' ? said.replace(/( rows?\. )(.*)/s, (_, rows, why) => rows + sentence(why)) : said;
		const toast = { key: (state.messages.at(-1)?.key ?? 0) + 1, at, message, level, upload, action };
		const others = state.toasts.filter((one) => one.action || (upload === null ? one.message !== message : one.upload !== upload));
		return { ...state, toasts: [...others, toast], messages: [...state.messages, toast].slice(-MESSAGES_KEPT) };
	},
	gap: (state, { from, to }) => {
		const [[epoch, n], [epochTo, nTo]] = [from.split('-'), to.split('-')];
		return { ...state, gap: { events: epoch === epochTo && nTo - n >= 0 ? nTo - n : null } };
	},
};

/** A new upload of this client: it is shown if it is the one being sent, or if the page follows and sends nothing. @param {State} state @param {string} id @returns {State} */
function begun(state, id) {
	const shown = state.follow && (!isBusy(state) || state.sending?.upload === id);
	return shown ? { ...state, selected: id } : state;
}

const BLANK = { filename: '', stage: 'receiving', percent: null, received_bytes: 0, read_bytes: 0, total_bytes: null, rows: 0, problems: 0, problems_by_code: {}, columns: [], reading: null, profile: null, options: {}, hold: false, source: null, failure: null, created_at: new Date(0).toISOString(), updated_at: new Date(0).toISOString() };

/** Merges what is known of an upload; counts only rise, and a final stage is not left by late news. @param {State} state @param {string} id @param {Partial<Upload>} news @returns {State} */
function put(state, id, news) {
	const known = state.uploads.get(id);
	const before = /** @type {Upload} */ (known ?? { id, client: state.client, ...BLANK });
	const merged = { ...before, ...news };
	for (const field of /** @type {const} */ (['rows', 'problems', 'received_bytes', 'read_bytes'])) merged[field] = Math.max(before[field], news[field] ?? 0);
	const late = isRunning(merged) && ORDER.indexOf(merged.stage) < ORDER.indexOf(before.stage);
	if (merged.stage !== 'interrupted') merged.resume = null;
	if (isRunning(merged)) merged.failure = null;
	if (merged.failure) merged.failure = { ...merged.failure, message: sentence(merged.failure.message) };
	if (late) Object.assign(merged, { stage: before.stage, percent: before.percent });
	if (!merged.columns.length) merged.columns = before.columns;
	merged.reading ??= before.reading;
	merged.profile ??= before.profile;
	return { ...state, uploads: new Map(state.uploads).set(id, merged), order: known || state.order.includes(id) ? state.order : [id, ...state.order] };
}

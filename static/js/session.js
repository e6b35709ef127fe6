// One client as this page sees it: its stream, its uploads, the one that is shown, the one that is being sent. No DOM.

import { shutOf } from './access.js';
import * as api from './api.js';
import { Opened } from './opened.js';
import { sentence } from './format.js';
import { isBusy, isHeld, isRunning, isSending, selectedUpload, waitsForFile } from './state.js';
import { Signed } from './signed.js';
import { Stream } from './stream.js';
import { OtherFile, SIGNED_OUT, Tus } from './tus.js';
import { difference, forget, keep, notes, printOf } from './unfinished.js';
import { cancelAsk, drop, history, remove, resume, signIn } from './words.js';

/** What was being sent when the page went away, for the page that comes after it. */
const MARK = 'rowcast.sending';

const QUIET_MS = 1000;

/** Whether what is sent waits until somebody has seen how it is understood: there or not. */
export const CHECK = 'rowcast.check';

/** Stands for an upload that is no more, so that this is said once. */
const GONE = 'gone';

/** Events: `opened` when another upload is shown, `rows` and `problems` when more of it is here; `ready` when nothing is watched yet. */
export class Session extends EventTarget {
	/** @type {Opened | null} */
	opened = null;
	#store;
	/** @type {Stream | null} */
	#stream = null;
	/** @type {Tus | null} */
	#tus = null;
	#quiet = 0;
	/** The file last sent. @type {any} */
	#file = null;
	/** Files of uploads that are not done, while the page lives. @type {Map<string, File>} */
	#files = new Map();
	/** By key: what waits. `upload` is what it goes on with, if that is known. @type {Map<number, { file: File, upload: string | null, anew: boolean, said: Record<string, string> }>} */
	#waiting = new Map();
	#keys = 0;
	/** Whether what is sent waits for somebody to sign in. */
	#out = false;

	/** @param {import('./store.js').Store} store */
	constructor(store) {
		super();
		this.#store = store;
		api.sizeMax().then((sizeMax) => store.dispatch({ type: 'limit', sizeMax }), () => {});
		this.signed = new Signed(store);
		this.signed.addEventListener('may', (/** @type {any} */ { detail }) => this.#goOn(detail));
	}

	get #state() { return this.#store.state; }
	/** Also what goes on unseen after a change of client. */
	get isSending() { return isSending(this.#state) || (!this.#state.sending && this.#tus !== null); }
	get isBusy() { return isBusy(this.#state); }

	/** What waited for somebody to sign in. @param {boolean} anew whether there may be more of everything */
	#goOn(anew) {
		const { selected, connection } = this.#state;
		if (!this.#stream) return this.dispatchEvent(new Event('ready'));
		if (shutOf(this.#state)) return;
		if (connection.state === 'refused') this.#stream.retryNow();
		if (this.#out) this.resume();
		if (!anew) return;
		this.list();
		if (selected !== null) this.#refresh(selected);
		this.opened?.dispatchEvent(new Event('rows'));
	}

	/** @param {string} client @param {string | null} upload shown first, if there is such a one */
	async watch(client, upload) {
		this.#stream?.close();
		this.#stream = null;
		const { length } = this.#state.queue;
		this.#waiting.clear();
		this.#dispatch({ type: 'client', client });
		// They were meant for the other one.
		if (length) this.#store.toast(drop.dropped(length), 'warning');
		if (shutOf(this.#state)) return;
		const stream = this.#stream = new Stream(client);
		let begun = () => {};
		const first = new Promise((resolve) => { begun = () => resolve(null); });
		stream.addEventListener('batch', (/** @type {any} */ { detail }) => this.#take(detail));
		stream.addEventListener('state', (/** @type {any} */ { detail: connection }) => {
			const was = this.#state.connection;
			this.#store.dispatch({ type: 'connection', connection });
			if (connection.state !== 'connecting') begun();
			if (was.state !== connection.state && [was.state, connection.state].includes('refused')) this.signed.ask();
			else if (isLost(was) && !isLost(connection)) this.list();
		});
		// What is listed after the stream has begun is added to by the stream: nothing falls between the two.
		await first;
		await this.list();
		if (this.#state.client === client && this.#state.selected === null && !this.#state.sending) this.#first(upload);
	}

	/** What a page shows first: what the link names, what was being sent when it was left, what runs, what this browser left unfinished. */
	#first(named) {
		const { client, uploads, order } = this.#state;
		const left = JSON.parse(sessionStorage.getItem(MARK) ?? 'null');
		sessionStorage.removeItem(MARK);
		const mine = left?.client === client && uploads.has(left.upload) ? left.upload : null;
		if (mine && isRunning(uploads.get(mine))) this.#dispatch({ type: 'left', id: mine });
		const open = notes().filter(({ id }) => uploads.get(id)?.resume).map(({ id }) => id);
		if (named && !uploads.has(named)) return this.open(named);
		const id = named || mine || order.find((one) => isRunning(uploads.get(one))) || open[0];
		if (id) this.select(id, id === order[0]);
	}

	/** The newest uploads, or those before one. @param {string | null} [before] */
	async list(before = null) {
		const { client } = this.#state;
		try {
			const { uploads, next } = await api.uploads(client, before);
			if (this.#state.client === client) this.#dispatch({ type: 'listed', uploads, next, older: before !== null });
		} catch ({ status }) {
			if (!this.#state.listed && status !== SIGNED_OUT) this.#store.toast(history.failedList, 'error');
		}
	}

	/** Shows an upload of this client, also one that is not listed yet. @param {string} id */
	async open(id) {
		const { client, uploads, next } = this.#state;
		if (!uploads.has(id)) {
			const upload = await api.upload(id).catch(() => null);
			if (this.#state.client !== client) return;
			if (upload?.client !== client) return this.#store.toast(history.notKept, 'warning');
			this.#dispatch({ type: 'listed', uploads: [upload], next, older: true });
		}
		this.select(id, isRunning(this.#state.uploads.get(id)));
	}

	/** @param {string | null} id @param {boolean} follow whether new uploads may take its place */
	select(id, follow) {
		this.#dispatch({ type: 'select', id, follow });
		if (id !== null) this.#refresh(id);
	}

	/** Sends files one after the other. The file of the one that is held goes on with it. @param {File[]} files @param {{ upload?: string | null, anew?: boolean, said?: Record<string, string> }} [how] `said`: how they are to be read */
	send(files, { upload = null, anew = false, said = {} } = {}) {
		const { sending } = this.#state;
		const held = this.isBusy && sending?.hold && files.find((file) => ['name', 'size', 'lastModified'].every((field) => this.#file[field] === file[field]));
		if (held) this.resume();
		const more = files.filter((file) => file !== held).map((file) => {
			this.#waiting.set(++this.#keys, { file, upload, anew, said: { ...(localStorage.getItem(CHECK) && { hold: 'review' }), ...said } });
			return { key: this.#keys, name: file.name, size: file.size };
		});
		if (!more.length) return;
		const before = this.isBusy ? sending : null;
		const waiting = more.length - (before ? 0 : 1);
		this.#dispatch({ type: 'queued', files: more, first: anew });
		if (waiting) this.#store.toast((before?.hold === 'paused' ? drop.paused : drop.busy)(waiting, (before ?? more[0]).name));
		this.#next();
	}

	/** Takes a file away that waits. @param {number} key */
	unqueue(key) {
		this.#waiting.delete(key);
		this.#dispatch({ type: 'unqueued', key });
		this.#next();
	}

	/** Begins with the first that waits, if nothing is before it: as the rest of an unfinished upload, if it is the file of one. */
	async #next() {
		const [first] = this.#state.queue;
		if (!first || this.isBusy) return;
		const { file, upload, anew, said } = /** @type {any} */ (this.#waiting.get(first.key));
		const found = upload || anew ? null : await this.#unfinishedBy(file);
		// Meanwhile it may have been taken away, or another one begun.
		if (this.isBusy || this.#state.queue[0] !== first) return;
		this.#waiting.delete(first.key);
		this.#run(file, upload ?? found, first.key, said);
		if (found) this.#store.toast(resume.goesOn(file.name), 'info', { upload: found, action: { text: resume.anew, act: 'anew', id: found } });
	}

	/** The upload that waits for this file. @returns {Promise<string | null>} */
	async #unfinishedBy(file) {
		const waits = ({ id, client, name, size }) => client === this.#state.client && name === file.name && size === file.size && this.#state.uploads.has(id) && waitsForFile(this.#state.uploads.get(id), this.#state);
		const found = notes().filter(waits);
		if (!found.length) return null;
		const print = await printOf(file);
		return found.find((note) => difference(note, print) === null)?.id ?? null;
	}

	/** Goes on with an upload, if the file is the one. @param {string} id @param {File} file */
	async goOn(id, file) {
		this.select(id, true);
		const { filename } = this.#state.uploads.get(id);
		const note = notes().find((one) => one.id === id);
		const print = await printOf(file);
		// Of an upload begun elsewhere only the name is known here; its length the server knows.
		const wrong = note ? difference(note, print) : filename !== '' && filename !== file.name ? 'name' : null;
		if (wrong) this.#dispatch({ type: 'refused', why: resume.other[wrong](print, note ?? { name: filename }) });
		else this.send([file], { upload: id });
	}

	/** Goes on with an upload whose file is still at hand; false if it is not. @param {string} id */
	goOnAtHand(id) {
		const file = this.#files.get(id);
		if (file) this.goOn(id, file);
		return file !== undefined;
	}

	/** What goes on is left as it is, and its file sent from the beginning. @param {string} id */
	anew(id) {
		if (this.isBusy && this.#state.sending?.upload === id) this.#end(null, null);
		this.sendAgain(id);
	}

	/** Sends a file again, if this page still has it. @param {string} id @param {Record<string, string>} [said] */
	sendAgain(id, said) {
		const file = this.#files.get(id);
		if (file) this.send([file], { anew: true, said });
		return file !== undefined;
	}

	/** @param {File} file @param {string | null} upload the one to go on with @param {number} key @param {Record<string, string>} said */
	async #run(file, upload, key, said) {
		const { client } = this.#state;
		this.#file = file;
		this.#dispatch({ type: 'sendStarted', name: file.name, size: file.size, at: Date.now(), upload, key });
		let id = /** @type {any} */ (upload);
		if (id) this.#files.set(id, file);
		const begun = async (path) => {
			id = path.split('/').at(-1);
			this.#files.set(id, file);
			if (this.#tus === tus) this.#dispatch({ type: 'sendBegun', upload: id });
			keep({ ...await printOf(file), id, client });
		};
		// After a change of client it goes on unseen, and says nothing of what is sent since.
		const tell = (news) => {
			if (this.#tus !== tus) return;
			const out = news.why?.status === SIGNED_OUT;
			this.#store.dispatch({ type: 'sendNews', ...news, ...(out && { why: { message: signIn.held } }) });
			if (!out) return;
			this.#out = true;
			this.signed.ask();
		};
		const tus = this.#tus = new Tus(file, { said: { ...said, client }, path: upload && `/files/${upload}`, begun, tell });
		try {
			if (await tus.run() && this.#tus === tus) this.#end(id && await api.upload(id).catch(() => null), null);
		} catch (error) {
			if (this.#tus === tus) this.#failed(file, id, error);
		}
	}

	async #failed(file, id, error) {
		const { status, title = resume.stopped } = error;
		const message = sentence(error.message);
		const other = error instanceof OtherFile && resume.other[error.has === null ? 'changed' : error.whole ? 'size' : 'shorter'](file, { size: error.has });
		const gone = status === 404 || status === 410;
		// The card says it, unless it is the next one's at once.
		const card = (other || !id) && !this.#state.queue.length;
		this.#end(null, id ? null : { title: other || title, text: other ? '' : message });
		if (other) {
			this.#files.delete(id);
			this.#dispatch({ type: 'refused', why: other });
		}
		if (id && gone) {
			forget(id);
			this.#gone(id, file.name);
		}
		if (id && !other) await this.#refresh(id);
		// Of one that it has taken as failed the server tells itself.
		if (!card && !(id && gone) && this.#state.uploads.get(id)?.stage !== 'failed') this.#store.toast(resume.notSent(file.name, other || `${title}. ${message}`), 'error');
	}

	#gone(id, name) {
		this.#end(null, null);
		this.#store.toast(resume.gone(name), 'error', { upload: GONE, action: { text: resume.anew, act: 'anew', id } });
	}

	/** Nothing is sent any more; what waits goes on, unless something else is begun right now. */
	#end(upload, error) {
		this.#tus?.stop();
		this.#tus = null;
		this.#dispatch({ type: 'sendEnded', upload, error });
		queueMicrotask(() => this.#next());
	}

	pause() { this.#tus?.pause(); }
	resume() {
		this.#out = false;
		this.#tus?.resume();
	}

	/** Stops the upload that is shown. */
	async cancel() {
		const { sending, selected } = this.#state;
		const mine = isBusy(this.#state) && (selected === null || sending?.upload === selected);
		const tus = this.#tus;
		// What its request is answered from here on is no news.
		if (mine) this.#tus = null;
		try {
			if (selected !== null) this.#dispatch({ type: 'fetched', upload: await api.cancel(selected) });
		} catch ({ status }) {
			if (status !== 409) {
				if (mine) this.#tus ??= tus;
				return this.#store.toast(cancelAsk.failed, 'error');
			}
		}
		if (!mine) return;
		tus?.stop();
		// That it was cancelled may have been told by the stream, and the next one begun.
		if (this.#tus || !this.isBusy) return;
		this.#end(null, null);
		if (sending.upload === null) this.select(null, true);
	}

	/** What is held is understood rightly. @param {string} id */
	async next(id) {
		try {
			this.#dispatch({ type: 'fetched', upload: await api.next(id) });
		} catch ({ status, message }) {
			if (status !== 409) this.#store.toast(sentence(message), 'error');
		}
	}

	/** @param {string} id */
	async remove(id) {
		const { filename } = this.#state.uploads.get(id);
		try {
			await api.remove(id);
			this.#dispatch({ type: 'deleted', id });
			this.#store.toast(remove.gone(filename));
		} catch ({ message }) {
			this.#store.toast(`${remove.failed} ${message}`, 'error');
		}
	}

	retryNow() {
		this.#stream?.retryNow();
		this.#tus?.nudge();
	}

	/** The page goes away: leaves the stream to the other tabs, and a note if something is still being sent. */
	leave() {
		const { sending, client } = this.#state;
		if (isBusy(this.#state)) sessionStorage.setItem(MARK, JSON.stringify({ client, upload: sending?.upload }));
		this.#tus?.stop();
		this.#stream?.close();
	}

	#take(events) {
		this.#dispatch({ type: 'events', events, at: Date.now() }, events);
		this.opened?.take(events);
		for (const { kind, data } of events) {
			if (kind === 'stage' && !isRunning(data)) this.#ended(data);
			// Whether it is held, and what was said of it, the stream does not tell.
			if (kind === 'stage' && data.stage === 'understood' && isRunning(this.#state.uploads.get(data.upload))) this.#refresh(data.upload);
			// Of the last bytes of a held one no event needs to tell.
			if (kind === 'progress' && isHeld(this.#state.uploads.get(data.upload))) {
				clearTimeout(this.#quiet);
				this.#quiet = setTimeout(() => this.#refresh(data.upload), QUIET_MS);
			}
		}
		if (events.some(({ kind }) => kind === 'gap')) this.list();
	}

	/** Applies an action, opens what is selected by it, and tells that what is known now. */
	#dispatch(action, events = []) {
		this.#store.dispatch(action);
		const upload = selectedUpload(this.#state);
		if (upload && upload.id === this.opened?.id) return this.opened.update(upload);
		if (!upload && !this.opened) return;
		this.opened?.close();
		// Nothing is sent before an upload has its name: no event of it can have been missed.
		const fromEvents = action.type === 'sendBegun' || events.some(({ kind, data }) => kind === 'stage' && data.stage === 'receiving' && data.upload === upload?.id);
		this.opened = upload ? new Opened(upload, { fromEvents, live: fromEvents || this.#state.sending?.upload === upload.id }) : null;
		for (const type of ['rows', 'problems']) this.opened?.addEventListener(type, () => this.dispatchEvent(new Event(type)));
		this.opened?.rows.addEventListener('gone', () => this.#refresh(upload?.id), { once: true });
		this.dispatchEvent(new Event('opened'));
	}

	#ended({ upload: id, stage }) {
		this.#refresh(id);
		if (stage === 'interrupted') return;
		forget(id);
		if (stage === 'done') this.#files.delete(id);
		if (this.#state.sending?.upload !== id || !this.isBusy) return;
		if (stage === 'done') this.#tus?.nudge();
		else this.#end(null, null);
	}

	/** What only the upload itself says, such as problems by code. */
	async #refresh(id) {
		try {
			this.#dispatch({ type: 'fetched', upload: await api.upload(id) });
		} catch ({ status }) {
			if (status !== 404) return;
			const { sending, uploads } = this.#state;
			if (sending?.upload === id && uploads.get(id)?.stage !== 'done') this.#gone(id, sending.name);
			else this.#store.toast(history.notKept, 'warning');
			forget(id);
			this.#dispatch({ type: 'deleted', id });
		}
	}
}

/** @param {{ state: string }} connection */
export const isLost = ({ state }) => state === 'reconnecting' || state === 'offline';

// One client as this page sees it: its stream, its uploads, the one that is shown, the one that is being sent. No DOM.

import * as api from './api.js';
import { Opened } from './opened.js';
import { isHeld, isRunning, isSending, selectedUpload, waitsForFile } from './state.js';
import { Stream } from './stream.js';
import { OtherFile, Tus } from './tus.js';
import { difference, forget, keep, notes, printOf } from './unfinished.js';
import { cancelAsk, drop, history, remove, resume } from './words.js';

/** What was being sent when the page went away, for the page that comes after it. */
const MARK = 'rowcast.sending';

const QUIET_MS = 1000;

/** Whether what is sent waits until somebody has seen how it is understood: there or not. */
export const CHECK = 'rowcast.check';

/** Stands for an upload that is no more, so that this is said once. */
const GONE = 'gone';

/** Events: `opened` when another upload is shown, `rows` and `problems` when more of it is here. */
export class Session extends EventTarget {
	/** @type {Opened | null} */
	opened = null;
	#store;
	/** @type {Stream | null} */
	#stream = null;
	/** @type {Tus | null} */
	#tus = null;
	#quiet = 0;
	/** The file last sent, while the page lives. @type {any} */
	#file = null;

	/** @param {import('./store.js').Store} store */
	constructor(store) {
		super();
		this.#store = store;
	}

	get #state() { return this.#store.state; }
	get isSending() { return isSending(this.#state); }

	/** @param {string} client @param {string | null} upload shown first, if there is such a one */
	async watch(client, upload) {
		this.#stream?.close();
		this.#dispatch({ type: 'client', client });
		const stream = this.#stream = new Stream(client);
		let begun = () => {};
		const first = new Promise((resolve) => { begun = () => resolve(null); });
		stream.addEventListener('batch', (/** @type {any} */ { detail }) => this.#take(detail));
		stream.addEventListener('state', (/** @type {any} */ { detail: connection }) => {
			const was = this.#state.connection;
			this.#store.dispatch({ type: 'connection', connection });
			if (connection.state !== 'connecting') begun();
			if (isLost(was) && !isLost(connection)) this.list();
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
		const id = (uploads.has(named) && named) || mine || order.find((one) => isRunning(uploads.get(one))) || open[0];
		if (id) this.select(id, id === order[0]);
	}

	/** The newest uploads, or those before one. @param {string | null} [before] */
	async list(before = null) {
		const { client } = this.#state;
		try {
			const { uploads, next } = await api.uploads(client, before);
			if (this.#state.client === client) this.#dispatch({ type: 'listed', uploads, next, older: before !== null });
		} catch {
			if (!this.#state.listed) this.#store.toast(history.failedList, 'error');
		}
	}

	/** @param {string | null} id @param {boolean} follow whether new uploads may take its place */
	select(id, follow) {
		this.#dispatch({ type: 'select', id, follow });
		if (id !== null) this.#refresh(id);
	}

	/** Sends a file: as the rest of an unfinished upload, if it is the file of one. @param {File} file @param {boolean} [anew] @param {Record<string, string>} [said] how it is to be read */
	async send(file, anew = false, said = {}) {
		const id = anew ? null : await this.#unfinishedBy(file);
		if (this.#isBusy(file)) return;
		this.#run(file, id, said);
		if (id) this.#store.toast(resume.goesOn(file.name), 'info', { upload: id, action: { text: resume.anew, act: 'anew' } });
	}

	/** One file at a time. The file of the one that is held goes on with it. @param {File} file */
	#isBusy(file) {
		const { sending } = this.#state;
		if (!sending || sending.over) return false;
		const mine = this.#file;
		if (sending.hold && ['name', 'size', 'lastModified'].every((field) => mine[field] === file[field])) this.resume();
		else this.#store.toast((sending.hold === 'paused' ? drop.paused : drop.busy)(sending.name), 'warning');
		return true;
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
		if (this.#isBusy(file)) return;
		if (wrong) this.#dispatch({ type: 'refused', why: resume.other[wrong](print, note ?? { name: filename }) });
		else this.#run(file, id);
	}

	/** Goes on with an upload whose file is still at hand; false if it is not. @param {string} id */
	goOnAtHand(id) {
		const at = this.#file && notes().find((note) => note.id === id);
		const same = at && at.name === this.#file.name && at.size === this.#file.size && at.time === this.#file.lastModified;
		if (same) this.goOn(id, this.#file);
		return Boolean(same);
	}

	/** What goes on is left as it is, and its file sent from the beginning. */
	anew() {
		this.#end(null, null);
		this.send(this.#file, true);
	}

	/** @param {File} file @param {string | null} upload the one to go on with @param {Record<string, string>} [said] */
	async #run(file, upload, said = {}) {
		const { client } = this.#state;
		this.#file = file;
		this.#dispatch({ type: 'sendStarted', name: file.name, size: file.size, at: Date.now(), upload });
		let id = /** @type {any} */ (upload);
		const begun = async (path) => {
			id = path.split('/').at(-1);
			if (this.#tus === tus) this.#dispatch({ type: 'sendBegun', upload: id });
			keep({ ...await printOf(file), id, client });
		};
		// After a change of client it goes on unseen, and says nothing of what is sent since.
		const tell = (news) => { if (this.#tus === tus) this.#store.dispatch({ type: 'sendNews', ...news }); };
		const tus = this.#tus = new Tus(file, { said: { ...(localStorage.getItem(CHECK) && { hold: 'review' }), ...said, client }, path: upload && `/files/${upload}`, begun, tell });
		try {
			if (await tus.run() && this.#tus === tus) this.#end(id && await api.upload(id).catch(() => null), null);
		} catch (error) {
			if (this.#tus === tus) this.#failed(file, id, error);
		}
	}

	#failed(file, id, error) {
		const { status, title, message } = error;
		if (error instanceof OtherFile) {
			this.#end(null, null);
			this.#dispatch({ type: 'refused', why: resume.other[error.has === null ? 'changed' : error.whole ? 'size' : 'shorter'](file, { size: error.has }) });
		} else if (id) {
			this.#end(null, null);
			if (status === 404 || status === 410) {
				forget(id);
				this.#gone(file.name);
			} else this.#store.toast(`${title}. ${message}`, 'error');
			this.#refresh(id);
		} else this.#end(null, { title: title ?? resume.stopped, text: message });
	}

	#gone(name) {
		this.#end(null, null);
		this.#store.toast(resume.gone(name), 'error', { upload: GONE, action: { text: resume.anew, act: 'anew' } });
	}

	/** Nothing is sent any more. */
	#end(upload, error) {
		this.#tus?.stop();
		this.#tus = null;
		this.#dispatch({ type: 'sendEnded', upload, error });
	}

	pause() { this.#tus?.pause(); }
	resume() { this.#tus?.resume(); }

	/** Sends the last file again, if this page still has it. @param {string} name @param {Record<string, string>} [said] */
	sendAgain(name, said) {
		const same = this.#file?.name === name;
		if (same) this.send(this.#file, true, said);
		return same;
	}

	/** Stops the upload that is shown. */
	async cancel() {
		const { sending, selected } = this.#state;
		const mine = sending && !sending.over && (selected === null || sending.upload === selected);
		const tus = this.#tus;
		// What its request is answered from here on is no news.
		if (mine) this.#tus = null;
		try {
			if (selected !== null) this.#dispatch({ type: 'fetched', upload: await api.cancel(selected) });
		} catch ({ status }) {
			if (status !== 409) {
				if (mine) this.#tus = tus;
				return this.#store.toast(cancelAsk.failed, 'error');
			}
		}
		if (!mine) return;
		tus?.stop();
		this.#dispatch({ type: 'sendEnded', upload: null, error: null });
		if (sending.upload === null) this.select(null, true);
	}

	/** What is held is understood rightly. @param {string} id */
	async next(id) {
		try {
			this.#dispatch({ type: 'fetched', upload: await api.next(id) });
		} catch ({ status, message }) {
			if (status !== 409) this.#store.toast(message, 'error');
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
		if (sending && !sending.over) sessionStorage.setItem(MARK, JSON.stringify({ client, upload: sending.upload }));
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
		const { sending } = this.#state;
		if (sending?.upload !== id || sending.over) return;
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
			if (sending?.upload === id && uploads.get(id)?.stage !== 'done') this.#gone(sending.name);
			else this.#store.toast(history.notKept, 'warning');
			forget(id);
			this.#dispatch({ type: 'deleted', id });
		}
	}
}

/** @param {{ state: string }} connection */
export const isLost = ({ state }) => state === 'reconnecting' || state === 'offline';

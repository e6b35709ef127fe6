// One client as this page sees it: its stream, its uploads, the one that is shown, the one that is being sent. No DOM.

import * as api from './api.js';
import { Opened } from './opened.js';
import { isRunning, isSending, selectedUpload } from './state.js';
import { Stream } from './stream.js';
import { cancelAsk, card, drop, history, remove } from './words.js';

/** What was being sent when the page went away, for the page that comes after it. */
const MARK = 'rowcast.sending';

/** Events: `opened` when another upload is shown, `rows` and `problems` when more of it is here. */
export class Session extends EventTarget {
	/** @type {Opened | null} */
	opened = null;
	#store;
	#stream = null;
	#request = null;
	/** The file last sent, while the page lives. */
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
		this.#stream = new Stream(client);
		let begun = () => {};
		const first = new Promise((resolve) => { begun = () => resolve(null); });
		this.#stream.addEventListener('batch', ({ detail }) => this.#take(detail));
		this.#stream.addEventListener('state', ({ detail: connection }) => {
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

	/** What a page shows first: what the link names, what was being sent when it was left, what runs. */
	#first(named) {
		const { client, uploads, order } = this.#state;
		const left = JSON.parse(sessionStorage.getItem(MARK) ?? '{}');
		sessionStorage.removeItem(MARK);
		const broken = left.client === client && order.find((id) => id === left.upload || uploads.get(id).filename === left.name);
		const id = (uploads.has(named) && named) || broken || order.find((one) => isRunning(uploads.get(one)));
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

	/** @param {File} file */
	async send(file) {
		if (this.#state.sending && !this.#state.sending.over) return this.#store.toast(drop.busy(this.#state.sending.name), 'warning');
		this.#file = file;
		this.#dispatch({ type: 'sendStarted', name: file.name, size: file.size, at: Date.now() });
		this.#request = api.send(this.#state.client, file, (sent) => this.#store.dispatch({ type: 'sendProgress', sent }));
		try {
			this.#dispatch({ type: 'sendEnded', upload: await this.#request.done, error: null });
		} catch ({ status, title, message }) {
			this.#dispatch({ type: 'sendEnded', upload: null, error: status ? { title, text: message } : { title: card.lost, text: card.lostText } });
		}
		this.#request = null;
	}

	/** Sends the last file again, if this page still has it. @param {string} name */
	sendAgain(name) {
		const same = this.#file?.name === name;
		if (same) this.send(this.#file);
		return same;
	}

	/** Stops the upload that is shown. */
	async cancel() {
		const { sending, selected } = this.#state;
		const mine = sending && !sending.over && (selected === null || sending.upload === selected);
		try {
			if (selected !== null) this.#dispatch({ type: 'fetched', upload: await api.cancel(selected) });
		} catch ({ status }) {
			if (status !== 409) this.#store.toast(cancelAsk.failed, 'error');
		}
		if (mine) this.#request?.abort();
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

	retryNow() { this.#stream?.retryNow(); }

	/** The page goes away: leaves the stream to the other tabs, and a note if something is still being sent. */
	leave() {
		const { sending, client } = this.#state;
		if (sending && !sending.over) sessionStorage.setItem(MARK, JSON.stringify({ client, name: sending.name, upload: sending.upload }));
		this.#stream?.close();
	}

	#take(events) {
		this.#dispatch({ type: 'events', events, at: Date.now() }, events);
		this.opened?.take(events);
		for (const { kind, data } of events) if (kind === 'stage' && !isRunning(data)) this.#refresh(data.upload);
		if (events.some(({ kind }) => kind === 'gap')) this.list();
	}

	/** Applies an action, opens what is selected by it, and tells that what is known now. */
	#dispatch(action, events = []) {
		this.#store.dispatch(action);
		const upload = selectedUpload(this.#state);
		if (upload && upload.id === this.opened?.id) return this.opened.update(upload);
		if (!upload && !this.opened) return;
		this.opened?.close();
		const fromEvents = events.some(({ kind, data }) => kind === 'stage' && data.stage === 'receiving' && data.upload === upload?.id);
		this.opened = upload ? new Opened(upload, { fromEvents, live: fromEvents || this.#state.sending?.upload === upload.id }) : null;
		for (const type of ['rows', 'problems']) this.opened?.addEventListener(type, () => this.dispatchEvent(new Event(type)));
		this.dispatchEvent(new Event('opened'));
	}

	/** What only the upload itself says, such as problems by code. */
	async #refresh(id) {
		try {
			this.#dispatch({ type: 'fetched', upload: await api.upload(id) });
		} catch ({ status }) {
			if (status === 404) this.#dispatch({ type: 'deleted', id });
		}
	}
}

/** @param {{ state: string }} connection */
export const isLost = ({ state }) => state === 'reconnecting' || state === 'offline';

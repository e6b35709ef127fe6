// What a tab sees of the stream: shared with the other tabs where the browser has shared workers, its own connection where not.

/** Events: `batch` (detail: StreamEvent[]), `state` (detail: Connection). */
export class Stream extends EventTarget {
	/** @type {MessagePort | null} */
	#port = null;
	/** @type {import('./sse-source.js').SseSource | null} */
	#own = null;
	#closed = false;
	/** @type {(value?: any) => void} */
	#release = () => {};

	/** @param {string} client */
	constructor(client) {
		super();
		if (typeof SharedWorker === 'function') this.#share(client);
		else this.#connect(client);
	}

	async #share(client) {
		const worker = new SharedWorker('/js/stream-worker.js', { type: 'module', name: 'rowcast' });
		this.#port = worker.port;
		this.#port.onmessage = ({ data: { type, detail } }) => this.dispatchEvent(new CustomEvent(type, { detail }));
		worker.onerror = () => this.#connect(client);
		const lock = navigator.locks && `rowcast-tab-${Math.random()}`;
		if (lock) await new Promise((held) => { navigator.locks.request(lock, () => new Promise((release) => { this.#release = release; held(null); })); });
		this.#port.postMessage({ type: 'watch', client, lock });
	}

	async #connect(client) {
		// Most browsers load this in the worker only.
		const { SseSource } = await import('./sse-source.js');
		if (this.#closed || this.#own) return;
		this.#own = new SseSource(client);
		for (const type of ['batch', 'state']) this.#own.addEventListener(type, (/** @type {any} */ { detail }) => this.dispatchEvent(new CustomEvent(type, { detail })));
	}

	/** Tries to reconnect at once. */
	retryNow() {
		this.#port?.postMessage({ type: 'retry' });
		this.#own?.retryNow();
	}

	close() {
		this.#closed = true;
		this.#port?.postMessage({ type: 'leave' });
		this.#port?.close();
		this.#own?.close();
		this.#release();
	}
}

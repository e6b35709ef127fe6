// The shared worker: one connection for each client that some tab of this browser watches.
//
// Browsers allow six connections a host, so tabs must share. A tab holds a lock of its own for as long as it watches, so that
// the worker learns of its end even when it crashed.

import { SseSource } from './sse-source.js';

const channels = new Map();

function join(port, client) {
	if (!channels.has(client)) {
		const source = new SseSource(client);
		const ports = new Set();
		channels.set(client, { source, ports });
		for (const type of ['batch', 'state']) source.addEventListener(type, (/** @type {any} */ { detail }) => { for (const one of ports) one.postMessage({ type, detail }); });
	}
	const { source, ports } = channels.get(client);
	ports.add(port);
	// Whoever comes may have signed in just now.
	source.retryNow();
	port.postMessage({ type: 'state', detail: source.connection });
}

function leave(port) {
	for (const [client, { source, ports }] of channels) {
		if (!ports.delete(port) || ports.size) continue;
		source.close();
		channels.delete(client);
	}
}

globalThis.addEventListener('connect', (/** @type {any} */ { ports: [port] }) => {
	port.onmessage = ({ data: { type, client, lock } }) => {
		if (type === 'leave') leave(port);
		if (type === 'retry') for (const { source, ports } of channels.values()) if (ports.has(port)) source.retryNow();
		if (type !== 'watch') return;
		join(port, client);
		if (lock) navigator.locks.request(lock, () => leave(port));
	};
});

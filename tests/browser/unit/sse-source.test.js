import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { SseSource } from '../../../static/js/sse-source.js';
import { behindBy } from '../../../static/js/state.js';

/** A stream that the test writes: `next()` is the answer to the next request that comes. */
async function stand() {
	const requests = [];
	let told = () => {};
	const server = createServer((request, response) => { requests.push([request, response]); told(); });
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { fetch: real } = globalThis;
	globalThis.navigator ??= /** @type {any} */ ({});
	globalThis.fetch = (path, options) => real(`http://127.0.0.1:${server.address().port}${path}`, options);
	const next = async (headers = {}, status = 200) => {
		while (!requests.length) await new Promise((done) => { told = () => done(null); });
		const [request, response] = requests.shift();
		response.writeHead(status, { 'content-type': 'text/event-stream', ...headers });
		return { id: request.headers['last-event-id'], write: (text) => response.write(text), say: (...ids) => response.write(ids.map((id) => `id: ${id}\n\n`).join('')), end: (retry) => response.end(`retry: ${retry}\n\n`) };
	};
	return { next, close: () => { globalThis.fetch = real; server.closeAllConnections(); server.close(); } };
}

/** Waits until the source says something of its connection. */
const says = (source, wanted) => new Promise((done) => {
	const look = () => { if (wanted(source.connection)) { source.removeEventListener('state', look); done(source.connection); } };
	source.addEventListener('state', look);
	look();
});

test('after a loss it is told how far behind the stream is, until it is live', async () => {
	const server = await stand();
	const source = new SseSource('harbour');
	const first = await server.next({ 'Newest-Event-ID': 'aaaa-10' });
	first.say('aaaa-10');
	await says(source, ({ state, lastId }) => state === 'live' && lastId === 'aaaa-10');
	first.end(1);
	const again = await server.next({ 'Newest-Event-ID': 'bbbb-12355' });
	assert.equal(again.id, 'aaaa-10');
	again.say('aaaa-10');
	await says(source, (connection) => connection.state === 'behind' && behindBy(connection) === 12_345);
	again.say('aaaa-11', 'bbbb-12300');
	assert.equal((await says(source, (connection) => behindBy(connection) === 55)).state, 'behind', 'another epoch counts on');
	again.say('bbbb-12355');
	await says(source, ({ state }) => state === 'live');
	source.close();
	server.close();
});

test('a server that does not say what its newest event is, is caught up with when it is calm', async () => {
	const server = await stand();
	const source = new SseSource('harbour');
	const first = await server.next();
	first.say('aaaa-10');
	await says(source, ({ state }) => state === 'live');
	first.end(1);
	(await server.next()).say('aaaa-11');
	assert.equal(behindBy(await says(source, ({ state }) => state === 'behind')), null);
	await says(source, ({ state }) => state === 'live');
	source.close();
	server.close();
});

test('a stream that is refused waits until it is told to try again, and goes on where it was', async () => {
	const server = await stand();
	const source = new SseSource('harbour');
	const first = await server.next();
	first.say('aaaa-10');
	await says(source, ({ lastId }) => lastId === 'aaaa-10');
	first.end(1);
	(await server.next({}, 401)).end(1);
	assert.equal((await says(source, ({ state }) => state === 'refused')).retryAt, null);
	source.retryNow();
	const again = await server.next();
	assert.equal(again.id, 'aaaa-10');
	again.say('aaaa-11');
	await says(source, ({ state }) => state === 'behind' || state === 'live');
	source.close();
	server.close();
});

test('what others publish moves the place on and reaches nothing else, whatever it is called', async () => {
	const server = await stand();
	const source = new SseSource('harbour');
	const seen = [];
	source.addEventListener('batch', (/** @type {any} */ { detail }) => seen.push(...detail));
	const stream = await server.next();
	stream.say('aaaa-1');
	['rows', 'toString', 'constructor', 'order.updated'].forEach((name, i) => stream.write(`event: ${name}\ndata: null\nid: aaaa-${i + 2}\n\n`));
	stream.write('event: toast\ndata: {"upload":null,"level":"info","message":"x"}\nid: aaaa-6\n\n');
	await says(source, ({ lastId }) => lastId === 'aaaa-6');
	assert.deepEqual(seen.map(({ kind }) => kind), ['toast']);
	source.close();
	server.close();
});

test('a server that says when to come again is not asked before', async () => {
	const server = await stand();
	const source = new SseSource('harbour');
	(await server.next({ 'Retry-After': '7' }, 429)).end(1);
	const { retryAt } = await says(source, ({ state }) => state === 'reconnecting');
	const wait = retryAt - Date.now();
	assert.ok(wait > 7000 && wait < 9000, `${wait} ms`);
	source.close();
	server.close();
});

// /client.js in Node and in Chromium, with the real server: what it promises across everything that can go wrong.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { RowcastError, broadcast, publish, rows, subscribe, upload } from '../../static/client.js';
import { binary, csv, startServer } from './harness.js';

const ROWS = 40_000;
const text = csv(ROWS, 100);
const people = (content = text) => new File([content], 'people.csv', { lastModified: 1 });
const QUICK = ['--sender-absent-ms-max', '500ms', '--settle-ms', '20ms'];

let folder;
let server;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowcast-client-'));
  server = await startServer(...QUICK);
});
after(async () => {
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

/** Resolves when `found` answers something. */
async function until(found) {
  for (;;) {
    const value = await found();
    if (value) return value;
    await new Promise((done) => { setTimeout(done, 20); });
  }
}

/** A server that answers as it is told, one answer a request; the requests it got. */
async function scripted(...answers) {
  const asked = [];
  const http = createServer((request, response) => {
    asked.push(request);
    (answers[asked.length - 1] ?? answers.at(-1))(response, request);
  });
  await new Promise((done) => { http.listen(0, '127.0.0.1', done); });
  return { server: `http://127.0.0.1:${http.address().port}`, asked, end: () => { http.closeAllConnections(); http.close(); } };
}
const stream = (body, { end = true } = {}) => (response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(body);
  if (end) response.end();
};
const event = (n, kind = 'row') => `event: ${kind}\ndata: {"row":${n}}\nid: e-${n}\n\n`;

test('a server killed in the middle of an upload and its stream: every row once, in order', async () => {
  const seen = [];
  const states = [];
  const on = { row: ({ row }) => seen.push(row), gap: (gap) => assert.fail(`a gap: ${JSON.stringify(gap)}`) };
  const watching = subscribe('killed', { server: server.origin, events: ['row', 'problem'], on, onState: ({ state }) => states.push(state) });
  await until(() => states.includes('open'));
  let kills = 0;
  const sent = [];
  const onProgress = (progress) => {
    sent.push(progress.sent);
    if (kills < 3 && progress.sent > (kills + 1) * 0.25 * progress.size) {
      kills += 1;
      server.stop('SIGKILL').then(() => server.start());
    }
  };
  const done = await upload('killed', people(), { server: server.origin, pieceBytes: 64 << 10, onProgress });
  assert.equal(kills, 3);
  assert.deepEqual([done.stage, done.rows, done.problems_by_code['missing-cell'], done.filename], ['done', ROWS, ROWS / 100, 'people.csv']);
  assert.equal(sent.at(-1), Buffer.byteLength(text));
  await until(() => seen.length >= ROWS);
  watching.close();
  assert.equal(await watching.finished, null);
  assert.deepEqual(seen, Array.from({ length: ROWS }, (_, i) => i + 1));
  assert.ok(states.filter((state) => state === 'open').length > 1 && states.includes('waiting'), `it was never lost: ${states}`);
});

test('`until` ends it with the stage that ended the upload, whether stages were asked for or not', async () => {
  for (const events of [undefined, ['row'], ['row', 'stage']]) {
    const kinds = new Set();
    const watching = subscribe('until', { server: server.origin, events, until: 'done', onEvent: ({ kind }) => kinds.add(kind) });
    await until(() => watching.state.state === 'open');
    await upload('until', people('a,b\n1,2\n3\n'), { server: server.origin });
    const { stage, rows: count, filename } = await watching.finished;
    assert.deepEqual([stage, count, filename, watching.state.state], ['done', 2, 'people.csv', 'closed']);
    assert.deepEqual([...kinds].sort(), events ? [...events].sort() : ['problem', 'profile', 'progress', 'row', 'stage', 'toast']);
    // Its reconnect is over at once: the server answers 204.
    const again = subscribe('until', { server: server.origin, until: 'done', lastEventId: watching.lastEventId });
    assert.equal(await again.finished, null);
  }
});

test('a gap is told, with what is missing and why', async () => {
  const { id } = await upload('gap', people('a\n1\n'), { server: server.origin });
  const ids = [];
  await subscribe('gap', { server: server.origin, from: 'start', until: 'done', onEvent: (one) => one.id && ids.push(one.id) }).finished;
  assert.equal((await fetch(`${server.origin}/uploads/${id}`, { method: 'DELETE' })).status, 204);
  await upload('gap', people('a\n2\n'), { server: server.origin });
  const [first, last] = [ids[0], ids.at(-1)];
  const watch = async (lastEventId) => {
    const told = [];
    await subscribe('gap', { server: server.origin, lastEventId, until: 'done', on: { gap: (gap) => told.push(gap), row: ({ data }) => told.push(data.a) } }).finished;
    return told;
  };
  assert.deepEqual((await watch(first)).map((one) => one.reason ?? one), ['deleted', '2']);
  assert.equal((await watch(first))[0].to, last);
  const strange = await watch('never-1');
  assert.deepEqual([strange[0].from, strange.map((one) => one.reason ?? one).at(-1), strange[0].reason], ['never-1', '2', 'unknown-epoch']);
});

test('a handler that throws ends it, and its event counts as not seen', async () => {
  await upload('throws', people('a\n1\n2\n3\n'), { server: server.origin });
  const seen = [];
  const row = ({ data }) => {
    if (data.a === '2' && !seen.includes('thrown')) {
      seen.push('thrown');
      throw new Error('no');
    }
    seen.push(data.a);
  };
  const options = { server: server.origin, until: 'done', on: { row } };
  const broken = subscribe('throws', { ...options, from: 'start' });
  await assert.rejects(broken.finished, { message: 'no' });
  assert.deepEqual([broken.state.state, broken.state.error.message], ['closed', 'no']);
  await subscribe('throws', { ...options, lastEventId: broken.lastEventId }).finished;
  assert.deepEqual(seen, ['1', 'thrown', '2', '3']);
});

test('what does not pass ends it with what the server says; what passes is waited for, as long as the server asks', async () => {
  await assert.rejects(subscribe('x', { server: server.origin, events: ['rows'] }).finished, (error) => {
    assert.ok(error instanceof RowcastError && error instanceof Error);
    assert.deepEqual([error.status, error.code, error.type, error.passes], [400, 'bad-parameter', '/problems/bad-parameter', false]);
    return /rows/.test(error.message);
  });
  await assert.rejects(upload('x', people(), { server: server.origin, options: { delimiter: 'long' } }), { status: 400, code: 'bad-parameter' });
  await assert.rejects(rows('0199a5f3-9f40-7d2a-8000-000000000000', { server: server.origin }).next(), { status: 404 });
  const busy = (status, headers) => (response) => response.writeHead(status, { ...headers, 'Content-Type': 'application/problem+json' }).end('{"title":"Busy","code":"busy"}');
  const elsewhere = await scripted(
    busy(503, { 'Retry-After': '1' }), busy(429), (response) => response.destroy(),
    stream(`id: e-0\n\n${event(1)}event: row\ndata: {"row":`), stream(`id: e-1\n\n${event(1)}${event(2)}: bye\nretry: 7\n\n`), (response) => response.writeHead(204).end(),
  );
  const [seen, waits] = [[], []];
  const watching = subscribe('x', { server: elsewhere.server, on: { row: ({ row }) => seen.push(row) }, onState: (state) => state.state === 'waiting' && waits.push(state) });
  assert.equal(await watching.finished, null, '204: it is over');
  assert.deepEqual(seen, [1, 2], 'nothing that was cut off, nothing twice');
  assert.deepEqual(waits.map(({ error }) => error?.status), [503, 429, 0, undefined, undefined]);
  assert.ok(waits[0].retryMs >= 1000 && waits[4].retryMs === 7, JSON.stringify(waits));
  assert.deepEqual(elsewhere.asked.map(({ headers }) => headers['last-event-id']), [undefined, undefined, undefined, undefined, 'e-1', 'e-2']);
  elsewhere.end();
});

test('it ends when its signal does, whatever it is at', async () => {
  const silent = await scripted(() => {});
  for (const when of ['before', 'while']) {
    const ending = new AbortController();
    if (when === 'before') ending.abort(new Error('enough'));
    const watching = subscribe('x', { server: silent.server, signal: ending.signal, onEvent: () => assert.fail('called') });
    const sending = upload('x', people(), { server: silent.server, signal: ending.signal });
    if (when === 'while') setTimeout(() => ending.abort(new Error('enough')), 50);
    await assert.rejects(sending, { message: 'enough' });
    assert.equal(await watching.finished, null);
  }
  silent.end();
});

test('an upload goes on where an earlier call ended, and only with the same file', async () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const options = { server: server.origin, resumeKey: 'mine', storage, pieceBytes: 64 << 10 };
  const ending = new AbortController();
  let begun;
  const onProgress = ({ sent, size }) => { if (sent > size / 2) ending.abort(new Error('closed')); };
  await assert.rejects(upload('later', people(), { ...options, onProgress, onBegun: (id) => { begun = id; }, signal: ending.signal }), { message: 'closed' });
  assert.deepEqual([...kept.values()], [begun]);
  const sent = [];
  const done = await upload('later', people(), { ...options, onProgress: (progress) => sent.push(progress.sent) });
  assert.deepEqual([done.id, done.stage, done.rows], [begun, 'done', ROWS]);
  assert.ok(sent[0] > Buffer.byteLength(text) / 2, `it began at ${sent[0]}`);
  assert.equal(kept.size, 0);
  // One that somebody cancels is not begun again, though an earlier call began it.
  const half = new AbortController();
  await assert.rejects(upload('cancelled', people(), { ...options, onProgress: ({ sent, size }) => sent > size / 4 && half.abort(), signal: half.signal }));
  const cancel = ({ sent, size }) => sent > size / 2 && fetch(`${server.origin}/uploads/${[...kept.values()][0]}/cancel`, { method: 'POST' });
  await assert.rejects(upload('cancelled', people(), { ...options, onProgress: cancel }), { name: 'RowcastError', code: 'upload-cancelled' });
  assert.equal((await (await fetch(`${server.origin}/uploads?client=cancelled`)).json()).uploads.length, 1);
  assert.equal(kept.size, 0);
  // What is kept may be gone.
  await assert.rejects(upload('later', people(), { ...options, signal: AbortSignal.abort(new Error('at once')) }), { message: 'at once' });
  kept.set(`rowcast/mine/4/1`, '0199a5f3-9f40-7d2a-8000-000000000000');
  assert.equal((await upload('later', people('a\n1\n'), options)).rows, 1);
});

test('small ones: an empty file, options, what is held, what fails', async () => {
  const empty = await upload('small', people(''), { server: server.origin });
  assert.deepEqual([empty.stage, empty.rows], ['done', 0]);
  const { columns, rows: count } = await upload('small', new Blob(['a;b\n1;2\n']), { server: `${server.origin}/`, filename: 'ä.csv', options: { delimiter: ';', header: false } });
  assert.deepEqual([columns.length, count], [2, 2]);
  const held = await upload('small', people('a,b\n1,2\n'), { server: server.origin, options: { hold: 'review' } });
  assert.deepEqual([held.stage, held.hold], ['understood', true]);
  const broken = new File([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff])], 'x.csv.gz');
  await assert.rejects(upload('small', broken, { server: server.origin }), (error) => error instanceof RowcastError && error.status === 422 && error.code === 'corrupt-compression');
});

test('rows come page by page', async () => {
  const { id } = await upload('pages', people(), { server: server.origin });
  const all = [];
  for await (const { row, data } of rows(id, { server: server.origin, from: 10, limit: 2500 })) all.push([row, data.id]);
  assert.deepEqual(all, Array.from({ length: 2500 }, (_, i) => [i + 10, String(i + 10)]));
  let last;
  for await (const one of rows(id, { server: server.origin, from: ROWS - 5 })) last = one.row;
  assert.equal(last, ROWS);
});

test('a ticket that expires and a key that is revoked: another is asked for, and nothing is missed', async () => {
  const keys = join(folder, 'keys');
  const makeKey = (sub) => execFileSync(binary(), ['token', 'new', '--sub', sub, '--role', 'uploader', '--client', '*', '--file', keys], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const key = makeKey('alice');
  const brief = makeKey('brief');
  const guarded = await startServer('--auth', 'token', '--auth-keys', keys, '--keys-poll-ms', '50ms', ...QUICK);
  try {
    let tickets = 0;
    const ticket = async () => {
      tickets += 1;
      const answer = await fetch(`${guarded.origin}/tickets`, { method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ client: 'me', seconds: 1 }) });
      return (await answer.json()).ticket;
    };
    const [byTicket, byToken] = [[], []];
    const first = subscribe('me', { server: guarded.origin, ticket, on: { row: ({ data }) => byTicket.push(data.a) } });
    const shown = [];
    const token = () => { shown.push(shown.length ? key : brief); return shown.at(-1); };
    const second = subscribe('me', { server: guarded.origin, token, on: { row: ({ data }) => byToken.push(data.a) } });
    await until(() => first.state.state === 'open' && second.state.state === 'open');
    for (const n of [1, 2, 3]) {
      await upload('me', people(`a\n${n}\n`), { server: guarded.origin, token: key });
      await until(() => tickets > n);
      if (n === 1) await writeFile(keys, (await readFile(keys, 'utf8')).split('\n').filter((line) => !line.includes('sub=brief ')).join('\n'));
    }
    await until(() => byTicket.length === 3 && byToken.length === 3 && shown.length > 1);
    first.close();
    second.close();
    assert.deepEqual([byTicket, byToken], [['1', '2', '3'], ['1', '2', '3']]);
    for (const refused of [brief, () => brief]) {
      await assert.rejects(subscribe('me', { server: guarded.origin, token: refused }).finished, { status: 401, code: 'invalid-token' });
      await assert.rejects(upload('me', people(), { server: guarded.origin, token: refused }), { status: 401 });
    }
  } finally {
    await guarded.end();
  }
});

test('what is published comes once, also when its answer was lost, and tells who watches', async () => {
  const seen = [];
  const watchers = [];
  const on = { 'order.updated': (data, { id }) => seen.push([data, id]), presence: (presence) => watchers.push(presence.watchers) };
  const watching = subscribe('bus', { server: server.origin, events: ['published:order.updated'], presence: true, on });
  await until(() => watching.state.state === 'open');
  const { id } = await publish('bus', 'order.updated', { order: 1 }, { server: server.origin });
  // Its answers are lost twice on their way.
  let lost = 0;
  const careless = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', async () => {
      const { 'content-type': type, 'idempotency-key': key } = request.headers;
      const answer = await fetch(server.origin + request.url, { method: 'POST', headers: { 'Content-Type': type, ...(key && { 'Idempotency-Key': key }) }, body: Buffer.concat(chunks) });
      if (lost++ < 2) return response.destroy();
      response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(await answer.text());
    });
  });
  await new Promise((done) => { careless.listen(0, '127.0.0.1', done); });
  const second = await publish('bus', 'order.updated', { order: 2 }, { server: `http://127.0.0.1:${careless.address().port}` });
  await publish('bus', 'chat', 'not asked for', { server: server.origin });
  const told = await broadcast('bu*', 'order.updated', { order: 3 }, { server: server.origin });
  assert.deepEqual([told.count, told.published.map(({ client }) => client), lost], [1, ['bus'], 3]);
  await until(() => seen.length >= 3);
  assert.deepEqual(seen, [[{ order: 1 }, id], [{ order: 2 }, second.id], [{ order: 3 }, told.published[0].id]]);
  assert.deepEqual(watchers, [1]);
  watching.close();
  await assert.rejects(publish('bus', 'row', 1, { server: server.origin }), { status: 400, code: 'bad-parameter' });
  careless.closeAllConnections();
  careless.close();
});

// /client.js as pages have it: imported from the server by pages of its own, of an allowed site and of any other.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { binary, csv, site, startBrowser, startServer, throttle } from './harness.js';

const ROWS = 20_000;
let folder;
let key;
let server;
let browser;
let friend;
let stranger;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowcast-client-page-'));
  const keys = join(folder, 'keys');
  key = execFileSync(binary(), ['token', 'new', '--sub', 'alice', '--role', 'uploader', '--client', '*', '--file', keys], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  [friend, stranger] = [await site(), await site()];
  server = await startServer('--auth', 'token', '--auth-keys', keys, '--allow-origin', friend.origin, '--sender-absent-ms-max', '500ms');
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.end();
  friend?.close();
  stranger?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A page with the module in it. Without any network but loopback Chromium says that it is offline, which nothing here may mind. */
async function on(address) {
  const context = await browser.context();
  const page = await context.newPage();
  await page.goto(address);
  // Else the file is there before anything can happen to it.
  const slow = () => throttle(page, 400_000);
  const load = () => page.evaluate(async ({ from, text }) => {
    globalThis.rowcast = await import(from);
    globalThis.file = new File([text], 'people.csv', { lastModified: 1 });
  }, { from: `${server.origin}/client.js`, text: csv(ROWS) });
  return { page, load, slow, close: () => context.close() };
}

/** Watches and sends; `sent` tells when so much of the file is there. */
const begin = (page, client) => page.evaluate(({ client, key }) => {
  globalThis.seen = [];
  globalThis.sent = 0;
  const options = { token: key, on: { row: ({ row }) => globalThis.seen.push(row) }, onState: ({ state }) => { globalThis.state = state; } };
  globalThis.watching = globalThis.rowcast.subscribe(client, options);
  globalThis.send = () => {
    const onProgress = ({ sent, size }) => { globalThis.sent = sent / size; };
    globalThis.sending = globalThis.rowcast.upload(client, globalThis.file, { token: key, pieceBytes: 65_536, resumeKey: client, onProgress });
  };
}, { client, key });
const isOpen = (page) => page.waitForFunction(() => globalThis.state === 'open');
const isSent = (page, part) => page.waitForFunction((part) => globalThis.sent > part, part);
const inOrder = (page) => page.evaluate(() => globalThis.seen.every((row, i) => row === i + 1) && globalThis.seen.length);

test('a page of an allowed site imports it, watches and sends, while the server is killed twice', async () => {
  const { page, load, slow, close } = await on(friend.origin);
  await load();
  await slow();
  await begin(page, 'far');
  await isOpen(page);
  await page.evaluate(() => globalThis.send());
  for (const part of [0.2, 0.6]) {
    await isSent(page, part);
    await server.stop('SIGKILL');
    await server.start();
  }
  const done = await page.evaluate(() => globalThis.sending);
  assert.deepEqual([done.stage, done.rows], ['done', ROWS]);
  await page.waitForFunction((rows) => globalThis.seen.length >= rows, ROWS);
  assert.equal(await inOrder(page), ROWS);
  await close();
});

test('an upload goes on after the page was loaded again', async () => {
  const { page, load, slow, close } = await on(friend.origin);
  await load();
  await slow();
  await begin(page, 'reloaded');
  await page.evaluate(() => { globalThis.send(); });
  await isSent(page, 0.4);
  await page.reload();
  await load();
  await begin(page, 'reloaded');
  const [done, first] = await page.evaluate(async () => {
    globalThis.send();
    const first = new Promise((told) => { const timer = setInterval(() => { if (globalThis.sent) { clearInterval(timer); told(globalThis.sent); } }, 0); });
    return [await globalThis.sending, await first, localStorage.length];
  });
  assert.deepEqual([done.stage, done.rows], ['done', ROWS]);
  assert.ok(first > 0.3 && first < 1, `it began at ${first}`);
  assert.equal(await page.evaluate(async ({ server, key }) => (await (await fetch(`${server}/uploads?client=reloaded`, { headers: { Authorization: `Bearer ${key}` } })).json()).uploads.length, { server: server.origin, key }), 1, 'there is one upload');
  await close();
});

test('a page of an allowed site reads what errors say, and the headers that it needs', async () => {
  const { page, load, close } = await on(friend.origin);
  await load();
  const refused = await page.evaluate(() => globalThis.rowcast.upload('x', globalThis.file).catch(({ name, status, code, title }) => ({ name, status, code, title })));
  assert.deepEqual(refused, { name: 'RowcastError', status: 401, code: 'unauthenticated', title: 'Not signed in' });
  const read = await page.evaluate(async ({ server, key }) => {
    const headers = { Authorization: `Bearer ${key}`, Traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
    const ask = async (path, options, ...names) => { const answer = await fetch(server + path, options); return names.map((name) => answer.headers.get(name)); };
    const open = new AbortController();
    const newest = await ask('/sse/x', { headers, signal: open.signal }, 'Newest-Event-ID');
    open.abort();
    const [location, ...tus] = await ask('/files', { method: 'POST', headers: { ...headers, 'Tus-Resumable': '1.0.0', 'Upload-Length': '5', 'Upload-Metadata': `client ${btoa('x')}` } }, 'Location', 'Tus-Resumable', 'Upload-Expires', 'Rowcast-Client');
    const patched = await ask(location, { method: 'PATCH', body: 'a\n1\n2', headers: { ...headers, 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' } }, 'Upload-Offset');
    return { newest, tus, patched, denied: await ask('/uploads', { method: 'PATCH', headers }, 'Allow') };
  }, { server: server.origin, key });
  assert.match(read.newest[0], /^[a-z0-9]+-\d+$/);
  assert.deepEqual([read.tus[0], read.tus[2], read.patched], ['1.0.0', 'x', ['5']]);
  assert.ok(read.tus[1] && read.denied[0], JSON.stringify(read));
  await close();
});

test('a page of any other site cannot have it', async () => {
  const { page, load, close } = await on(stranger.origin);
  await assert.rejects(load(), /dynamically imported module/);
  const told = await page.evaluate(({ server, key }) => fetch(`${server}/uploads`, { headers: { Authorization: `Bearer ${key}` } }).then(() => 'read', () => 'refused'), { server: server.origin, key });
  assert.equal(told, 'refused');
  await close();
});

test("the server's own pages use it with their session, and without saying where it is", async () => {
  const { page, load, close } = await on(`${server.origin}/problems/not-found`);
  // The page of a code loads nothing; that of the server loads its own files.
  await assert.rejects(load(), /dynamically imported module/);
  await page.goto(`${server.origin}/`);
  await load();
  assert.equal(await page.evaluate((key) => fetch('/session', { method: 'POST', headers: { Authorization: `Bearer ${key}` } }).then(({ status }) => status), key), 201);
  const rows = await page.evaluate(async () => {
    const { subscribe, upload } = globalThis.rowcast;
    const watching = subscribe('home', { until: 'done', from: 'start' });
    await upload('home', globalThis.file);
    return (await watching.finished).rows;
  });
  assert.equal(rows, ROWS);
  await close();
});

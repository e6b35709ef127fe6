// Who may do what, as a browser keeps it: its cookie, its EventSource, pages of other sites, and Swagger UI's Authorize.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { binary, site, startBrowser, startServer } from './harness.js';

let folder;
let keys;
let key;
let server;
let browser;
let friend;
let stranger;

const makeKey = (...args) => execFileSync(binary(), ['token', 'new', ...args, '--file', keys], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowcast-keys-'));
  keys = join(folder, 'keys');
  key = makeKey('--sub', 'alice', '--role', 'uploader', '--client', '*');
  [friend, stranger] = [await site(), await site()];
  server = await startServer('--auth', 'token', '--auth-keys', keys, '--keys-poll-ms', '100ms', '--allow-origin', friend.origin);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.end();
  friend?.close();
  stranger?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A page that shows what a script in it can do. */
async function on(address) {
  const context = await browser.context();
  const page = await context.newPage();
  await page.goto(address);
  await page.evaluate(() => {
    globalThis.ask = async (address, options = {}) => (await fetch(address, options)).status;
    globalThis.csv = { method: 'POST', body: 'name\nAna\n', headers: { 'Content-Type': 'text/csv' } };
    globalThis.watch = (address) => new Promise((opened, failed) => {
      const source = new EventSource(address);
      globalThis.source = source;
      globalThis.rows = [];
      globalThis.lastId = '';
      source.addEventListener('row', (event) => { globalThis.rows.push(JSON.parse(event.data).data.name); globalThis.lastId = event.lastEventId; });
      source.onopen = () => opened(true);
      source.onerror = () => { if (source.readyState === EventSource.CLOSED) failed(new Error('refused')); };
    });
  });
  return { page, close: () => context.close() };
}

const seesRows = (page, count) => page.waitForFunction((count) => globalThis.rows.length === count, count);
const isOver = (page) => page.waitForFunction(() => globalThis.source.readyState === EventSource.CLOSED);

test('a page signs in, streams by its cookie, which no script reads, and is out when it signs out', async () => {
  const { page, close } = await on(`${server.origin}/`);
  assert.equal(await page.evaluate(() => globalThis.ask('/uploads')), 401);
  assert.equal(await page.evaluate((key) => globalThis.ask('/session', { method: 'POST', headers: { Authorization: `Bearer ${key}` } }), key), 201);
  assert.equal(await page.evaluate(() => document.cookie), '');
  assert.equal(await page.evaluate(() => globalThis.ask('/uploads')), 200);
  await page.evaluate(() => globalThis.watch('/sse/cookie'));
  assert.equal(await page.evaluate(() => globalThis.ask('/upload/cookie', globalThis.csv)), 201);
  await seesRows(page, 1);
  assert.equal(await page.evaluate(() => globalThis.ask('/session', { method: 'DELETE' })), 204);
  await isOver(page);
  assert.equal(await page.evaluate(() => globalThis.ask('/uploads')), 401);
  await close();
});

test('a page of an allowed site watches by tickets, one after the other, and has no cookie here', async () => {
  const { page, close } = await on(friend.origin);
  const ticket = (seconds) => page.evaluate(async ({ server, key, seconds }) => {
    const answer = await fetch(`${server}/tickets`, { method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ client: 'far', seconds }) });
    return (await answer.json()).ticket;
  }, { server: server.origin, key, seconds });
  const watch = async (seconds) => page.evaluate(async (address) => globalThis.watch(address), `${server.origin}/sse/far?ticket=${await ticket(seconds)}&last_event_id=${await page.evaluate(() => globalThis.lastId ?? '')}`);
  const upload = () => page.evaluate(({ server, key }) => globalThis.ask(`${server}/upload/far`, { ...globalThis.csv, headers: { ...globalThis.csv.headers, Authorization: `Bearer ${key}` } }), { server: server.origin, key });
  await watch(2);
  assert.equal(await upload(), 201);
  await seesRows(page, 1);
  // It ends by itself, and the browser's own reconnect ends it for good.
  await isOver(page);
  assert.equal(await upload(), 201);
  await watch(60);
  await seesRows(page, 1);
  const include = { credentials: 'include' };
  await page.evaluate(({ server, key }) => globalThis.ask(`${server}/session`, { method: 'POST', credentials: 'include', headers: { Authorization: `Bearer ${key}` } }), { server: server.origin, key });
  assert.equal(await page.evaluate(([address, options]) => globalThis.ask(address, options), [`${server.origin}/uploads`, include]), 401, 'SameSite=Strict keeps the cookie at home');
  await close();
});

test('a page of any other site neither reads nor changes anything, even beside somebody who is signed in', async () => {
  const context = await browser.context();
  const home = await context.newPage();
  await home.goto(`${server.origin}/`);
  assert.equal(await home.evaluate(async (key) => (await fetch('/session', { method: 'POST', headers: { Authorization: `Bearer ${key}` } })).status, key), 201);
  const page = await context.newPage();
  await page.goto(stranger.origin);
  const before = await home.evaluate(async () => (await (await fetch('/uploads?client=prey')).json()).uploads.length);
  const seen = await page.evaluate(async (server) => {
    const outcome = async (promise) => { try { return (await promise).type; } catch { return 'refused'; } };
    const form = new FormData();
    form.append('file', new Blob(['name\nAna\n']), 'x.csv');
    return [
      await outcome(fetch(`${server}/uploads`, { credentials: 'include' })),
      await outcome(fetch(`${server}/upload/prey`, { method: 'POST', body: form, credentials: 'include', mode: 'no-cors' })),
      await outcome(fetch(`${server}/tickets`, { method: 'POST', body: '{"client":"prey"}', credentials: 'include', headers: { Authorization: 'Bearer x' } })),
      await new Promise((done) => { const source = new EventSource(`${server}/sse/prey`, { withCredentials: true }); source.onerror = () => done('refused'); source.onopen = () => done('open'); }),
    ];
  }, server.origin);
  assert.deepEqual(seen, ['refused', 'refused', 'refused', 'refused']);
  assert.equal(await home.evaluate(async () => (await (await fetch('/uploads?client=prey')).json()).uploads.length), before);
  await context.close();
});

test('the page of a revoked key is told so by its stream', async () => {
  const brief = makeKey('--sub', 'brief', '--role', 'viewer', '--client', '*');
  const { page, close } = await on(`${server.origin}/`);
  const signedIn = () => page.evaluate((key) => globalThis.ask('/session', { method: 'POST', headers: { Authorization: `Bearer ${key}` } }), brief);
  for (let tries = 0; await signedIn() !== 201; tries++) assert.ok(tries < 50, 'the new key is never known');
  await page.evaluate(() => globalThis.watch('/sse/brief'));
  const lines = (await readFile(keys, 'utf8')).split('\n');
  await writeFile(keys, lines.filter((line) => !line.includes('sub=brief ')).join('\n'));
  await isOver(page);
  await close();
});

test("Swagger UI's Authorize sends the key", async () => {
  const { page, close } = await on(`${server.origin}/docs`).catch(() => assert.fail('the page did not load'));
  await page.click('.auth-wrapper .btn.authorize');
  await page.fill('#auth-bearer-value, [aria-label="auth-bearer-value"]', key);
  await page.locator('.auth-container', { hasText: 'bearer' }).first().locator('button.authorize').click();
  await page.click('.btn-done');
  const operation = page.locator('#operations-Uploads-list_uploads');
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('.try-out__btn').click();
  const [answer] = await Promise.all([
    page.waitForResponse((response) => new URL(response.url()).pathname === '/uploads'),
    operation.locator('.execute').click(),
  ]);
  assert.equal(answer.status(), 200);
  assert.equal(answer.request().headers().authorization, `Bearer ${key}`);
  await close();
});

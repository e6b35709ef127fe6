// The page where the server wants to know who asks: signing in and out, what goes on after it, and what it offers to whom.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { binary, boxes, choose, csv, file, inAllLooks, painted, reached, seesRow, startBrowser, startServer, throttle } from './harness.js';

let folder;
let server;
let browser;
const keys = {};
const looks = { reducedMotion: 'reduce' };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowcast-keys-'));
  const made = join(folder, 'keys');
  const make = (sub, role, client) => execFileSync(binary(), ['token', 'new', '--sub', sub, '--role', role, '--client', client, '--file', made], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  Object.assign(keys, { alice: make('alice', 'uploader', 'orders-*,{sub}'), vera: make('vera', 'viewer', '*'), all: make('ann', 'admin', '*') });
  server = await startServer('--auth', 'token', '--auth-keys', made);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => assert.deepEqual(browser.wrong.splice(0), []));

/** A tab that fails the test when a script of the page fails; a refused request is no failure here. */
async function tab(context, address = '/') {
  const page = await context.newPage();
  page.on('pageerror', (error) => browser.wrong.push(`${error.message} ${error.stack}`));
  page.on('dialog', (dialog) => dialog.accept().catch(() => {}));
  await page.goto(server.origin + address);
  return page;
}

/** Within a browser of its own. */
async function open(address, options = {}) {
  const context = await browser.context({ ...looks, ...options });
  return { context, page: await tab(context, address), close: () => context.close() };
}

const form = (page) => page.waitForSelector('sign-in:not([hidden]) form:not([hidden])');
const free = (page) => page.waitForSelector('sign-in', { state: 'hidden' });
const live = (page) => page.waitForSelector('connection-indicator[state="live"]');
/** What has the focus: its id, or its name and text. */
const focused = (page) => page.evaluate(() => document.activeElement.id || `${document.activeElement.localName} ${document.activeElement.textContent}`);
/** Ends the session as another page of this browser would. */
const endSession = (page) => page.evaluate(async () => { await fetch('/session', { method: 'DELETE' }); });

async function signIn(page, key) {
  await form(page);
  await page.keyboard.type(key);
  await page.keyboard.press('Enter');
  await free(page);
  await live(page);
}

/** Sends a file as a program would. */
async function send(client, rows) {
  const answer = await fetch(`${server.origin}/upload/${client}`, { method: 'POST', body: csv(rows), headers: { 'Content-Type': 'text/csv', Authorization: `Bearer ${keys.all}` } });
  assert.equal(answer.status, 201);
}

test('where nobody is asked, the page asks once who one is, and shows nothing of it', async () => {
  const anyone = await startServer();
  const context = await browser.context();
  const page = await context.newPage();
  const asked = [];
  page.on('request', (request) => { if (new URL(request.url()).pathname.match(/^\/session|sign-in/)) asked.push(request.url()); });
  await page.goto(anyone.origin);
  await live(page);
  assert.deepEqual(asked.filter((url) => !url.endsWith('.css')), [`${anyone.origin}/session`]);
  assert.equal(await page.locator('[data-act="who"]:visible, sign-in:visible').count(), 0);
  assert.ok(await page.locator('drop-zone button').isVisible());
  await context.close();
  await anyone.end();
});

test('a token that is no good is refused at its field; a good one signs in and is kept nowhere', async () => {
  const { context, page, close } = await open();
  await form(page);
  assert.equal(await focused(page), 'token');
  assert.equal(await page.title(), 'Sign in - rowcast');
  assert.equal(await page.textContent('connection-indicator .ci'), 'Signed out');
  await inAllLooks(page, 'sign-in');
  const place = async () => JSON.stringify(await page.locator('sign-in .btn.main').boundingBox());
  const before = await place();
  await page.keyboard.press('Enter');
  assert.match(await page.textContent('#token-says'), /missing/);
  await page.keyboard.type('naïve');
  await page.keyboard.press('Enter');
  assert.match(await page.textContent('#token-says'), /no token/);
  await page.fill('#token', `rct_${'0'.repeat(64)}`);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('#token-says').textContent.includes('invalid-token'));
  assert.match(await page.textContent('#token-says'), /does not know this token.*no such key/s);
  assert.equal(await page.getAttribute('#token', 'aria-invalid'), 'true');
  assert.equal(await focused(page), 'token');
  await inAllLooks(page, 'sign-in-wrong');
  assert.equal(await place(), before, 'nothing moves for it');
  await page.fill('#token', '');
  await signIn(page, keys.alice);
  // A client that the key is good for.
  await page.waitForURL(`${server.origin}/#alice`);
  assert.match(await focused(page), /^h1 Drop a CSV/);
  const kept = await page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, location.href, document.querySelector('#token').value, document.documentElement.outerHTML]));
  assert.ok(!kept.includes(keys.alice), 'no trace of the token');
  const [cookie] = await context.cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.expires], ['rowcast_session', true, -1]);
  await choose(page, file('a.csv', csv(20)));
  await reached(page, 'done');
  await page.click('upload-card >> text=Download');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=NDJSON')]);
  assert.equal(await download.failure(), null);
  await close();
});

test('who one is stands in the bar, and on a phone in the drawer; signing out takes everything away', async () => {
  const { context, page, close } = await open();
  await form(page);
  await page.check('sign-in input[type=checkbox]');
  await page.focus('#token');
  await signIn(page, keys.alice);
  assert.ok((await context.cookies())[0].expires > 0, 'the browser keeps it');
  await choose(page, file('secret.csv', csv(20)));
  await reached(page, 'done');
  await inAllLooks(page, 'signed-in');
  const other = await tab(context, page.url().slice(server.origin.length));
  await other.waitForSelector('upload-card:not([hidden])');
  await page.bringToFront();
  await page.click('.top [data-act="who"]');
  assert.match(await page.textContent('.pop'), /alice.*uploader.*orders-\*, alice/s);
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.click('.top [popovertarget]');
  await page.click('.side [data-act="who"]');
  await page.waitForSelector('.pop');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'button Sign out');
  await page.keyboard.press('Enter');
  await form(page);
  await form(other);
  for (const one of [page, other]) assert.doesNotMatch(await one.textContent('body'), /secret\.csv/);
  assert.equal((await context.cookies()).length, 0);
  await close();
});

test('when the session ends, the form lies over what is shown, and all goes on after it', async () => {
  const { context, page, close } = await open('/#orders-1');
  await signIn(page, keys.alice);
  await choose(page, file('first.csv', csv(50)));
  await reached(page, 'done');
  await seesRow(page, 50);
  await page.focus('upload-card button:has-text("Download")');
  const places = () => page.evaluate(() => JSON.stringify([...document.querySelectorAll('.side > *, upload-card > *, connection-indicator')].map((node) => node.getBoundingClientRect())));
  const before = [await boxes(page), await places()];
  await endSession(page);
  await form(page);
  assert.equal(await focused(page), 'token');
  assert.match(await page.textContent('sign-in h1'), /to go on/);
  assert.equal(await page.textContent('upload-card h1'), 'first.csv');
  assert.deepEqual([await boxes(page), await places()], before);
  await inAllLooks(page, 'sign-in-over');
  // Only the bar and the form can be reached.
  for (let tabs = 0; tabs < 12; tabs++) {
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('.top, sign-in') !== null), await focused(page));
  }
  await send('orders-1', 30);
  await page.focus('#token');
  await signIn(page, keys.alice);
  assert.match(await focused(page), /^button Download/);
  assert.deepEqual((await boxes(page)), before[0]);
  await page.waitForFunction(() => document.querySelectorAll('history-list li').length === 2);
  await seesRow(page, 30);
  // Somebody else sees nothing of it.
  await endSession(page);
  await form(page);
  await Promise.all([page.waitForEvent('load'), (async () => { await page.keyboard.type(keys.vera); await page.keyboard.press('Enter'); })()]);
  await live(page);
  assert.equal(await page.textContent('.top [data-act="who"]'), 'vera');
  await context.close();
  await close();
});

test('a tab is free again when another one signs in', async () => {
  const { context, page, close } = await open('/#orders-2');
  await signIn(page, keys.alice);
  const other = await tab(context, '/#orders-2');
  await live(other);
  await endSession(page);
  await Promise.all([form(page), form(other)]);
  await other.focus('#token');
  await signIn(other, keys.alice);
  await free(page);
  await live(page);
  await close();
});

test('an upload is held while nobody is signed in, and goes on', async () => {
  const { page, close } = await open('/#orders-3');
  await signIn(page, keys.alice);
  const line = await throttle(page, 12e6);
  // More than one request takes; few cells, so that reading them takes no time.
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['name\n', `${'x'.repeat(200_000)}\n`.repeat(200)], 'long.csv', { type: 'text/csv' }));
    document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await reached(page, 'receiving');
  await endSession(page);
  await form(page);
  await page.waitForSelector('upload-card[state="paused"]', { timeout: 60_000, state: 'attached' });
  assert.match(await page.textContent('.uc-say'), /Nobody is signed in any more/);
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await signIn(page, keys.alice);
  await reached(page, 'done', 60_000);
  assert.match(await page.textContent('.uc-bars'), /200 rows/);
  await close();
});

test('who may only watch is offered nothing else, and is told why', async () => {
  const { page, close } = await open('/#orders-4');
  await signIn(page, keys.vera);
  assert.match(await page.textContent('drop-zone'), /takes the role uploader or admin, and yours is viewer/);
  await inAllLooks(page, 'viewer');
  assert.equal(await page.locator('drop-zone button:visible, .side [data-act="start"]:visible, empty-state button:text("Send"):visible').count(), 0);
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['a\n1\n'], 'mine.csv'));
    document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await page.waitForSelector('.toast:has-text("You may watch, not send")');
  await send('orders-4', 12);
  await reached(page, 'done');
  await page.waitForSelector('.rt tbody tr');
  await seesRow(page, 12);
  assert.equal(await page.locator('upload-card button[aria-label="Delete"]:visible').count(), 0);
  await page.click('history-list button[aria-haspopup]');
  await page.waitForSelector('.pop a:has-text("NDJSON")');
  assert.equal(await page.locator('.pop button:has-text("Delete"):visible').count(), 0);
  await close();
});

test('a client outside of the key is named, with those that one may watch', async () => {
  const { page, close } = await open('/#secret');
  await form(page);
  await page.keyboard.type(keys.alice);
  await page.keyboard.press('Enter');
  await page.waitForSelector('sign-in a');
  assert.match(await page.textContent('sign-in section'), /You may not watch secret.*alice may watch orders-\*, alice\./s);
  assert.equal(await page.textContent('connection-indicator .ci'), 'Not allowed');
  assert.equal(await focused(page), 'h-sign');
  assert.ok(await page.locator('sign-in button:has-text("Sign in as somebody else")').isVisible());
  await inAllLooks(page, 'denied');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await free(page);
  await live(page);
  await page.waitForURL(`${server.origin}/#alice`);
  await page.click('client-switcher button');
  await page.fill('#client-name', 'secret');
  await page.keyboard.press('Enter');
  assert.match(await page.textContent('#client-wrong'), /You may watch orders-\*, alice\./);
  await page.click('.pop >> text=A new one');
  await page.waitForFunction(() => /^#orders-[0-9a-f-]{36}/.test(location.hash));
  await live(page);
  await painted(page);
  await close();
});

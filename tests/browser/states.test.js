// Every state of the page, reached for real: real files over real (slow, cut, mended) lines to a real server that is full,
// frozen or gone. Each is looked at in light, in dark and at phone width, and none may change the boxes of the regions.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { cable, choose, csv, cutOff, file, inAllLooks, painted, picture, reached, seesRow, startBrowser, startServer, throttle, violations } from './harness.js';

const SLOW = 100_000;
let server;
let browser;
let folder;
let people;
let client = 0;
/** What else was started, to be ended. */
const others = [];
/** A page whose upload is gone some time later, since it is kept for a moment only. */
let brief;
/** The boxes of the regions when nothing is shown, by look. */
let empty;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowcast-states-'));
  people = join(folder, 'people.csv');
  await writeFile(people, csv(60_000, 500));
  browser = await startBrowser();
  server = await startServer('--sender-absent-ms-max', '700ms', '--columns-max', '8', '--body-bytes-max', '4MiB');
  const short = await startServer('--keep', '1s');
  others.push(short);
  brief = { origin: short.origin, ...await open({ origin: short.origin }) };
  await choose(brief.page, file('brief.csv', csv(9000)));
  await reached(brief.page, 'done');
});
after(async () => { await browser?.close(); server?.thaw(); for (const one of [server, ...others]) await one?.end(); await rm(folder, { recursive: true, force: true }); });
afterEach(() => assert.deepEqual(browser.wrong.splice(0), []));

async function open({ origin = server.origin, ...options } = {}) {
  const context = await browser.context({ reducedMotion: 'reduce', ...options });
  const name = `states-${++client}`;
  const page = await browser.tab(context, `${origin}/#${name}`, { mayFail: true });
  return { context, page, name, close: () => context.close() };
}

/** A page that has seen one upload, and whose line was cut then. */
async function cutOffAfterOne() {
  const line = await cable(server.port);
  others.push(line);
  const tab = await open({ origin: line.origin });
  const { page } = tab;
  await choose(page, file('before.csv', csv(2000)));
  await reached(page, 'done');
  line.cut();
  await linked(page, 'reconnecting');
  return { line, ...tab };
}

/** The state is as it should be in all its looks, and no region has moved. */
async function good(page, name, again) {
  const found = await inAllLooks(page, name, again);
  empty ??= found;
  assert.deepEqual(found, empty, `${name}: a region has changed its box`);
}

const press = (page, name) => page.locator('upload-card').getByRole('button', { name, exact: true }).click();
const idOf = (page) => page.url().split('/').at(-1);
const sentAtLeast = (page, percent) => page.waitForFunction((wanted) => document.querySelector('.uc-bars .read').value >= wanted, percent);
const holds = (page, selector, words) => page.waitForFunction(([one, wanted]) => document.querySelector(one)?.textContent.includes(wanted), [selector, words]);
const linked = (page, state, timeout = 20_000) => page.waitForSelector(`connection-indicator[state="${state}"]`, { timeout });
const post = (name, filename, text) => {
  const body = new FormData();
  body.append('file', new Blob([text]), filename);
  return fetch(`${server.origin}/upload/${name}`, { method: 'POST', body });
};

test('empty, and a file over the page: taken, or refused', async () => {
  const { page, context, close } = await open();
  await good(page, 'empty');
  const pointer = await context.newCDPSession(page);
  const drag = (type, ...files) => pointer.send('Input.dispatchDragEvent', { type, x: 700, y: 500, data: { items: [], files, dragOperationsMask: 1 } });
  // It is said for a few seconds only.
  await good(page, 'refused', async () => {
    for (const type of ['dragEnter', 'dragOver', 'drop']) await drag(type, folder);
    await page.waitForSelector('drop-zone[refused]');
  });
  await page.waitForSelector('drop-zone:not([refused])');
  await drag('dragEnter', people);
  await page.waitForSelector('drop-zone[over]');
  await good(page, 'dragging');
  await drag('dragOver', people);
  await drag('drop', people);
  await reached(page, 'done');
  await close();
});

test('waiting for the server, then receiving, paused, interrupted, and cancelled', async () => {
  const { page, close } = await open();
  server.freeze();
  const line = await throttle(page, SLOW);
  await choose(page, people);
  await reached(page, 'waiting');
  await good(page, 'waiting');
  server.thaw();
  await reached(page, 'receiving');
  await sentAtLeast(page, 3);
  await good(page, 'receiving');
  await press(page, 'Pause');
  await reached(page, 'paused');
  await good(page, 'paused');
  await page.reload();
  await reached(page, 'interrupted');
  await good(page, 'interrupted');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press(page, 'Go on')]);
  await chooser.setFiles(people);
  await reached(page, 'receiving');
  await press(page, 'Cancel');
  await reached(page, 'cancelled');
  await good(page, 'cancelled');
  await line.detach();
  await close();
});

test('bytes have come, but no header yet', async () => {
  const { page, name, close } = await open();
  const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="sniffed.csv"\r\nContent-Type: text/csv\r\n\r\n';
  const sender = request(`${server.origin}/upload/${name}`, { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': 5000 } }).on('error', () => {});
  sender.write(`${head}id,name,ci`);
  await reached(page, 'receiving');
  await holds(page, 'understood-bar', 'Waiting for the header');
  await holds(page, '.rt-none', 'Waiting for the first row');
  await good(page, 'sniffing');
  sender.destroy();
  await close();
});

test('everything is sent, and still being read', async () => {
  const { page, close } = await open();
  const line = await throttle(page, 400_000);
  await choose(page, file('reading.csv', csv(40_000, 90)));
  await reached(page, 'receiving');
  await sentAtLeast(page, 20);
  // What is under way is taken by the system; the server reads it when it goes on.
  server.freeze();
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await reached(page, 'reading');
  assert.match(await page.textContent('.uc-bars'), /Sent.*100 %.*Read/s);
  await good(page, 'reading');
  server.thaw();
  await reached(page, 'done');
  await close();
});

test('done, with problems and without, and without rows', async () => {
  const { page, close } = await open();
  await choose(page, file('clean.csv', csv(3000)));
  await reached(page, 'done');
  await seesRow(page, 3000);
  await good(page, 'done');
  await choose(page, file('broken.csv', csv(3000, 40).replace('Malmö', '<img src=x onerror=alert(1)>').replaceAll('Ana Souza', 'محمد الفاسي')));
  await page.waitForSelector('.pp-group');
  await reached(page, 'done');
  await seesRow(page, 3000);
  await page.click('.pp-group summary');
  await page.waitForSelector('.pp-body .raw');
  await good(page, 'done-with-problems');
  await choose(page, file('head.csv', 'id,name,city\n'));
  await holds(page, '.rt-none', 'This file has no rows');
  await reached(page, 'done');
  await good(page, 'no-rows');
  await close();
});

test('failed: before the first row, in the middle, and when it is too large', async () => {
  const { page, close } = await open();
  await choose(page, file('wide.csv', `${Array.from({ length: 9 }, (_, i) => `column ${i}`).join(',')}\n1,2,3,4,5,6,7,8,9\n`));
  await reached(page, 'failed');
  await good(page, 'failed');
  const packed = gzipSync(csv(20_000, 300));
  packed.fill(0x55, packed.length - 4000, packed.length - 3000);
  await choose(page, file('broken.csv.gz', packed));
  await holds(page, 'upload-card h1', 'broken.csv.gz');
  await reached(page, 'failed');
  await good(page, 'failed-in-the-middle');
  const large = join(folder, 'large.csv');
  await writeFile(large, csv(100_000));
  await choose(page, large);
  await page.locator('body').getByText(/too large|the limit here/i).first().waitFor();
  await good(page, 'too-large');
  await close();
});

test('the connection: reconnecting, offline, and with a gap', { timeout: 60_000 }, async () => {
  const { line, page, name, close } = await cutOffAfterOne();
  await good(page, 'reconnecting');
  // What happens meanwhile is told afterwards, but for an upload that is gone by then.
  const { id: gone } = await (await post(name, 'gone.csv', csv(50))).json();
  assert.equal((await fetch(`${server.origin}/uploads/${gone}`, { method: 'DELETE' })).status, 204);
  for (let tries = 0; tries < 6 && !(await page.$('connection-indicator[state="offline"]')); tries++) {
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await page.waitForTimeout(150);
  }
  await linked(page, 'offline');
  await good(page, 'offline');
  line.mend();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await linked(page, 'live');
  await page.waitForSelector('.gap:not([hidden])');
  await good(page, 'gap');
  await close();
});

test('what happened meanwhile is caught up with over a slow line', async () => {
  const { line, page, name, close } = await cutOffAfterOne();
  await post(name, 'meanwhile.csv', csv(4000, 9));
  line.slow(30_000);
  line.mend();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await linked(page, 'behind', 5000);
  await good(page, 'behind');
  line.slow(null);
  await linked(page, 'live');
  await close();
});

test('an upload that is shown is removed by its age', async () => {
  const { page, origin, close } = brief;
  const id = idOf(page);
  while ((await fetch(`${origin}/uploads/${id}`)).ok) await new Promise((done) => { setTimeout(done, 100); });
  // To rows that are not here yet.
  await page.evaluate(() => { document.querySelector('.rt-scroll').scrollTop = 180_000; });
  await page.waitForSelector('.toast >> text=no longer kept');
  await page.waitForSelector('drop-zone:not([hidden])');
  await good(page, 'expired');
  await close();
});

test('idle and done fit all widths, hold still where asked, and stand in forced colours', async () => {
  const { page, close } = await open();
  const sizes = async (name) => {
    for (const [width, height] of [[320, 640], [768, 1024], [1024, 768], [1920, 1080]]) {
      await page.setViewportSize({ width, height });
      await painted(page);
      await picture(page, `${name}-${width}`);
      assert.deepEqual(await cutOff(page), [], `${name} at ${width} px`);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  };
  await sizes('empty');
  await choose(page, file('customers.csv', csv(2000, 50)));
  await reached(page, 'done');
  await seesRow(page, 2000);
  const moving = await page.evaluate(() => document.getAnimations().filter(({ playState, effect }) => playState === 'running' && effect.getComputedTiming().duration > 0).length);
  assert.equal(moving, 0, 'nothing moves where reduced motion is asked for');
  await sizes('done');
  await page.emulateMedia({ forcedColors: 'active' });
  await painted(page);
  assert.deepEqual(await violations(page), []);
  await picture(page, 'done-forced-colors');
  await close();
});

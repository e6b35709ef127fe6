import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { cable, choose, csv, picture, reached, seesRow, startBrowser, startServer, throttle, violations } from './harness.js';

const ROWS = 60_000;
const SLOW = 700_000;
let server;
let browser;
let folder;
let people;
let client = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowcast-files-'));
  server = await startServer('--sender-absent-ms-max', '700ms');
  browser = await startBrowser();
  people = await onDisk('people.csv', csv(ROWS));
});
after(async () => { await browser?.close(); await server?.end(); await rm(folder, { recursive: true, force: true }); });
afterEach(() => assert.deepEqual(browser.wrong.splice(0), []));

/** A file on the disk, as a person has it: the same time of change whenever it is chosen. */
async function onDisk(name, text) {
  await mkdir(join(folder, name, '..'), { recursive: true });
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

async function open({ origin = server.origin, ...options } = {}) {
  const context = await browser.context({ reducedMotion: 'reduce', ...options });
  const name = `resume-${++client}`;
  const page = await browser.tab(context, `${origin}/#${name}`, { mayFail: true });
  return { context, page, name, close: () => context.close() };
}

/** Sends the file over a slow line until so much of it is sent. */
async function sendPart(page, path = people, percent = 20) {
  const line = await throttle(page, SLOW);
  await choose(page, path);
  await reached(page, 'receiving');
  await page.waitForFunction((wanted) => document.querySelector('.uc-bars .read').value >= wanted, percent);
  return { fast: () => line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }) };
}

const idOf = (page) => page.url().split('/').at(-1);
const uploadOf = async (id) => (await fetch(`${server.origin}/uploads/${id}`)).json();
const stageIs = async (id, stage) => { while ((await uploadOf(id)).stage !== stage) await new Promise((done) => { setTimeout(done, 50); }); };
const leavingAsks = (page) => page.evaluate(() => { const event = new Event('beforeunload', { cancelable: true }); dispatchEvent(event); return event.defaultPrevented; });
const press = (page, name) => page.locator('upload-card').getByRole('button', { name, exact: true }).click();
async function pressAndChoose(page, name, path) {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press(page, name)]);
  await chooser.setFiles(path);
}

/** Every row is there once, in its order. */
async function whole(id, rows = ROWS) {
  const lines = (await (await fetch(`${server.origin}/uploads/${id}/rows.ndjson`)).text()).trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines.length, rows);
  lines.forEach(({ row, data }, i) => assert.deepEqual([row, data.id], [i + 1, String(i + 1)]));
}

test('an upload is paused and goes on; a pause is no fault, however long', async () => {
  const { page, close } = await open();
  const line = await sendPart(page);
  assert.ok(await leavingAsks(page));
  await press(page, 'Pause');
  await reached(page, 'paused');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Resume', 'the focus stays where it was');
  await stageIs(idOf(page), 'interrupted');
  await page.waitForTimeout(300);
  assert.equal(await page.getAttribute('upload-card', 'state'), 'paused');
  assert.match(await page.textContent('history-list'), /Paused, \d+ %/);
  assert.equal(await page.locator('.toast.warn, .toast.bad').count(), 0);
  assert.match(await page.title(), /^Paused, people\.csv/);
  assert.ok(!await leavingAsks(page), 'nothing is being sent');
  assert.deepEqual(await violations(page), []);
  await picture(page, 'paused-light');
  await line.fast();
  await press(page, 'Resume');
  await reached(page, 'done');
  await seesRow(page, ROWS);
  await whole(idOf(page));
  await close();
});

test('a paused upload can be cancelled', async () => {
  const { page, close } = await open();
  await sendPart(page);
  await press(page, 'Pause');
  await reached(page, 'paused');
  await stageIs(idOf(page), 'interrupted');
  await press(page, 'Cancel');
  await reached(page, 'cancelled');
  await close();
});

test('a line that is cut is mended by itself, and nothing is doubled', async () => {
  const line = await cable(server.port);
  const { page, close } = await open({ origin: line.origin });
  const slow = await sendPart(page);
  line.cut();
  await reached(page, 'interrupted');
  assert.match(await page.textContent('.uc-say'), /Nothing sent is lost.*goes on by itself/s);
  assert.ok(await page.locator('upload-card').getByRole('button', { name: 'Try now' }).isVisible());
  assert.deepEqual(await violations(page), []);
  await picture(page, 'lost-light');
  const id = idOf(page);
  await stageIs(id, 'interrupted');
  await slow.fast();
  line.mend();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await reached(page, 'done');
  await whole(id);
  await close();
  line.end();
});

test('after a reload the same file goes on, and another one is refused with what differs', async () => {
  const { page, close } = await open();
  await sendPart(page);
  const id = idOf(page);
  await page.reload();
  await reached(page, 'interrupted');
  assert.match(await page.textContent('.uc-say'), /Nothing sent is lost.*Choose the same file/s);
  assert.deepEqual(await violations(page), []);
  await picture(page, 'resume-offered-light');
  const refused = (words) => page.waitForFunction((wanted) => document.querySelector('.uc-say p').textContent.includes(wanted), words);
  await pressAndChoose(page, 'Go on', await onDisk('others.csv', csv(ROWS)));
  await refused('it is called others.csv, not people.csv');
  await pressAndChoose(page, 'Go on', await onDisk('shorter/people.csv', csv(10)));
  await refused('This is another file: its size is');
  await pressAndChoose(page, 'Go on', await onDisk('edited/people.csv', csv(ROWS).replace('Ana', 'Bea')));
  await refused('its name and size are the same, its text is not');
  await pressAndChoose(page, 'Go on', await onDisk('middle/people.csv', csv(ROWS).replace('30000,Ana', '30000,Bea')));
  await refused('it was changed');
  assert.deepEqual(await violations(page), []);
  await picture(page, 'resume-refused-light');
  await stageIs(id, 'interrupted');
  await page.reload();
  await reached(page, 'interrupted');
  await pressAndChoose(page, 'Go on', people);
  await reached(page, 'done');
  assert.equal(idOf(page), id);
  await whole(id);
  await page.evaluate(() => { location.hash = location.hash.split('/')[0]; });
  assert.equal(await page.evaluate(() => localStorage.getItem('rowcast.unfinished')), '[]', 'what is done is not offered again');
  await close();
});

test('dropping the right file goes on where it stopped, and can begin anew', async () => {
  const { page, name, context, close } = await open();
  await sendPart(page);
  const id = idOf(page);
  await page.close();
  await stageIs(id, 'interrupted');
  const fresh = await browser.tab(context, `${server.origin}/#${name}`, { mayFail: true });
  await reached(fresh, 'interrupted');
  await throttle(fresh, SLOW / 10);
  await choose(fresh, people);
  await fresh.waitForSelector('text=goes on where it stopped');
  await reached(fresh, 'receiving');
  assert.equal(idOf(fresh), id);
  await fresh.click('text=Begin anew');
  await fresh.waitForFunction((old) => /[0-9a-f-]{36}$/.test(location.hash) && !location.hash.endsWith(old), id);
  await reached(fresh, 'receiving');
  assert.equal(await fresh.locator('history-list li').count(), 2);
  await close();
});

test('the list of uploads goes on with one of them', async () => {
  const { page, name, close } = await open();
  const text = csv(2000);
  const body = `--x\r\nContent-Disposition: form-data; name="file"; filename="curl.csv"\r\nContent-Type: text/csv\r\n\r\n${text}`;
  const sender = request(`${server.origin}/upload/${name}`, { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': body.length + 9 } }).on('error', () => {});
  sender.write(body.slice(0, 50_000));
  await page.waitForFunction(() => document.querySelector('.uc-bars .read + .of').textContent.includes('1,0'));
  sender.destroy();
  await reached(page, 'interrupted');
  const id = idOf(page);
  await page.click('.side [data-act="start"]');
  await page.waitForSelector('drop-zone:not([hidden])');
  const go = page.locator('history-list').getByRole('button', { name: 'Go on with curl.csv' });
  const [wrong] = await Promise.all([page.waitForEvent('filechooser'), go.click()]);
  await wrong.setFiles(await onDisk('tiny/curl.csv', csv(10)));
  await page.waitForFunction(() => /were sent already/.test(document.querySelector('.uc-say').textContent));
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), go.click()]);
  await chooser.setFiles(await onDisk('curl.csv', text));
  await reached(page, 'done');
  assert.equal(idOf(page), id);
  await whole(id, 2000);
  await close();
});

test('a server that is killed in the middle loses nothing and doubles nothing', { timeout: 90_000 }, async () => {
  const { page, close } = await open();
  const line = await sendPart(page);
  const id = idOf(page);
  await server.stop('SIGKILL');
  await page.waitForSelector('connection-indicator[state="reconnecting"], connection-indicator[state="offline"]');
  await server.start();
  await line.fast();
  await reached(page, 'done', 60_000);
  assert.equal(idOf(page), id);
  await whole(id);
  await seesRow(page, ROWS);
  await close();
});

test('an upload that is gone is said to be gone, and can be sent again', async () => {
  const { page, close } = await open();
  const line = await sendPart(page);
  await press(page, 'Pause');
  await reached(page, 'paused');
  const id = idOf(page);
  const { status } = await fetch(`${server.origin}/files/${id}`, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } });
  assert.equal(status, 204);
  await line.fast();
  // It may be said before anybody presses.
  await page.locator('upload-card').getByRole('button', { name: 'Resume', exact: true }).click({ timeout: 1000 }).catch(() => {});
  await page.waitForSelector('text=no longer has people.csv');
  await page.click('text=Begin anew');
  await reached(page, 'done');
  assert.notEqual(idOf(page), id);
  await close();
});

for (const [theme, width] of [['dark', 1440], ['light', 320], ['dark', 390]]) {
  test(`held uploads are fit to be seen at ${width} px, ${theme}`, async () => {
    const { page, close } = await open({ viewport: { width, height: width < 500 ? 700 : 900 }, colorScheme: theme, hasTouch: width < 500, isMobile: width < 500 });
    await sendPart(page);
    const box = () => page.evaluate(() => JSON.stringify([...document.querySelectorAll('.stage, .know, .rows')].map((node) => node.getBoundingClientRect())));
    const before = await box();
    const fits = () => page.evaluate(() => {
      const [bars, say] = ['.uc-bars', '.uc-aside'].map((one) => document.querySelector(one).getBoundingClientRect());
      const stage = document.querySelector('.stage').getBoundingClientRect();
      return document.documentElement.scrollWidth <= innerWidth && say.bottom <= stage.bottom + 1 && (say.left >= bars.right - 1 || say.top >= bars.bottom - 1);
    });
    const good = async (name) => {
      assert.deepEqual(await violations(page), []);
      assert.equal(await box(), before, 'nothing changes its place');
      assert.ok(await fits(), `${name}: the words have room`);
      await picture(page, `${name}-${width}-${theme}`);
    };
    await press(page, 'Pause');
    await reached(page, 'paused');
    await good('paused');
    await page.reload();
    await reached(page, 'interrupted');
    await good('resume-offered');
    await pressAndChoose(page, 'Go on', await onDisk('shorter/people.csv', csv(10)));
    await page.waitForFunction(() => /another file/.test(document.querySelector('.uc-say').textContent));
    await good('resume-refused');
    await close();
  });
}

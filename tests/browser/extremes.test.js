// Very much, and very long: a million rows while somebody watches, and a cell of a MiB. The page stays quick, small and true.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { choose, file, picture, reached, seesRow, startBrowser, startServer, traceTasks, watchHeap } from './harness.js';

const MIB = 1 << 20;
const TASK_MS_MAX = 100;
const HEAP_MB_MAX = 200;
let server;
let browser;
before(async () => { [server, browser] = await Promise.all([startServer('--field-bytes-max', '2MiB', '--record-bytes-max', '4MiB'), startBrowser()]); });
after(async () => { await browser?.close(); await server?.end(); });
afterEach(() => assert.deepEqual(browser.wrong.splice(0), []));

test('a million rows are made, sent and scrolled through, and the page is never busy for long', { timeout: 90_000 }, async (t) => {
  const context = await browser.context();
  const page = await browser.tab(context, `${server.origin}/#million`);
  await page.fill('#m-rows', '1,000,000');
  assert.match(await page.textContent('#m-hint'), /About \d+/);
  const [tasks, heap] = await Promise.all([traceTasks(browser, page), watchHeap(page)]);
  await page.click('text=Make and send');
  await reached(page, 'done', 80_000);
  // One kind of broken row is a header that comes again, which is none.
  const rows = Number((await page.textContent('.uc-bars')).match(/([\d,]+) rows/)[1].replaceAll(',', ''));
  assert.ok(rows > 995_000 && rows <= 1_000_000);
  await seesRow(page, rows);
  assert.match(await page.textContent('.pp-head'), /2,\d{3} in/);
  await page.fill('#jump', '500000');
  await page.press('#jump', 'Enter');
  await seesRow(page, 500_000);
  await picture(page, 'million-rows-light');
  await page.evaluate(() => { document.querySelector('.rt-scroll').scrollTop = 0; });
  await seesRow(page, 1);
  await page.evaluate(() => { const box = document.querySelector('.rt-scroll'); box.scrollTop = box.scrollHeight; });
  await seesRow(page, rows);
  await page.mouse.move(600, 500);
  await page.mouse.wheel(0, -2800);
  await seesRow(page, rows - 100);
  assert.ok(await page.locator('.rt tbody tr').count() < 100, 'only the rows in view are in the document');
  const [all, held] = [await tasks(), await heap()];
  const longest = (what) => Math.max(...all.map((task) => task[what]));
  t.diagnostic(`${all.length} tasks; the longest had the processor for ${longest('cpu').toFixed(1)} ms and took ${longest('wall').toFixed(1)} ms; ${held.toFixed(1)} MB held at most`);
  // The server and the browser share this machine: what a task waited for the processor is not its own work.
  assert.ok(all.length > 100, 'there is a trace');
  assert.ok(longest('cpu') < TASK_MS_MAX, `the page was busy for ${longest('cpu')} ms`);
  assert.ok(held > 1 && held < HEAP_MB_MAX, `the page held ${held} MB`);
  await context.close();
});

test('a cell of a MiB is shown by its beginning, opened piece by piece, and copied whole', async () => {
  const context = await browser.context();
  const page = await browser.tab(context, `${server.origin}/#long`);
  const long = `begin ${'é'.repeat((MIB - 12) / 2)} final`;
  const heap = await watchHeap(page);
  await choose(page, file('long.csv', `id,text,after\n1,${long},x\n2,"<img src=x onerror=globalThis.pwned=1>${'y'.repeat(MIB)}",x\n3,short,x\n`));
  await reached(page, 'done');
  assert.deepEqual((await seesRow(page, 3)).cells, ['3', 'short', 'x']);
  const { cells } = await seesRow(page, 1);
  assert.ok(cells[1].startsWith('begin ééé') && cells[1].length < 400 && cells[1].includes(`${long.length.toLocaleString('en')} characters`), cells[1]);
  assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  assert.ok(await page.evaluate(() => document.body.textContent.length) < 20_000, 'the rest is not in the document');
  await page.locator('tr[aria-rowindex="2"] td').nth(1).dblclick();
  await page.waitForFunction(() => document.querySelector('.find-problem .raw')?.textContent.length === 4096);
  await picture(page, 'long-cell');
  await page.click('text=Show more');
  assert.equal(await page.evaluate(() => document.querySelector('.find-problem .raw').textContent.length), 8192);
  await page.locator('.find-problem').getByRole('button', { name: 'Copy' }).click();
  await page.waitForFunction(async (length) => (await navigator.clipboard.readText()).length === length, long.length);
  assert.ok(await page.evaluate(async () => (await navigator.clipboard.readText()).endsWith('éé final')));
  assert.ok(await heap() < HEAP_MB_MAX);
  await context.close();
});

// The whole way without a mouse: choose a file, see what was wrong, go to it, and save the rows. Only keys are pressed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { csv, file, reached, seesRow, startBrowser, startServer } from './harness.js';

let server;
let browser;
before(async () => { server = await startServer(); browser = await startBrowser(); });
after(async () => { await browser?.close(); await server?.end(); });

test('from the upload over its problems to the download by keys alone', async () => {
  const context = await browser.context();
  const page = await browser.tab(context, `${server.origin}/#keys`);
  const name = () => page.evaluate(() => (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim());
  /** Goes on with a key until the focus is on what is wanted; it must show there. */
  const goTo = async (wanted, key = 'Tab', most = 40) => {
    for (let i = 0; i < most; i++) {
      if (wanted.test(await name())) break;
      await page.keyboard.press(key);
    }
    assert.match(await name(), wanted);
    assert.ok(await page.evaluate(() => { const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement); return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2) || boxShadow !== 'none'; }), `the focus shows on ${await name()}`);
  };
  // Asked for early: from here on the browser hands dialogs over instead of opening them.
  const dialog = page.waitForEvent('filechooser');
  await goTo(/^Choose (a )?files?$/);
  await page.keyboard.press('Enter');
  const chooser = await dialog;
  await chooser.setFiles(file('keys.csv', csv(3000, 60)));
  await reached(page, 'done');
  await page.waitForSelector('.pp-group');
  assert.ok(await page.evaluate(() => document.activeElement.closest('upload-card') !== null), 'the focus is on the card that took the place of the button');
  for (let i = 0; i < 6 && !(await page.evaluate(() => document.activeElement.closest('.panel') !== null)); i++) await page.keyboard.press('F6');
  await goTo(/^Cell missing/);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.pp-group[open] .raw');
  await goTo(/^Next$/);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.pp-body .raw')?.textContent.startsWith('120,'));
  await goTo(/^Show in table/, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await seesRow(page, 120);
  await page.waitForFunction(() => document.activeElement.closest('tr')?.getAttribute('aria-rowindex') === '121');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.find-problem .raw');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.find-problem', { state: 'detached' });
  await page.waitForFunction(() => document.activeElement.closest('tr')?.getAttribute('aria-rowindex') === '121');
  for (let i = 0; i < 6 && !(await page.evaluate(() => document.activeElement.closest('.stage') !== null)); i++) await page.keyboard.press('F6');
  await goTo(/^Download/);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.pop:popover-open');
  await goTo(/CSV/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
  assert.equal(lines.length, 3001);
  assert.match(lines[120], /^"?120"?,/);
  assert.deepEqual(browser.wrong, []);
  await context.close();
});

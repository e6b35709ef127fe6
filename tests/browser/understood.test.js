// How a file was understood: what is told of it, saying otherwise, and holding an upload until somebody has looked.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { choose, csv, file, picture, reached, seesRow, startBrowser, startServer, throttle, violations } from './harness.js';

const SLOW = 700_000;
/** Semicolons where a comma is as good, and one character that is not UTF-8. */
const NAMES = Buffer.concat([Buffer.from('id;name,city\n'), ...Array.from({ length: 40 }, (_, i) => Buffer.from(`${i};Ana,Malmö\n`)), Buffer.from('40;Andr\xe9,Lyon\n', 'latin1')]);
let server;
let browser;
let client = 0;
before(async () => { [server, browser] = await Promise.all([startServer(), startBrowser()]); });
after(async () => { await browser?.close(); await server?.end(); });
afterEach(() => assert.deepEqual(browser.wrong.splice(0), []));

/** A tab on a client of its own; `mayFail` where the server refuses something. */
async function open({ mayFail = false, ...options } = {}) {
  const context = await browser.context({ reducedMotion: 'reduce', ...options });
  const name = `understood-${++client}`;
  const page = await browser.tab(context, `${server.origin}/#${name}`, { mayFail });
  const tab = {
    page, name, close: () => context.close(), fact: (key) => page.locator(`.ub[data-fact="${key}"]`), pop: page.locator('.ub-pop'), again: page.locator('.ub-pop .btn.main'), history: page.locator('.hl li'),
    open: async (key) => { await tab.fact(key).click(); await tab.pop.waitFor(); },
    uploads: async () => (await (await fetch(`${server.origin}/uploads?client=${name}`)).json()).uploads,
    says: (key, words) => page.waitForFunction(([at, text]) => document.querySelector(`.ub[data-fact="${at}"]`)?.textContent.includes(text), [key, words]),
  };
  return tab;
}

/** Sends by a form, as curl does. */
async function post(name, chosen, fields = {}) {
  const form = new FormData();
  for (const [key, value] of Object.entries(fields)) form.append(key, value);
  form.append('file', new Blob([chosen]), 'names.csv');
  return (await fetch(`${server.origin}/upload/${name}`, { method: 'POST', body: form })).json();
}

const columnsOf = (page) => page.locator('.rt thead th:not(.rt-n, .rt-space) b').allTextContents();

test('every fact of the reading opens with its reasons', async () => {
  const { page, fact, pop, open: show, close } = await open();
  await choose(page, file('people.csv', csv(300)));
  await reached(page, 'done');
  const shown = await page.locator('.ub').allTextContents();
  assert.deepEqual(shown, ['Delimiter,commasure', 'Quote"doublesure', 'EncodingUTF-8sure', 'Headerline 1', 'LinesLF', 'More']);
  await show('delimiter');
  assert.match(await pop.textContent(), /A comma, since it gives 100 % of the records 4 cells\./);
  assert.match(await pop.textContent(), /\d+ % sure of delimiter, quote and encoding/);
  assert.match(await pop.locator('label', { has: page.locator('input:checked') }).textContent(), /comma\s*found/);
  assert.ok(await pop.locator('.btn.main').isDisabled(), 'nothing is chosen yet');
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  assert.ok(await fact('delimiter').evaluate((node) => node === document.activeElement), 'the focus is back');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await pop.waitFor();
  assert.match(await pop.textContent(), /since it stands around cells/);
  await page.keyboard.press('Escape');
  await show('lines');
  assert.match(await pop.textContent(), /cannot be changed/);
  assert.equal(await pop.locator('input, select, .btn').count(), 0);
  await page.keyboard.press('Escape');
  await page.emulateMedia({ colorScheme: 'dark' });
  await show('more');
  assert.deepEqual(await pop.locator('label').count(), 5);
  assert.deepEqual(await violations(page), []);
  await close();
});

test('several changes are read at once, as a new upload, without sending a byte', async () => {
  const { page, fact, pop, again, open: show, says, history, uploads, close } = await open();
  const sent = [];
  page.on('request', (request) => { if (/\/files|\/upload\//.test(request.url())) sent.push(request.url()); });
  await choose(page, file('people.csv', csv(300)));
  await reached(page, 'done');
  const before = sent.length;
  await show('delimiter');
  await pop.getByLabel('pipe').check();
  await says('delimiter', 'pipenot read yet');
  await page.keyboard.press('Escape');
  await show('header');
  await pop.getByLabel('Records that name the columns').fill('0');
  await says('header', 'none, columns are numberednot read yet');
  await again.click();
  await page.waitForFunction(() => document.querySelectorAll('.hl li').length === 2);
  await reached(page, 'done');
  await says('delimiter', 'set by you');
  await says('header', 'none, columns are numberedset by you');
  assert.equal(await pop.count(), 0, 'what was open belonged to the reading before');
  assert.deepEqual(await columnsOf(page), ['col_0']);
  assert.deepEqual((await seesRow(page, 301)).cells, ['300,Ana Souza,Malmö,"said ""hello"", then 300"']);
  assert.equal(sent.length, before);
  const [now, first] = await uploads();
  assert.deepEqual([now.source, now.options], [first.id, { delimiter: '|', header_rows: 0 }]);
  assert.deepEqual(await violations(page), []);
  await picture(page, 'read-again');

  // What was said stays said, until it is taken back.
  await show('delimiter');
  assert.match(await pop.locator('label', { has: page.locator('input:checked') }).textContent(), /pipe/);
  await pop.getByLabel('find it out').check();
  await again.click();
  await page.waitForFunction(() => document.querySelectorAll('.hl li').length === 3);
  await says('delimiter', 'commasure');
  assert.match(await fact('header').textContent(), /set by you/);
  await reached(page, 'done');
  assert.deepEqual((await uploads())[0].options, { header_rows: 0 });
  await history.first().getByText('its earlier reading').click();
  await says('delimiter', 'pipeset by you');
  await close();
});

test('what is chosen can be undone, and goes when another upload is shown', async () => {
  const { page, pop, open: show, says, close } = await open();
  await choose(page, file('people.csv', csv(30)));
  await reached(page, 'done');
  const undo = page.locator('understood-bar').getByText('Undo');
  await show('encoding');
  await pop.getByLabel('Encoding', { exact: true }).selectOption('shift_jis');
  await page.keyboard.press('Escape');
  await says('encoding', 'SHIFT_JISnot read yet');
  await undo.click();
  await says('encoding', 'UTF-8sure');
  assert.ok(await undo.isHidden());
  await show('quote');
  await pop.getByLabel('single').check();
  await choose(page, file('others.csv', csv(30)));
  await page.waitForFunction(() => document.querySelector('upload-card h1').textContent === 'others.csv');
  await says('quote', 'doublesure');
  assert.equal(await page.locator('.ub-pop, understood-bar .btn:visible').count(), 0);
  await close();
});

test('what the server does not take stands at its field, and nothing is given up for it', async () => {
  const { page, name, pop, again, open: show, says, uploads, close } = await open({ mayFail: true });
  const { id } = await post(name, NAMES, { hold: 'review' });
  await reached(page, 'understood');
  await show('delimiter');
  await pop.getByLabel('another').first().check();
  const typed = pop.locator('input[type="text"], input.input');
  await typed.fill('abc');
  await says('delimiter', 'Delimiterabcnot read yet');
  await again.click();
  const bad = pop.locator('.hint.bad:visible');
  await bad.waitFor();
  assert.match(await bad.textContent(), /^It is 'abc'; expected one or two characters/);
  assert.equal(await typed.getAttribute('aria-invalid'), 'true');
  assert.equal(await pop.locator('[aria-invalid="true"]').count(), 1);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual((await uploads()).map((one) => [one.id, one.stage]), [[id, 'understood']]);
  await typed.fill('"');
  assert.ok(await bad.isHidden());
  await pop.getByLabel('semicolon').check();
  await page.keyboard.press('Escape');
  // What another field is refused for opens that one.
  await show('quote');
  await pop.getByLabel('none').check();
  await pop.getByLabel('A quote within quotes').selectOption('backslash');
  await page.keyboard.press('Escape');
  await show('encoding');
  await pop.getByLabel('Encoding', { exact: true }).selectOption('other');
  await pop.locator('input').fill('klingon');
  await again.click();
  await bad.waitFor();
  assert.match(await bad.textContent(), /klingon/);
  await pop.locator('input').fill('iso-8859-3');
  await again.click();
  await page.waitForSelector('.ub-pop [aria-invalid="true"] option[value="backslash"]', { state: 'attached' });
  await pop.getByLabel('A quote within quotes').selectOption('');
  await again.click();
  await says('encoding', 'ISO-8859-3set by you');
  await says('quote', 'noneset by you');
  await close();
});

test('with the check before reading on, an upload waits to be read', async () => {
  const { page, says, close } = await open();
  await page.getByLabel('Check before reading').check();
  await page.reload();
  await page.waitForSelector('connection-indicator[state="live"]');
  assert.ok(await page.getByLabel('Check before reading').isChecked(), 'it is remembered');
  assert.deepEqual(await violations(page), []);
  await choose(page, file('people.csv', csv(300)));
  await reached(page, 'understood');
  assert.match(await page.textContent('upload-card'), /To check.*Read it.*Cancel.*0 rows0 %.*Nothing is read before you say so/s);
  assert.deepEqual(await page.locator('.uc-bars .pc').allTextContents(), ['100 %', '0 %']);
  assert.equal(await page.title(), 'To check, people.csv - rowcast');
  assert.match(await page.textContent('history-list'), /people\.csv\s*To check/);
  await says('delimiter', 'comma');
  assert.equal(await page.textContent('understood-bar .lead'), 'Check this');
  assert.deepEqual(await columnsOf(page), ['id', 'name', 'city', 'note']);
  assert.match((await page.locator('held-list tbody tr').first().locator('td').allTextContents()).join('|'), /^id\|(integer|whole number)\|123$/);
  assert.deepEqual(await violations(page), []);
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await violations(page), []);
  await picture(page, 'held');
  await page.getByRole('button', { name: 'Read it' }).click();
  await reached(page, 'done');
  assert.ok(await page.locator('held-list').isHidden());
  assert.ok(await page.locator('upload-card h1').evaluate((node) => node === document.activeElement), 'the focus is not lost with the button');
  await seesRow(page, 300);
  assert.equal(await page.textContent('understood-bar .lead'), 'Understood as');
  await close();
});

test('an upload that is held is found again, read otherwise, and goes on', async () => {
  const { page, name, pop, again, open: show, says, history, uploads, close } = await open({ mayFail: true, viewport: { width: 390, height: 844 } });
  await post(name, NAMES, { hold: 'review' });
  await reached(page, 'understood');
  await page.reload();
  await reached(page, 'understood');
  await page.waitForSelector('held-list tbody tr');
  await show('encoding');
  await pop.getByLabel('Encoding', { exact: true }).selectOption('windows-1252');
  await again.click();
  await says('encoding', 'Windows-1252set by you');
  await reached(page, 'understood');
  await page.waitForFunction(() => document.querySelectorAll('.hl li').length === 1);
  assert.equal(await history.locator('.from:visible').count(), 0, 'of what was not read nothing is kept');
  assert.deepEqual((await uploads()).map((one) => [one.stage, one.hold, one.options]), [['understood', true, { encoding: 'windows-1252' }]]);
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Read it' }).click();
  await reached(page, 'done');
  assert.match((await seesRow(page, 41)).cells.join(), /André/);
  await close();
});

test('a held upload whose bytes still come says so, and is sent again when it is to be read otherwise', async () => {
  const { page, pop, again, open: show, says, history, uploads, close } = await open({ mayFail: true });
  await page.getByLabel('Check before reading').check();
  const line = await throttle(page, SLOW);
  await choose(page, file('people.csv', csv(60_000)));
  await reached(page, 'understood');
  const percents = () => page.locator('.uc-bars .pc').allTextContents();
  assert.ok((await percents()).every((one) => one !== '100 %'), 'not all of it is sent');
  assert.ok(await page.getByText('Pause').isVisible());
  await page.getByText('Pause').click();
  await reached(page, 'paused');
  assert.ok(await page.getByRole('button', { name: 'Read it' }).isVisible());
  await page.getByText('Resume').click();
  await reached(page, 'understood');
  await show('delimiter');
  await pop.getByLabel('semicolon').check();
  assert.match(await pop.textContent(), /sent again from its beginning/);
  await again.click();
  await says('delimiter', 'semicolonset by you');
  await reached(page, 'understood');
  await page.waitForFunction(() => document.querySelectorAll('.hl li').length === 1);
  assert.equal(await history.count(), 1);
  await page.getByRole('button', { name: 'Read it' }).click();
  await reached(page, 'receiving');
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await reached(page, 'done');
  const [{ options, rows }] = await uploads();
  assert.deepEqual([options, rows], [{ delimiter: ';' }, 60_000]);
  await close();
});

test('what somebody else still sends cannot be read otherwise yet, and what is chosen is kept until it can', async () => {
  const { page, name, pop, again, open: show, says, close } = await open({ mayFail: true });
  const headers = { 'tus-resumable': '1.0.0', 'upload-metadata': `client ${btoa(name)},filename ${btoa('names.csv')},hold ${btoa('review')}` };
  const size = 2_000_000;
  const text = new TextEncoder().encode(csv(60_000)).slice(0, size);
  const { headers: made } = await fetch(`${server.origin}/files`, { method: 'POST', headers: { ...headers, 'upload-length': String(size) } });
  const path = new URL(made.get('location'), server.origin).pathname;
  const patch = (at, end) => fetch(server.origin + path, { method: 'PATCH', headers: { 'tus-resumable': '1.0.0', 'upload-offset': String(at), 'content-type': 'application/offset+octet-stream' }, body: text.slice(at, end) });
  await patch(0, 1_500_000);
  await reached(page, 'understood');
  await show('delimiter');
  await pop.getByLabel('tab').check();
  assert.match(await pop.textContent(), /still on its way/);
  assert.ok(await again.isDisabled());
  await patch(1_500_000, size);
  await page.waitForSelector('.ub-pop .btn.main:not(:disabled)');
  assert.match(await pop.textContent(), /not sent again/);
  await again.click();
  await says('delimiter', 'tabset by you');
  await reached(page, 'understood');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await reached(page, 'cancelled');
  await close();
});

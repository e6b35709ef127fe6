import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { choose, csv, file, picture, reached, rowsInView, seesRow, startBrowser, startServer, throttle, violations } from './harness.js';

let server;
let browser;
let client = 0;
before(async () => { [server, browser] = await Promise.all([startServer(), startBrowser()]); });
after(async () => { await browser?.close(); await server?.end(); });
afterEach(() => assert.deepEqual(browser.wrong.splice(0), []));

/** A tab on a client of its own. */
async function open(options = {}, settings = {}) {
  const context = await browser.context(options);
  const name = `test-${++client}`;
  const page = await browser.tab(context, `${server.origin}/#${name}`, settings);
  return { context, page, name, close: () => context.close() };
}

test('a file that is dropped in shows its bars, its rows and a toast, and can be downloaded', async () => {
  const { page, name, close } = await open();
  assert.match(await page.title(), /^rowcast$/);
  await choose(page, file('people.csv', csv(300)));
  await reached(page, 'done');
  assert.equal(await page.textContent('upload-card h1'), 'people.csv');
  assert.deepEqual(await page.locator('.uc-bars .pc').allTextContents(), ['100 %', '100 %']);
  assert.match(await page.textContent('.uc-bars'), /300 rows/);
  assert.deepEqual((await seesRow(page, 300)).cells, ['300', 'Ana Souza', 'Malmö', 'said "hello", then 300']);
  await page.waitForSelector('.toast.ok');
  assert.equal(await page.title(), 'Done, people.csv - rowcast');
  assert.match(await page.textContent('history-list'), /people\.csv\s*300 rows/);
  await page.click('upload-card >> text=Download');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=NDJSON')]);
  const lines = (await (await import('node:fs/promises')).readFile(await download.path(), 'utf8')).trim().split('\n');
  assert.equal(lines.length, 300);
  assert.deepEqual(JSON.parse(lines[0]), { row: 1, data: { id: '1', name: 'Ana Souza', city: 'Malmö', note: 'said "hello", then 1' } });
  assert.match(page.url(), new RegExp(`#${name}/[0-9a-f-]{36}$`), 'the address names what is shown');
  await close();
});

test('a file can be dropped anywhere on the page', async () => {
  const { page, close } = await open();
  const drop = (files) => page.evaluate((names) => {
    const data = new DataTransfer();
    for (const name of names) data.items.add(new File(['a,b\n1,2\n'], name));
    document.querySelector('problems-panel').dispatchEvent(new DragEvent('dragenter', { dataTransfer: data, bubbles: true, cancelable: true }));
    const over = document.querySelector('drop-zone').hasAttribute('over');
    document.querySelector('problems-panel').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    return over;
  }, files);
  assert.ok(await drop(['a.csv']));
  await reached(page, 'done');
  await close();
});

test('problems are counted, shown with their bytes, and lead to their row', async () => {
  const { page, close } = await open();
  await choose(page, file('broken.csv', csv(2000, 100)));
  await reached(page, 'done');
  await page.waitForSelector('.pp-group');
  assert.match(await page.textContent('.pp-head'), /20 in 20 rows/);
  await page.click('.pp-group summary');
  assert.match(await page.textContent('.pp-body .raw'), /^100,Ana,Malmö/);
  await page.click('.pp-body [data-does="next"]');
  await page.waitForFunction(() => document.querySelector('.pp-body .raw')?.textContent.startsWith('200,'));
  await page.click('text=Show in table');
  await seesRow(page, 200);
  assert.ok(await page.evaluate(() => document.activeElement.closest('tr')?.getAttribute('aria-rowindex') === '201'), 'the focus is on that row');
  assert.equal(await page.locator('tr[aria-rowindex="201"] td.gone').count(), 1, 'the missing cell is marked');
  await page.keyboard.press('n');
  await seesRow(page, 300);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.find-problem');
  assert.match(await page.textContent('.find-problem'), /Cell missing.*300,Ana,Malmö/s);
  await picture(page, 'problem-popover');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.find-problem', { state: 'detached' });
  await close();
});

test('what a cell holds is text, whatever it holds', async () => {
  const { page, close } = await open();
  const cells = ['<img src=x onerror=globalThis.pwned=1>', '<script>globalThis.pwned=1</script>', '\u202egnp.exe', 'a\u0000b', '  blank ends  ', 'محمد', `long ${'x'.repeat(100_000)} end`];
  await choose(page, file('<b>hostile</b>.csv', `<i>head</i>,x\n${cells.map((cell) => `"${cell}",1`).join('\n')}\n`));
  await reached(page, 'done');
  await seesRow(page, 7);
  const shown = (await rowsInView(page)).map((one) => one.cells[0]);
  assert.equal(shown[0], cells[0]);
  assert.equal(shown[1], cells[1]);
  assert.equal(shown[2], 'U+202Egnp.exe');
  assert.equal(shown[3], 'a\u2400b');
  assert.equal(shown[4], '··blank ends··');
  assert.equal(shown[5], 'محمد');
  assert.ok(shown[6].length < 400 && shown[6].includes('100,009 characters'));
  assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  assert.equal(await page.locator('.rt img, .rt script, .rt i, upload-card b i').count(), 0);
  assert.match(await page.textContent('.rt thead'), /<i>head<\/i>/);
  await page.locator('tr[aria-rowindex="8"] td').first().dblclick();
  await page.waitForFunction(() => document.querySelector('.find-problem .raw')?.textContent.length === 4096);
  await page.click('text=Show more');
  assert.equal(await page.evaluate(() => document.querySelector('.find-problem .raw').textContent.length), 8192);
  await close();
});

test('a reload in the middle finds its client again and tells what became of the upload', async () => {
  const { page, close } = await open({}, { mayFail: true });
  await throttle(page, 400_000);
  await choose(page, file('slow.csv', csv(200_000)));
  await reached(page, 'receiving');
  await page.waitForFunction(() => /[1-9]/.test(document.querySelector('.uc-bars .read + .of').textContent));
  assert.match(await page.title(), /% slow\.csv - rowcast/);
  const asks = await page.evaluate(() => { const event = new Event('beforeunload', { cancelable: true }); dispatchEvent(event); return event.defaultPrevented; });
  assert.ok(asks, 'leaving asks while bytes are on their way');
  await page.reload();
  await reached(page, 'interrupted');
  assert.equal(await page.textContent('upload-card h1'), 'slow.csv');
  assert.match(await page.textContent('.uc-say'), /Nothing sent is lost.*Choose the same file/s);
  await page.evaluate(() => { document.querySelector('.rt-scroll').scrollTop = 0; });
  await seesRow(page, 1);
  await picture(page, 'interrupted-light');
  const quiet = await page.evaluate(() => { const event = new Event('beforeunload', { cancelable: true }); dispatchEvent(event); return event.defaultPrevented; });
  assert.ok(!quiet, 'leaving does not ask when nothing is being sent');
  await close();
});

test('an upload can be cancelled; its rows stay, and it can be deleted', async () => {
  const { page, close } = await open({ reducedMotion: 'reduce' }, { mayFail: true });
  await throttle(page, 1_500_000);
  await choose(page, file('cancel.csv', csv(500_000, 900)));
  await reached(page, 'receiving');
  await page.waitForFunction(() => document.querySelector('.uc-bars .read').value >= 15 && /left/.test(document.querySelector('.uc-fig').textContent));
  await picture(page, 'receiving-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await violations(page), []);
  await picture(page, 'receiving-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await reached(page, 'cancelled');
  assert.ok((await rowsInView(page)).length > 0);
  await page.click('upload-card [aria-label="Delete"]');
  await page.click('text=Delete upload');
  await page.waitForSelector('drop-zone:not([hidden])');
  assert.match(await page.textContent('history-list'), /No uploads yet/);
  await close();
});

test('a file that the server refuses says why, and the next one can be sent', async () => {
  const strict = await startServer('--body-bytes-max', '100KiB');
  const context = await browser.context();
  const page = await browser.tab(context, `${strict.origin}/#strict`, { mayFail: true });
  // As of a server that does not say its limit.
  await page.route('**/files', (route) => (route.request().method() === 'OPTIONS' ? route.fulfill({ status: 204 }) : route.continue()));
  await page.reload();
  await page.waitForSelector('connection-indicator[state="live"]');
  await choose(page, file('large.csv', csv(30_000)));
  await reached(page, 'failed');
  assert.match(await page.textContent('.uc-say'), /File too large/);
  assert.match(await page.textContent('understood-bar'), /never complete/);
  assert.match(await page.textContent('.rt-none'), /No row was read/);
  await choose(page, file('head.csv', 'a,b,c\n'));
  await reached(page, 'done');
  assert.match(await page.textContent('.rt-none'), /This file has no rows.*3 columns/s);
  assert.match(await page.textContent('.rt thead'), /a.*b.*c/s);
  await context.close();
  await strict.end();
});

test('two tabs share one stream and show the same', async () => {
  const { context, page, name, close } = await open();
  const second = await browser.tab(context, `${server.origin}/#${name}`);
  await choose(page, file('shared.csv', csv(1000)));
  await Promise.all([reached(page, 'done'), reached(second, 'done')]);
  assert.deepEqual((await seesRow(second, 1000)).cells, (await seesRow(page, 1000)).cells);
  await page.close();
  await choose(second, file('after.csv', csv(10)));
  await second.waitForFunction(() => document.querySelector('upload-card h1').textContent === 'after.csv');
  await reached(second, 'done');
  await close();
});

test('the stream comes back by itself after the server was away, and says so meanwhile', async () => {
  const { page, close } = await open({}, { mayFail: true });
  await choose(page, file('before.csv', csv(10)));
  await reached(page, 'done');
  await server.stop();
  await page.waitForSelector('connection-indicator[state="reconnecting"]');
  assert.match(await page.textContent('connection-indicator'), /Reconnecting/);
  await picture(page, 'reconnecting-light');
  await server.start();
  await page.waitForSelector('connection-indicator[state="live"]', { timeout: 20_000 });
  await choose(page, file('after.csv', csv(10)));
  await page.waitForFunction(() => document.querySelector('upload-card h1').textContent === 'after.csv' && document.querySelector('upload-card[state="done"]'));
  await seesRow(page, 10);
  await close();
});

test('everything can be done by the keyboard', async () => {
  const { page, close } = await open();
  await choose(page, file('keys.csv', csv(5000, 7)));
  await reached(page, 'done');
  await page.locator('[role="grid"]').press('Control+Home').catch(() => {});
  await page.focus('.skip');
  await page.keyboard.press('Enter');
  for (let i = 0; i < 12 && !(await page.evaluate(() => document.activeElement.closest('[role="grid"]'))); i++) await page.keyboard.press('Tab');
  await page.keyboard.press('Control+Home');
  await seesRow(page, 1);
  const stands = (row) => page.waitForFunction((wanted) => document.activeElement.closest('tr')?.getAttribute('aria-rowindex') === String(wanted + 1), row);
  await stands(1);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => document.activeElement.textContent === 'Ana Souza' && document.activeElement.closest('tr').getAttribute('aria-rowindex') === '3');
  await page.keyboard.press('End');
  await page.waitForFunction(() => document.activeElement.textContent.startsWith('said'));
  await page.keyboard.press('Control+End');
  await stands(5000);
  await page.keyboard.press('p');
  await stands(4998);
  await page.keyboard.press('PageUp');
  await page.keyboard.press('g');
  await page.keyboard.type('2500');
  await page.keyboard.press('Enter');
  await stands(2500);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.find-problem');
  await page.keyboard.press('Escape');
  await stands(2500);
  await page.keyboard.press('?');
  await page.waitForSelector('.pop .keys');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.pp-group');
  await page.keyboard.press('F6');
  assert.ok(await page.evaluate(() => document.activeElement.closest('.panel') !== null), 'F6 goes to the problems');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.pp-group[open]');
  await close();
});

test('clients are named by the link, kept across reloads and can be switched', async () => {
  const { context, page, name, close } = await open();
  await choose(page, file('mine.csv', csv(5)));
  await reached(page, 'done');
  await page.click('client-switcher [aria-label="Share this view"]');
  await page.click('.pop >> text=Copy');
  await page.waitForSelector('.toast >> text=Copied.');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${server.origin}/#${name}`);
  await page.keyboard.press('Escape');
  const fresh = await browser.tab(context, server.origin);
  await fresh.waitForURL(`${server.origin}/#${name}`);
  assert.match(await fresh.textContent('empty-state'), new RegExp(`/upload/${name}`));
  await fresh.click('history-list a');
  await seesRow(fresh, 1);
  await fresh.goBack();
  await fresh.waitForSelector('drop-zone:not([hidden])');
  await fresh.click('client-switcher .btn');
  await fresh.fill('#client-name', '-no');
  await fresh.click('.pop form button');
  await fresh.waitForSelector('#client-name[aria-invalid="true"]');
  await fresh.fill('#client-name', `${name}-b`);
  await fresh.click('.pop form button');
  await fresh.waitForFunction((wanted) => document.querySelector('client-switcher .cut').textContent === wanted, `${name}-b`);
  assert.match(await fresh.textContent('history-list'), /No uploads yet/);
  await close();
});

// At 1440 px every state is looked at in states.test.js.
for (const [theme, width, height] of [['dark', 390, 844], ['light', 320, 640], ['light', 1024, 768]]) {
  test(`nothing is wrong for axe at ${width} px, ${theme}`, async () => {
    const { page, close } = await open({ viewport: { width, height }, colorScheme: theme, hasTouch: width < 500, isMobile: width < 500, reducedMotion: 'reduce' });
    assert.deepEqual(await violations(page), []);
    await picture(page, `idle-${width}-${theme}`);
    await choose(page, file('customers.csv', csv(2000, 50)));
    await reached(page, 'done');
    await page.waitForSelector('.pp-group', { state: 'attached' });
    assert.deepEqual(await violations(page), []);
    await picture(page, `done-${width}-${theme}`);
    if (width < 896) {
      await page.click('.view [data-show="problems"]');
      await page.click('.pp-group summary');
      assert.deepEqual(await violations(page), []);
      await picture(page, `problems-${width}-${theme}`);
    }
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is not wider than the screen');
    await close();
  });
}

// The table as a person uses it: columns sized, known and found; cells and rows copied; only what is wrong shown; text found.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { choose, csv, file, picture, reached, rowsInView, seesRow, startBrowser, startServer, violations } from './harness.js';

let server;
let browser;
let count = 0;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** A tab that shows an upload of its own. */
async function open(text, options = {}) {
  const context = await browser.context({ reducedMotion: 'reduce', ...options });
  const page = await browser.tab(context, `${server.origin}/#table-${count++}`);
  await choose(page, file('table.csv', text));
  await reached(page, 'done');
  await page.waitForSelector('.rt tbody td:not(.rt-space)');
  return { page, close: async () => { assert.deepEqual(browser.wrong.splice(0), []); await context.close(); } };
}

const focusCell = async (page, row, column) => {
  await page.fill('#jump', String(row));
  await page.press('#jump', 'Enter');
  await stands(page, row);
  await page.keyboard.press('Home');
  for (let i = 0; i < column; i++) await page.keyboard.press('ArrowRight');
  await stands(page, row, column);
};
/** Waits until the focus is on a cell; row 0 is the head, column -1 the row's number. */
const stands = (page, row, column) => page.waitForFunction(([wanted, at]) => {
  const cell = document.activeElement.closest('td, th');
  const number = cell?.closest('thead') ? '0' : cell?.closest('tr').querySelector('.rt-n').firstChild.data.replaceAll(',', '');
  return number === String(wanted) && (at === undefined || [...cell.parentNode.querySelectorAll(':scope > :not(.rt-space)')].indexOf(cell) === at + 1);
}, [row, column]);
const widthOf = (page, at) => page.evaluate((column) => document.querySelectorAll('.rt thead th')[column + 1].offsetWidth, at);
const copied = (page) => page.evaluate(() => navigator.clipboard.readText());
const pop = '.pop:popover-open';

test('a column is dragged wider, stays so while rows are looked at, and fits its cells by a double click', async () => {
  const { page, close } = await open(csv(3000));
  const before = await widthOf(page, 1);
  const edge = async () => {
    const { x, y, width } = await page.locator('.rt-grip').nth(1).boundingBox();
    return [x + width / 2, y + 10];
  };
  await page.mouse.move(...await edge());
  await page.mouse.down();
  const [x, y] = await edge();
  await page.mouse.move(x + 60, y, { steps: 5 });
  await page.mouse.move(x + 100, y + 300);
  await page.mouse.up();
  await page.waitForFunction((wanted) => document.querySelectorAll('.rt thead th')[2].offsetWidth === wanted, before + 100);
  assert.equal(await page.locator(pop).count(), 0, 'dragging is no click on the head');
  await page.mouse.move(x + 400, y);
  await page.fill('#jump', '2500');
  await page.press('#jump', 'Enter');
  await seesRow(page, 2500);
  assert.equal(await widthOf(page, 1), before + 100);
  await page.mouse.dblclick(...await edge());
  await page.waitForFunction((wanted) => document.querySelectorAll('.rt thead th')[2].offsetWidth < wanted, before + 20);
  const fits = await page.evaluate(() => [...document.querySelectorAll('.rt tbody tr:not([hidden]) td:nth-child(3)')].every((td) => td.scrollWidth <= td.clientWidth));
  assert.ok(fits, 'no cell in view is cut');
  await close();
});

test('a head is reached by keys and tells of its column, sizes it and leads to its first problem', async () => {
  const { page, close } = await open(csv(2000, 100));
  await focusCell(page, 1, 3);
  await page.keyboard.press('ArrowUp');
  await stands(page, 0, 3);
  await page.keyboard.press('Enter');
  await page.waitForSelector(pop);
  assert.match(await page.textContent(pop), /note.*Looks like.*Filled.*Different.*said "hello".*Of the first [\d,]+ rows\./s);
  assert.deepEqual(await violations(page), []);
  await picture(page, 'column-popover');
  const before = await widthOf(page, 3);
  await page.click(`${pop} >> text=Wider`);
  await page.waitForFunction((wanted) => document.querySelectorAll('.rt thead th')[4].offsetWidth === wanted, before + 24);
  await page.click(`${pop} >> text=Fit`);
  await page.waitForFunction((wanted) => document.querySelectorAll('.rt thead th')[4].offsetWidth < wanted, before);
  await page.click(`${pop} >> text=20 problems, show the first`);
  await stands(page, 100, 3);
  const fits = await widthOf(page, 3);
  await page.keyboard.press('Shift+ArrowRight');
  await page.waitForFunction((wanted) => document.querySelectorAll('.rt thead th')[4].offsetWidth === wanted, fits + 24);
  await page.keyboard.press('Shift+ArrowLeft');
  await page.waitForFunction((wanted) => document.querySelectorAll('.rt thead th')[4].offsetWidth === wanted, fits);
  await page.keyboard.press('i');
  await page.waitForSelector(pop);
  await page.keyboard.press('Escape');
  await stands(page, 100, 3);
  await close();
});

test('cells and rows are copied whole', async () => {
  const long = `${'x'.repeat(5000)} end`;
  const { page, close } = await open(`a,b,c\n1,"two\twords","said ""hi"""\n2,${long},z\n`);
  await focusCell(page, 1, 2);
  await page.keyboard.press('Control+c');
  await page.waitForSelector('toast-region :text("Copied.")');
  assert.equal(await copied(page), 'said "hi"');
  await page.keyboard.press('y');
  await page.waitForFunction(async () => (await navigator.clipboard.readText()) === '1\t"two\twords"\t"said ""hi"""');
  await focusCell(page, 2, 1);
  await page.keyboard.press('Control+c');
  await page.waitForFunction(async (wanted) => (await navigator.clipboard.readText()) === wanted, long);
  await page.keyboard.press('y');
  await page.waitForFunction(async (wanted) => (await navigator.clipboard.readText()) === `2\t${wanted}\tz`, long);
  await close();
});

test('a pointer sees the whole of a text that is cut, and nothing else gets a tooltip', async () => {
  const text = 'a text that is far too long for its cell, whatever its width, since it goes on and on';
  const { page, close } = await open(`id,note\n${Array.from({ length: 30 }, (_, i) => `${i},${i === 4 ? `${text}, ${text}` : 'short'}`).join('\n')}\n`);
  await page.hover('tr[aria-rowindex="6"] td >> nth=1');
  assert.equal(await page.getAttribute('tr[aria-rowindex="6"] td >> nth=1', 'title'), `${text}, ${text}`);
  await page.hover('tr[aria-rowindex="7"] td >> nth=1');
  assert.equal(await page.getAttribute('tr[aria-rowindex="7"] td >> nth=1', 'title'), null);
  await close();
});

test('only rows with problems are shown, by their own numbers, and every row again', async () => {
  const { page, close } = await open(csv(60_000, 300));
  await page.waitForSelector('.pp-group');
  await focusCell(page, 1, 0);
  await page.keyboard.press('o');
  await seesRowNumber(page, '300');
  await page.waitForFunction(() => document.querySelector('[role="grid"]').getAttribute('aria-rowcount') === '201');
  assert.match(await page.textContent('.rt-foot .range'), /of 200 with problems$/);
  assert.deepEqual((await rowsInView(page)).slice(0, 3).map(({ row, cells }) => [row, cells[0]]), [[1, '300'], [2, '600'], [3, '900']]);
  assert.deepEqual(await violations(page), []);
  await picture(page, 'problems-only');
  await page.keyboard.press('Control+End');
  await stands(page, 60_000);
  assert.equal(await page.evaluate(() => document.activeElement.closest('tr').getAttribute('aria-rowindex')), '201');
  await page.keyboard.press('ArrowUp');
  await stands(page, 59_700);
  await page.keyboard.press('p');
  await stands(page, 59_400);
  await page.fill('#jump', '1234');
  await page.press('#jump', 'Enter');
  await stands(page, 1234);
  assert.equal(await page.getAttribute('[role="grid"]', 'aria-rowcount'), '60001', 'a row that is not among them ends it');
  await page.click('[aria-label="Problems only"]');
  await page.waitForFunction(() => document.querySelector('[role="grid"]').getAttribute('aria-rowcount') === '201');
  await page.click('[aria-label="Problems only"]');
  await seesRowNumber(page, '1,501');
  await close();
});

const seesRowNumber = (page, number) => page.waitForFunction((wanted) => [...document.querySelectorAll('.rt tbody tr:not([hidden])')].some((tr) => tr.querySelector('.rt-n').firstChild.data === wanted && tr.querySelector('td').textContent), number);

test('a group of problems can be looked at alone', async () => {
  const { page, close } = await open(`a,b\n${Array.from({ length: 1000 }, (_, i) => (i % 100 === 99 ? `${i}` : i % 100 === 49 ? `${i},1,2` : `${i},x`)).join('\n')}\n`);
  const group = page.locator('.pp-group', { hasText: 'Cell missing' });
  await group.locator('summary').click();
  await group.locator('text=Only these rows').click();
  await page.waitForFunction(() => document.querySelector('[role="grid"]').getAttribute('aria-rowcount') === '11');
  await seesRowNumber(page, '100');
  await page.focus('[role="grid"] [tabindex="0"], [role="grid"][tabindex="0"]');
  await page.keyboard.press('n');
  await stands(page, 100);
  await page.keyboard.press('n');
  await stands(page, 200);
  assert.equal(await page.getAttribute('[role="grid"]', 'aria-rowcount'), '11', 'the next problem is the next of these');
  await page.keyboard.press('o');
  await page.waitForFunction(() => document.querySelector('[role="grid"]').getAttribute('aria-rowcount') === '1001');
  await close();
});

test('text is found in the rows that are here, forwards and backwards', async () => {
  const { page, close } = await open(csv(1000));
  await focusCell(page, 1, 0);
  await page.keyboard.press('/');
  await page.waitForSelector('.rt-find:not([hidden])');
  await page.keyboard.type('THEN 50');
  const says = (text) => page.waitForFunction((wanted) => document.querySelector('.rt-find output').textContent === wanted, text);
  await says('1 of 11 in 1,000 rows');
  await seesRow(page, 50);
  assert.ok(await page.evaluate(() => CSS.highlights.get('found').size > 0), 'what was found is painted');
  assert.deepEqual(await violations(page), []);
  await picture(page, 'found');
  await page.keyboard.press('Enter');
  await says('2 of 11 in 1,000 rows');
  await seesRow(page, 500);
  await page.click('[aria-label="Previous match"]');
  await says('1 of 11 in 1,000 rows');
  await page.click('[aria-label="Previous match"]');
  await says('11 of 11 in 1,000 rows');
  await seesRow(page, 509);
  await page.fill('.rt-find .input', 'no such text');
  await says('none in 1,000 rows');
  await page.keyboard.press('Escape');
  await stands(page, 509, 3);
  assert.equal(await page.evaluate(() => CSS.highlights.get('found').size), 0);
  await page.keyboard.press('/');
  await page.waitForSelector('.rt-find:not([hidden])');
  await choose(page, file('another.csv', csv(3)));
  await page.waitForSelector('.rt-find', { state: 'hidden' });
  assert.ok(await page.isVisible('.rt-foot #jump'), 'another upload begins with the foot');
  await close();
});

test('of 4,096 columns one is found by its name, sized, and a row is read as a list', async () => {
  const names = Array.from({ length: 4096 }, (_, i) => `col_${i + 1}`);
  const { page, close } = await open(`${names.join(',')}\n${Array.from({ length: 40 }, (_, row) => names.map((_, i) => `${row + 1}.${i + 1}`).join(',')).join('\n')}\n`);
  await focusCell(page, 7, 0);
  await page.keyboard.press('c');
  await page.waitForSelector(pop);
  assert.ok(await page.locator(`${pop} dt`).count() <= 200, 'not all of them at once');
  assert.match(await page.textContent(pop), /3,896 more/);
  await page.keyboard.type('COL_3210');
  await page.waitForFunction(() => document.querySelectorAll('.pop dt').length === 1);
  assert.match(await page.textContent(`${pop} dl`), /^col_32107\.3210$/);
  assert.deepEqual(await violations(page), []);
  await picture(page, 'row-as-list');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement.textContent === '7.3210');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-colindex')), '3211');
  assert.match(await page.textContent('.rt-foot'), /Columns 3,2\d\d to 3,2\d\d of 4,096/);
  const left = () => page.evaluate(() => document.activeElement.getBoundingClientRect().width);
  const before = await left();
  await page.keyboard.press('i');
  await page.click(`${pop} >> text=Wider`);
  await page.keyboard.press('Escape');
  await page.waitForFunction((wanted) => document.activeElement.getBoundingClientRect().width === wanted, before + 24);
  await page.click('.rt tbody tr:nth-child(9) .rt-n');
  await page.waitForSelector(pop);
  await page.click(`${pop} >> text=Copy row`);
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).split('\t').length === 4096);
  await close();
});

for (const [theme, width, height] of [['light', 390, 844], ['dark', 1440, 900], ['light', 320, 640], ['light', 1024, 768]]) {
  test(`the foot and its popovers fit at ${width} px, ${theme}`, async () => {
    const { page, close } = await open(csv(3000, 50), { viewport: { width, height }, colorScheme: theme, hasTouch: width < 500, isMobile: width < 500 });
    const inside = (selector) => page.evaluate((within) => {
      const foot = document.querySelector(within);
      const { left, right } = foot.getBoundingClientRect();
      const boxes = [...foot.querySelectorAll('button, input, select')].filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect());
      return boxes.every((box) => box.left >= left && box.right <= right) && boxes.every((box, i) => i === 0 || box.left >= boxes[i - 1].right - 1);
    }, selector);
    assert.ok(await inside('.rt-foot'));
    await page.click('[aria-label="Problems only"]');
    await page.waitForSelector('[aria-label="Problems only"][aria-pressed="true"]');
    assert.ok(await inside('.rt-foot'));
    await page.click('.rt tbody tr:nth-child(2) .rt-n');
    await page.waitForSelector(pop);
    assert.deepEqual(await violations(page), []);
    await picture(page, `row-list-${width}-${theme}`);
    await page.keyboard.press('Escape');
    await page.click('[aria-label="Find in the rows loaded here"]');
    await page.fill('.rt-find .input', 'malmö');
    await page.waitForFunction(() => document.querySelector('.rt-find output').textContent !== '');
    assert.ok(await inside('.rt-find'));
    assert.deepEqual(await violations(page), []);
    await picture(page, `found-${width}-${theme}`);
    await close();
  });
}

test('nothing holds the page up while a million rows pour in and are looked through', { timeout: 120_000 }, async () => {
  const context = await browser.context();
  const page = await browser.tab(context, `${server.origin}/#table-${count++}`);
  await page.fill('#m-rows', '1,000,000');
  await page.fill('#m-messy', '2');
  // By the time of the processor, since other programs of this computer take their share of the clock's.
  await browser.browser.startTracing(page, { categories: ['toplevel'] });
  await page.click('text=Make and send');
  await page.waitForSelector('.pp-group', { timeout: 60_000 });
  await page.click('.rt tbody td >> nth=2');
  await page.keyboard.press('o');
  await page.waitForSelector('[aria-label="Problems only"][aria-pressed="true"]');
  await page.keyboard.press('o');
  await page.keyboard.press('/');
  await page.waitForSelector('.rt-find:not([hidden])');
  await page.keyboard.type('an');
  await page.waitForFunction(() => / in /.test(document.querySelector('.rt-find output').textContent));
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+End');
  await page.keyboard.press('f');
  await reached(page, 'done', 100_000);
  const { traceEvents } = JSON.parse(await browser.browser.stopTracing());
  const isMain = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid, tdur }) => name.endsWith('RunTask') && tdur && isMain.has(`${pid} ${tid}`)).map(({ tdur }) => tdur / 1000);
  assert.ok(tasks.length > 100, 'the trace holds the tasks of the page');
  assert.ok(Math.max(...tasks) < 100, `a task took ${Math.max(...tasks)} ms`);
  assert.deepEqual(browser.wrong.splice(0), []);
  await context.close();
});

// Around the table: the queue, samples and mock files, messages, the list of uploads, downloads, links, the theme, the connection.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { choose, csv, file, picture, reached, seesRow, startBrowser, startServer, throttle, violations } from './harness.js';

const SLOW = 700_000;
let server;
let browser;
let client = 0;
before(async () => { [server, browser] = await Promise.all([startServer(), startBrowser()]); });
after(async () => { await browser?.close(); await server?.end(); });
afterEach(() => assert.deepEqual(browser.wrong.splice(0), []));

async function open({ origin = server.origin, mayFail = false, ...options } = {}) {
	const context = await browser.context({ reducedMotion: 'reduce', ...options });
	const name = `around-${++client}`;
	const page = await browser.tab(context, `${origin}/#${name}`, { mayFail });
	return { context, page, name, close: () => context.close() };
}

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const list = (page) => page.locator('history-list li');
const namesOf = (page) => page.locator('history-list li .cut').allTextContents();
const leavingAsks = (page) => page.evaluate(() => { const event = new Event('beforeunload', { cancelable: true }); dispatchEvent(event); return event.defaultPrevented; });
const press = (page, name) => page.locator('upload-card').getByRole('button', { name, exact: true }).click();
const shows = (page, name, state) => page.waitForFunction(([wanted, phase]) => document.querySelector('upload-card h1')?.textContent === wanted && document.querySelector(`upload-card[state="${phase}"]:not([hidden])`), [name, state]);
const textOf = async (download) => readFile(await download.path(), 'utf8');
const downloaded = async (page, click) => (await Promise.all([page.waitForEvent('download'), click()]))[0];

/** Sends three files over a slow line, until the first is on its way. */
async function three(page, rows = 60_000) {
	const line = await throttle(page, SLOW);
	await choose(page, ['a.csv', 'b.csv', 'c.csv'].map((name, i) => file(name, csv(i ? 40 : rows))));
	await shows(page, 'a.csv', 'receiving');
	return () => line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
}

/** What a paste or a drop brings. */
const bring = (page, type, names, folder = false) => page.evaluate(([kind, files, isFolder]) => {
	const data = new DataTransfer();
	for (const name of files) data.items.add(new File(['a,b\n1,2\n'], name));
	if (isFolder) DataTransferItem.prototype.webkitGetAsEntry = () => ({ isDirectory: true });
	const event = kind === 'paste' ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true }) : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
	document.querySelector('problems-panel').dispatchEvent(event);
}, [type, names, folder]);

test('several files are sent one after the other, in their order; one can be taken away', async () => {
	const { page, close } = await open();
	const fast = await three(page, 300_000);
	assert.deepEqual(await namesOf(page), ['b.csv', 'c.csv', 'a.csv']);
	assert.match(await list(page).first().textContent(), /Waiting/);
	assert.match(await page.textContent('.uc-title'), /2 waiting/);
	await page.waitForSelector('text=2 files wait until a.csv is sent');
	assert.ok(await leavingAsks(page));
	assert.deepEqual(await violations(page), []);
	await picture(page, 'queue-light');
	await page.emulateMedia({ colorScheme: 'dark' });
	assert.deepEqual(await violations(page), []);
	await page.getByRole('button', { name: 'Do not send b.csv' }).focus();
	await page.keyboard.press('Enter');
	await page.waitForFunction(() => document.querySelectorAll('history-list li').length === 2);
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Do not send c.csv', 'the focus goes on to the next one');
	await choose(page, file('d.csv', csv(30)));
	await fast();
	await shows(page, 'd.csv', 'done');
	assert.deepEqual(await namesOf(page), ['d.csv', 'c.csv', 'a.csv']);
	assert.ok(!await leavingAsks(page));
	await close();
});

test('files that are pasted or dropped together are all sent', async () => {
	const { page, close } = await open();
	await bring(page, 'drop', ['a.csv', 'b.csv']);
	await shows(page, 'b.csv', 'done');
	await bring(page, 'paste', ['c.csv', 'd.csv']);
	await shows(page, 'd.csv', 'done');
	assert.deepEqual(await namesOf(page), ['d.csv', 'c.csv', 'b.csv', 'a.csv']);
	await close();
});

test('what waits takes nothing from who looks at another upload', async () => {
	const { page, close } = await open();
	await choose(page, file('old.csv', csv(10)));
	await shows(page, 'old.csv', 'done');
	const fast = await three(page, 20_000);
	await page.locator('history-list a', { hasText: 'old.csv' }).click();
	await shows(page, 'old.csv', 'done');
	await fast();
	await page.waitForFunction(() => [...document.querySelectorAll('history-list li')].filter((li) => /40 rows/.test(li.textContent)).length === 2);
	assert.equal(await page.textContent('upload-card h1'), 'old.csv');
	await close();
});

test('one that cannot be sent is told of, and the next goes on', async () => {
	const { page, close } = await open({ mayFail: true });
	let refused = false;
	await page.route('**/files', (route) => {
		if (refused || route.request().method() !== 'POST') return route.continue();
		refused = true;
		return route.fulfill({ status: 413, contentType: 'application/problem+json', body: '{"title":"File too large","detail":"It is too large."}' });
	});
	await choose(page, ['a.csv', 'b.csv'].map((name) => file(name, csv(20))));
	await shows(page, 'b.csv', 'done');
	await page.waitForSelector('.toast.bad >> text=a.csv was not sent. File too large. It is too large.');
	assert.deepEqual(await violations(page), []);
	await close();
});

test('while one is paused the others wait; when it is cancelled the next goes on', async () => {
	const { page, close } = await open({ mayFail: true });
	const fast = await three(page, 200_000);
	await press(page, 'Pause');
	await reached(page, 'paused');
	assert.match(await page.title(), /^Paused, a\.csv/);
	assert.ok(await leavingAsks(page), 'the files that wait would be lost');
	await choose(page, file('d.csv', csv(20)));
	await page.waitForSelector('text=a.csv is paused. 1 file waits for it.');
	assert.deepEqual((await namesOf(page)).slice(0, 3), ['b.csv', 'c.csv', 'd.csv']);
	await fast();
	await press(page, 'Cancel');
	await shows(page, 'd.csv', 'done');
	assert.match(await page.textContent('history-list'), /a\.csvCancelled/);
	assert.deepEqual((await namesOf(page)).sort(), ['a.csv', 'b.csv', 'c.csv', 'd.csv']);
	await close();
});

test('to go to another client is to be told what was not sent', async () => {
	const { page, name, close } = await open();
	await three(page);
	await page.evaluate((to) => { location.hash = to; }, `${name}-b`);
	await page.waitForSelector('text=2 files were not sent');
	assert.ok(await leavingAsks(page), 'the first one is still being sent, unseen');
	await close();
});

test('what the server does not take is said before anything is sent', async () => {
	const strict = await startServer('--body-bytes-max', '100KiB');
	const { page, close } = await open({ origin: strict.origin });
	await page.waitForSelector('drop-zone >> text=Up to 102 KB, plain or gzip');
	await choose(page, file('large.csv', csv(30_000)));
	await page.waitForSelector('drop-zone[refused]');
	assert.match(await page.textContent('drop-zone'), /This file has 1\.\d+ MB; the limit here is 102 KB\. Nothing was sent\./);
	assert.deepEqual(await violations(page), []);
	await choose(page, [file('small.csv', csv(3)), file('large.csv', csv(30_000))]);
	await page.waitForSelector('drop-zone >> text=large.csv has');
	await bring(page, 'drop', ['a'], true);
	await page.waitForSelector('drop-zone >> text=Drop CSV files, not a folder. Nothing was sent.');
	await picture(page, 'refused-light');
	assert.equal(await list(page).count(), 0);
	await close();
	await strict.end();
});

test('samples and files made to measure are sent by one click', async () => {
	const { page, close } = await open();
	for (const [name, rows] of [['customers.csv', 200], ['orders-messy.csv', 99], ['quotes.csv'], ['unicode.csv']]) {
		await page.click(`empty-state >> text=${name}`);
		await shows(page, name, 'done');
		if (rows) assert.match(await page.textContent('.uc-bars'), new RegExp(`${rows} rows`));
		await page.click('.side [data-act="start"]');
		await page.waitForSelector('empty-state:not([hidden])');
	}
	await page.fill('#m-rows', '0');
	assert.equal(await page.textContent('#m-hint'), 'Rows: 1 to 10,000,000.');
	assert.deepEqual(await violations(page), []);
	await page.fill('#m-rows', '250');
	await page.fill('#m-columns', '8');
	await page.fill('#m-messy', '0');
	await page.click('text=Make and send');
	await shows(page, 'customers-250-seed-42.csv', 'done');
	await seesRow(page, 250);
	assert.equal(await page.locator('.rt thead .rt-col').count(), 8);
	await close();
});

test('problems can be had as a file, whole and of one kind, and each kind is explained', async () => {
	const { page, close } = await open();
	await page.click('empty-state >> text=orders-messy.csv');
	await shows(page, 'orders-messy.csv', 'done');
	const whole = (await textOf(await downloaded(page, () => page.click('.pp-head [aria-label="Download problems"]')))).trim().split('\n');
	assert.equal(whole.length, 14);
	const group = page.locator('.pp-group', { hasText: 'encoding-error' });
	await group.locator('summary').click();
	const some = (await textOf(await downloaded(page, () => group.getByText('Download these').click()))).trim().split('\n');
	assert.equal(some.length, 3);
	assert.ok(some.slice(1).every((line) => line.includes('item,encoding-error')));
	const href = await group.getByText('What it means').getAttribute('href');
	assert.match(await (await fetch(server.origin + href, { headers: { accept: 'text/html' } })).text(), /encoding-error/);
	assert.deepEqual(await violations(page), []);
	await picture(page, 'problems-panel-light');
	const toast = await textOf(await downloaded(page, () => page.locator('.toast').getByText('Download problems').click()));
	assert.equal(toast.trim().split('\n').length, 14);
	await page.locator('.toast').getByText('Next problem').click();
	await page.waitForFunction(() => document.activeElement.closest('tr'));
	await close();
});

test('the list of uploads offers every download, and deletes when it was asked', async () => {
	const { page, close } = await open();
	await page.click('empty-state >> text=orders-messy.csv');
	await shows(page, 'orders-messy.csv', 'done');
	await page.click('.side [data-act="start"]');
	assert.match(await page.textContent('history-list li'), /99 rows, 13 problems.*5\.13 KB/s);
	const more = page.getByRole('button', { name: 'More for orders-messy.csv' });
	await page.locator('history-list a').first().focus();
	await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await page.waitForSelector('.pop');
	assert.deepEqual(await page.locator('.pop li a').evaluateAll((links) => links.map((link) => link.getAttribute('href').split('/').at(-1))), ['rows.csv', 'rows.ndjson', 'accepted.csv', 'rejects.csv', 'problems.csv']);
	assert.deepEqual(await violations(page), []);
	await picture(page, 'list-menu-light');
	const rejects = await textOf(await downloaded(page, () => page.click('.pop >> text=Rejected rows')));
	assert.match(rejects, /_codes/);
	await page.click('.pop >> text=Delete');
	assert.match(await page.locator('.pop', { hasText: 'Delete orders-messy.csv?' }).textContent(), /99 rows and 13 problems/);
	await page.click('.pop >> text=Keep');
	assert.equal(await list(page).count(), 1);
	await more.hover();
	await more.click();
	await page.click('.pop >> text=Delete');
	await page.click('text=Delete upload');
	await page.waitForSelector('text=No uploads yet');
	await close();
});

test('on a touch screen the list’s buttons are there without pointing', async () => {
	const { page, close } = await open({ ...PHONE, colorScheme: 'dark' });
	await choose(page, file('a.csv', csv(20)));
	await shows(page, 'a.csv', 'done');
	await page.click('[popovertarget="side"]');
	const more = page.getByRole('button', { name: 'More for a.csv' });
	assert.equal(await more.evaluate((node) => getComputedStyle(node).opacity), '1');
	assert.ok((await more.boundingBox()).width >= 40);
	assert.deepEqual(await violations(page), []);
	await picture(page, 'list-390-dark');
	await more.click();
	await page.waitForSelector('.pop:popover-open');
	await close();
});

test('the newest messages show, older ones are counted, and all are kept in a panel', async () => {
	const { page, close } = await open({ mayFail: true });
	await choose(page, [1, 2, 3, 4, 5].map((n) => file(`${n}.csv`, csv(10))));
	await shows(page, '5.csv', 'done');
	await page.waitForFunction(() => document.querySelectorAll('.toast:not([hidden])').length === 3);
	await page.locator('toast-region .more').click();
	const panel = page.locator('.pop');
	for (const n of [1, 2, 3, 4, 5]) assert.match(await panel.textContent(), new RegExp(`read from ${n}\\.csv`));
	assert.match(await panel.locator('li').first().textContent(), /5\.csv.*\d\d:\d\d:\d\d 5\.csv/s, 'newest first, with its time and its upload');
	assert.deepEqual(await violations(page), []);
	await picture(page, 'messages-light');
	await page.keyboard.press('Escape');
	await panel.waitFor({ state: 'detached' });
	await page.click('.top [aria-label="Messages"]');
	await panel.locator('li', { hasText: 'read from 1.csv' }).locator('a').click();
	await shows(page, '1.csv', 'done');
	await close();
});

test('a link to an upload lets a second screen watch it', async () => {
	const { page, close } = await open();
	const fast = await three(page, 300_000);
	await page.waitForFunction(() => location.hash.includes('/'));
	await page.click('client-switcher [aria-label="Share this view"]');
	await page.waitForSelector('.pop code');
	const links = await page.locator('.pop code').allTextContents();
	assert.deepEqual(links, [page.url().split('/').slice(0, -1).join('/'), page.url()]);
	assert.deepEqual(await violations(page), []);
	await picture(page, 'share-light');
	const context = await browser.context();
	const second = await browser.tab(context, links[1]);
	await shows(second, 'a.csv', 'receiving');
	await page.keyboard.press('Escape');
	await fast();
	await shows(second, 'c.csv', 'done');
	await second.goto('about:blank');
	await second.goto(links[1]);
	await shows(second, 'a.csv', 'done');
	await context.close();
	await close();
});

test('a link to an upload that is not listed yet, or no longer there', async () => {
	const { page, context, name, close } = await open({ mayFail: true });
	const { uploads: [first] } = await (async () => {
		for (let i = 0; i < 52; i++) await fetch(`${server.origin}/upload/${name}?filename=${i}.csv`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'a\n1\n' });
		return (await fetch(`${server.origin}/uploads?client=${name}&limit=100`)).json().then(({ uploads }) => ({ uploads: uploads.reverse() }));
	})();
	const second = await browser.tab(context, `${server.origin}/#${name}/${first.id}`, { mayFail: true });
	await reached(second, 'done');
	assert.ok(second.url().endsWith(first.id));
	assert.equal(await list(second).count(), 51);
	await second.click('text=Show older');
	await second.waitForFunction(() => document.querySelectorAll('history-list li').length === 52);
	await second.evaluate((id) => { location.hash = location.hash.replace(/[0-9a-f]{12}$/, id); }, '000000000000');
	await second.waitForSelector('text=no longer kept here');
	await page.close();
	await close();
});

test('a phone hands a link to its own way of sharing', async () => {
	const { page, context, name, close } = await open(PHONE);
	await context.addInitScript(() => { navigator.share = (what) => { globalThis.shared = what; return Promise.resolve(); }; });
	await page.reload();
	await page.waitForSelector('connection-indicator[state="live"]');
	await page.click('client-switcher [aria-label="Share this view"]');
	await page.click('.pop [aria-label="Send the link"]');
	assert.deepEqual(await page.evaluate(() => globalThis.shared), { url: `${server.origin}/#${name}` });
	assert.deepEqual(await violations(page), []);
	await picture(page, 'share-390-light');
	await close();
});

test('the theme goes from light to dark to what the system says, and is there before the first paint', async () => {
	const { page, close } = await open({ colorScheme: 'dark' });
	const button = page.locator('.top [data-act="theme"]');
	const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const dark = await back();
	assert.equal(await button.getAttribute('aria-label'), 'Theme: as the system');
	await button.click();
	assert.equal(await button.getAttribute('aria-label'), 'Theme: light');
	const light = await back();
	assert.notEqual(light, dark);
	await page.addInitScript(() => { addEventListener('DOMContentLoaded', () => { globalThis.early = document.documentElement.dataset.theme; }); });
	await page.reload();
	await page.waitForSelector('connection-indicator[state="live"]');
	assert.equal(await page.evaluate(() => globalThis.early), 'light');
	assert.equal(await back(), light);
	await button.click();
	assert.equal(await button.getAttribute('aria-label'), 'Theme: dark');
	await button.click();
	assert.equal(await button.getAttribute('aria-label'), 'Theme: as the system');
	await page.emulateMedia({ colorScheme: 'light' });
	assert.equal(await back(), light);
	await close();
});

test('after a loss the page says how far behind it is, then that it is live; its place stays the same', async () => {
	const context = await browser.context();
	await context.addInitScript(() => { delete globalThis.SharedWorker; });
	const name = `around-${++client}`;
	let cut = false;
	await context.route('**/sse/**', (route) => (cut ? route.abort() : route.continue()));
	const page = await browser.tab(context, `${server.origin}/#${name}`, { mayFail: true });
	await page.evaluate(() => {
		globalThis.said = new Set();
		globalThis.places = new Set();
		const host = document.querySelector('connection-indicator');
		new MutationObserver(() => {
			const { x, width } = host.getBoundingClientRect();
			globalThis.said.add(host.textContent);
			globalThis.places.add(`${x} ${width}`);
		}).observe(host, { subtree: true, childList: true, characterData: true, attributes: true });
	});
	cut = true;
	await server.stop();
	await page.waitForSelector('connection-indicator[state="reconnecting"]');
	await server.start();
	await fetch(`${server.origin}/upload/${name}`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: csv(60_000) });
	assert.match(await page.textContent('connection-indicator'), /Reconnecting( in \d+ s)?|Offline, trying every 30 s/);
	cut = false;
	await page.evaluate(() => dispatchEvent(new Event('online')));
	await page.waitForSelector('connection-indicator[state="live"]');
	const said = await page.evaluate(() => [...globalThis.said]);
	assert.ok(said.some((words) => /^Catching up, [\d,]+ behind$/.test(words)), said.join('; '));
	assert.equal(await page.evaluate(() => globalThis.places.size), 1);
	await reached(page, 'done');
	await context.close();
});

for (const width of [1440, 1024, 768, 390, 320]) {
	test(`nothing moves while the page loads at ${width} px`, async () => {
		const context = await browser.context({ viewport: { width, height: 900 } });
		const page = await context.newPage();
		const line = await context.newCDPSession(page);
		await line.send('Network.enable');
		// Slow enough that the page is painted before its scripts and before the server was asked.
		await line.send('Network.emulateNetworkConditions', { offline: false, latency: 40, downloadThroughput: 300_000, uploadThroughput: -1 });
		await page.addInitScript(() => {
			globalThis.moved = [];
			new PerformanceObserver((entries) => { for (const { sources, value } of entries.getEntries()) globalThis.moved.push(`${value} ${sources.map(({ node }) => node?.outerHTML ?? node?.nodeValue)}`); }).observe({ type: 'layout-shift', buffered: true });
		});
		await page.goto(`${server.origin}/#loads`);
		await page.waitForSelector('connection-indicator[state="live"]');
		await page.waitForSelector('drop-zone >> text=Up to');
		await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
		assert.deepEqual(await page.evaluate(() => globalThis.moved), []);
		await context.close();
	});
}

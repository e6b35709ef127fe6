// What a person notices who looks closely: nothing is said twice, the focus is never lost, the end stays the end, and what cannot
// be done just now is told.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { choose, csv, file, picture, reached, rowsInView, seesRow, startBrowser, startServer, violations } from './harness.js';

let server;
let browser;
let client = 0;
before(async () => { [server, browser] = await Promise.all([startServer('--columns-max', '1500'), startBrowser()]); });
after(async () => { await browser?.close(); await server?.end(); });
afterEach(() => assert.deepEqual(browser.wrong.splice(0), []));

async function open(mayFail = false) {
	const context = await browser.context({ reducedMotion: 'reduce' });
	const name = `care-${++client}`;
	const page = await browser.tab(context, `${server.origin}/#${name}`, { mayFail });
	return { page, name, close: () => context.close() };
}

const focusIn = (page, selector) => page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector);
const toasts = (page) => page.locator('.toast p').allTextContents();
const pill = (page) => page.locator('.rt-pill');
const lastRow = async (page) => (await rowsInView(page)).at(-1)?.row;

test('a file that cannot be read says why once, in a sentence, and can be read otherwise', async () => {
	const { page, close } = await open(true);
	const cells = (n) => Array.from({ length: n }, (_, i) => i);
	await choose(page, file('many.csv', `${cells(2000).join(',')};b\n${cells(2000).join(',')};2\n`));
	await reached(page, 'failed');
	const why = /The header at line 1 \(byte 0\) names 2,00\d columns; expected at most 1,500/;
	await page.waitForSelector('.toast.bad');
	assert.match(await page.textContent('.uc-say'), why);
	assert.match(await page.textContent('.pp-list'), why, 'the panel gives the reason first');
	assert.doesNotMatch(await page.textContent('.pp-list'), /No problems/);
	assert.match(await page.textContent('.hl li'), why);
	// The refused request has been answered by now, and has nothing to add.
	await page.waitForFunction(() => !document.querySelector('.toast:not(.bad)'));
	const [said, ...more] = await toasts(page);
	assert.match(said, why);
	assert.deepEqual(more, []);
	assert.equal(await pill(page).isVisible(), false, 'there is no end to go to');
	assert.doesNotMatch(await page.textContent('.rt-foot'), /columns/);
	assert.deepEqual(await violations(page), []);
	await picture(page, 'failed-to-say');
	await page.click('[data-fact="delimiter"]');
	await page.locator('.ub-pop').getByLabel('semicolon').check();
	await page.locator('.ub-pop').getByRole('button', { name: 'Read again' }).click();
	await reached(page, 'done');
	assert.deepEqual(await page.locator('.rt thead th b').last().textContent(), 'b');
	await focusIn(page, 'upload-card h1, [data-fact]');
	await close();
});

test('the focus goes on from what is gone', async () => {
	const { page, close } = await open();
	await choose(page, file('gone.csv', csv(20, 4)));
	await reached(page, 'done');
	await page.click('[data-fact="delimiter"]');
	await page.locator('.ub-pop').getByLabel('tab').check();
	await page.locator('.ub-pop').getByRole('button', { name: 'Undo' }).press('Enter');
	await focusIn(page, '[data-fact="delimiter"]');
	await page.locator('.toast .x').first().press('Enter');
	await page.waitForSelector('.toast', { state: 'detached' });
	await focusIn(page, '#rows');
	await page.locator('upload-card').getByRole('button', { name: 'Delete' }).press('Enter');
	await page.locator('.pop').getByRole('button', { name: 'Delete upload' }).press('Enter');
	await focusIn(page, 'drop-zone button');
	await close();
});

test('the same words stand once, and Escape takes the newest message away', async () => {
	const { page, close } = await open();
	await choose(page, file('copy.csv', csv(20, 4)));
	await reached(page, 'done');
	await page.waitForSelector('.toast.warn');
	await page.locator('.rt tbody td').first().click();
	for (let i = 1; i <= 2; i++) {
		await page.keyboard.press('y');
		await page.click('.top [aria-label="Messages"]');
		await page.waitForFunction((n) => [...document.querySelectorAll('.msg')].filter((one) => one.textContent.includes('Copied.')).length === n, i);
		await page.keyboard.press('Escape');
		await page.waitForSelector('.pop', { state: 'detached' });
		assert.deepEqual((await toasts(page)).filter((one) => one === 'Copied.').length, 1, 'to close a popover takes no message away');
		await page.locator('.rt tbody td').first().click();
	}
	await page.keyboard.press('Escape');
	await page.waitForFunction(() => ![...document.querySelectorAll('.toast')].some((one) => one.textContent.includes('Copied.')));
	assert.equal(await page.locator('.toast.warn').count(), 1);
	await close();
});

test('messages come in while their panel is open', async () => {
	const { page, name, close } = await open();
	await page.click('.top [aria-label="Messages"]');
	await page.getByText('No messages yet.').waitFor();
	const body = new FormData();
	body.append('file', new Blob([csv(10)]), 'late.csv');
	await fetch(`${server.origin}/upload/${name}`, { method: 'POST', body });
	await page.locator('.msg', { hasText: 'read from late.csv' }).waitFor();
	assert.equal(await page.getByText('No messages yet.').isVisible(), false);
	await close();
});

test('the end stays the end when the table becomes smaller or larger', async () => {
	const { page, close } = await open();
	await choose(page, file('end.csv', csv(500)));
	await reached(page, 'done');
	await seesRow(page, 500);
	const gap = (hidden) => page.evaluate((now) => { document.querySelector('.gap').hidden = now; }, hidden);
	for (const change of [() => page.setViewportSize({ width: 1440, height: 660 }), () => page.setViewportSize({ width: 1440, height: 1000 }), () => gap(false), () => gap(true)]) {
		const before = await page.locator('.rt-scroll').evaluate((node) => node.clientHeight);
		await change();
		await page.waitForFunction((was) => document.querySelector('.rt-scroll').clientHeight !== was, before);
		await seesRow(page, 500);
		assert.equal(await pill(page).textContent(), 'Following the end');
	}
	await pill(page).click();
	await page.locator('.rt-scroll').evaluate((node) => { node.scrollTop = node.scrollHeight; });
	await page.waitForFunction(() => document.querySelector('.rt-pill').textContent !== 'Following the end');
	await page.setViewportSize({ width: 1440, height: 700 });
	await seesRow(page, 500);
	assert.equal(await lastRow(page), 500, 'also where nobody follows it');
	await close();
});

test('no cell is selected before somebody is there, and a head without rows says nothing of them', async () => {
	const { page, close } = await open();
	await choose(page, file('calm.csv', csv(10)));
	await reached(page, 'done');
	await seesRow(page, 1);
	assert.equal(await page.locator('.rt [aria-selected]').count(), 0);
	assert.equal(await page.locator('.rt [tabindex="0"]').count(), 1, 'but it can be reached');
	await page.locator('.rt [tabindex="0"]').focus();
	await page.waitForSelector('.rt td[aria-selected="true"]');
	await choose(page, file('head.csv', 'a,b\n'));
	await page.getByText('This file has no rows').waitFor();
	assert.equal((await page.locator('.rt thead .rt-col span').allTextContents()).join('').trim(), '');
	await close();
});

test('what waits to be checked stands below the head of the table, also under a gap', async () => {
	const { page, close } = await open();
	await page.locator('drop-zone').getByLabel('Check before reading').check();
	await choose(page, file('held.csv', csv(10)));
	await reached(page, 'understood');
	await page.locator('held-list b').first().waitFor();
	for (const hidden of [true, false]) {
		await page.evaluate((now) => { document.querySelector('.gap').hidden = now; }, hidden);
		const [head, list] = await page.evaluate(() => ['.rt thead', 'held-list'].map((one) => document.querySelector(one).getBoundingClientRect()).map(({ top, bottom }) => ({ top, bottom })));
		assert.ok(Math.abs(list.top - head.bottom) <= 2, `the list at ${list.top}, the head to ${head.bottom}`);
	}
	await close();
});

test('what cannot be loaded while the server is away says so', async () => {
	const { page, close } = await open(true);
	await choose(page, file('away.csv', csv(10)));
	await reached(page, 'done');
	const all = [['upload-card', 'Download'], ['.top', 'Messages'], ['client-switcher', 'Share this view']].map(([where, name]) => page.locator(where).getByRole('button', { name, exact: true }));
	await page.locator('.toast .x').click();
	await page.route('**/js/**', (route) => route.abort());
	for (const one of [...all, page.locator('[data-fact="delimiter"]')]) {
		await one.click();
		await page.locator('.toast', { hasText: 'The server cannot be reached.' }).waitFor();
		await page.locator('.toast .x').last().click();
		await page.waitForSelector('.toast', { state: 'detached' });
	}
	await page.unroute('**/js/**');
	await all[0].click();
	await page.locator('.pop').getByText('All rows as CSV').waitFor();
	await close();
});

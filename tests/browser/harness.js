// Starts the real server on a free port with a folder of its own, and a browser; ends both. Everything a test needs to say
// what a person does and sees.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createServer as createSite } from 'node:http';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const HERE = dirname(fileURLToPath(import.meta.url));
const BINARIES = [process.env.ROWCAST_BIN, '../../target/release/rowcast', '../../target/debug/rowcast'].filter(Boolean);
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const SHOTS = process.env.ROWCAST_SHOTS;

/** The program that is tested. */
export function binary() {
  const found = BINARIES.map((path) => resolve(HERE, path)).find(existsSync);
  if (!found) throw new Error('no server to test: cargo build --release, or set ROWCAST_BIN');
  return found;
}

/** The server of this checkout. `stop()` ends it; `start()` again takes the same port and data. @param {...string} more arguments */
export const startServer = (...more) => startServerOn(0, ...more);

/** The same, on a port; 0 is a free one. @param {number} port @param {...string} more arguments */
export async function startServerOn(port, ...more) {
  const data = await mkdtemp(join(tmpdir(), 'rowcast-browser-'));
  const server = { origin: '', port, process: null };
  server.start = async () => {
    const child = spawn(binary(), ['serve', '--listen', `127.0.0.1:${server.port}`, '--data-dir', data, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
    server.process = child;
    const said = [];
    server.origin = await new Promise((done, fail) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          said.push(line);
          const found = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line);
          if (found) done(found[1]);
        });
      }
      child.once('exit', (code) => fail(new Error(`the server ended with ${code}:\n${said.join('\n')}`)));
    });
    server.port = Number(new URL(server.origin).port);
  };
  server.stop = async (signal = 'SIGTERM') => {
    const child = server.process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await ended;
  };
  /** Holds it in the middle of whatever it does, and lets it go on. */
  server.freeze = () => { process.kill(server.process.pid, 'SIGSTOP'); };
  server.thaw = () => { process.kill(server.process.pid, 'SIGCONT'); };
  server.end = async () => {
    await server.stop('SIGKILL');
    await rm(data, { recursive: true, force: true });
  };
  await server.start();
  return server;
}

/** A site with nothing on it, or with what `answer` makes of a request. `localhost` is another site than `127.0.0.1`. */
export async function site(answer = (_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>x</title>')) {
  const http = createSite(answer);
  await new Promise((done) => http.listen(0, 'localhost', done));
  return { origin: `http://localhost:${http.address().port}`, close: () => http.close() };
}

/** A browser, and tabs in it that fail the test when the page logs an error. */
export async function startBrowser() {
  const browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS });
  const wrong = [];
  const context = async (options = {}) => {
    const made = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', ...options });
    await made.grantPermissions(['clipboard-read', 'clipboard-write']);
    return made;
  };
  const tab = async (within, address, { mayFail = false } = {}) => {
    const page = await within.newPage();
    page.on('pageerror', (error) => wrong.push(`${error.message} ${error.stack}`));
    page.on('console', (message) => { if (message.type() === 'error' && !mayFail) wrong.push(message.text()); });
    page.on('dialog', (dialog) => dialog.accept().catch(() => {}));
    await page.goto(address);
    await page.waitForSelector('connection-indicator[state="live"]', { timeout: 10_000 }).catch((error) => { throw wrong.length ? new Error(wrong.splice(0).join('\n')) : error; });
    return page;
  };
  return { browser, wrong, context, tab, close: () => browser.close() };
}

/** A CSV of `rows` rows; every `bad`th has a cell too few. */
export function csv(rows, bad = 0) {
  const lines = ['id,name,city,note'];
  for (let i = 1; i <= rows; i++) lines.push(bad && i % bad === 0 ? `${i},Ana,Malmö` : `${i},Ana Souza,Malmö,"said ""hello"", then ${i}"`);
  return `${lines.join('\n')}\n`;
}

/** @param {string} name @param {string | Buffer} text */
export const file = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

/** Chooses a file as a person does. */
export const choose = (page, chosen) => page.setInputFiles('#file', chosen);

/** Waits until the upload that is shown is in a state. */
export const reached = (page, state, timeout = 30_000) => page.waitForSelector(`upload-card[state="${state}"]:not([hidden])`, { timeout });

/** Rows in view with their cells, top to bottom. */
export const rowsInView = (page) => page.evaluate(() => {
  // The table comes with the first upload that is shown.
  if (!document.querySelector('.rt thead')) return [];
  const head = document.querySelector('.rt thead').getBoundingClientRect().bottom;
  const bottom = document.querySelector('.rt-scroll').getBoundingClientRect().bottom;
  return [...document.querySelectorAll('.rt tbody tr:not([hidden])')]
    .filter((tr) => { const box = tr.getBoundingClientRect(); return box.bottom > head + 1 && box.top < bottom - 1; })
    .map((tr) => ({ row: Number(tr.getAttribute('aria-rowindex')) - 1, cells: [...tr.querySelectorAll('td:not(.rt-space)')].map((td) => td.textContent) }));
});

/** Waits until a row is in view and its cells are here. */
export async function seesRow(page, row, timeout = 10_000) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const found = (await rowsInView(page)).find((one) => one.row === row && one.cells.some(Boolean));
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`row ${row} does not show; there are ${JSON.stringify((await rowsInView(page)).slice(0, 3))}…`);
    await page.waitForTimeout(50);
  }
}

/** Sends at most so many bytes a second, as a slow line would. */
export async function throttle(page, bytesPerSecond) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond });
  return session;
}

/** What axe finds on the page as it is now, in words. The page allows no inline script, so axe comes in by the debugger. */
export async function violations(page) {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, { preload: false, resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`);
}

/** Keeps a picture, if somebody wants them. */
export async function picture(page, name) {
  if (!SHOTS) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** After the next two frames: what was asked for is laid out and painted. */
export const painted = (page) => page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(() => done(null))); }));

/** The boxes of the regions, which no state may change. */
export const boxes = (page) => page.evaluate(() => Object.fromEntries(['.top', '.side', '.stage', '.know', '.rows', '.panel'].map((one) => {
  const { x, y, width, height } = document.querySelector(one).getBoundingClientRect();
  return [one, [x, y, width, height].join(' ')];
})));

/** What stands out of the page or of its region sideways, and cannot be reached by scrolling. */
export const cutOff = (page) => page.evaluate(() => {
  const found = document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} px wide`] : [];
  for (const node of document.querySelectorAll('button, a[href], input, select, h1, h2, strong')) {
    const { left, right, width, height } = node.getBoundingClientRect();
    if (width < 2 || height < 2 || !node.checkVisibility() || node.closest('.vh, .skip')) continue;
    let around = node.parentElement;
    while (around && !/auto|scroll/.test(getComputedStyle(around).overflowX)) around = around.parentElement;
    if (!around && (left < -1 || right > innerWidth + 1)) found.push(`${node.tagName} "${node.textContent}" from ${left} to ${right}`);
  }
  return found;
});

const LOOKS = [['light', 1440, 900], ['dark', 1440, 900], ['phone', 390, 844]];

/** A state in all its looks: nothing is wrong for axe, nothing is cut off, and pictures are kept. `again` brings a short one back before each. @returns {Promise<Record<string, object>>} the boxes of the regions, by look */
export async function inAllLooks(page, name, again = async () => {}) {
  const found = {};
  const wrong = [];
  for (const [look, width, height] of LOOKS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: look === 'dark' ? 'dark' : 'light' });
    await again();
    await painted(page);
    found[look] = await boxes(page);
    await picture(page, `${name}-${look}`);
    wrong.push(...[...await violations(page), ...await cutOff(page)].map((one) => `${name}, ${look}: ${one}`));
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
  if (wrong.length) throw new Error(wrong.join('\n'));
  return found;
}

/** A line that can be cut, and made slow towards the page: what runs over a cut one breaks, and nothing gets through until it is mended. */
export async function cable(port) {
  const sockets = new Set();
  let cut = false;
  let slow = null;
  const proxy = createServer((near) => {
    if (cut) return near.destroy();
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.on('error', () => {}).on('close', () => { sockets.delete(one); other.destroy(); });
    }
    near.pipe(far);
    far.on('data', (bytes) => {
      near.write(bytes);
      if (slow === null) return;
      far.pause();
      setTimeout(() => far.resume(), (bytes.length / slow) * 1000);
    });
  });
  await new Promise((done) => { proxy.listen(0, '127.0.0.1', done); });
  const clear = () => { for (const socket of sockets) socket.destroy(); };
  return {
    origin: `http://127.0.0.1:${proxy.address().port}`, cut: () => { cut = true; clear(); }, mend: () => { cut = false; },
    /** @param {number | null} bytesPerSecond */ slow: (bytesPerSecond) => { slow = bytesPerSecond; }, end: () => { clear(); proxy.close(); },
  };
}

/** Traces the page's main thread until `stop`, which tells of each task how long it was in all and how long it had the processor, in ms. */
export async function traceTasks(browser, page) {
  await browser.browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  return async () => {
    const { traceEvents } = JSON.parse((await browser.browser.stopTracing()).toString());
    const threads = new Map(traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => [`${pid}/${tid}`, []]));
    for (const { name, pid, tid, dur = 0, tdur = 0 } of traceEvents) if (name === 'ThreadControllerImpl::RunTask') threads.get(`${pid}/${tid}`)?.push({ wall: dur / 1000, cpu: tdur / 1000 });
    // Other tabs of this browser may be there: the page is the one that has work.
    const work = (tasks) => tasks.reduce((sum, { cpu }) => sum + cpu, 0);
    return [...threads.values()].sort((a, b) => work(b) - work(a))[0];
  };
}

/** Samples how much the page's scripts hold in memory until `stop`, which tells the most, in MB. */
export async function watchHeap(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  let most = 0;
  const look = async () => { most = Math.max(most, (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'JSHeapUsedSize').value / 1e6); };
  const timer = setInterval(() => { look().catch(() => {}); }, 100);
  return async () => { clearInterval(timer); await look(); return most; };
}

// What every file here needs: the real server, a CSV made by the real command, an independent reading of it, and programs
// that are run with a time limit.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { build } from 'esbuild';
export { startBrowser, startServer, startServerOn } from '../browser/harness.js';

/** A path of this checkout. */
export const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** The program. */
export const ROWCAST = [process.env.ROWCAST_BIN, path('target/release/rowcast'), path('target/debug/rowcast')].filter(Boolean).find(existsSync);
export const PYTHON = path('target/interop/python/bin/python');

/** A CSV of so many plausible rows, as bytes. */
export const mock = (rows, seed = 7) => execFileSync(ROWCAST, ['mock', '--rows', String(rows), '--seed', String(seed)], { maxBuffer: 1 << 30 });

/** The records of a CSV as somebody else's parser reads them, by RFC 4180; the first is the header. @param {string | Buffer} bytes */
export const records = (bytes, settings = {}) => parse(bytes, { bom: true, ...settings });

/** Rows as objects, from records with a header. */
export const rows = ([header, ...rest]) => rest.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i]])));

/**
 * Holds that these are all events of an upload of this CSV that its client saw first: numbered 1 to n, none missing, none
 * twice, in one epoch for each start of the server, every row as somebody else reads it.
 * @param {{ id: string, event: string, data: string }[]} events
 */
export function holdWhole(events, bytes, starts = 1) {
  const durable = events.filter((one) => one.event !== 'progress');
  const epochs = new Set();
  durable.forEach(({ id, event }, i) => {
    const [, epoch, n] = /^([a-z0-9]{8})-(\d+)$/.exec(id) ?? assert.fail(`'${id}' is no id, at event ${i} (${event})`);
    epochs.add(epoch);
    assert.equal(Number(n), i + 1, `event ${i + 1} has the id ${id}`);
  });
  assert.equal(epochs.size, starts);
  const expected = rows(records(bytes));
  const got = durable.filter((one) => one.event === 'row').map((one) => JSON.parse(one.data));
  assert.equal(got.length, expected.length);
  got.forEach((one, i) => {
    assert.equal(one.row, i + 1);
    assert.deepEqual(one.data, expected[i]);
  });
  const { stage, rows: count } = JSON.parse(durable.at(-1).data);
  assert.deepEqual([durable.at(-1).event, stage, count], ['stage', 'done', expected.length]);
}

/** Starts a program. `lines` takes each line of its output; `ended` fails when it fails or takes too long. */
export function program(command, args, { lines = () => {}, seconds = 60, ...settings } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: seconds * 1000, killSignal: 'SIGKILL', ...settings });
  const said = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const whole = (rest + text).split('\n');
    rest = whole.pop();
    whole.forEach(lines);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
  const ended = new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code, signal) => (code === 0 ? done() : fail(new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}:\n${said.join('')}`))));
  });
  ended.catch(() => {});
  return { child, ended };
}

/** The clients that run in a page, as one script. */
export async function bundlePage() {
  const built = await build({ entryPoints: [path('tests/interop/clients/page.js')], bundle: true, format: 'iife', write: false, logLevel: 'error' });
  return built.outputFiles[0].text;
}

/** An empty page on an origin, with those clients in it; made up unless the origin itself answers with one. */
export async function blankPage({ browser }, origin, script, { isMadeUp = true } = {}) {
  const context = await browser.newContext();
  // Without any network but loopback Chromium calls itself offline, and clients wait for a better day.
  await context.addInitScript(() => Object.defineProperty(globalThis.navigator, 'onLine', { get: () => true }));
  const page = await context.newPage();
  if (isMadeUp) await page.route('**/blank', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>blank</title>' }));
  await page.goto(`${origin}/blank`);
  await page.addScriptTag({ content: script });
  return { page, close: () => context.close() };
}

/**
 * A site of somebody else's: its pages are empty. They really come from loopback, as Chromium asks of a page that wants to
 * reach an address there. It has two names, which are two origins.
 */
export async function startSite() {
  const site = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end('<!doctype html><title>site</title>')).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const { port } = site.address();
  return { named: `http://localhost:${port}`, other: `http://127.0.0.1:${port}`, end: () => site.close() };
}

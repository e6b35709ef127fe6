// docs/front-end.md does what it says: its examples, taken from the page as they stand there, with the real server.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { binary, csv, file, site, startBrowser, startServer } from './harness.js';

const PAGE = await readFile(new URL('../../docs/front-end.md', import.meta.url), 'utf8');
const WHERE = 'http://127.0.0.1:3000';
const NODE_MODULES = fileURLToPath(new URL('node_modules', import.meta.url));
const ROWS = 30_000;

/** The examples below a heading and above the next of its level or a higher one; by the file names that stand before them. */
function examples(heading, text = PAGE) {
  const level = heading.indexOf(' ');
  const from = text.indexOf(`\n${heading}\n`);
  assert.ok(from >= 0, `there is no ${heading}`);
  const rest = text.slice(from + heading.length + 1);
  const next = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  const section = next < 0 ? rest : rest.slice(0, next);
  return [...section.matchAll(/(?:`([\w.]+)`:\n\n)?```(\w+)\n(.*?)```/gs)].map(([, name, kind, code]) => ({ name, kind, code }));
}

let folder;
let app;
let server;
let browser;
/** What the site answers at its paths. */
const content = new Map();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowcast-guide-'));
  app = await site(async (request, response) => {
    const found = content.get(request.url) ?? (() => '');
    const text = await found();
    response.setHeader('Content-Type', request.url.endsWith('.js') ? 'text/javascript' : 'text/html').end(text);
  });
  server = await startServer('--allow-origin', app.origin, '--sender-absent-ms-max', '500ms');
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.end();
  app?.close();
  await rm(folder, { recursive: true, force: true });
});

const here = (code, origin = server.origin) => {
  assert.ok(code.includes(WHERE) || !code.includes('127.0.0.1'), 'it says where the server is');
  return code.replaceAll(WHERE, origin);
};

async function show(path, text) {
  content.set(path, () => text);
  const context = await browser.context();
  const page = await context.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  await page.goto(app.origin + path);
  return { page, wrong, close: () => context.close() };
}

const says = (page, text) => page.waitForFunction((text) => document.querySelector('output')?.textContent.includes(text), text);
const cells = (page) => page.locator('table tr').evaluateAll((lines) => lines.map((line) => [...line.cells].map((cell) => cell.textContent)));
const send = async (client, text) => {
  const answer = await fetch(`${server.origin}/upload/${client}`, { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: text });
  assert.equal(answer.status, 201, await answer.text());
};

for (const heading of ['## With nothing but the browser', '## With /client.js']) {
  test(`${heading}: the page watches, sends, and goes on after the server was killed`, async () => {
    const [{ kind, code }] = examples(heading);
    assert.equal(kind, 'html');
    const { page, wrong, close } = await show('/page.html', here(code).replaceAll("'shop'", `'${heading.length}'`));
    await page.waitForFunction(() => ['watching', 'open'].includes(document.querySelector('output').textContent));
    await page.setInputFiles('input', file('people.csv', 'id,note\n1,<b>one</b>\n2\n'));
    await page.click('button');
    await page.waitForFunction(() => document.querySelectorAll('table tr').length === 2);
    await page.waitForFunction(() => { const bar = document.querySelector('progress'); return bar.value === bar.max; });
    await server.stop('SIGKILL');
    await says(page, 'waiting');
    await server.start();
    await send(heading.length, 'id,note\n3,three\n');
    await page.waitForFunction(() => document.querySelectorAll('table tr').length === 3);
    assert.deepEqual(await cells(page), [['1', '<b>one</b>'], ['2', ''], ['3', 'three']]);
    assert.deepEqual(wrong, []);
    await close();
  });
}

/** A project of the examples below a heading, as a script. */
async function bundled(heading, entry, alias) {
  const project = join(folder, entry);
  await mkdir(project);
  for (const { name, code } of examples(heading).filter(({ name }) => name)) await writeFile(join(project, name), here(code));
  for (const name of ['client.js', 'client.d.ts']) await copyFile(new URL(`../../static/${name}`, import.meta.url), join(project, name));
  const { outputFiles, warnings } = await build({
    entryPoints: [join(project, entry)], bundle: true, format: 'esm', write: false, logLevel: 'silent', jsx: 'automatic', nodePaths: [NODE_MODULES], alias,
    define: { 'process.env.NODE_ENV': '"development"', __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  });
  assert.deepEqual(warnings, []);
  return outputFiles[0].text;
}

for (const [heading, entry, alias] of [['### React', 'main.jsx', {}], ['### Vue', 'main.js', { vue: 'vue/dist/vue.esm-bundler.js' }]]) {
  test(`${heading}: shows the newest of many rows, drawn frame by frame, and goes on after the server was killed`, async () => {
    const script = await bundled(heading, entry, alias);
    content.set(`/${entry}.js`, () => script);
    const { page, wrong, close } = await show(`/${entry}.html`, `<!doctype html><meta charset="utf-8"><title>x</title><main></main><script type="module" src="/${entry}.js"></script>`);
    await says(page, '0 rows, open');
    await page.evaluate(() => {
      globalThis.drawn = 0;
      new MutationObserver(() => { globalThis.drawn += 1; }).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true });
    });
    await send('shop', csv(ROWS));
    await says(page, `${ROWS} rows, open`);
    const shown = await cells(page);
    assert.deepEqual(shown.map(([id]) => Number(id)), Array.from({ length: 20 }, (_, i) => ROWS - 19 + i));
    const drawn = await page.evaluate(() => globalThis.drawn);
    assert.ok(drawn > 0 && drawn < ROWS / 20, `drawn ${drawn} times`);
    await server.stop('SIGKILL');
    await says(page, 'waiting');
    await server.start();
    await send('shop', 'id\nlast\n');
    await says(page, `${ROWS + 1} rows, open`);
    assert.deepEqual((await cells(page)).at(-1), ['last']);
    assert.deepEqual(wrong, []);
    await close();
  });
}

test('a ticket from a backend: its page watches, also when the ticket has expired', async () => {
  const keys = join(folder, 'keys');
  const key = execFileSync(binary(), ['token', 'new', '--sub', 'backend', '--role', 'uploader', '--client', '*', '--file', keys], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const guarded = await startServer('--auth', 'token', '--auth-keys', keys, '--allow-origin', app.origin);
  try {
    const [{ code: backend }, { code: page }] = examples('## Saying who one is');
    await writeFile(join(folder, 'ticket.mjs'), backend.replace('seconds: 300', 'seconds: 1'));
    Object.assign(process.env, { ROWCAST_URL: guarded.origin, ROWCAST_TOKEN: key });
    const { ticketFor } = await import(pathToFileURL(join(folder, 'ticket.mjs')));
    await assert.rejects(ticketFor('a/b'), /no ticket: client/);
    let tickets = 0;
    content.set('/ticket', () => { tickets += 1; return ticketFor('shop'); });
    const script = `import { subscribe } from '${guarded.origin}/client.js'; const server = '${guarded.origin}'; globalThis.seen = []; const show = ({ data }) => globalThis.seen.push(data.id);\n${page}`;
    const { page: tab, wrong, close } = await show('/tickets.html', `<!doctype html><title>x</title><script type="module">${script}</script>`);
    for (const id of ['1', '2']) {
      const before = tickets;
      while (tickets === before) await tab.waitForTimeout(50);
      const answer = await fetch(`${guarded.origin}/upload/shop`, { method: 'POST', headers: { 'Content-Type': 'text/csv', Authorization: `Bearer ${key}` }, body: `id\n${id}\n` });
      assert.equal(answer.status, 201);
    }
    await tab.waitForFunction(() => globalThis.seen.length === 2);
    assert.deepEqual([await tab.evaluate(() => globalThis.seen), wrong], [['1', '2'], []]);
    await close();
  } finally {
    await guarded.end();
  }
});

test('a policy that names the server in its two places is enough, and either of them is needed', async () => {
  content.set('/policy.js', () => `const { subscribe } = await import('${server.origin}/client.js'); subscribe('policy', { onState: ({ state }) => { document.body.textContent = state; } });`);
  const text = (connect, script) => `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; connect-src ${connect}; script-src 'self' ${script}"><body>nothing<script type="module" src="/policy.js"></script>`;
  for (const [connect, script, state] of [[server.origin, server.origin, 'open'], ["'none'", server.origin, 'waiting'], [server.origin, '', 'nothing']]) {
    const { page, wrong, close } = await show(`/policy-${state}.html`, text(connect, script));
    await page.waitForFunction((state) => document.body.textContent === state, state);
    if (state === 'nothing') while (!wrong.length) await page.waitForTimeout(20);
    assert.equal(wrong.length, state === 'nothing' ? 1 : 0, wrong.join());
    await close();
  }
});

test("README.md's few lines do what they say", async () => {
  const [{ code }] = examples('## In a page of your own', await readFile(new URL('../../README.md', import.meta.url), 'utf8'));
  const script = `const seen = []; const console = { log: (...said) => seen.push(said) }; const file = new File(['id\\n7\\n'], 'x.csv');\n${here(code)}\nglobalThis.told = { rows, problems, seen };`;
  const { page, wrong, close } = await show('/readme.html', `<!doctype html><title>x</title><script type="module">${script}</script>`);
  await page.waitForFunction(() => globalThis.told?.seen.length);
  assert.deepEqual([await page.evaluate(() => globalThis.told), wrong], [{ rows: 1, problems: 0, seen: [[1, { id: '7' }]] }, []]);
  await close();
});

test('it says how large the module is', async () => {
  const { length } = await readFile(new URL('../../static/client.js', import.meta.url));
  const answer = await fetch(`${server.origin}/client.js`, { headers: { 'Accept-Encoding': 'br' } });
  assert.equal(answer.headers.get('Content-Encoding'), 'br');
  const sent = Number(answer.headers.get('Content-Length'));
  const said = `(${Math.round(length / 1000)} KB, ${Math.round(sent / 1000)} KB sent)`;
  assert.ok(PAGE.includes(said), `it is ${said}`);
});

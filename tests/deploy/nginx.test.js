// deploy/nginx.conf with a real nginx between the real server and its clients: nothing waits in it, and everything that
// broke goes on.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const ROWCAST = [process.env.ROWCAST_BIN, path('target/release/rowcast'), path('target/debug/rowcast')].filter(Boolean).find(existsSync);
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'rowcast-deploy-'));
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ROWCAST_')));
let server, proxy, nginx, site;

async function freePort() {
  const listener = net.createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  return port;
}

/** Waits until `found` gives something, and answers with it. */
async function until(what, found, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await found();
    if (value) return value;
    assert.ok(Date.now() < end, `${what}: did not happen`);
    await pause(50);
  }
}

async function startNginx() {
  nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], { stdio: 'inherit', detached: true });
  await until('nginx listens', () => fetch(`${proxy}/livez`).then((answer) => answer.ok, () => false));
}

async function stopNginx(signal) {
  if (nginx.exitCode !== null || nginx.signalCode !== null) return;
  // A master that is killed leaves its workers behind: all of its group are meant.
  process.kill(-nginx.pid, signal);
  await once(nginx, 'exit');
}

before(async () => {
  const [own, port] = [await freePort(), await freePort()];
  site = `127.0.0.1:${own}`;
  proxy = `http://127.0.0.1:${port}`;
  server = spawn(ROWCAST, ['serve', '--listen', site, '--data-dir', join(folder, 'data'), '--allow-host', 'csv.example.com', '--trusted-proxy', '127.0.0.1', '--log', 'warn'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  });
  await once(server.stdout, 'data');
  // The file as it is but for where it listens, where rowcast is, and TLS, which needs a certificate.
  const config = readFileSync(path('deploy/nginx.conf'), 'utf8')
    .replace('server 127.0.0.1:3000;', `server ${site};`)
    .replace('listen 443 ssl http2;', `listen 127.0.0.1:${port};`)
    .replace('proxy_set_header Host $host;', 'proxy_set_header Host csv.example.com;')
    .replace(/^ *ssl_certificate.*\n/gm, '');
  assert.ok(config.includes(site) && !config.includes('ssl_certificate'));
  for (const name of ['body', 'proxy', 'other']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'site.conf'), config);
  const paths = ['fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path other;`).join(' ');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid nginx.pid; events { worker_connections 256; }
     http { access_log off; client_body_temp_path body; proxy_temp_path proxy; ${paths} include site.conf; }`,
  );
  await startNginx();
});

after(async () => {
  if (nginx) await stopNginx('SIGTERM');
  if (server) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Begins an upload through nginx whose bytes are sent one after the other. */
function upload(client, length) {
  const headers = { 'Content-Type': 'text/csv', ...(length === undefined ? {} : { 'Content-Length': length }) };
  const request = http.request(`${proxy}/upload/${client}?repair=off`, { method: 'POST', headers });
  const answered = once(request, 'response').then(async ([response]) => {
    let text = '';
    for await (const piece of response.setEncoding('utf8')) text += piece;
    return { status: response.statusCode, body: JSON.parse(text) };
  });
  return { request, answered };
}

/** Bytes that lie in nginx's own folders. */
const waiting = () => ['body', 'proxy'].flatMap((name) => readdirSync(join(folder, name), { recursive: true }));

test('rows come through while the file is still being sent', async () => {
  const stream = await fetch(`${proxy}/sse/live`);
  assert.equal(stream.headers.get('content-type'), 'text/event-stream');
  let seen = '';
  const reading = (async () => {
    for await (const piece of stream.body.pipeThrough(new TextDecoderStream())) seen += piece;
  })().catch(() => {});
  const { request, answered } = upload('live');
  request.write('a,b\n1,2\n');
  await until('the first row', () => /event: row\ndata: .*"row":1,/.test(seen));
  const sent = Date.now();
  request.write('3,4\n');
  await until('the second row', () => /event: row\ndata: .*"row":2,/.test(seen));
  console.log(`a row came through after ${Date.now() - sent} ms at most`);
  request.end();
  assert.equal((await answered).status, 201);
  await until('the end', () => seen.includes('"stage":"done"'));
  void reading;
});

test('100 MB are streamed: nothing is put aside on the way', async () => {
  const line = `${'x'.repeat(99)}\n`;
  const piece = Buffer.from(line.repeat(10_000));
  const pieces = 100;
  const { request, answered } = upload('large', 2 + pieces * piece.length + 2);
  const began = Date.now();
  request.write('a\n');
  for (let i = 0; i < pieces; i += 1) {
    if (!request.write(piece)) await once(request, 'drain');
  }
  const found = await until('all but the end was received', async () => {
    const { uploads } = await (await fetch(`${proxy}/uploads?client=large`)).json();
    return uploads[0]?.received_bytes >= 2 + pieces * piece.length && uploads[0];
  }, 180);
  assert.equal(found.stage, 'reading');
  assert.deepEqual(waiting(), []);
  console.log(`100 MB were through after ${Date.now() - began} ms`);
  request.end('y\n');
  const { status, body } = await answered;
  assert.deepEqual([status, body.rows], [201, pieces * 10_000 + 1]);
});

test('tus works, with the command of its own', async () => {
  const file = join(folder, 'mock.csv');
  writeFileSync(file, execFileSync(ROWCAST, ['mock', '--rows', '20000'], { maxBuffer: 1 << 26 }));
  for (const more of [[], ['--chunk-bytes', '256KiB']]) {
    const { stdout } = await run(ROWCAST, ['upload', file, '--to', proxy, '--client', 'tus', '--json', ...more], { env: environment });
    const said = JSON.parse(stdout);
    assert.deepEqual([said.ok, said.rows], [true, 20_000]);
  }
});

test('an upload and a watcher go on after nginx was gone', async () => {
  const file = join(folder, 'again.csv');
  const rows = 200_000;
  writeFileSync(file, execFileSync(ROWCAST, ['mock', '--rows', String(rows)], { maxBuffer: 1 << 28 }));
  const settings = { env: environment, maxBuffer: 1 << 28, timeout: 200_000 };
  const tail = run(ROWCAST, ['tail', `${proxy}/again`, '--ndjson', '--from-start', '--events', 'row,stage'], settings);
  const events = [];
  let rest = '';
  tail.child.stdout.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    events.push(...lines.map((line) => JSON.parse(line)));
  });
  const sending = run(ROWCAST, ['upload', file, '--to', proxy, '--client', 'again', '--json', '--chunk-bytes', '1MiB'], settings);
  for (const signal of ['SIGKILL', 'SIGTERM']) {
    const before = events.length;
    await until('rows are on their way', () => events.length > before + 1000, 120);
    await stopNginx(signal);
    await pause(300);
    await startNginx();
  }
  const said = JSON.parse((await sending).stdout);
  assert.deepEqual([said.ok, said.rows], [true, rows]);
  await until('the watcher has seen the end', () => events.some((one) => one.event === 'stage' && one.data.stage === 'done'), 120);
  tail.child.kill();
  await tail.catch(() => {});
  const numbers = events.filter((one) => one.event === 'row').map((one) => one.data.row);
  assert.equal(numbers.length, rows);
  assert.ok(numbers.every((number, i) => number === i + 1), 'each row once, in order');
});

test('what is for those who run it is not for everybody', async () => {
  assert.equal((await fetch(`${proxy}/metrics`)).status, 404);
  assert.equal((await fetch(`http://${site}/metrics`)).status, 200);
});

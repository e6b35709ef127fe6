// tus-js-client, in Node: resumable uploads that are cut on their way, and go on by the client's own means.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync, createReadStream } from 'node:fs';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as tus from 'tus-js-client';
import { mock, startServer } from './harness.js';
import { startProxy } from './proxy.js';
import { holdUpload, idOf, stages } from './tus.js';

const CSV = mock(20_000, 11);
const AGAIN = [50, 100, 200, 400, 800, 800, 800, 800];

let server;
let folder;
before(async () => {
  server = await startServer();
  folder = mkdtempSync(join(tmpdir(), 'rowcast-tus-'));
  writeFileSync(join(folder, 'file.csv'), CSV);
});
after(async () => {
  await server?.end();
  rmSync(folder, { recursive: true, force: true });
});

const to = (origin, client, more = {}) => ({ endpoint: `${origin}/files`, retryDelays: AGAIN, metadata: { client, filename: 'file.csv' }, ...more });

/** Uploads to the end. `sent` lists each request as `METHOD status offset`. */
function upload(file, options) {
  const sent = [];
  let started;
  const address = new Promise((done, fail) => {
    started = new tus.Upload(file, {
      ...options,
      onAfterResponse: (request, response) => sent.push(`${request.getMethod()} ${response.getStatus()} ${response.getHeader('Upload-Offset') ?? ''}`.trim()),
      onSuccess: () => done(started.url),
      onError: fail,
    });
    started.start();
  });
  return { address, sent, upload: started };
}

const count = (sent, start) => sent.filter((line) => line.startsWith(start)).length;

async function through(cuts, run) {
  const proxy = await startProxy(server.origin, ...cuts);
  try {
    await run(proxy);
    assert.equal(proxy.cuts, cuts.length, 'every cut was met');
  } finally {
    proxy.end();
  }
}

/** The file as a stream whose length nobody knows. */
const pipe = () => createReadStream(join(folder, 'file.csv')).pipe(new PassThrough());

const LIMIT = { timeout: 40_000 };

test('a file that is cut twice goes on where the server is', LIMIT, () => through([{ up: 400_000 }, { up: 500_000 }], async (proxy) => {
  const { address, sent } = upload(CSV, to(proxy.origin, 'cut'));
  await holdUpload(server, await address, { client: 'cut', filename: 'file.csv', bytes: CSV });
  assert.equal(count(sent, 'POST 201'), 1, sent.join());
  assert.ok(sent.some((line) => /^HEAD 200 [1-9]/.test(line)), `something was kept: ${sent}`);
}));

test('wherever it is cut, nothing is missing', { timeout: process.env.ROWCAST_TESTS_LONG ? 600_000 : 60_000 }, async () => {
  for (let left = process.env.ROWCAST_TESTS_LONG ? 100 : 5; left > 0; left--) {
    const places = Array.from({ length: 1 + left % 4 }, () => ({ up: 400 + Math.floor(Math.random() * CSV.length / 4) }));
    const chunkSize = left % 2 ? Infinity : 1000 + Math.floor(Math.random() * CSV.length / 2);
    const said = `cut at ${JSON.stringify(places)} in chunks of ${chunkSize}`;
    const proxy = await startProxy(server.origin, ...places);
    const client = `anywhere-${left}`;
    try {
      const { address } = upload(CSV, to(proxy.origin, client, { chunkSize }));
      await holdUpload(server, await address, { client, filename: 'file.csv', bytes: CSV });
    } catch (cause) {
      throw new Error(said, { cause });
    } finally {
      proxy.end();
    }
  }
});

test('a file in chunks, from a file on disk, cut in a chunk', LIMIT, () => through([{ up: 450_000 }], async (proxy) => {
  const { address, sent } = upload(createReadStream(join(folder, 'file.csv')), to(proxy.origin, 'chunks', { chunkSize: 200_000 }));
  await holdUpload(server, await address, { client: 'chunks', filename: 'file.csv', bytes: CSV });
  assert.ok(count(sent, 'PATCH 204') >= Math.floor(CSV.length / 200_000), sent.join());
}));

test('data with the creation', LIMIT, async () => {
  const { address, sent } = upload(CSV, to(server.origin, 'creation', { uploadDataDuringCreation: true }));
  await holdUpload(server, await address, { client: 'creation', filename: 'file.csv', bytes: CSV });
  assert.deepEqual(sent, [`POST 201 ${CSV.length}`]);
});

test('a length that is known only with the last chunk', LIMIT, () => through([{ up: 450_000 }], async (proxy) => {
  const { address } = upload(pipe(), to(proxy.origin, 'deferred', { chunkSize: 200_000, uploadLengthDeferred: true }));
  await holdUpload(server, await address, { client: 'deferred', filename: 'file.csv', bytes: CSV });
}));

test('parts side by side, cut, and put together', LIMIT, () => through([{ up: 200_000 }, { up: 100_000 }], async (proxy) => {
  const { address, sent } = upload(CSV, to(proxy.origin, 'parallel', { parallelUploads: 3 }));
  const events = await holdUpload(server, await address, { client: 'parallel', filename: 'file.csv', bytes: CSV });
  assert.equal(count(sent, 'POST 201'), 4, sent.join());
  assert.equal(new Set(events.map((one) => JSON.parse(one.data).upload)).size, 1, 'parts are no uploads of their own to a watcher');
}));

test('an empty file is done with its creation', LIMIT, async () => {
  const { address, sent } = upload(Buffer.alloc(0), to(server.origin, 'empty'));
  const got = await (await fetch(`${server.origin}/uploads/${idOf(await address)}`)).json();
  assert.deepEqual([got.stage, got.rows, sent.length], ['done', 0, 1], JSON.stringify(got));
});

test('a process that ends finds its upload again by the file it kept', LIMIT, () => through([], async (proxy) => {
  const urlStorage = new tus.FileUrlStorage(join(folder, 'urls.json'));
  const options = to(proxy.origin, 'storage', { urlStorage, chunkSize: 200_000 });
  const file = () => createReadStream(join(folder, 'file.csv'));
  await new Promise((done, fail) => {
    const first = new tus.Upload(file(), { ...options, onError: fail, onChunkComplete: (_, accepted) => { if (accepted >= 400_000) first.abort().then(done, fail); } });
    first.start();
  });
  const second = new tus.Upload(file(), options);
  const [found] = await second.findPreviousUploads();
  assert.ok(found, 'the address was kept');
  const address = await new Promise((done, fail) => {
    Object.assign(second.options, { onSuccess: () => done(second.url), onError: fail });
    second.resumeFromPreviousUpload(found);
    second.start();
  });
  assert.equal(address, found.uploadUrl);
  await holdUpload(server, address, { client: 'storage', filename: 'file.csv', bytes: CSV });
}));

test('an upload that is taken back is gone', LIMIT, async () => {
  const options = to(server.origin, 'terminated', { chunkSize: 200_000 });
  const address = await new Promise((done, fail) => {
    const one = new tus.Upload(CSV, { ...options, onError: fail, onChunkComplete: (_, accepted) => { if (accepted >= 400_000) one.abort(true).then(() => done(one.url), fail); } });
    one.start();
  });
  const head = await fetch(address, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } });
  assert.equal(head.status, 410);
  assert.equal((await fetch(`${server.origin}/uploads/${idOf(address)}`)).status, 404);
});

test('what one connection of a form could not bring, tus-js-client brings', LIMIT, async () => {
  const boundary = 'xYzZY';
  const form = Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="file.csv"\r\nContent-Type: text/csv\r\n\r\n`);
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`POST /upload/form HTTP/1.1\r\nHost: ${new URL(server.origin).host}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${form.length + CSV.length + 100}\r\n\r\n`);
  socket.write(Buffer.concat([form, CSV.subarray(0, CSV.length / 2)]));
  const watch = await fetch(`${server.origin}/sse/form?from=start&events=stage,toast`);
  let told = '';
  for await (const piece of watch.body.pipeThrough(new TextDecoderStream())) {
    told += piece;
    if (told.includes('"stage":"reading"')) socket.destroy();
    if (told.includes('"stage":"interrupted"')) break;
  }
  const [, resume] = /"resume":"([^"]+)"/.exec(told) ?? assert.fail(told);
  const { address, sent } = upload(CSV, { uploadUrl: server.origin + resume, uploadLengthDeferred: true, retryDelays: AGAIN });
  const events = await holdUpload(server, await address, { client: 'form', filename: 'file.csv', bytes: CSV });
  assert.deepEqual(stages(events), ['receiving', 'understood', 'reading', 'interrupted', 'receiving', 'reading', 'done']);
  assert.match(sent[0], /^HEAD 200 [1-9]/);
});

test('a server that is killed in the middle is asked again, and goes on', LIMIT, () => through([], async (proxy) => {
  const { address, sent, upload: one } = upload(CSV, to(proxy.origin, 'killed', { chunkSize: 100_000 }));
  await new Promise((done) => { one.options.onChunkComplete = (_, accepted) => { if (accepted >= 300_000) done(); }; });
  await server.stop('SIGKILL');
  await server.start();
  await holdUpload(server, await address, { client: 'killed', filename: 'file.csv', bytes: CSV, starts: 2 });
  assert.equal(count(sent, 'POST 201'), 1, sent.join());
}));

// tuspy and aiotus, of Python: resumable uploads that are cut on their way, and go on by the client's own means.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { mock, path, program, PYTHON, startServer } from './harness.js';
import { startProxy } from './proxy.js';
import { holdUpload } from './tus.js';

const CSV = mock(20_000, 13);

let server;
let folder;
let file;
before(async () => {
  server = await startServer();
  folder = mkdtempSync(join(tmpdir(), 'rowcast-tus-'));
  file = join(folder, 'file.csv');
  writeFileSync(file, CSV);
});
after(async () => {
  await server?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs one of the Python programs; it prints the upload's address last. */
async function python(script, ...args) {
  const lines = [];
  await program(PYTHON, [path(`tests/interop/clients/${script}`), ...args], { lines: (line) => lines.push(line), seconds: 40 }).ended;
  return lines.at(-1);
}

async function cut(cuts, run) {
  const proxy = await startProxy(server.origin, ...cuts);
  try {
    const address = await run(`${proxy.origin}/files`);
    assert.equal(proxy.cuts, cuts.length, 'every cut was met');
    return address;
  } finally {
    proxy.end();
  }
}

const LIMIT = { timeout: 50_000 };
// A chunk is 300,000 bytes: the second is cut, and what is left of it once more.
const CUTS = [{ up: 200_000 }, { up: 50_000 }];

for (const what of ['whole', 'checksum', 'async']) {
  test(`tuspy, ${what}, goes on after two cuts`, LIMIT, async () => {
    const client = `tuspy-${what}`;
    const address = await cut(CUTS, (endpoint) => python('tuspy_upload.py', endpoint, file, client, what));
    await holdUpload(server, address, { client, filename: 'file.csv', bytes: CSV });
  });
}

test('tuspy ends after half of it, and another process finds the upload again', LIMIT, async () => {
  const [first, second] = await cut([], async (endpoint) => [
    await python('tuspy_upload.py', endpoint, file, 'tuspy-again', 'half'),
    await python('tuspy_upload.py', endpoint, file, 'tuspy-again', 'rest'),
  ]);
  assert.equal(first, second);
  await holdUpload(server, second, { client: 'tuspy-again', filename: 'file.csv', bytes: CSV });
});

test('aiotus goes on after two cuts, and reads its metadata back', LIMIT, async () => {
  const address = await cut(CUTS, (endpoint) => python('aiotus_upload.py', endpoint, 'aiotus', file));
  await holdUpload(server, address, { client: 'aiotus', filename: 'file.csv', bytes: CSV });
});

test('aiotus uploads three parts side by side, and the server puts them together', LIMIT, async () => {
  const parts = [0, 1, 2].map((i) => {
    const name = `${file}.${i}`;
    writeFileSync(name, CSV.subarray(Math.floor((i * CSV.length) / 3), Math.floor(((i + 1) * CSV.length) / 3)));
    return name;
  });
  const address = await cut(CUTS, (endpoint) => python('aiotus_upload.py', endpoint, 'aiotus-parts', ...parts));
  await holdUpload(server, address, { client: 'aiotus-parts', filename: 'file.csv', bytes: CSV });
});

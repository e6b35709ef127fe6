// Real files: every CSV of the npm package vega-datasets, read by the server and by somebody else's parser.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { path, records, rows, startServer } from './harness.js';

const FOLDER = path('tests/interop/node_modules/vega-datasets/data');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.csv'));

let server;
before(async () => { server = await startServer(); });
after(() => server?.end());

const json = async (address) => (await fetch(server.origin + address)).json();
const text = async (address) => (await fetch(server.origin + address)).text();

test('there are files to read', () => assert.ok(FILES.length >= 20, FILES.join()));

for (const name of FILES) {
  test(name, { timeout: 30_000 }, async () => {
    const bytes = readFileSync(`${FOLDER}/${name}`);
    const form = new FormData();
    form.append('file', new File([bytes], name, { type: 'text/csv' }));
    const answer = await fetch(`${server.origin}/upload/vega`, { method: 'POST', body: form });
    const upload = await answer.json();
    assert.equal(answer.status, 201, JSON.stringify(upload));

    const theirs = records(bytes);
    assert.deepEqual([upload.stage, upload.filename, upload.rows], ['done', name, theirs.length - 1]);
    const { problems } = await json(`/uploads/${upload.id}/problems?limit=100`);
    assert.deepEqual(problems, []);
    assert.deepEqual(upload.columns, theirs[0]);

    const ours = (await text(`/uploads/${upload.id}/rows.ndjson`)).trimEnd().split('\n').map((line) => JSON.parse(line));
    const wanted = rows(theirs);
    assert.equal(ours.length, wanted.length);
    ours.forEach((one, i) => assert.deepEqual(one, { row: i + 1, data: wanted[i] }));
    assert.deepEqual(records(await text(`/uploads/${upload.id}/rows.csv`)), theirs);
  });
}

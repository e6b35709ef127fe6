// csv-spectrum: small files that follow RFC 4180 at its corners, and the rows that their authors expect.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { path, startServer } from './harness.js';

const FOLDER = path('tests/interop/node_modules/csv-spectrum');
const NAMES = readdirSync(`${FOLDER}/csvs`).map((name) => name.replace(/\.csv$/, ''));

// A quote stands in a cell without quotes; what was expected of it is read, and said to be in doubt.
const DOUBTED = ['location_coordinates'];
// Its expectation has a telephone number that is not in the file.
const FAULTY = { location_coordinates: 'Contact Phone Number' };

let server;
before(async () => { server = await startServer(); });
after(() => server?.end());

test('there are files to read', () => assert.ok(NAMES.length >= 12, NAMES.join()));

for (const name of NAMES) {
  test(name, { timeout: 30_000 }, async () => {
    const form = new FormData();
    form.append('file', new File([readFileSync(`${FOLDER}/csvs/${name}.csv`)], `${name}.csv`, { type: 'text/csv' }));
    const answer = await fetch(`${server.origin}/upload/spectrum`, { method: 'POST', body: form });
    const upload = await answer.json();
    assert.equal(answer.status, 201, JSON.stringify(upload));

    const text = await (await fetch(`${server.origin}/uploads/${upload.id}/rows.ndjson`)).text();
    const ours = text.trimEnd().split('\n').map((line) => JSON.parse(line).data);
    const theirs = [JSON.parse(readFileSync(`${FOLDER}/json/${name}.json`, 'utf8'))].flat();
    for (const row of [...ours, ...theirs]) delete row[FAULTY[name]];
    assert.deepEqual(ours, theirs);
    const { problems } = await (await fetch(`${server.origin}/uploads/${upload.id}/problems`)).json();
    assert.deepEqual(problems.map(({ code }) => code), DOUBTED.includes(name) ? ['suspicious-record'] : []);
  });
}

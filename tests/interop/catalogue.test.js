// The commands that `GET /api` shows, run as they are written: with keys asked for, as the real curl runs them.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROWCAST, path, program, startServerOn } from './harness.js';

let server, folder, token;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rowcast-catalogue-'));
  symlinkSync(path('data'), join(folder, 'data'));
  const keys = join(folder, 'keys');
  token = (await run('"$ROWCAST" token new --sub root --role admin --client "*" --file "$KEYS"', { ROWCAST, KEYS: keys })).split('\n')[0];
  server = await startServerOn(0, '--auth', 'token', '--auth-keys', keys);
});
after(async () => {
  await server?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a script; what it printed. */
async function run(script, env = {}) {
  const said = [];
  const { ended } = program('bash', ['-c', `set -euo pipefail; curl() { command curl -sS --fail-with-body --max-time 30 "$@"; }\n${script}\necho`], {
    cwd: folder, seconds: 60, lines: (line) => said.push(line), env: { ...process.env, ...env },
  });
  await ended;
  return said.join('\n');
}

test('every command that is shown works', { timeout: 240_000 }, async () => {
  const { operations } = await (await fetch(`${server.origin}/api`)).json();
  const authorization = `Bearer ${token}`;
  const post = async (address, body = 'a,b\n1,2\n', headers = {}) => {
    const answer = await fetch(server.origin + address, { method: 'POST', body, headers: { authorization, 'content-type': 'text/csv', ...headers } });
    assert.ok(answer.ok, `${address}: ${answer.status}`);
    return answer;
  };
  const done = async () => (await (await post('/upload/demo')).json()).id;
  const held = async () => (await (await post('/upload/demo?hold=review')).json()).id;
  const begun = async () => {
    const { headers } = await post('/files', null, { 'content-type': '', 'tus-resumable': '1.0.0', 'upload-length': '8' });
    return headers.get('location').split('/').at(-1);
  };
  const needs = { cancel_upload: held, next_upload: held, tus_head: begun, tus_patch: begun, tus_delete: begun };
  assert.ok(operations.length > 30);
  for (const { id: operation, example } of operations) {
    const id = await (needs[operation] ?? done)();
    // A key by a header of its own, as `variables` says; one command brings it along.
    const asked = /Authorization/.test(example) ? '' : 'curl() { command curl -sS --fail-with-body --max-time 30 -H "Authorization: Bearer $token" "$@"; }\n';
    const said = await run(asked + example, { server: server.origin, id, key: `key-${operation}`, token });
    const isQuiet = /^(delete|sign_out)|-O/.test(`${operation} ${example}`) && !/ -i/.test(example);
    assert.ok(isQuiet || said !== '', `${operation}: ${example}`);
  }
});

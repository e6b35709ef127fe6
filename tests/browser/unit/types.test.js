// The page's types, which are comments, hold: checked by the TypeScript compiler, which writes nothing.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('the types of the page hold', () => {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}${stderr}${error ?? ''}`);
});

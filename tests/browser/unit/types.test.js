// The types hold, checked by the TypeScript compiler: those of the page, which are comments, and those that /client.d.ts says of
// /client.js.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

function compile(...args) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', ...args], { cwd: path('..'), encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}${stderr}${error ?? ''}`);
}

test('the types of the page hold', () => compile('-p', '.'));

test('the client is what its types say, and they say all of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rowcast-types-'));
  try {
    // What the compiler takes the code to be, beside what is written of it.
    compile('-p', 'tsconfig.client.json', '--outDir', folder);
    await rename(join(folder, 'client.d.ts'), join(folder, 'code.d.ts'));
    await copyFile(path('../../../static/client.d.ts'), join(folder, 'client.d.ts'));
    await writeFile(join(folder, 'held.ts'), `
      import * as code from './code.js';
      import * as said from './client.js';
      export const isWhatIsSaid: typeof said = code;
      export const allIsSaid: Record<keyof typeof code, unknown> = said;
      said.subscribe('me', { on: { row: ({ row, data }) => { const n: number = row; const cell: string | null = data.a; return [n, cell]; }, other: (data) => data } });
    `);
    compile('--noEmit', '--strict', '--target', 'es2022', '--module', 'es2022', '--moduleResolution', 'bundler', '--ignoreConfig', join(folder, 'held.ts'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

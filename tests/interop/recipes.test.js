// The curl recipes of README.md, run as they are written. tests/interop/run gives this file a network of its own, where the
// documented port is free; elsewhere, where it is taken, the port is replaced in them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { path, program, startServerOn } from './harness.js';

const DOCUMENTED = 'http://127.0.0.1:3000';

/** The fenced shell blocks that use curl, with the heading or sentence before each; of a console the lines behind the prompt. */
function recipes(markdown) {
  const found = [];
  for (const [, before, kind, text] of markdown.matchAll(/([^\n]*)\n+```(sh|console)\n(.*?)```/gs)) {
    const script = kind === 'sh' ? text : text.split('\n').filter((line) => line.startsWith('$ ')).map((line) => line.slice(2)).join('\n');
    if (/\bcurl\b/.test(script)) found.push({ title: before.trim(), script });
  }
  return found;
}

const isFree = (port) => new Promise((done) => {
  const probe = createServer().once('error', () => done(false)).listen(port, '127.0.0.1', () => probe.close(() => done(true)));
});

/**
 * Stands before each script: every curl leaves what it printed in a file of its own, and its status. A stream that never ends
 * by itself (curl -N) is left after `$PATIENCE` seconds.
 */
const PRELUDE = `
set -euo pipefail
curl() {
  local out status=0 limit=60
  out=$(mktemp "$OUT/$BASHPID.XXXXXX")
  case " $* " in *" -N "*) limit=$PATIENCE ;; esac
  command curl -sS --max-time "$limit" -w '%{stderr}%{http_code}\\t%{url}\\n' "$@" 2>"$out.status" | tee "$out" || status=$?
  # 28 is curl's own word for the time limit.
  if [ "$status" = 28 ] && [ "$limit" = "$PATIENCE" ]; then status=0; fi
  return "$status"
}
`;

let server;
let folder;
const watching = [];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rowcast-recipes-'));
  symlinkSync(path('data'), join(folder, 'data'));
  const free = await isFree(3000);
  server = await startServerOn(free ? 3000 : 0);
  console.log(free ? `as written, against ${DOCUMENTED}` : `port 3000 is taken: against ${server.origin}`);
});
after(async () => {
  await server?.end();
  await Promise.allSettled(watching.map((one) => one.ended));
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
/** Starts a script; `check` waits for its end and holds that each curl in it was answered well and gave something. */
function start(script, patience) {
  const out = join(folder, `out-${++count}`);
  const before = readdirSync(folder);
  const { child, ended } = program('bash', ['-c', `mkdir "$OUT"\n${PRELUDE}\n${script.replaceAll(DOCUMENTED, server.origin)}`], {
    cwd: folder, seconds: 60, env: { ...process.env, OUT: out, PATIENCE: String(patience) },
  });
  const read = () => readdirSync(out).filter((name) => !name.endsWith('.status')).map((name) => ({
    text: readFileSync(join(out, name), 'utf8'), status: readFileSync(join(out, `${name}.status`), 'utf8'),
  }));
  const check = async () => {
    await ended;
    const got = read();
    assert.equal(got.length, script.match(/\bcurl\b/g).length, 'each curl ran');
    const files = readdirSync(folder).filter((name) => !before.includes(name) && !name.startsWith('out-'));
    for (const { text, status } of got) {
      assert.match(status, /^[23]\d\d\t/m, `${status}${text}`);
      if (/\bcurl\b[^\n]* -[a-zA-Z]*O/.test(script) && text === '') assert.ok(files.length > 0, 'a file came');
      else assert.notEqual(text, '', `${status} gives nothing`);
    }
    return { got, files };
  };
  return { child, ended, read, check };
}

for (const { title, script } of recipes(readFileSync(path('README.md'), 'utf8'))) {
  const commands = script.trim().split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  const isWatcher = commands.length === 1 && / -N /.test(script);
  test(`${title || 'recipe'}  ${commands[0]}${commands.length > 1 ? ' …' : ''}`, { timeout: 60_000 }, async () => {
    // The watcher of "another terminal" stays, and is looked at in the end.
    if (isWatcher) {
      const watcher = start(script, 30);
      watching.push(watcher);
      await Promise.race([once(watcher.child.stdout, 'data'), watcher.ended]);
    } else await start(script, 2).check();
  });
}

test('the watcher in the other terminal saw the rows of what was uploaded', { timeout: 60_000 }, async () => {
  assert.ok(watching.length > 0);
  for (const watcher of watching) {
    await server.stop();
    const { got } = await watcher.check();
    for (const kind of ['stage', 'row', 'problem', 'toast', 'progress']) assert.ok(got[0].text.includes(`event: ${kind}\n`), kind);
  }
});

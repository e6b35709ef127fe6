// What the tests of tus clients share: what became of an upload, by its rows as somebody else reads them and by its events.

import assert from 'node:assert/strict';
import { holdWhole, records } from './harness.js';

/** The id of an upload by its address. */
export const idOf = (address) => /^[0-9a-f-]{36}$/.exec(new URL(address, 'http://x').pathname.split('/').pop())?.[0] ?? assert.fail(`no upload's address: ${address}`);

/** Holds that an upload is done, that its rows are this CSV's, and that its client was told each of them once and in order. */
export async function holdUpload(server, address, { client, filename, bytes, starts = 1 }) {
  const id = idOf(address);
  const upload = await (await fetch(`${server.origin}/uploads/${id}`)).json();
  const theirs = records(bytes);
  assert.deepEqual([upload.stage, upload.client, upload.filename, upload.rows], ['done', client, filename, theirs.length - 1], JSON.stringify(upload));
  assert.equal(upload.received_bytes, bytes.length);
  const got = await fetch(`${server.origin}/uploads/${id}/rows.csv`);
  assert.deepEqual(records(await got.text()), theirs);
  const events = await eventsOf(server, client);
  holdWhole(events, bytes, starts);
  return events;
}

/** All that a client was told, until an upload of it is done. */
export async function eventsOf(server, client) {
  const leave = AbortSignal.timeout(20_000);
  const stream = await fetch(`${server.origin}/sse/${client}?from=start&events=stage,profile,row,problem,toast,gap`, { signal: leave });
  const events = [];
  let rest = '';
  for await (const piece of stream.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      events.push({ id: field('id'), event: field('event'), data: field('data') });
    }
    if (stages(events).at(-1) === 'done') break;
  }
  return events.filter((one) => one.data !== '');
}

/** The stages in the order they were told. */
export const stages = (events) => events.filter((one) => one.event === 'stage').map((one) => JSON.parse(one.data).stage);

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { difference, forget, keep, notes, printOf } from '../../../static/js/unfinished.js';

beforeEach(() => {
  const held = new Map();
  globalThis.localStorage = /** @type {any} */ ({ getItem: (key) => held.get(key) ?? null, setItem: (key, value) => held.set(key, value) });
});

const file = (text, name = 'a.csv', lastModified = 1_700_000_000_000) => new File([text], name, { lastModified });
const large = (middle) => `${'a'.repeat(70_000)}${middle}${'z'.repeat(70_000)}`;

test('the same file is known again, another one by what differs', async () => {
  const was = await printOf(file(large('middle')));
  const against = async (other) => difference(was, await printOf(other));
  assert.equal(await against(file(large('middle'))), null);
  assert.equal(await against(file(large('middle'), 'b.csv')), 'name');
  assert.equal(await against(file(large('longer middle'))), 'size');
  assert.equal(await against(file(`b${large('middle').slice(1)}`)), 'content');
  assert.equal(await against(file(`${large('middle').slice(0, -1)}b`)), 'content');
  assert.equal(await against(file(large('muddle'), 'a.csv', 1_700_000_000_001)), 'time', 'a change in the middle is told by the time');
});

test('where there is no hash, the rest must do', async () => {
  const was = { ...await printOf(file('abc')), hash: null };
  assert.equal(difference(was, await printOf(file('abd'))), null);
  assert.equal(difference(was, await printOf(file('abcd'))), 'size');
});

test('notes are kept newest first, once each, and go when they are old or done', () => {
  const note = (id) => ({ id, client: 'c', name: 'a.csv', size: 1, time: 1, hash: null });
  for (const id of ['u1', 'u2', 'u1']) keep(note(id));
  assert.deepEqual(notes().map(({ id }) => id), ['u1', 'u2']);
  forget('u1');
  assert.deepEqual(notes().map(({ id }) => id), ['u2']);
  for (let i = 0; i < 40; i++) keep(note(`n${i}`));
  assert.equal(notes().length, 16);
  localStorage.setItem('rowcast.unfinished', JSON.stringify([{ ...note('old'), at: 1 }]));
  assert.deepEqual(notes(), []);
  localStorage.setItem('rowcast.unfinished', 'no json');
  assert.deepEqual(notes(), []);
});

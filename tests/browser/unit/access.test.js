import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshClient, mayUpload, mayWatch, offered, patternsOf, shutOf } from '../../../static/js/access.js';

const somebody = (clients, roles = ['uploader'], sub = 'alice') => ({ mode: 'token', signed_in: true, sub, roles, clients, expires_at: null });
const nobody = { mode: 'token', signed_in: false, sub: null, roles: [], clients: [], expires_at: null };

test('a pattern holds for the names it describes, as on the server', () => {
  for (const [pattern, client] of [['*', 'anything'], ['orders', 'orders'], ['orders-*', 'orders-'], ['*-eu', 'orders-eu'], ['a*b*c', 'a-b-b-c'], ['a**c', 'ac'], ['{sub}', 'alice'], ['x-{sub}.*', 'x-alice.csv']]) {
    assert.ok(mayWatch(somebody([pattern]), client), `${pattern} ${client}`);
  }
  for (const [pattern, client] of [['orders', 'orders-1'], ['orders-*', 'orders'], ['orders-*', 'x-orders-1'], ['ab*ba', 'aba'], ['a.c', 'abc'], ['{sub}', 'bob']]) {
    assert.ok(!mayWatch(somebody([pattern]), client), `${pattern} ${client}`);
  }
  assert.ok(!mayWatch(somebody(['{sub}'], ['viewer'], '*'), 'bob'), 'a star in the name is none of the pattern');
});

test('roles say what is offered; where nobody is asked, everything is', () => {
  assert.deepEqual(['viewer', 'uploader', 'publisher', 'admin'].map((role) => [mayWatch(somebody(['*'], [role]), 'x'), mayUpload(somebody(['*'], [role]))]), [[true, false], [true, true], [false, false], [true, true]]);
  assert.ok(mayWatch(null, 'x') && mayUpload(null));
  assert.deepEqual([null, nobody, somebody(['y']), somebody(['x'])].map((access) => shutOf({ access, client: 'x' })), [null, 'out', 'denied', null]);
});

test('clients that one may watch are offered: known ones, named ones, a new one', () => {
  const access = somebody(['orders-*', '{sub}', 'shop']);
  assert.deepEqual(offered(access, ['other', 'orders-1', 'shop']), ['orders-1', 'shop', 'alice']);
  assert.deepEqual(offered(null, ['a', 'b']), ['a', 'b']);
  assert.match(/** @type {string} */ (freshClient(access)), /^orders-[0-9a-f-]{36}$/);
  assert.match(/** @type {string} */ (freshClient(null)), /^[0-9a-f-]{36}$/);
  assert.equal(freshClient(somebody(['shop'])), undefined);
  assert.equal(patternsOf(access), 'orders-*, alice, shop');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlain, parts, shortened } from '../../../static/js/cell-text.js';
import { hashOf, isName, parseHash } from '../../../static/js/client-name.js';
import { columnWindow, describe, offsets } from '../../../static/js/columns.js';
import * as format from '../../../static/js/format.js';
import { closed, rowsPerSecond, sampled, secondsLeft, spark } from '../../../static/js/meter.js';
import { ProblemIndex } from '../../../static/js/problem-index.js';
import { behindBy } from '../../../static/js/state.js';
import { Parser } from '../../../static/js/sse-source.js';
import { keyAction } from '../../../static/js/components/table-keys.js';

test('a stream reads the same however it is cut', () => {
  const text = 'id: k3v9x0ab-4\n\nevent: row\nid: k3v9x0ab-5\ndata: {"row":1,"data":{"a":"é\\n"}}\n\n: \n\nid: k3v9x0ab-9\n\nevent: progress\ndata: {"rows":1}\n\nretry: 1234\n\n';
  const whole = new Parser();
  const expected = whole.feed(text);
  assert.equal(expected.length, 2);
  assert.deepEqual(expected[0], { kind: 'row', id: 'k3v9x0ab-5', data: { row: 1, data: { a: 'é\n' } } });
  for (let cut = 0; cut <= text.length; cut++) {
    const parser = new Parser();
    assert.deepEqual([...parser.feed(text.slice(0, cut)), ...parser.feed(text.slice(cut))], expected);
    assert.equal(parser.id, 'k3v9x0ab-9');
    assert.equal(parser.retry, 1234);
  }
});

test('cells show what cannot be seen', () => {
  assert.ok(isPlain('Zoë, "x" <b>'));
  assert.ok(!isPlain(' a') && !isPlain('a\n') && !isPlain('a\u0000') && !isPlain('\u202eabc'));
  assert.deepEqual(parts('  a '), [{ text: '··', kind: 'quiet' }, { text: 'a' }, { text: '·', kind: 'quiet' }]);
  assert.deepEqual(parts('a\r\nb\u0000'), [{ text: 'a' }, { text: ' ↵ ', kind: 'quiet' }, { text: 'b' }, { text: '\u2400', kind: 'quiet' }]);
  assert.deepEqual(parts('\u202egpj'), [{ text: 'U+202E', kind: 'broken' }, { text: 'gpj' }]);
  assert.deepEqual(parts(''), []);
  assert.deepEqual(parts('   '), [{ text: '···', kind: 'quiet' }]);
});

test('a reason of the server becomes a sentence', () => {
  assert.equal(format.sentence('the header at line 1 (byte 10240) names 5000 columns; expected at most 4096'), 'The header at line 1 (byte 10,240) names 5,000 columns; expected at most 4,096');
  assert.equal(format.sentence('beyond byte 10240: cut'), 'Beyond byte 10,240: cut');
  assert.equal(format.sentence('UTF-8 was said at 12:3000, by x2024'), 'UTF-8 was said at 12:3000, by x2024');
});

test('a long cell is not cut through a character', () => {
  const cut = shortened(`${'a'.repeat(255)}😀${'b'.repeat(100)}`);
  assert.equal(cut.text, 'a'.repeat(255));
  assert.equal(cut.length, 357);
});

test('columns look like what their values look like', () => {
  const sample = [['1', '1.5', '2024-01-02', '2024-01-02T03:04', 'x', ''], ['-20', '3', '2024-12-31', '2024-01-02 03:04:05', '1', '']].map((cells, i) => ({ row: i + 1, cells }));
  assert.deepEqual(describe(['a', 'b', 'c', 'd', 'e', 'f'], sample).map((one) => one.type), ['integer', 'number', 'date', 'datetime', 'text', 'empty']);
});

test('of many columns only those in view are shown', () => {
  const columns = Array.from({ length: 4096 }, () => ({ width: 'c-3' }));
  const at = offsets(columns, 16);
  assert.deepEqual(columnWindow(at, 0, 800), { from: 0, to: 7 });
  const middle = columnWindow(at, 176 * 2000, 800);
  assert.ok(middle.from <= 2000 && middle.from >= 1996 && middle.to >= 2005 && middle.to <= 2008);
  assert.equal(columnWindow(at, at[4096] - 800, 800).to, 4096);
  assert.deepEqual(columnWindow(offsets(columns.slice(0, 12), 16), 500, 100), { from: 0, to: 12 });
});

const problem = (row, code = 'missing-cell', column = 'a', severity = 'error') => ({ row, line: 1, byte: 0, column, code, severity, message: 'm', raw: 'r' });

test('problems are found by row, forwards and backwards', () => {
  const index = new ProblemIndex();
  index.append([problem(null, 'blank-row', null, 'skipped'), problem(3), problem(3, 'encoding-error', 'b'), problem(null, 'duplicate-label', 'c', 'warning'), problem(90)]);
  assert.deepEqual(index.of(3), [1, 2]);
  assert.deepEqual(index.of(4), []);
  assert.equal(index.beside(1, 1), 1);
  assert.equal(index.beside(3, 1), 4);
  assert.equal(index.beside(90, 1), -1);
  assert.equal(index.brief(index.beside(90, -1)).row, 3);
  assert.equal(index.beside(3, -1), -1);
  assert.equal(index.rowsTouched, 2);
  assert.deepEqual(index.touched, [3, 90]);
  assert.deepEqual(index.groups()[0].rows, [3, 90]);
  assert.deepEqual(index.groups().map((group) => [group.code, group.at.length]), [['missing-cell', 2], ['blank-row', 1], ['encoding-error', 1], ['duplicate-label', 1]]);
});

test('the map shows where problems are', () => {
  const index = new ProblemIndex();
  index.append([problem(1), problem(50, 'duplicate-label', 'a', 'warning'), problem(100)]);
  assert.deepEqual([...index.map(100, 4)], [2, 1, 0, 2]);
});

test('speed needs samples, time left needs three steady seconds', () => {
  let meter = [];
  for (let i = 0; i <= 8; i++) meter = sampled(meter, { at: i * 250, rows: i * 100, bytes: i * 1000 });
  assert.equal(rowsPerSecond(meter), 400);
  assert.equal(secondsLeft(meter, 100_000), null);
  for (let i = 9; i <= 16; i++) meter = sampled(meter, { at: i * 250, rows: i * 100, bytes: i * 1000 });
  assert.equal(secondsLeft(meter, 100_000), 20, 'in steps of five');
  assert.equal(secondsLeft(meter, 26_000), 2.5);
  assert.equal(secondsLeft(meter, null), null);
  assert.equal(sampled(meter, { at: 4200, rows: 1, bytes: 1 }), meter, 'at most four samples a second');
  assert.ok(spark(closed(meter, { at: 4100, rows: 1640, bytes: 1 })).every((height) => height >= 0 && height <= 1));
  assert.deepEqual(spark(meter.slice(0, 2)), []);
});

test('the time left does not jump with one fast or slow moment, nor with a pause', () => {
  let meter = [];
  let bytes = 0;
  const go = (at, more) => { meter = sampled(meter, { at, rows: 0, bytes: bytes += more }); };
  for (let at = 0; at < 20_000; at += 250) go(at, 1000);
  const before = secondsLeft(meter, 1_000_000);
  go(20_000, 5000);
  const fast = secondsLeft(meter, 1_000_000);
  go(20_250, 0);
  go(140_000, 1000);
  const held = secondsLeft(meter, 1_000_000);
  assert.ok(fast > before * 0.8 && fast <= before, `${before} s, then ${fast} s`);
  assert.ok(held < before * 3, `${before} s, then ${held} s`);
});

test('how far behind a stream is, is what was there when it was opened', () => {
  const behind = (newest, lastId) => behindBy({ state: 'behind', retryAt: null, newest, lastId });
  assert.equal(behind(100, 'k3v9x0ab-40'), 60);
  assert.equal(behind(100, 'zzzzzzzz-100'), 0);
  assert.equal(behind(100, 'zzzzzzzz-140'), 0, 'what came since is no lag');
  assert.equal(behind(null, 'k3v9x0ab-40'), null, 'not every server says it');
  assert.equal(behind(100, null), null);
});

test('numbers are written as people read them', () => {
  assert.equal(format.bytes(48_234_567), '48.2 MB');
  assert.equal(format.bytes(999), '999 bytes');
  assert.equal(format.bytesOf(1_610_000_000, 3_420_000_000), '1.61 of 3.42 GB');
  assert.equal(format.bytesOf(0, 3_420_000_000), '0 of 3.42 GB');
  assert.equal(format.percent(99.9, 100), 99);
  assert.equal(format.percent(100, 100), 100);
  assert.equal(format.span(29.6), '30 s');
  assert.equal(format.span(240), '4 min');
  assert.equal(format.span(7200), '2 h');
});

test('links name a client and one of its uploads', () => {
  const id = '019a5f3e-9f40-7d2a-8000-000000000000';
  assert.deepEqual(parseHash(hashOf('harbour-crm', id)), { client: 'harbour-crm', upload: id });
  assert.deepEqual(parseHash('#harbour-crm'), { client: 'harbour-crm', upload: null });
  for (const bad of ['', '#', '#../x', '#a b', '#%', `#${'x'.repeat(65)}`, '#-a', '#<img>']) assert.equal(parseHash(bad).client, null, bad);
  assert.ok(isName('a.b_c-9'));
});

test('letters are keys only without Ctrl, Alt or Meta', () => {
  const key = (name, more = {}) => keyAction({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  assert.deepEqual(key('n'), { act: 'next' });
  assert.equal(key('n', { ctrlKey: true }), undefined);
  assert.equal(key('n', { altKey: true }), undefined);
  assert.deepEqual(key('End', { ctrlKey: true }), { rows: Infinity });
  assert.deepEqual(key('c', { metaKey: true }), { act: 'copy' });
  assert.deepEqual(key('ArrowRight', { shiftKey: true }), { act: 'wider' });
  assert.deepEqual(key('?', { shiftKey: true }), { act: 'keys' });
  assert.equal(key('x'), undefined);
});

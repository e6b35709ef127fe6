import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe, offsets } from '../../../static/js/columns.js';
import { hitBeside, searchRows } from '../../../static/js/components/row-finder.js';
import { tabSeparated } from '../../../static/js/components/table-acts.js';
import { RowLens } from '../../../static/js/row-lens.js';

test('through a lens places and rows go both ways', () => {
  const lens = new RowLens();
  assert.equal(lens.at(4), 5);
  assert.equal(lens.indexOf(5), 4);
  assert.ok(lens.has(7));
  lens.list = [3, 90, 1000];
  assert.deepEqual([0, 1, 2, 3].map((index) => lens.at(index)), [3, 90, 1000, undefined]);
  assert.deepEqual([1, 3, 4, 90, 1001].map((row) => lens.indexOf(row)), [0, 0, 1, 1, 3]);
  assert.ok(lens.has(90) && !lens.has(91) && !lens.has(2000));
});

const rows = [{ row: 1, cells: ['Ana', 'Malmö'] }, { row: 5, cells: [null, { text: 'xx ANA xx', length: 5000 }] }, { row: 9, cells: ['Anan', 'ana'] }];

test('text is found whatever its case, in the order of the rows', async () => {
  assert.deepEqual(await searchRows(rows, 'ana', () => false), [{ row: 1, column: 0 }, { row: 5, column: 1 }, { row: 9, column: 0 }, { row: 9, column: 1 }]);
  assert.deepEqual(await searchRows(rows, 'malmö', () => false), [{ row: 1, column: 1 }]);
  assert.deepEqual(await searchRows(rows, 'nobody', () => false), []);
});

test('a search that nobody waits for ends', async () => {
  let read = 0;
  const endless = { *[Symbol.iterator]() { for (;;) { read++; yield rows[0]; } } };
  assert.deepEqual(await searchRows(endless, 'zzz', () => read > 1000), []);
  assert.ok(read < 1100);
});

test('from a match the next and the last one are found, round the ends', async () => {
  const hits = await searchRows(rows, 'ana', () => false);
  const at = (row, column, direction) => hitBeside(hits, { row, column }, direction);
  assert.deepEqual([at(1, 0, 0), at(1, 0, 1), at(1, 0, -1)], [0, 1, 3]);
  assert.deepEqual([at(5, 0, 0), at(5, 0, -1), at(9, 1, 1), at(9, 1, 0), at(9, 1, -1)], [1, 0, 0, 3, 2]);
  assert.deepEqual([at(1000, -1, 0), at(0, 0, -1)], [0, 3]);
});

test('a row is copied as a spreadsheet takes it', () => {
  assert.equal(tabSeparated(['1', null, '', 'a\tb', 'say "hi"', 'two\nlines', 'it’s']), '1\t\t\t"a\tb"\t"say ""hi"""\t"two\nlines"\tit’s');
});

test('a width that somebody chose goes before its class', () => {
  assert.deepEqual(offsets([{ width: 'c-1' }, { width: 'c-5', px: 50 }, { width: 'c-1' }], 16), [0, 88, 138, 226]);
});

test('of a column it is known how full it is and what it holds', () => {
  const sample = ['a', '', 'b', 'a', null, 'c', 'd'].map((cell, i) => ({ row: i + 1, cells: [cell] }));
  const [{ rows: of, nulls, distinct, examples }] = describe(['x'], sample);
  assert.deepEqual({ of, nulls, distinct, examples }, { of: 7, nulls: 2, distinct: 4, examples: ['a', 'b', 'c'] });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RowSource } from '../../../static/js/row-source.js';

/** A server of `total` rows; some numbers may be used up without a row. */
function served(total, { missing = new Set(), columns = ['n'] } = {}) {
  const asked = [];
  const fetch = async (from, limit, signal) => {
    asked.push({ from, limit });
    await new Promise((done, fail) => { setTimeout(done, 1); signal.addEventListener('abort', () => fail(new Error('aborted'))); });
    const rows = [];
    let row = from;
    for (; row <= total.now && rows.length < limit; row++) if (!missing.has(row)) rows.push({ row, data: Object.fromEntries(columns.map((name) => [name, `${name} ${row}`])) });
    return { columns, rows, next: row <= total.now ? row : null, total: total.now };
  };
  const fetchThese = async (numbers) => {
    asked.push({ numbers });
    await new Promise((done) => { setTimeout(done, 1); });
    return { columns, rows: numbers.filter((row) => !missing.has(row)).map((row) => ({ row, data: Object.fromEntries(columns.map((name) => [name, `${name} ${row}`])) })), next: null, total: total.now };
  };
  const source = new RowSource(fetch, fetchThese);
  source.total = total.now;
  return { source, asked };
}
const change = (source) => new Promise((done) => source.addEventListener('change', done, { once: true }));
const row = (n) => ({ row: n, data: { n: `n ${n}` } });

test('rows that came as events are not fetched again', async () => {
  const { source, asked } = served({ now: 600 });
  source.setColumns(['n']);
  source.push(Array.from({ length: 600 }, (_, i) => row(i + 1)));
  source.want(1, 600);
  await new Promise((done) => setTimeout(done, 20));
  assert.deepEqual(asked, []);
  assert.equal(source.at(600).cells[0], 'n 600');
  assert.equal(source.newest, 600);
  source.close();
});

test('what is in view and not here is fetched by pages of 256', async () => {
  const { source, asked } = served({ now: 10_000 });
  assert.equal(source.at(5000), undefined);
  source.want(5000, 5020);
  await change(source);
  assert.equal(source.at(5010).cells[0], 'n 5010');
  assert.deepEqual(asked, [{ from: 4865, limit: 256 }]);
  source.close();
});

test('a page that was not full is asked for again when there is more', async () => {
  const total = { now: 300 };
  const { source } = served(total);
  source.want(280, 300);
  await change(source);
  await new Promise((done) => setTimeout(done, 20));
  assert.ok(source.at(300));
  total.now = 400;
  source.total = 400;
  assert.equal(source.at(350), undefined);
  source.want(340, 360);
  await change(source);
  assert.ok(source.at(350));
  source.close();
});

test('a number used up by a record that was not kept is null, not waited for', async () => {
  const { source } = served({ now: 100 }, { missing: new Set([7]) });
  source.want(1, 20);
  await change(source);
  assert.equal(source.at(7), null);
  assert.equal(source.at(8).cells[0], 'n 8');
  source.close();
});

test('a request whose rows left the view is ended', async () => {
  const signals = new Map();
  const source = new RowSource((from, limit, signal) => {
    signals.set(from, signal);
    return new Promise((done, fail) => { signal.addEventListener('abort', () => fail(new Error('aborted'))); });
  });
  source.total = 1_000_000;
  const asked = async (from) => { while (!signals.has(from)) await new Promise((done) => setTimeout(done, 5)); };
  source.want(1100, 1120);
  await asked(1025);
  source.want(900_100, 900_120);
  await asked(899_841);
  assert.ok(signals.get(1025).aborted);
  assert.ok(!signals.get(899_841).aborted);
  source.close();
  assert.ok(signals.get(899_841).aborted, 'closing ends the rest');
});

test('memory is bounded: old pages go', async () => {
  const { source } = served({ now: 1_000_000 });
  for (let page = 0; page < 80; page++) {
    source.want(page * 256 + 60, page * 256 + 80);
    await change(source);
    await new Promise((done) => setTimeout(done, 2));
  }
  assert.equal(source.at(60), undefined, 'the first page was let go');
  assert.ok(source.at(79 * 256 + 70));
  source.close();
});

test('wide files have shorter pages', () => {
  const { source } = served({ now: 10 });
  source.setColumns(Array.from({ length: 4096 }, (_, i) => `c${i}`));
  assert.equal(source.pageRows, 16);
  source.close();
});

test('following looks at the end and stands on it', async () => {
  const { source } = served({ now: 50_000 });
  assert.equal(source.newest, 0);
  source.wantTail(40);
  await change(source);
  assert.equal(source.newest, 50_000);
  assert.equal(source.at(49_990).cells[0], 'n 49990');
  source.close();
});

test('columns with names of the language are only names', () => {
  const { source } = served({ now: 1 });
  source.setColumns(['__proto__', 'constructor', '2019']);
  source.push([{ row: 1, data: JSON.parse('{"2019":"a","__proto__":"b","constructor":null}') }]);
  assert.deepEqual(source.at(1).cells, ['b', null, 'a']);
  source.close();
});

test('of a long cell only the beginning is kept', () => {
  const { source } = served({ now: 1 });
  source.setColumns(['n']);
  source.push([{ row: 1, data: { n: 'é'.repeat(100_000) } }]);
  assert.deepEqual(source.at(1).cells[0], { text: 'é'.repeat(256), length: 100_000 });
  source.close();
});

test('rows far apart are asked for by their numbers, once', async () => {
  const { source, asked } = served({ now: 1_000_000 }, { missing: new Set([70_000]) });
  const numbers = [5, 70_000, 900_000];
  source.wantThese(numbers);
  source.wantThese(numbers);
  await change(source);
  assert.deepEqual([source.at(5).cells[0], source.at(70_000), source.at(900_000).cells[0], source.at(6)], ['n 5', null, 'n 900000', undefined]);
  source.wantThese(numbers);
  assert.deepEqual(asked, [{ numbers }]);
  source.close();
});

test('of rows asked for by number the newest are kept, and all that a screen can show', async () => {
  const { source } = served({ now: 1_000_000 });
  for (let screen = 0; screen < 20; screen++) {
    const numbers = Array.from({ length: 200 }, (_, i) => screen * 20_000 + i * 100 + 1);
    source.wantThese(numbers);
    await change(source);
    assert.ok(numbers.every((one) => source.at(one)));
  }
  assert.equal(source.at(1), undefined);
  assert.ok(source.loaded.length < 1000);
  source.close();
});

test('all rows that are here are told in order, each once', async () => {
  const { source } = served({ now: 10_000 });
  source.setColumns(['n']);
  source.push([row(1), row(2), row(3)]);
  source.wantThese([2, 9000]);
  await change(source);
  source.want(5000, 5001);
  await change(source);
  const numbers = source.loaded.map((one) => one.row);
  assert.deepEqual(numbers.slice(0, 4), [1, 2, 3, 4865]);
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  assert.equal(numbers.at(-1), 9000);
  source.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EDGE, HEIGHT_MAX, Scroller } from '../../../static/js/scroller.js';

const scroller = (rows, { row = 28, view = 560 } = {}) => {
  const made = new Scroller();
  Object.assign(made, { rows, row, view });
  return made;
};
const SIZES = [0, 1, 5, 20, 21, 1000, 285_714, 285_715, 300_000, 1_000_000, 10_000_000, 100_000_000];

test('the scroller is never taller than a browser allows', () => {
  for (const rows of SIZES) assert.ok(scroller(rows).height <= HEIGHT_MAX, `${rows}`);
});

test('place and row are each other’s inverse, at any size', () => {
  for (const rows of SIZES) {
    const s = scroller(rows);
    for (let i = 0; i <= 1000; i++) {
      const first = (s.firstMax * i) / 1000;
      assert.ok(Math.abs(s.firstAt(s.topFor(first)) - first) < 1e-3, `${first} of ${rows}`);
    }
  }
});

test('a row further down has a place further down', () => {
  const s = scroller(10_000_000);
  let before = -1;
  for (let first = 0; first <= s.firstMax; first += 997.5) {
    assert.ok(s.topFor(first) > before);
    before = s.topFor(first);
  }
});

test('the first and the last row are reached by their ends of the scroller', () => {
  for (const rows of SIZES) {
    const s = scroller(rows);
    s.took(s.goTo(rows / 2));
    s.scrolled(Math.max(0, s.height - s.view));
    assert.ok(Math.abs(s.first - s.firstMax) < 1e-6, `${rows}`);
    s.scrolled(0);
    assert.equal(s.first, 0);
  }
});

test('a notch of the wheel is the same number of rows everywhere', () => {
  for (const rows of [1000, 285_000, 10_000_000]) {
    for (const part of [0.001, 0.3, 0.5, 0.999]) {
      const s = scroller(rows);
      const top = s.goTo(s.firstMax * part);
      s.took(top);
      const before = s.first;
      if (top + 100 > s.height - s.view) continue;
      s.scrolled(top + 100);
      assert.ok(Math.abs(s.first - before - 100 / 28) < 0.05, `${part} of ${rows}: ${s.first - before}`);
    }
  }
});

test('after steps the scroller goes back to its proportional place, once', () => {
  const s = scroller(10_000_000);
  let top = s.goTo(5_000_000);
  s.took(top);
  for (let i = 0; i < 50; i++) s.scrolled((top += 100));
  const { first } = s;
  assert.ok(Math.abs(first - 5_000_000 - 5000 / 28) < 0.01);
  const settled = s.settled();
  assert.ok(Math.abs(settled - s.topFor(first)) < 1);
  s.took(settled);
  s.scrolled(settled);
  assert.ok(Math.abs(s.first - first) < 0.001, 'the event of settling moves nothing');
  assert.equal(s.settled(), null);
});

test('the thumb takes the row from its place', () => {
  const s = scroller(10_000_000);
  s.scrolled((s.height - s.view) / 2);
  assert.ok(Math.abs(s.first - 5_000_000) < 20, `${s.first}`);
});

test('near both ends a pixel is a pixel', () => {
  const s = scroller(10_000_000);
  assert.equal(s.firstAt(EDGE / 2), EDGE / 2 / 28);
  const top = s.height - s.view - 280;
  assert.ok(Math.abs(s.firstAt(top) - (s.firstMax - 10)) < 1e-6);
});

test('rows that come in keep the row that is at the top', () => {
  const s = scroller(1000);
  s.goTo(500);
  s.rows = 5_000_000;
  s.goTo(s.first);
  assert.equal(s.first, 500);
  s.row = 36;
  s.goTo(s.first);
  assert.equal(s.first, 500);
});

test('the window holds what is in view and a few more, and never a row that does not exist', () => {
  const s = scroller(1000);
  assert.deepEqual(s.window(8), { from: 0, to: 28, shift: 0 });
  s.goTo(100.5);
  assert.deepEqual(s.window(8), { from: 92, to: 129, shift: 8.5 * 28 });
  s.goTo(1e9);
  assert.equal(s.window(8).to, 1000);
});

test('a row is shown by moving as little as possible', () => {
  const s = scroller(1000);
  s.goTo(100);
  assert.equal(s.firstShowing(110), 100);
  assert.equal(s.firstShowing(50), 50);
  assert.equal(s.firstShowing(120), 101);
});

test('an event for a place that was set by script moves nothing', () => {
  const s = scroller(5000);
  const top = s.goTo(4000);
  s.took(top);
  s.goTo(100);
  s.scrolled(top);
  assert.equal(s.first, 100);
});

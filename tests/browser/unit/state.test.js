import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initial, isHeld, isSending, localSending, phaseOf, reduce, selectedUpload, waitsForFile } from '../../../static/js/state.js';

const T = 1_700_000_000_000;
const run = (actions, state = initial('harbour')) => actions.reduce(reduce, state);
const events = (...list) => ({ type: 'events', at: T, events: list });
const stage = (upload, name, more = {}) => ({ kind: 'stage', data: { upload, stage: name, filename: 'a.csv', ...more } });
const progress = (upload, more) => ({ kind: 'progress', data: { upload, percent: 1, received_bytes: 10, read_bytes: 5, total_bytes: 100, rows: 1, problems: 0, ...more } });
const ENDED = { rows: 9, problems: 1, received_bytes: 100, read_bytes: 100, total_bytes: 100 };
const queued = (...names) => ({ type: 'queued', files: names.map((name) => ({ key: name, name, size: 100 })) });
const listed = (id, more) => ({ id, client: 'harbour', filename: 'a.csv', stage: 'done', percent: 100, received_bytes: 1, read_bytes: 1, total_bytes: 1, rows: 1, problems: 0, problems_by_code: {}, columns: ['x'], reading: null, failure: null, created_at: '2024-01-01T00:00:00.000Z', updated_at: '2024-01-01T00:00:01.000Z', ...more });

test('a new upload of the client is shown as soon as it begins', () => {
  const state = run([events(stage('u1', 'receiving', { total_bytes: 100 }))]);
  assert.equal(state.selected, 'u1');
  assert.equal(selectedUpload(state).total_bytes, 100);
  assert.deepEqual(state.order, ['u1']);
});

test('one that began while the page was away is shown, though it was listed before its beginning was replayed', () => {
  const list = { type: 'listed', uploads: [listed('u2'), listed('u1')], next: null };
  assert.equal(run([list, events(stage('u2', 'receiving'))]).selected, 'u2');
  assert.equal(run([list, { type: 'select', id: 'u1', follow: false }, events(stage('u2', 'receiving'))]).selected, 'u1');
  assert.equal(run([list, { type: 'select', id: 'u2', follow: true }, events(stage('u1', 'receiving'))]).selected, 'u2', 'an older one that goes on');
});

test('an upload somebody opened is not taken from them', () => {
  const state = run([{ type: 'listed', uploads: [listed('old')], next: null }, { type: 'select', id: 'old', follow: false }, events(stage('u1', 'receiving'))]);
  assert.equal(state.selected, 'old');
  assert.deepEqual(state.order, ['u1', 'old']);
});

test('what this page sends is shown, also while it looked at another upload', () => {
  const state = run([{ type: 'listed', uploads: [listed('old')], next: null }, { type: 'select', id: 'old', follow: false }, queued('a.csv'), { type: 'sendStarted', name: 'a.csv', size: 100, at: T, key: 'a.csv' }, { type: 'sendBegun', upload: 'u1' }, events(stage('u1', 'receiving'))]);
  assert.equal(state.selected, 'u1');
  assert.equal(state.sending.upload, 'u1');
});

test('another page’s upload does not push away what this page is sending', () => {
  const other = stage('u2', 'receiving', { filename: 'b.csv' });
  const state = run([{ type: 'sendStarted', name: 'a.csv', size: 100, at: T }, { type: 'sendBegun', upload: 'u1' }, events(stage('u1', 'receiving')), events(other)]);
  assert.equal(state.selected, 'u1');
  assert.equal(state.sending.upload, 'u1');
});

test('sent is not read: "reading" is said when every byte has left, and "done" only by the server', () => {
  let state = run([{ type: 'sendStarted', name: 'a.csv', size: 100, at: T }, { type: 'sendBegun', upload: 'u1' }, events(stage('u1', 'receiving'), stage('u1', 'reading', { columns: ['x'] }), progress('u1', {}))]);
  assert.equal(phaseOf(selectedUpload(state), state), 'receiving');
  assert.ok(isSending(state));
  state = run([{ type: 'sendNews', state: 'going', sent: 100 }], state);
  assert.equal(phaseOf(selectedUpload(state), state), 'reading');
  assert.ok(!isSending(state), 'leaving does not ask any more');
  state = run([events(stage('u1', 'done', { ...ENDED, seconds: 2 }))], state);
  assert.equal(phaseOf(selectedUpload(state), state), 'done');
  assert.equal(selectedUpload(state).percent, 100);
});

test('late news takes nothing back', () => {
  const state = run([events(stage('u1', 'receiving'), progress('u1', { rows: 9, read_bytes: 90 }), stage('u1', 'done', ENDED)), events(progress('u1', { rows: 3, percent: 30 })), { type: 'fetched', upload: listed('u1', { stage: 'reading', rows: 4, columns: [] }) }]);
  const upload = selectedUpload(state);
  assert.equal(upload.stage, 'done');
  assert.equal(upload.rows, 9);
  assert.equal(upload.percent, 100);
});

test('counts only rise, whatever order they come in', () => {
  const state = run([events(stage('u1', 'receiving'), progress('u1', { rows: 50 }), { kind: 'rows', data: { upload: 'u1', rows: [{ row: 20 }, { row: 21 }] } }, progress('u1', { rows: 40 }))]);
  assert.equal(selectedUpload(state).rows, 50);
});

test('rows that come before the next progress are counted', () => {
  const state = run([events(stage('u1', 'receiving'), { kind: 'rows', data: { upload: 'u1', rows: [{ row: 1 }, { row: 2 }] } })]);
  assert.equal(selectedUpload(state).rows, 2);
});

test('an upload that ended early keeps its reason', () => {
  const state = run([events(stage('u1', 'receiving'), stage('u1', 'failed', { ...ENDED, code: 'disk-full', message: 'The disk is full.' }))]);
  assert.deepEqual(selectedUpload(state).failure, { code: 'disk-full', message: 'The disk is full.' });
});

test('an interrupted upload may go on', () => {
  const state = run([events(stage('u1', 'receiving'), stage('u1', 'interrupted', { ...ENDED, code: 'upload-interrupted', message: 'x' }), stage('u1', 'receiving'))]);
  assert.equal(selectedUpload(state).stage, 'receiving');
});

test('the list and the stream agree on what there is', () => {
  let state = run([events(stage('u9', 'receiving')), { type: 'listed', uploads: [listed('u9', { stage: 'receiving', rows: 3 }), listed('u1')], next: 'u1' }]);
  assert.deepEqual(state.order, ['u9', 'u1']);
  assert.equal(state.uploads.get('u9').rows, 3);
  state = run([{ type: 'listed', uploads: [listed('u0')], next: null, older: true }], state);
  assert.deepEqual(state.order, ['u9', 'u1', 'u0']);
});

test('an upload that began after the list was made is not lost to it', () => {
  const state = run([events(stage('u9', 'receiving')), { type: 'listed', uploads: [listed('u1')], next: null }]);
  assert.deepEqual(state.order, ['u9', 'u1']);
});

test('a deleted upload is gone from everywhere', () => {
  const state = run([events(stage('u1', 'receiving'), stage('u1', 'done', ENDED)), { type: 'deleted', id: 'u1' }]);
  assert.equal(state.selected, null);
  assert.deepEqual([...state.uploads.keys(), ...state.order], []);
});

test('of one upload only the last word stands; what was said is kept, the last fifty', () => {
  const toast = (n, upload = `u${n}`) => ({ kind: 'toast', data: { upload, level: 'info', message: `${n}` } });
  const said = (...list) => run([events(...list)]).toasts.map((one) => one.message);
  assert.deepEqual(said(toast(1), toast(2), toast(3), toast(4)), ['1', '2', '3', '4']);
  assert.deepEqual(said(toast(1, 'a'), toast(2, 'b'), toast(3, 'a')), ['2', '3']);
  const { toasts } = run([{ type: 'toast', at: T, message: 'x', level: 'info' }, { type: 'toast', at: T, message: 'y', level: 'info' }]);
  assert.deepEqual(toasts.map((one) => [one.message, one.key]), [['x', 1], ['y', 2]]);
  const again = run(['x', 'y', 'x'].map((message) => ({ type: 'toast', at: T, message, level: 'info' })));
  assert.deepEqual([again.toasts.map(({ key }) => key), again.messages.length], [[2, 3], 3], 'the same words stand once');
  const failed = { kind: 'toast', data: { upload: 'u1', level: 'error', message: 'a. b.csv failed after 1,204 rows. the record at byte 123456 is too long' } };
  assert.deepEqual(said(failed), ['a. b.csv failed after 1,204 rows. The record at byte 123,456 is too long']);
  const { messages } = run([events(...Array.from({ length: 60 }, (_, i) => toast(i, 'a'))), { type: 'toastClosed', key: 60 }]);
  assert.deepEqual([messages.length, messages[0].message, messages.at(-1).message, messages.at(-1).at], [50, '10', '59', T]);
});

test('files wait in their order, and one can be taken away', () => {
  let state = run([queued('a.csv', 'b.csv'), queued('c.csv')]);
  assert.deepEqual(state.queue.map(({ name }) => name), ['a.csv', 'b.csv', 'c.csv']);
  assert.ok(isSending(state), 'leaving would lose them');
  state = run([{ type: 'sendStarted', name: 'a.csv', size: 100, at: T, key: 'a.csv' }, { type: 'unqueued', key: 'b.csv' }, { ...queued('d.csv'), first: true }], state);
  assert.deepEqual(state.queue.map(({ name }) => name), ['d.csv', 'c.csv']);
  assert.equal(localSending(state).name, 'a.csv');
});

test('leaving asks while files wait for one that is paused', () => {
  const state = run([...BEGUN, queued('b.csv'), { type: 'sendNews', state: 'paused' }]);
  assert.ok(isSending(state));
  assert.ok(!isSending(run([{ type: 'unqueued', key: 'b.csv' }], state)));
});

test('what waited is shown when it begins, but takes nothing from who looks at something else', () => {
  const next = [{ type: 'sendEnded', upload: null, error: null }, { type: 'sendStarted', name: 'b.csv', size: 100, at: T, key: 'b.csv' }, { type: 'sendBegun', upload: 'u2' }, events(stage('u2', 'receiving'))];
  assert.equal(run([...BEGUN, queued('b.csv'), ...next]).selected, 'u2');
  const looks = [{ type: 'listed', uploads: [listed('old')], next: null }, ...BEGUN, queued('b.csv'), { type: 'select', id: 'old', follow: false }];
  assert.equal(run([...looks, ...next]).selected, 'old');
  assert.equal(run([...looks, queued('c.csv'), ...next]).selected, 'old', 'to add a file is not to look at it');
});

test('another client has nothing of this one but the limit of the server and what was said', () => {
  const state = run([{ type: 'limit', sizeMax: 1000 }, queued('a.csv'), { type: 'client', client: 'other' }]);
  assert.deepEqual([state.queue, state.sizeMax, state.client], [[], 1000, 'other']);
  const say = { type: 'toast', at: T, message: 'x', level: 'info' };
  const { toasts } = run([say, { type: 'client', client: 'other' }, say]);
  assert.deepEqual(toasts.map(({ key }) => key), [2], 'no two messages are taken for one');
});

test('a gap says how many events are gone, where that can be said', () => {
  const gap = (from, to) => run([events({ kind: 'gap', data: { from, to, reason: 'expired' } })]).gap.events;
  assert.equal(gap('k3v9x0ab-17', 'k3v9x0ab-1221'), 1204);
  assert.equal(gap('k3v9x0ab-17', 'zzzzzzzz-4'), null);
});

test('a refused upload says why', () => {
  const state = run([{ type: 'sendStarted', name: 'a.csv', size: 100, at: T }, { type: 'sendEnded', upload: null, error: { title: 'File too large', text: 'x' } }]);
  assert.equal(state.sending.error.title, 'File too large');
  assert.ok(!isSending(state));
});

const BEGUN = [{ type: 'sendStarted', name: 'a.csv', size: 100, at: T }, { type: 'sendBegun', upload: 'u1' }, events(stage('u1', 'receiving', { total_bytes: 100 })), { type: 'sendNews', state: 'going', sent: 40 }];
const INTERRUPTED = stage('u1', 'interrupted', { ...ENDED, received_bytes: 40, read_bytes: 40, code: 'upload-interrupted', message: 'x', resume: '/files/u1' });
const phase = (state) => phaseOf(state.uploads.get('u1'), state);
const waits = (state) => waitsForFile(state.uploads.get('u1'), state);

test('the server may name an upload before or after the stream does', () => {
  const [start, begun, event] = BEGUN;
  for (const order of [[start, begun, event], [start, event, begun]]) {
    const state = run(order);
    assert.equal(state.selected, 'u1');
    assert.equal(localSending(state), null);
  }
  assert.equal(localSending(run([start, begun])).name, 'a.csv', 'until both are here the page shows what it sends');
  assert.equal(run([start, event]).selected, null, 'an upload of the same name may be somebody else’s');
});

test('a pause is no fault, whatever the server calls it', () => {
  let state = run([...BEGUN, { type: 'sendNews', state: 'paused' }]);
  assert.equal(phase(state), 'paused');
  assert.ok(!isSending(state), 'leaving does not ask');
  state = run([events({ kind: 'toast', data: { upload: 'u1', level: 'warning', message: 'Connection lost.' } }, INTERRUPTED)], state);
  assert.equal(phase(state), 'paused');
  assert.deepEqual(state.toasts, []);
  assert.ok(!waits(state), 'its file is at hand');
  state = run([{ type: 'sendNews', state: 'going', sent: 38 }], state);
  assert.equal(phase(state), 'receiving');
  assert.equal(state.sending.sent, 38, 'what is said to be sent is what the server has');
});

test('while the line is lost it is said, and nothing is asked for', () => {
  const state = run([...BEGUN, { type: 'sendNews', state: 'lost' }]);
  assert.equal(phase(state), 'interrupted');
  assert.ok(!waits(state));
  assert.ok(!isSending(state));
  assert.equal(phase(run([{ type: 'sendNews', state: 'going', sent: 60 }], state)), 'receiving');
});

test('an interrupted upload waits for its file while the server can go on with it', () => {
  const interrupted = [events(stage('u1', 'receiving'), INTERRUPTED)];
  assert.ok(waits(run(interrupted)));
  assert.ok(!waits(run([events(stage('u1', 'receiving'), stage('u1', 'interrupted', ENDED))])));
  const again = run([...interrupted, events(stage('u1', 'receiving'))]);
  assert.ok(!waits(again));
  assert.equal(again.uploads.get('u1').resume, null);
  assert.equal(again.uploads.get('u1').failure, null);
  assert.equal(run([{ type: 'fetched', upload: listed('u1', { stage: 'interrupted', resume: '/files/u1' }) }], again).uploads.get('u1').stage, 'receiving', 'a late answer stops nothing');
});

test('what this tab was sending before a reload waits for its file at once', () => {
  const left = run([{ type: 'listed', uploads: [listed('u1', { stage: 'receiving', total_bytes: 100, received_bytes: 40 })], next: null }, { type: 'left', id: 'u1' }]);
  assert.equal(phase(left), 'interrupted');
  assert.ok(waits(left));
  const on = run([{ type: 'sendStarted', name: 'a.csv', size: 100, at: T, upload: 'u1' }], left);
  assert.equal(phase(on), 'receiving');
  assert.equal(on.sending.sent, 40);
  assert.equal(on.selected, 'u1');
  assert.equal(phase(run([{ type: 'listed', uploads: [listed('u1', { stage: 'reading', total_bytes: 100, received_bytes: 100 })], next: null }], left)), 'reading', 'all of it had left');
});

test('a refused file says why until something else is done', () => {
  const state = run([events(stage('u1', 'receiving'), INTERRUPTED), { type: 'refused', why: 'another file' }]);
  assert.equal(state.refused, 'another file');
  assert.equal(run([{ type: 'select', id: 'u1', follow: true }], state).refused, null);
  assert.equal(run([{ type: 'sendStarted', name: 'a.csv', size: 100, at: T, upload: 'u1' }], state).refused, null);
});

test('what the columns look like is kept as the server says it, and late news does not take it away', () => {
  const columns = [{ name: 'x', type: 'integer', rows: 3, nulls: 0, distinct: 3, min: '1', max: '3', examples: ['1', '2', '3'] }];
  const begun = run([events(stage('u1', 'receiving'))]);
  assert.equal(selectedUpload(begun).profile, null);
  const state = run([events(stage('u1', 'understood', { columns: ['x'] }), { kind: 'profile', data: { upload: 'u1', columns } }), { type: 'fetched', upload: listed('u1', { stage: 'reading', profile: null, source: 'u0', options: { trim: true } }) }], begun);
  const upload = selectedUpload(state);
  assert.deepEqual(upload.profile, columns);
  assert.deepEqual(upload.columns, ['x']);
  assert.deepEqual([upload.source, upload.options], ['u0', { trim: true }]);
});

const HELD = { stage: 'understood', hold: true, rows: 0 };

test('an upload is held from when the server says so until it is read, while bytes still come', () => {
  const begun = [{ type: 'sendStarted', name: 'a.csv', size: 100, at: T }, { type: 'sendBegun', upload: 'u1' }, events(stage('u1', 'receiving', { total_bytes: 100 }), stage('u1', 'understood', { columns: ['x'] }))];
  let state = run(begun);
  assert.equal(phaseOf(selectedUpload(state), state), 'receiving', 'every upload is understood before it is read');
  state = run([{ type: 'fetched', upload: listed('u1', { ...HELD, received_bytes: 40, total_bytes: 100 }) }], state);
  assert.ok(isHeld(selectedUpload(state)));
  assert.equal(phaseOf(selectedUpload(state), state), 'understood');
  const paused = run([{ type: 'sendNews', state: 'paused', why: null }], state);
  assert.equal(phaseOf(selectedUpload(paused), paused), 'paused');
  const sent = run([{ type: 'sendNews', state: 'going', sent: 100 }], state);
  assert.equal(phaseOf(selectedUpload(sent), sent), 'understood', 'all is here, and it still waits');
  const left = { ...state, sending: null, left: 'u1' };
  assert.equal(phaseOf(selectedUpload(left), left), 'interrupted');
  state = run([events(stage('u1', 'reading'))], sent);
  assert.equal(phaseOf(selectedUpload(state), state), 'reading');
  state = run([{ type: 'fetched', upload: listed('u1', { ...HELD, received_bytes: 100, total_bytes: 100 }) }], state);
  assert.equal(selectedUpload(state).stage, 'reading', 'an answer that is older takes nothing back');
});

test('a new reading of an upload is shown at once, with all its bytes, whatever is being sent', () => {
  const sending = [{ type: 'listed', uploads: [listed('u1', { received_bytes: 100, total_bytes: 100 })], next: null }, { type: 'sendStarted', name: 'b.csv', size: 9, at: T }, { type: 'select', id: 'u1', follow: false }, { type: 'reread', reread: { id: 'u1', options: { trim: 'true' } } }];
  const other = run([...sending, events(stage('u2', 'receiving', { filename: 'b.csv', total_bytes: 9 }))]);
  assert.equal(other.selected, 'u1');
  const state = run([events(stage('u3', 'receiving', { total_bytes: 100 }))], other);
  const upload = selectedUpload(state);
  assert.deepEqual([upload.id, upload.source, upload.rows, upload.received_bytes, phaseOf(upload, state)], ['u3', 'u1', 0, 100, 'reading']);
  assert.deepEqual(upload.options, { trim: 'true' }, 'nothing looks found that was said');
  assert.equal(state.reread, null);
  const next = run([events(stage('u4', 'receiving', { total_bytes: 100 }))], { ...state, follow: false });
  assert.equal(next.uploads.get('u4').source, null, 'the next one is no reading of it');
});

test('what is said of an upload goes when it does', () => {
  const state = run([events(stage('u1', 'cancelled', ENDED), { kind: 'toast', data: { upload: 'u1', level: 'warning', message: 'cancelled' } }), { type: 'deleted', id: 'u1' }]);
  assert.deepEqual(state.toasts, []);
});

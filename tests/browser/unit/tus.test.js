import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OtherFile, Tus } from '../../../static/js/tus.js';
import { standIn } from './stand-in.js';

const TEXT = `id,name\n${Array.from({ length: 2000 }, (_, i) => `${i},Zoë`).join('\n')}\n`;
const csv = (text = TEXT, name = 'größe.csv') => new File([text], name, { type: 'text/csv' });

/** One upload against the stand-in; `plan` is what goes wrong. Waits are a twentieth of the real ones. */
async function upload(plan = [], { file = csv(), path = null, location, patience = 0.05, prepare = () => {} } = {}) {
  const { served, send, close } = await standIn({ location });
  served.plan.push(...plan);
  prepare(served);
  const news = [];
  const begun = [];
  let heard = () => {};
  const tus = new Tus(file, { said: { client: 'harbour' }, path, begun: (at) => begun.push(at), tell: (one) => { news.push(one); heard(one); }, send, patience });
  const until = (fits) => new Promise((done) => { heard = (one) => { if (fits(one)) done(one); }; });
  /** Until so many requests have come. */
  const asked = async (n) => { while (served.asked.length < n) await new Promise((done) => { setImmediate(done); }); };
  return { tus, served, news, begun, until, asked, close, whole: () => assert.equal(served.bytes.toString(), TEXT), methods: () => served.asked.map(({ method }) => method).join(' ') };
}

test('a file is announced with its names and its length, and sent', async () => {
  const { tus, served, news, begun, methods, whole, close } = await upload();
  assert.equal(await tus.run(), true);
  whole();
  assert.equal(methods(), 'POST PATCH');
  assert.deepEqual(served.metadata.split(',').map((pair) => pair.split(' ')).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]), [['client', 'harbour'], ['filename', 'größe.csv']]);
  assert.deepEqual(begun, ['/files/u1']);
  assert.ok(served.asked.every(({ version }) => version === '1.0.0'));
  const sent = news.map((one) => one.sent);
  assert.deepEqual(sent, [0, Math.ceil(served.length / 2), served.length]);
  close();
});

test('whatever form its address has, the path of it is used', async () => {
  for (const location of ['/files/u9', 'http://elsewhere.example:81/files/u9', 'files/u9', '//elsewhere.example/files/u9']) {
    const { tus, served, begun, close } = await upload([], { location });
    assert.equal(await tus.run(), true);
    assert.deepEqual(begun, ['/files/u9'], location);
    assert.equal(served.asked[1].url, '/files/u9');
    close();
  }
});

test('an empty file is only announced', async () => {
  const { tus, methods, close } = await upload([], { file: csv('') });
  assert.equal(await tus.run(), true);
  assert.equal(methods(), 'POST');
  close();
});

test('a cut line goes on where the server says, with nothing twice', async () => {
  const { tus, served, news, methods, whole, close } = await upload([{}, { cut: 5000 }, {}, { cut: 7000 }, { cut: 0 }]);
  assert.equal(await tus.run(), true);
  whole();
  assert.match(methods(), /^POST PATCH HEAD PATCH (HEAD )+PATCH$/);
  assert.deepEqual(served.asked.filter(({ method }) => method === 'PATCH').map(({ offset }) => offset), ['0', '5000', '12000']);
  assert.ok(news.some(({ state, sent }) => state === 'going' && sent === 12_000), 'what is said to be sent is what the server has');
  close();
});

for (const status of [409, 423, 429, 500, 502, 503]) {
  test(`an answer of ${status} passes`, async () => {
    const { tus, news, whole, close } = await upload([{ status }, {}, { status }, { status }, { status }]);
    assert.equal(await tus.run(), true);
    whole();
    assert.ok(news.some(({ state }) => state === 'lost'), 'the second failure in a row is said');
    assert.notEqual(news[0].state, 'lost', 'the first one is not');
    close();
  });
}

for (const status of [400, 403, 412, 413, 415]) {
  test(`an answer of ${status} ends it, with what the server says`, async () => {
    const { tus, methods, close } = await upload([{ status }]);
    await assert.rejects(tus.run(), { status, title: `says ${status}`, message: 'why' });
    assert.equal(methods(), 'POST');
    close();
  });
}

test('an upload that is gone is not begun again in silence', async () => {
  const { tus, methods, close } = await upload([{}, { gone: true }]);
  await assert.rejects(tus.run(), { status: 410 });
  assert.doesNotMatch(methods(), /POST.*POST/);
  close();
  const other = await upload([], { path: '/files/u1' });
  await assert.rejects(other.tus.run(), { status: 404 });
  other.close();
});

test('a pause sends nothing and says nothing more; going on asks first', async () => {
  const { tus, served, news, asked, methods, whole, close } = await upload([{}, { hang: true }]);
  const run = tus.run();
  await asked(2);
  tus.pause();
  assert.equal(news.at(-1).state, 'paused');
  const before = served.asked.length;
  tus.nudge();
  await new Promise((done) => { setTimeout(done, 60); });
  assert.equal(served.asked.length, before);
  tus.resume();
  assert.equal(await run, true);
  assert.equal(methods(), 'POST PATCH HEAD PATCH');
  whole();
  close();
});

test('stopped is not done, and nothing is told after it', async () => {
  const { tus, news, asked, close } = await upload([{}, { hang: true }]);
  const run = tus.run();
  await asked(2);
  tus.stop();
  const told = news.length;
  assert.equal(await run, false);
  assert.equal(news.length, told);
  close();
});

test('a request that does not move is given up', async () => {
  const { tus, methods, whole, close } = await upload([{}, {}, { hang: true }], { patience: 0.02, prepare: (served) => { served.plan[1] = { cut: 10 }; } });
  assert.equal(await tus.run(), true);
  assert.equal(methods(), 'POST PATCH HEAD HEAD PATCH');
  whole();
  close();
});

test('a nudge ends the wait', { timeout: 5000 }, async () => {
  const { tus, until, whole, close } = await upload([{ status: 503, headers: { 'Retry-After': '600' } }, { status: 503, headers: { 'Retry-After': '600' } }], { patience: 1 });
  const lost = until(({ state }) => state === 'lost');
  const run = tus.run();
  await new Promise((done) => { setTimeout(done, 50); });
  tus.nudge();
  await lost;
  await new Promise((done) => { setTimeout(done, 50); });
  tus.nudge();
  assert.equal(await run, true);
  whole();
  close();
});

for (const [what, status] of /** @type {[string, number][]} */ ([['a full disk', 507], ['nobody signed in', 401]])) test(`${what} holds it until somebody tries again`, async () => {
  const { tus, news, until, whole, close } = await upload([{}, { status }]);
  const paused = until(({ state }) => state === 'paused');
  const run = tus.run();
  await paused;
  assert.deepEqual([news.at(-1).why.status, news.at(-1).why.message], [status, 'why']);
  tus.resume();
  assert.equal(await run, true);
  whole();
  close();
});

test('whoever takes it over is not fought with', async () => {
  const { tus, served, news, until, close } = await upload([{}, { status: 423, late: 150 }]);
  const paused = until(({ state }) => state === 'paused');
  const run = tus.run();
  await paused;
  assert.equal(news.at(-1).why.status, 423);
  await new Promise((done) => { setTimeout(done, 60); });
  assert.equal(served.asked.length, 2);
  tus.stop();
  assert.equal(await run, false);
  close();
});

test('a length that was left open is told with the rest, also when nothing else is left', async () => {
  const size = Buffer.byteLength(TEXT);
  for (const has of [1000, size]) {
    const { tus, served, methods, whole, close } = await upload([], { path: '/files/u1', prepare: (one) => Object.assign(one, { exists: true, bytes: Buffer.from(TEXT).subarray(0, has) }) });
    assert.equal(await tus.run(), true);
    assert.equal(methods(), 'HEAD PATCH');
    assert.equal(served.asked[1].length, String(size));
    assert.equal(served.asked[1].offset, String(has));
    whole();
    close();
  }
});

test('a file of another size is not mixed in', async () => {
  const begun = (length, has) => ({ path: '/files/u1', prepare: (one) => Object.assign(one, { exists: true, length, bytes: Buffer.alloc(has) }) });
  const longer = await upload([], begun(999_999, 10));
  await assert.rejects(longer.tus.run(), (error) => error instanceof OtherFile && error.has === 999_999 && error.whole);
  const shorter = await upload([], begun(null, 500_000));
  await assert.rejects(shorter.tus.run(), (error) => error instanceof OtherFile && error.has === 500_000 && !error.whole);
  for (const { methods, close } of [longer, shorter]) { assert.equal(methods(), 'HEAD'); close(); }
});

test('what was complete before is not sent again', async () => {
  const { tus, methods, close } = await upload([], { path: '/files/u1', prepare: (one) => Object.assign(one, { exists: true, length: Buffer.byteLength(TEXT), bytes: Buffer.from(TEXT) }) });
  assert.equal(await tus.run(), true);
  assert.equal(methods(), 'HEAD');
  close();
});

test('a file that cannot be read any more does not fail for ever', async () => {
  const file = csv();
  file.slice = () => ({ size: 5, arrayBuffer: () => Promise.reject(new Error('changed')) });
  const { tus, close } = await upload([], { file });
  await assert.rejects(tus.run(), (error) => error instanceof OtherFile && error.has === null);
  close();
});

test('large files go in slices, each from where the last one ended', async () => {
  const asked = [];
  const size = 70 << 20;
  const file = { name: 'large.csv', size, slice: (from, to) => ({ size: to - from }) };
  const send = async (method, path, { headers, body }) => {
    asked.push([method, headers['Upload-Offset'], body?.size]);
    const header = (name) => ({ location: '/files/u1', 'upload-offset': String(Number(headers['Upload-Offset']) + (body?.size ?? 0)) })[name.toLowerCase()] ?? null;
    return { status: method === 'POST' ? 201 : 204, header, text: '' };
  };
  const tus = new Tus(/** @type {any} */ (file), { said: { client: 'c' }, begun: () => {}, tell: () => {}, send });
  assert.equal(await tus.run(), true);
  assert.deepEqual(asked.slice(1), [['PATCH', '0', 32 << 20], ['PATCH', String(32 << 20), 32 << 20], ['PATCH', String(64 << 20), 6 << 20]]);
});

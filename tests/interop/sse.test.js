// Clients of Server-Sent Events, as they come from their makers: each watches a whole upload, loses its connection twice in
// it, comes back by its own means, and misses nothing.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EventSource } from 'eventsource';
import { blankPage, bundlePage, holdWhole, mock, path, program, PYTHON, startBrowser, startServer, startSite } from './harness.js';
import { startProxy } from './proxy.js';

const CSV = mock(30_000);
const KINDS = ['stage', 'profile', 'row', 'problem', 'toast', 'progress', 'gap'];

let site;
let server;
let browser;
let bundle;
before(async () => {
  // Not the default silence, so that comments come too.
  site = await startSite();
  [server, browser, bundle] = await Promise.all([startServer('--keep-alive-ms', '100ms', '--allow-origin', site.named), startBrowser(), bundlePage()]);
});
after(async () => { await browser?.close(); await server?.end(); site?.end(); });

/** Sends the first half of the file, then, when that is allowed, the second. */
async function upload(client, second) {
  async function* halves() {
    yield CSV.subarray(0, CSV.length / 2);
    await second;
    yield CSV.subarray(CSV.length / 2);
  }
  const response = await fetch(`${server.origin}/upload/${client}`, { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: halves(), duplex: 'half' });
  assert.equal(response.status, 201);
  await response.arrayBuffer();
}

/**
 * Lets `watch` see one upload through a proxy that cuts it live, while rows are coming in, and again in what it is then sent
 * of the past; the first time within an event's data. Only then the second half of the file is sent. Without such cuts it loses its connection before the upload begins.
 */
async function seesAll(client, watch, cuts = [{ down: 1_000_000, behind: '\ndata: {"upload' }, { down: 300_000 }]) {
  const proxy = await startProxy(server.origin, ...cuts);
  try {
    const watching = watch(`${proxy.origin}/sse/${client}`, proxy);
    watching.catch(() => {});
    // Head, opening id, and two comments, so that the id has come to the watcher.
    await Promise.race([proxy.until({ downward: 4 }), watching]);
    if (cuts.length === 0) proxy.cut();
    const wanted = cuts.length || 1;
    const isBack = proxy.until({ cuts: wanted, answered: wanted + 1 });
    const [events] = await Promise.all([watching, upload(client, isBack)]);
    assert.equal(proxy.cuts, wanted);
    holdWhole(events.filter((one) => one.data !== ''), CSV);
    return events;
  } finally {
    proxy.end();
  }
}

const isLast = ({ event, data }) => event === 'stage' && JSON.parse(data).stage === 'done';

/** A page of the server's own origin, as far as it can tell. */
const own = (proxy) => blankPage(browser, proxy.origin, bundle);
/** A page of a site that the server was told to let in. */
const foreign = () => blankPage(browser, site.named, bundle, { isMadeUp: false });

/** What Chromium's own EventSource hears. */
const eventSource = (open) => async (url, proxy) => {
  const { page, close } = await open(proxy);
  const events = await page.evaluate(({ url, kinds }) => new Promise((done) => {
    const events = [];
    const source = new globalThis.EventSource(url);
    for (const kind of kinds) {
      source.addEventListener(kind, ({ lastEventId: id, type: event, data }) => {
        events.push(`${id}\t${event}\t${data}`);
        if (event === 'stage' && JSON.parse(data).stage === 'done') { source.close(); done(events.join('\n')); }
      });
    }
  }), { url, kinds: KINDS });
  await close();
  return cells(events.split('\n'));
};

/** What @microsoft/fetch-event-source hears, in Chromium. */
const fetchEventSource = (open) => async (url, proxy) => {
  const { page, close } = await open(proxy);
  const events = await page.evaluate((url) => new Promise((done, fail) => {
    const events = [];
    const stop = new AbortController();
    globalThis.fetchEventSource(url, {
      signal: stop.signal,
      openWhenHidden: true,
      onerror: () => 200,
      onmessage: ({ id, event, data }) => {
        events.push(`${id}\t${event}\t${data}`);
        if (event === 'stage' && JSON.parse(data).stage === 'done') { stop.abort(); done(events.join('\n')); }
      },
    }).catch(fail);
  }), url);
  await close();
  return cells(events.split('\n'));
};

const cells = (lines) => lines.map((line) => { const [id, event, ...data] = line.split('\t'); return { id, event, data: data.join('\t') }; });

describe('a watcher that loses its connection twice in an upload misses nothing', { concurrency: true, timeout: 120_000 }, () => {
  test('EventSource of Chromium', () => seesAll('chromium', eventSource(own)));

  test('EventSource of Chromium, cut before its first event: the id that opens the stream is enough', async () => {
    await seesAll('early', eventSource(own), []);
  });

  test('EventSource of Chromium, on a page of another origin', () => seesAll('foreign', eventSource(foreign)));

  test('eventsource, of npm', async () => {
    await seesAll('eventsource', (url) => new Promise((done) => {
      const events = [];
      const source = new EventSource(url);
      for (const kind of KINDS) {
        source.addEventListener(kind, ({ lastEventId: id, type: event, data }) => {
          events.push({ id, event, data });
          if (isLast(events.at(-1))) { source.close(); done(events); }
        });
      }
    }));
  });

  test('@microsoft/fetch-event-source, in Chromium; it also hands on messages that are none, and they are empty', async () => {
    const events = await seesAll('fetch-event-source', fetchEventSource(own));
    // The specification says that a block without data is no message; this client gives out one for each of them: for the id
    // that opens a connection (what came just before the reset may not have been read), and for comments. None looks like an
    // event of ours, which always has data. Worse, it takes an id when it has read that line, before the event is complete:
    // the first cut would lose it an event if the id stood before the data.
    const empty = events.filter((one) => one.data === '');
    assert.ok(empty.length >= 2, `${empty.length} empty messages`);
    assert.deepEqual(new Set(empty.map((one) => one.event)), new Set(['']));
    assert.ok(empty.filter((one) => one.id !== '').length >= 2, 'opening ids');
    assert.ok(empty.some((one) => one.id === ''), 'comments');
  });

  test('@microsoft/fetch-event-source, on a page of another origin', () => seesAll('fetch-foreign', fetchEventSource(foreign)));

  test('httpx-sse, of Python; it too hands on the opening ids as events without a kind', async () => {
    const events = await seesAll('httpx-sse', async (url) => {
      const lines = [];
      await program(PYTHON, [path('tests/interop/clients/sse.py'), url], { lines: (line) => lines.push(line) }).ended;
      return cells(lines);
    });
    const empty = events.filter((one) => one.data === '');
    assert.ok(empty.length >= 2, `${empty.length} empty events`);
    assert.deepEqual(new Set(empty.map((one) => one.event)), new Set(['message']));
  });

  test('eventsource-client, of Rust', async () => {
    await seesAll('eventsource-client', async (url) => {
      const lines = [];
      await program(path('target/interop/rust/debug/rowcast-interop'), [url], { lines: (line) => lines.push(line) }).ended;
      return cells(lines);
    });
  });
});

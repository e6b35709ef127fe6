// Uppy in Chromium, on a page of another origin than the server's: what CORS, the browser's own requests and a cut make of it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { blankPage, bundlePage, mock, startBrowser, startServer, startSite } from './harness.js';
import { startProxy } from './proxy.js';
import { holdUpload, idOf } from './tus.js';

const CSV = mock(20_000, 12);

let site;
let server;
let browser;
let bundle;
before(async () => {
  site = await startSite();
  [server, browser, bundle] = await Promise.all([startServer('--allow-origin', site.named), startBrowser(), bundlePage()]);
});
after(async () => { await browser?.close(); await server?.end(); site?.end(); });

/** Uploads by Uppy; it is told to stop after so many bytes if `stopAt` is given. */
const uppy = (page, endpoint, client, stopAt = null) => page.evaluate(async ({ text, endpoint, client, stopAt }) => {
  const uppy = new globalThis.Uppy({ autoProceed: false, meta: { client } });
  uppy.use(globalThis.Tus, { endpoint, retryDelays: [50, 100, 200, 400, 800, 800], chunkSize: 300_000 });
  const file = uppy.addFile({ name: 'file.csv', type: 'text/csv', data: new File([text], 'file.csv', { type: 'text/csv' }) });
  let address;
  const removed = new Promise((done) => {
    uppy.on('upload-progress', ({ tus }, { bytesUploaded }) => {
      address ??= tus?.uploadUrl;
      if (stopAt !== null && address && bytesUploaded >= stopAt) { uppy.removeFile(file); done(); }
    });
  });
  if (stopAt !== null) {
    uppy.upload().catch(() => {});
    await removed;
    return { address };
  }
  const { successful, failed } = await uppy.upload();
  return { address: successful[0]?.uploadURL, failed: failed.map((one) => String(one.error)) };
}, { text: CSV.toString(), endpoint, client, stopAt });

test('Uppy goes on after a cut', { timeout: 60_000 }, async () => {
  const proxy = await startProxy(server.origin, { up: 500_000 });
  const { page, close } = await blankPage(browser, site.named, bundle, { isMadeUp: false });
  try {
    const { address, failed } = await uppy(page, `${proxy.origin}/files`, 'uppy');
    assert.deepEqual(failed, []);
    assert.equal(proxy.cuts, 1);
    await holdUpload(server, address, { client: 'uppy', filename: 'file.csv', bytes: CSV });
  } finally {
    await close();
    proxy.end();
  }
});

test('a file that is removed in Uppy is gone at the server', { timeout: 60_000 }, async () => {
  const { page, close } = await blankPage(browser, site.named, bundle, { isMadeUp: false });
  try {
    const gone = page.waitForResponse((response) => response.request().method() === 'DELETE');
    const { address } = await uppy(page, `${server.origin}/files`, 'removed', 400_000);
    assert.equal((await gone).status(), 204);
    assert.equal((await fetch(`${server.origin}/uploads/${idOf(address)}`)).status, 404);
  } finally {
    await close();
  }
});

test('a page that was not named gets no answer', { timeout: 60_000 }, async () => {
  const { page, close } = await blankPage(browser, site.other, bundle, { isMadeUp: false });
  try {
    const ask = (method) => page.evaluate(([url, method]) => fetch(url, { method, headers: method === 'POST' ? { 'Tus-Resumable': '1.0.0', 'Upload-Length': '1' } : {} }).then((answer) => answer.status, (error) => error.name), [`${server.origin}/files`, method]);
    assert.equal(await ask('POST'), 'TypeError');
  } finally {
    await close();
  }
});

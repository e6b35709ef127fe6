// A small tus server for the unit tests: it keeps one upload in memory and can be told to misbehave.

import { createServer } from 'node:http';

/** `plan`: what becomes of the next requests, in order; `{ status }` answers so (`late` ms after), `{ cut: n }` takes n bytes of a body and hangs up, `{ hang }` never answers,
 *  `{ gone }` has it no more from there on. */
export async function standIn({ location = '/files/u1' } = {}) {
  const served = { plan: [], asked: [], bytes: Buffer.alloc(0), length: null, metadata: null, gone: false, exists: false };
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const planned = served.plan.shift() ?? {};
    served.asked.push({ method, url, offset: headers['upload-offset'] ?? null, length: headers['upload-length'] ?? null, version: headers['tus-resumable'] });
    const answer = (status, more = {}, text = '') => { response.writeHead(status, { 'Tus-Resumable': '1.0.0', ...more }); response.end(text); };
    served.gone ||= planned.gone === true;
    if (planned.hang) return;
    if (planned.late) await new Promise((done) => { setTimeout(done, planned.late); });
    if (planned.status) return answer(planned.status, planned.headers, JSON.stringify({ title: `says ${planned.status}`, detail: 'why' }));
    if (planned.cut === 0) return request.socket.destroy();
    if (served.gone || (method !== 'POST' && !served.exists)) return answer(served.gone ? 410 : 404);
    if (method === 'POST') {
      Object.assign(served, { exists: true, length: Number(headers['upload-length']), metadata: headers['upload-metadata'] });
      return answer(201, { Location: location });
    }
    if (method === 'HEAD') return answer(200, { 'Upload-Offset': String(served.bytes.length), ...(served.length === null ? { 'Upload-Defer-Length': '1' } : { 'Upload-Length': String(served.length) }) });
    if (Number(headers['upload-offset']) !== served.bytes.length) return answer(409);
    if (headers['upload-length']) served.length = Number(headers['upload-length']);
    let taken = 0;
    request.on('error', () => {});
    try {
      for await (const piece of request) {
        const kept = planned.cut === undefined ? piece : piece.subarray(0, planned.cut - taken);
        served.bytes = Buffer.concat([served.bytes, kept]);
        taken += kept.length;
        if (taken === planned.cut) return request.socket.destroy();
      }
    } catch {
      return;
    }
    answer(204, { 'Upload-Offset': String(served.bytes.length) });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { ...Object.assign(served, { close: () => { server.closeAllConnections(); server.close(); } }), served, send: sender(origin) };
}

/** What the page does by XMLHttpRequest. */
const sender = (origin) => async (method, path, { headers, body = null, heard, signal }) => {
  try {
    if (body?.size) heard(Math.ceil(body.size / 2));
    const response = await fetch(origin + path, { method, headers, body: method === 'PATCH' ? Buffer.from(await body.arrayBuffer()) : undefined, signal });
    if (body?.size) heard(body.size);
    return { status: response.status, header: (name) => response.headers.get(name), text: await response.text() };
  } catch {
    return { status: 0, header: () => null, text: '' };
  }
};

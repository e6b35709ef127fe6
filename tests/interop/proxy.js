// A stretch of bad network: passes connections on to the server, and resets those that it is told to reset.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * Each cut resets one connection, on both sides, once so many bytes went over it upwards (to the server) or downwards; what the
 * other end did not read by then is lost to it. With `behind` a connection ends right behind the next such text in one piece,
 * and the other end gets all up to there. The first cut is in force until a connection met it, then
 * the next; after the last one everything passes.
 * @param {string} origin the server's
 * @param {...{ up?: number, down?: number, behind?: string }} cuts
 */
export async function startProxy(origin, ...cuts) {
  const { hostname, port } = new URL(origin);
  const open = new Set();
  const waiting = new Set();
  const proxy = { origin: '', cuts: 0, answered: 0, downward: 0, up: 0 };
  const changed = () => { for (const look of waiting) look(); };

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: hostname, port: Number(port), noDelay: true });
    const both = [near, far];
    const sides = { up: { from: near, to: far, bytes: 0 }, down: { from: far, to: near, bytes: 0 } };
    open.add(near).add(far);
    for (const [name, side] of Object.entries(sides)) {
      side.from.on('error', () => {});
      side.from.on('close', () => { open.delete(side.from); side.to.destroy(); });
      side.from.on('end', () => side.to.end());
      side.from.on('data', (chunk) => {
        const room = roomLeft(cuts[0], name, side.bytes, chunk);
        side.bytes += chunk.length;
        if (name === 'up') proxy.up += chunk.length;
        if (chunk.length >= room) {
          const { behind } = cuts.shift();
          proxy.cuts += 1;
          side.from.pause();
          if (behind) side.to.end(chunk.subarray(0, room), () => side.from.resetAndDestroy());
          else side.to.write(chunk.subarray(0, room), () => { for (const socket of both) socket.resetAndDestroy(); });
        } else if (!side.to.destroyed && !side.to.write(chunk)) {
          side.from.pause();
          side.to.once('drain', () => side.from.resume());
        }
        if (name === 'down') {
          proxy.downward += 1;
          if (side.bytes === chunk.length) proxy.answered += 1;
        }
        changed();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.origin = `http://127.0.0.1:${server.address().port}`;

  /** Waits until so many cuts were made, so many connections got at least the beginning of an answer, and so many pieces went down. */
  proxy.until = (wanted, ms = 30_000) => new Promise((done, fail) => {
    const look = () => {
      if (Object.entries(wanted).some(([what, count]) => proxy[what] < count)) return;
      waiting.delete(look);
      clearTimeout(late);
      done();
    };
    const late = setTimeout(() => { waiting.delete(look); fail(new Error(`waited for ${JSON.stringify(wanted)}, came to ${JSON.stringify(proxy)}`)); }, ms);
    waiting.add(look);
    look();
  });
  /** Resets whatever is open now. */
  proxy.cut = () => {
    for (const socket of open) socket.resetAndDestroy();
    proxy.cuts += 1;
    changed();
  };
  proxy.end = () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return proxy;
}

/** How many bytes of a piece may pass before the cut. */
function roomLeft(cut, direction, passed, chunk) {
  const room = Math.max((cut?.[direction] ?? Infinity) - passed, 0);
  if (!cut?.behind || room > chunk.length) return room;
  const found = chunk.indexOf(cut.behind, room);
  return found < 0 ? Infinity : found + cut.behind.length;
}

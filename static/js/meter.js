// Speed of one upload from samples of what was read. Pure: time is always passed in.
//
// Samples are dense in the first three seconds, before which no time left is worth showing, and four a second after that.

/** @typedef {{ at: number, rows: number, bytes: number }} Sample */
/** @typedef {readonly Sample[]} Meter  oldest first, of about the last minute */

const KEPT = 240;
const STEADY_MS = 3000;
const RECENT_MS = 2500;
/** How long the past counts for the time left. */
const SMOOTH_MS = 8000;
/** Without news for longer it was held: that says nothing of its speed. */
const HELD_MS = 2000;

/** @param {Meter} meter @param {Sample} sample @returns {Meter} */
export function sampled(meter, sample) {
	const last = meter.at(-1);
	if (last && sample.at - last.at < (sample.at - meter[0].at < STEADY_MS ? 90 : 250)) return meter;
	return [...meter.slice(1 - KEPT), sample];
}

/** With the very last sample, whenever it comes. @param {Meter} meter @param {Sample} sample @returns {Meter} */
export const closed = (meter, sample) => [...meter.slice(1 - KEPT), sample];

function recent(meter) {
	const last = meter.at(-1);
	const first = meter.find((one) => last.at - one.at <= RECENT_MS);
	return first && last.at > first.at ? { first, last, seconds: (last.at - first.at) / 1000 } : null;
}

/** Of the last seconds; null while unknown. @param {Meter} meter */
export function rowsPerSecond(meter) {
	const span = recent(meter);
	return span && Math.round((span.last.rows - span.first.rows) / span.seconds);
}

/** Until `total` bytes are read, in steps that do not flicker; null while that is not known well enough. @param {Meter} meter @param {number | null} total */
export function secondsLeft(meter, total) {
	const last = meter.at(-1);
	if (!last || total === null || last.at - meter[0].at < STEADY_MS) return null;
	let [bytes, ms, age] = [0, 0, 0];
	for (let i = meter.length - 1; i > 0; i--) {
		const took = Math.min(HELD_MS, meter[i].at - meter[i - 1].at);
		// The nearer, the more: one fast or slow moment moves the figure a little.
		const weight = Math.exp(-age / SMOOTH_MS);
		bytes += weight * (meter[i].bytes - meter[i - 1].bytes);
		ms += weight * took;
		age += took;
	}
	const left = bytes > 0 ? ((total - last.bytes) * ms) / bytes / 1000 : null;
	return left !== null && left > 20 ? Math.round(left / 5) * 5 : left;
}

/** Heights 0..1 of the speed over time, oldest first; empty when there are too few to draw. @param {Meter} meter */
export function spark(meter) {
	const speeds = meter.slice(1).map((one, i) => (one.at > meter[i].at ? (one.rows - meter[i].rows) / (one.at - meter[i].at) : 0));
	const top = Math.max(...speeds, 0.001);
	return speeds.length < 3 ? [] : speeds.map((speed) => speed / top);
}

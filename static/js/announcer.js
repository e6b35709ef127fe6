// What is said aloud: at most one polite message in ten seconds, the latest wins; failures at once. Never rows, never speed.

import { text } from './elements.js';
import { isLost } from './session.js';
import { isHeld, isRunning, mineOf, selectedUpload } from './state.js';
import { connection, say } from './words.js';

const EVERY_MS = 10_000;
const LOST_MS = 5000;

/** @param {HTMLElement} status @param {HTMLElement} alert @param {import('./store.js').Store} store */
export function announce(status, alert, store) {
	let last = 0;
	let timer = 0;
	let lostTimer = 0;
	let saidLost = false;
	let quarter = 0;
	let before = store.state;
	const speak = (words) => {
		clearTimeout(timer);
		timer = setTimeout(() => { last = Date.now(); text(status, words); }, Math.max(0, last + EVERY_MS - Date.now()));
	};
	const onConnection = (lost) => {
		clearTimeout(lostTimer);
		if (lost) lostTimer = setTimeout(() => { saidLost = true; speak(connection.sayLost); }, LOST_MS);
		else if (saidLost) { saidLost = false; speak(connection.sayBack); }
	};
	const onHold = (was, now, file) => { if (was !== now) speak(now === 'paused' ? say.paused(file) : now ? say.lost : say.goesOn(file)); };
	const onUpload = (was, now) => {
		const running = isRunning(now);
		const reached = Math.floor((now.percent ?? 0) / 25);
		if (!was) quarter = 0;
		if (!was && running) speak(say.started(now.filename));
		else if (isHeld(now) && !isHeld(was)) speak(say.held(now.filename));
		else if (running && now.problems && !was.problems) speak(say.firstProblem);
		else if (running && reached > quarter) speak(say.quarter((quarter = reached) * 25, now.rows, now.problems));
		if (now.stage === was?.stage) return;
		if (was && now.stage === 'done') speak(say.done(now.rows, now.problems));
		if (was && now.stage === 'failed') text(alert, say.failed(now.filename, now.failure?.message));
	};
	speak(say.ready);
	store.addEventListener('change', () => {
		const { state } = store;
		if (isLost(state.connection) !== isLost(before.connection)) onConnection(isLost(state.connection));
		const now = selectedUpload(state);
		if (now) onUpload(before.uploads.get(now.id), now);
		const mine = now && mineOf(now, state.sending);
		if (mine && before.sending?.upload === mine.upload) onHold(before.sending.hold, mine.hold, mine.name);
		// What the page says itself; of uploads it is said above.
		const message = state.messages.at(-1);
		if (message?.upload === null && message !== before.messages.at(-1)) speak(message.message);
		if (state.refused && state.refused !== before.refused) text(alert, state.refused);
		before = state;
	});
}

// The types of /client.js, and what each part of it is for. Put it beside the module.

/** What every call takes. */
export interface Access {
	/** Where rowcast is. Where nothing is said, where the module came from. */
	server?: string | URL;
	/** A key or token for `Authorization`. A function is asked for one at first, and for another when the server takes it no longer (401). */
	token?: string | (() => string | Promise<string>);
	/** As `fetch` takes it. Where nothing is said, the page's own server gets its session's cookie, and others none. */
	credentials?: RequestCredentials;
	/** Ends it. */
	signal?: AbortSignal;
}

/** The server refused, or did not answer: its problem document (RFC 9457) as an error. */
export class RowcastError extends Error {
	/** The HTTP status; 0 when there was no answer, 422 for an upload that ended otherwise than it should. */
	readonly status: number;
	/** Where this kind of problem is explained. */
	readonly type: string;
	/** The kind in a few words. */
	readonly title: string;
	/** What was found and what was expected, in one sentence; the error's message as well. */
	readonly detail: string;
	/** The kind, stable, to match on: a code of `/problems/{code}`. */
	readonly code: string;
	/** The upload it is about, where it is about one. */
	readonly upload?: string;
	/** How long the server asks to wait before another try, in ms; 0 where it does not say. */
	readonly retryAfterMs: number;
	/** Whether it passes by itself, so that another try makes sense. */
	readonly passes: boolean;
	constructor(problem: { status?: number; type?: string; title?: string; detail?: string; code?: string; upload?: string }, more?: { cause?: unknown; retryAfterMs?: number });
}

/**
 * Watches a client's events: each once and in order, across every loss of the connection.
 *
 * A handler that throws ends it. Its event then counts as not seen: `lastEventId` is that of the one before.
 */
export function subscribe(client: string, options?: SubscribeOptions): Subscription;

export interface SubscribeOptions extends Access {
	/** Of `POST /tickets`, for a page that has no token. A function is asked for one at first, and for another when it has expired. */
	ticket?: string | (() => string | Promise<string>);
	/** Only these kinds: `row`, `stage`, …; `published` for all that others publish, `published:<name>` for some of it. `gap` always comes. */
	events?: string[];
	/** Begins with the oldest event that is kept. Where nothing is said, with what happens from now on. */
	from?: 'start';
	/** Goes on after this event, whatever `from` says. */
	lastEventId?: string;
	/** Ends it with the next upload that ends: done, failed, cancelled or interrupted. */
	until?: 'done';
	/** Tells how many watch, whenever that changes. */
	presence?: boolean;
	/** What to do with events, by kind. */
	on?: Handlers;
	/** Gets every event, before `on` does. */
	onEvent?: (event: StreamEvent) => void;
	/** Told whenever the connection changes. */
	onState?: (state: State) => void;
}

export interface Subscription {
	/** The last event that was handled or filtered out. Another subscription goes on after this one with it. */
	readonly lastEventId: string | null;
	/** How the connection is. */
	readonly state: State;
	/**
	 * When it is over: the stage that ended it (`until`), or null when it was closed. Rejected with what else ended it: a {@link RowcastError}
	 * that does not pass, or what a handler threw. Whoever does not look at it is told by `onState`.
	 */
	readonly finished: Promise<StageChange | null>;
	/** Ends it. No handler is called any more. */
	close(): void;
}

/** How a connection is: `waiting` before the next try, in `retryMs`, because of `error`; `closed` for good, by `error` if there is one. */
export interface State {
	state: 'connecting' | 'open' | 'waiting' | 'closed';
	retryMs?: number;
	error?: unknown;
}

/** What to do with events, by kind. */
export interface Handlers {
	row?: (data: Row, event: StreamEvent) => void;
	problem?: (data: Problem, event: StreamEvent) => void;
	progress?: (data: Progress, event: StreamEvent) => void;
	toast?: (data: Toast, event: StreamEvent) => void;
	stage?: (data: StageChange, event: StreamEvent) => void;
	profile?: (data: Profile, event: StreamEvent) => void;
	gap?: (data: Gap, event: StreamEvent) => void;
	presence?: (data: Presence, event: StreamEvent) => void;
	/** At the client `system`: how the server does, as `GET /system/stats` answers. */
	status?: (data: Record<string, any>, event: StreamEvent) => void;
	/** What others publish, by its name. Such a name is never one of those above. */
	[name: string]: ((data: any, event: StreamEvent) => void) | undefined;
}

/** How many watch, how many came since somebody does, and how many of those went: a state, without an id. */
export interface Presence {
	watchers: number;
	joined: number;
	left: number;
}

/** An event. */
export interface StreamEvent {
	/** Its name on the wire. */
	kind: string;
	/** Its place in the client's journal, `<epoch>-<n>`; null for a state. */
	id: string | null;
	/** What it says. */
	data: any;
}

/** A row of an upload. */
export interface Row {
	upload: string;
	/** Its number in the upload, from 1. */
	row: number;
	/** Its cells by column: text, as it stands in the file; null where the record ended early. */
	data: Record<string, string | null>;
	/** Cells beyond the last column. */
	extra?: string[];
}

/** What is wrong with a row, a cell or a line. */
export interface Problem {
	upload: string;
	/** The row it is about; null where no number was used. */
	row: number | null;
	/** The line that its record begins on, from 1. */
	line: number;
	/** The byte of the decoded text that its record begins at, from 0. */
	byte: number;
	column: string | null;
	/** The kind, stable: `/problems/{code}` explains it. */
	code: string;
	severity: 'error' | 'warning' | 'repaired' | 'skipped';
	message: string;
	/** The record as it stands in the file, or its beginning. */
	raw: string;
	raw_cut?: boolean;
}

/** How far an upload is: a state, without an id. */
export interface Progress {
	upload: string;
	/** Whole; null while the size is unknown; 100 once, right before `done`. */
	percent: number | null;
	received_bytes: number;
	read_bytes: number;
	total_bytes: number | null;
	rows: number;
	problems: number;
	problems_by_code?: Record<string, number>;
}

/** A short message for people. */
export interface Toast {
	upload: string;
	level: 'info' | 'success' | 'warning' | 'error';
	message: string;
}

/** Where an upload stands. */
export type Stage = 'receiving' | 'understood' | 'reading' | 'done' | 'failed' | 'cancelled' | 'interrupted';

/** An upload entered a stage of its life. */
export interface StageChange {
	upload: string;
	stage: Stage;
	filename: string;
	/** In the order of the file, at `understood` and `reading`. */
	columns?: string[];
	/** How the file is read, at `understood` and `reading`. */
	reading?: Record<string, unknown>;
	/** Counts, at the end. */
	rows?: number;
	problems?: number;
	problems_by_code?: Record<string, number>;
	received_bytes?: number;
	read_bytes?: number;
	/** At the beginning, as far as it is known, and at the end. */
	total_bytes?: number | null;
	/** How long it took, at `done`. */
	seconds?: number;
	/** Why it did not finish. */
	code?: string;
	message?: string;
	/** Where its sender can go on (tus 1.0). */
	resume?: string;
}

/** What the columns of an upload look like. */
export interface Profile {
	upload: string;
	columns: Record<string, unknown>[];
}

/**
 * Events that this watcher can no longer have. After `expired` and `deleted` it goes on with what comes next; after the others with the
 * oldest event that is kept, which may have been seen before: load anew what you derived from the stream.
 */
export interface Gap {
	from: string;
	to: string;
	reason: 'expired' | 'deleted' | 'unknown-epoch' | 'ahead' | 'lost';
}

/**
 * Sends a file by resumable upload (tus 1.0), across every loss of the connection and every restart of the server, and answers what
 * became of it. With `options: { hold: 'review' }` that is an upload that waits at `understood`.
 *
 * Throws a {@link RowcastError} when the server refuses it for good or it fails, and the signal's reason when that ends it. What the server
 * has then stays there; `resumeKey` finds it again.
 */
export function upload(client: string, file: Blob, options?: UploadOptions): Promise<Upload>;

export interface UploadOptions extends Access {
	/** What it is called. Where nothing is said, as the file is. */
	filename?: string;
	/** How it is to be read, where the server shall not find out: `delimiter`, `encoding`, `hold`, … as at /docs. */
	options?: Record<string, string | number | boolean>;
	/** The largest piece that is sent at once, 16 MiB where nothing is said. Proxies may take less. */
	pieceBytes?: number;
	/**
	 * Goes on where an earlier call with this key and a file of this size and time ended, also after the page was loaded again. Of two calls
	 * at once each would send the other away.
	 */
	resumeKey?: string;
	/** Where it is kept what `resumeKey` needs. Where nothing is said, `localStorage`. */
	storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
	/** Told the upload's id before the first byte is sent. */
	onBegun?: (id: string) => void;
	/** Told how many bytes of the file the server has. */
	onProgress?: (progress: { sent: number; size: number }) => void;
}

/** An upload, as `GET /uploads/{id}` tells of it; /docs describes its further members. */
export interface Upload {
	id: string;
	client: string;
	filename: string;
	stage: Stage;
	rows: number;
	problems: number;
	problems_by_code: Record<string, number>;
	received_bytes: number;
	columns: string[];
	hold: boolean;
	failure: { code: string; message: string } | null;
	[more: string]: unknown;
}

/** The rows of an upload, page by page as they are asked for, from row number `from` on, at most `limit`. */
export function rows(id: string, options?: Access & { from?: number; limit?: number }): AsyncGenerator<Omit<Row, 'upload'>, void>;

/**
 * Publishes an event of one's own, which everybody who watches the client gets in order with all else: once, however often the connection
 * is lost on the way. The name is a letter, then up to 63 letters, digits, `.`, `_` and `-`.
 */
export function publish(client: string, event: string, data: unknown, options?: PublishOptions): Promise<Published>;

/** The same at every client that has events and that a pattern such as `orders-*` names. */
export function broadcast(clients: string, event: string, data: unknown, options?: PublishOptions): Promise<Broadcast>;

export interface PublishOptions extends Access {
	/** Names the event, so that another call with the same key publishes it no second time. Where nothing is said, each call has its own. */
	idempotencyKey?: string;
}

/** An event that was published. */
export interface Published {
	client: string;
	event: string;
	/** Its id in that client's stream. */
	id: string;
}

/** What became of a broadcast: who has it, and under which id. */
export interface Broadcast {
	event: string;
	count: number;
	published: { client: string; id: string }[];
	failed: string[];
}

// Every word the page says, so that others can translate it. No markup; numbers come in as numbers.

import { bytes, count, span, stamp, took } from './format.js';

const many = (n, one, more = `${one}s`) => `${count(n)} ${n === 1 ? one : more}`;
export const rows = (n) => many(n, 'row');
export const problems = (n) => many(n, 'problem');
export const columns = (n) => many(n, 'column');

export const app = {
	home: 'rowcast, start page', uploads: 'Uploads', share: 'Share this view', keys: 'Keyboard shortcuts', theme: (now) => `Theme: ${now}`, themes: { light: 'light', dark: 'dark', system: 'as the system' }, api: 'API',
	skip: 'Skip to the rows', close: 'Close', copy: 'Copy', copied: 'Copied.', notCopied: 'The browser did not let this page copy. Select the text instead.', show: 'Show', rows: 'Rows', problems: 'Problems',
	messages: 'Messages', noMessages: 'No messages yet.', moreMessages: (n) => many(n, 'more message'),
	uploadsOf: 'Uploads of this client', stage: 'Upload', know: 'How the file was understood',
};

export const title = {
	idle: 'rowcast', out: 'Sign in - rowcast', running: (percent, file) => `${percent === null ? '' : `${percent} % `}${file} - rowcast`, ended: (state, file) => `${state}, ${file} - rowcast`,
};

const sizes = (is, was, between = ', not') => (bytes(is) === bytes(was) ? `${count(is)}${between} ${count(was)} bytes` : `${bytes(is)}${between} ${bytes(was)}`);
const files = (n) => many(n, 'file waits', 'files wait');

export const drop = {
	head: 'Drop a CSV anywhere on this page', text: (max) => `${max ? `Up to ${bytes(max)}, plain` : 'Plain'} or gzip. Rows show while the file is still arriving.`, choose: 'Choose a file', label: 'CSV files', over: 'Let go to send',
	refused: 'That is not a file', refusedText: 'Drop CSV files, not a folder. Nothing was sent.', tooLarge: 'Too large', tooLargeText: (file, size, max) => `${file ?? 'This file'} has ${sizes(size, max, '; the limit here is')}. Nothing was sent.`,
	busy: (n, file) => `${files(n)} until ${file} is sent.`, paused: (n, file) => `${file} is paused. ${files(n)} for it.`, dropped: (n) => `You went to another client: ${many(n, 'file was', 'files were')} not sent.`,
	waiting: (n) => `${count(n)} waiting`, takeAway: (file) => `Do not send ${file}`,
	newUpload: 'New upload', check: 'Check before reading', pasted: 'pasted.csv',
};

export const states = { waiting: 'Waiting', receiving: 'Receiving', understood: 'To check', reading: 'Reading', paused: 'Paused', done: 'Done', failed: 'Failed', cancelled: 'Cancelled', interrupted: 'Interrupted' };

export const card = {
	sent: 'Sent', read: 'Read', measuring: 'measuring', left: (seconds) => `${span(seconds)} left`, speed: (n) => (n === null ? 'rows/s' : `${count(n)} rows/s`), spark: 'Rows per second over the last minute',
	problemCount: (n) => (n ? count(n) : 'none'), soFar: (n) => (n ? problems(n) : 'no problems'), problemsIn: (n, inRows) => `${n === 1 ? 'problem' : 'problems'}${inRows ? ` in ${rows(inRows)}` : ''}`,
	started: (at) => `started ${at}`, allHere: 'all bytes are here', took: (seconds) => `read in ${took(seconds)}`, stopped: (at) => `stopped ${at}`, unknownSize: 'size unknown',
	next: 'Read it', toCheck: 'Nothing is read before you say so.', toCheckText: 'Change what is wrong below, then read it.',
	pause: 'Pause', resume: 'Resume', tryNow: 'Try now', goOn: 'Go on', held: 'Paused', heldText: 'what was sent is kept',
	cancel: 'Cancel', again: 'Send again', another: 'Choose another file', download: 'Download', remove: 'Delete', kept: 'kept', interrupted: 'The upload stopped before its end.',
	interruptedText: (n) => (n ? `The ${rows(n)} read so far are kept. Send the file again to have all of it.` : 'Send the file again.'),
	failed: 'The server did not say why.', failedText: (n) => (n ? `The ${rows(n)} read so far are kept.` : 'No row was read.'), failedSay: 'Say below how to read it.',
	waits: 'The server cannot be reached.', lost: 'Connection lost. Nothing sent is lost.', lostText: 'It goes on by itself when the server answers.', rest: 'Nothing sent is lost.', restText: 'Choose the same file to send the rest.', whyText: 'What was sent is kept. Resume tries again.',
};

export const resume = {
	goesOn: (file) => `${file} goes on where it stopped.`, anew: 'Begin anew', stopped: 'The file could not be sent.', notSent: (file, why) => `${file} was not sent. ${why}`, gone: (file) => `The server no longer has ${file}. Send it from its beginning.`, goOn: (file) => `Go on with ${file}`,
	/** What differs, of the file that was chosen and of the one that is wanted. */
	other: {
		name: (is, was) => `This is another file: it is called ${is.name}, not ${was.name}.`, size: (is, was) => `This is another file: its size is ${sizes(is.size, was.size)}.`, shorter: (is, was) => `This is another file: it has ${bytes(is.size)}, and ${bytes(was.size)} were sent already.`,
		content: () => 'This is another file: its name and size are the same, its text is not.', time: (is, was) => `This is another file: it was changed ${stamp(is.time)}, not ${stamp(was.time)}.`, changed: () => 'The file was changed or moved on this computer and cannot be read.',
	},
};

export const cancelAsk = {
	head: 'Cancel this upload?', text: ({ sent, rows: n }) => `${bytes(sent)} have been sent. The ${rows(n)} read stay.`, keep: 'Keep going', go: 'Cancel upload', failed: 'The upload could not be cancelled.',
};

export const remove = {
	head: (file) => `Delete ${file}?`, text: ({ rows: r, problems: p }) => `Its ${rows(r)}${p ? ` and ${problems(p)}` : ''} go with it. This cannot be undone.`, keep: 'Keep', go: 'Delete upload',
	gone: (file) => `${file} was deleted.`, failed: 'The upload could not be deleted.',
};

/** Files to be had of an upload; the last three only where there are problems. */
export const downloads = {
	'rows.csv': ['All rows as CSV', 'UTF-8, quoted where needed'], 'rows.ndjson': ['All rows as NDJSON', 'one JSON object a line'], 'accepted.csv': ['Good rows', 'those without an error'],
	'rejects.csv': ['Rejected rows', 'as they stand in the file, and why'], 'problems.csv': ['Problems', 'one a line, with place and reason'],
};

const ANEW = 'The file is read again from its first row. Its bytes are not sent again.';
export const understood = {
	lead: 'Understood as', held: 'Check this', say: 'Not understood. Set its', idle: 'Delimiter, quote, encoding and header are found from the first bytes. You can change each.', waiting: 'Waiting for the header.', none: 'The header was never complete.',
	names: { delimiter: 'Delimiter', quote: 'Quote', encoding: 'Encoding', header: 'Header', lines: 'Lines', compression: 'Compression', mark: 'Byte order mark', more: 'More' }, yes: 'yes',
	/** Those that go by no name of a fact. */
	labels: {
		escape: 'A quote within quotes', header_rows: 'Records that name the columns', skip_rows: 'Lines to skip before',
		decimal: 'Decimal separator', trim: 'Blanks around cells', null_values: 'Texts for no value, with commas between', comment: 'Comments begin with', repair: 'Broken records',
	},
	/** Values that can be chosen, by the server's names. */
	choices: {
		delimiter: { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe', ' ': 'space' }, quote: { '"': 'double', "'": 'single', none: 'none' }, escape: { doubled: 'is doubled', backslash: 'follows a backslash' },
		decimal: { '.': 'point', ',': 'comma' }, trim: { true: 'left out', false: 'kept' }, repair: { fix: 'repaired where clear', report: 'told of only', off: 'not looked for' },
	},
	headerRows: (n, above) => (n === 0 ? 'none, columns are numbered' : above ? `after ${many(above, 'line')}` : n === 1 ? 'line 1' : `lines 1 to ${n}`),
	sure: { guess: 'a guess', likely: 'likely', sure: 'sure' }, set: 'set by you', changed: 'not read yet', found: 'found', usual: 'usual', findOut: 'find it out', other: 'another',
	surePercent: (n, of) => `${n} % sure of delimiter, quote and encoding, by the first ${of}.`, fixed: 'This cannot be changed.',
	again: 'Read again', undo: 'Undo', failed: 'Not read again',
	ways: {
		again: () => ANEW, stop: () => `This reading is cancelled. ${ANEW}`, part: ({ received_bytes: n }) => `Only the ${bytes(n)} that are here are read again.`,
		anew: () => 'Not all of it is here: it is sent again from its beginning.', wait: () => 'It is still on its way. When it is here, it can be read again.',
	},
};

export const empty = {
	head: 'Rows appear here', text: 'Each row shows the moment it has arrived, long before the file is complete. What could not be read is marked in its cell.', ways: 'Ways to start',
	terminal: 'Send from a terminal', terminalText: 'It shows up here while it runs.', command: 'Command', code: 'Listen from a terminal', codeText: 'One event a row. See ', codeLink: 'the API',
};

export const mock = {
	samples: 'Try a sample', sample: { 'customers.csv': '200 rows, nothing wrong', 'orders-messy.csv': 'what goes wrong in real files', 'quotes.csv': 'quotes and line breaks', 'unicode.csv': 'names in many scripts' },
	head: 'No file at hand? Make one', kind: 'Kind', rows: 'Rows', columns: 'Columns', messy: 'Broken rows, %', seed: 'Seed', download: 'Download', send: 'Make and send', size: (n) => `About ${bytes(n)}. The same seed makes the same file.`, making: (n) => `Making the file: ${bytes(n)} so far.`,
	wrong: (name, /** @type {number[]} */ [least, most]) => `${name}: ${count(least)} to ${count(most)}.`, failed: 'The file could not be made.',
	/** Name, columns, bytes of a row. */
	kinds: [['Customers', 'name,email,phone,city,date,amount', 84], ['Orders', 'uuid,date,company,city,amount,sentence', 140], ['Contacts', 'name,email,city', 52]],
};

export const table = {
	row: 'Row', of: (file) => `Rows of ${file}`, waiting: 'Waiting for the first row', waitingText: (n) => (n ? `The header is here: ${columns(n)}.` : 'The header is not here yet.'),
	none: 'This file has no rows', noneText: (n) => (n ? `It has a header of ${columns(n)} and nothing after it.` : 'It has no header either.'), noneKept: 'No row was read', held: 'Not read yet', heldText: 'This is what the beginning of the file looks like.', heldHead: ['Column', 'Looks like', 'Examples'], heldMore: (n) => `${columns(n)} more`,
	following: 'Following the end', toEnd: 'Go to the end', fresh: (n) => `${count(n)} new ${n === 1 ? 'row' : 'rows'}`, jump: 'Go to row', number: 'row', noSuchRow: (n) => `There are ${rows(n)}.`, notARow: 'A row is a whole number from 1.',
	range: (from, to, of, more) => `${count(from)} to ${count(to)} of ${count(of)}${more}`, soFar: ' so far', columnRange: (from, to, of) => `Columns ${count(from)} to ${count(to)} of ${count(of)}`,
	hasProblem: ', has a problem', missing: 'missing', notKept: 'not kept', extra: (n) => `${many(n, 'cell')} more than columns`, size: (n) => `${count(n)} characters`, map: 'Where in the file the problems are',
	only: 'Problems only', onlyThese: ' with problems', onlyListed: ', of the problems listed so far', noneListed: 'No rows with problems',
	density: 'Row height', densities: { compact: 'Compact', regular: 'Regular', roomy: 'Roomy' }, filled: (percent) => `${percent} % filled in the first rows`,
	/** A type that is not here shows itself. */
	looks: { integer: 'whole number', datetime: 'date and time', category: 'few different texts', boolean: 'yes or no', currency: 'amount of money', email: 'mail address', url: 'web address', uuid: 'UUID' },
	gap: (n) => (n === null ? 'Some events of this stream are no longer kept here.' : `${many(n, 'event')} of this stream ${n === 1 ? 'is' : 'are'} no longer kept here.`),
};

export const column = {
	find: 'Find a column', more: (n, most) => (n > most ? `${count(n - most)} more. Type more of the name.` : n ? '' : 'No column has this in its name.'), copy: 'Copy row', first: (n) => `${problems(n)}, show the first`,
	facts: ['Looks like', 'Filled', 'Empty', 'Different', 'From', 'To', 'Such as'], of: (n, first) => `Of the ${first ? 'first ' : ''}${rows(n)}${first ? '' : ' looked at here'}.`,
	/** What each does, in px; 0 fits it to its cells. @type {[string, number][]} */
	sizes: [['Narrower', -24], ['Wider', 24], ['Fit', 0]],
};

export const search = { label: 'Find in the rows loaded here', previous: 'Previous match', next: 'Next match', close: 'Close the search', found: (at, n, r) => `${n ? `${count(at)} of ${count(n)}` : 'none'} in ${rows(r)}` };

export const cell = { head: 'Cell', empty: 'This cell is empty.', missing: 'The record ends before this column.', more: 'Show more', extra: 'Further cells', characters: 'Characters', loading: 'Loading' };

export const problem = {
	head: 'Problems', none: 'none yet', idle: 'Nothing to show yet', idleText: 'Every cell that could not be read as it should is listed here with its row, column and bytes.', soFar: 'No problems so far', clean: 'No problems', cleanText: (n) => (n ? `none in ${rows(n)}` : 'none'),
	inRows: (n, r) => (r ? `${count(n)} in ${rows(r)}` : count(n)), list: 'Problems by kind', foot: 'Broken rows are kept and marked', grouped: 'Grouped by kind and column', share: 'Share of all problems', row: 'Row', line: 'Line', byte: 'Byte',
	show: 'Show in table', of: (at, n) => `${count(at)} of ${count(n)}`, previous: 'Previous', next: 'Next', listed: (at, n) => `${count(at)} of ${count(n)} listed`, more: 'List more', notDetailed: (n) => `${count(n)} more are counted, not listed.`,
	download: 'Download problems', downloadKind: 'Download these', meaning: 'What it means',
	anywhere: 'whole record', cut: 'cut', nextProblem: 'Next problem', only: 'Only these rows', noFurther: 'No problem further on.', noEarlier: 'No problem before this row.', raw: 'As it stands in the file',
	/** A code that is not here shows itself. */
	kinds: {
		'missing-cell': 'Cell missing', 'extra-cell': 'More cells than columns', 'encoding-error': 'Not in the encoding', 'blank-row': 'Blank line', 'unclosed-quote': 'Quote not closed', 'record-too-long': 'Record too long',
		'field-too-long': 'Cell too long', 'too-many-cells': 'Too many cells', 'duplicate-label': 'Column name used twice', 'blank-label': 'Column without a name', 'blank-header': 'No header',
		'preamble-line': 'Line before the table', 'footer-line': 'Line after the table', 'comment-line': 'Comment', 'separator-line': 'Line that names the delimiter', 'second-table': 'Line of a further table',
		'repeated-header': 'Header again', 'section-title': 'Title of a section', 'stray-quote': 'Stray quote', 'unquoted-delimiter': 'Delimiter within a cell', 'doubled-delimiter': 'Delimiter too many',
		'missing-delimiter': 'Delimiter missing', 'other-delimiter': 'Another delimiter', 'broken-line': 'Line break within a record', 'suspicious-record': 'Record in doubt',
	},
};

export const connection = {
	head: 'Connection', label: (state) => `Connection: ${state}`, connecting: 'Connecting', live: 'Live', behind: 'Catching up', behindBy: (n) => `, ${count(n)} behind`, again: (seconds) => ` in ${seconds} s`, reconnecting: 'Reconnecting', offline: 'Offline', offlineText: ', trying every 30 s',
	tryNow: 'Try now', liveText: 'Events of this client arrive as they happen.', behindText: 'Events that happened meanwhile are being replayed.', lostText: 'The server does not answer. Nothing is lost: the stream goes on where it stopped.', last: 'Last event', client: 'Client', refused: 'Not allowed', denied: 'Not allowed', out: 'Signed out',
	refusedText: { refused: 'The server does not let this page watch the client.', denied: 'Your token does not name this client.', out: 'The server wants to know who watches. Nothing is lost: the stream goes on where it stopped.' },
	shared: 'All tabs of this browser share one connection.', sayLost: 'The connection is lost. Reconnecting.', sayBack: 'The connection is back.',
};

export const history = {
	notKept: 'This upload is no longer kept here.', menu: (file) => `More for ${file}`,
	head: 'Uploads', none: 'No uploads yet', noneText: 'Files sent to this client are listed here.', more: 'Show older', failedList: 'The list of uploads could not be loaded.', running: (state, percent) => (percent === null ? state : `${state}, ${percent} %`),
	done: (r, p) => (p ? `${rows(r)}, ${problems(p)}` : rows(r)), interrupted: (percent) => (percent === null ? 'Interrupted' : `Interrupted at ${percent} %`), cancelled: (r) => `Cancelled after ${rows(r)}`, failed: (why) => `Failed. ${why}`, again: 'its earlier reading',
};

export const client = {
	label: 'Client: ', head: 'Watch a client', name: 'Client name', placeholder: 'Name of a client', watch: 'Watch', fresh: 'A new one', wrong: 'A letter or digit first, then letters, digits, dot, dash and underscore; 64 at most.',
	thisClient: 'This client', thisUpload: 'This upload', send: 'Send the link',
	text: 'A client is the name of one stream. Everyone who watches it sees the same rows.', shareSigned: 'Opens this stream for anyone who can sign in here and may watch it. Watching never slows the upload.', shareText: 'Opens this stream for anyone who can reach this server. Watching never slows the upload.',
};

export const keys = {
	head: 'Keys', text: 'Letters work while the table has the focus.',
	/** Keys joined by blanks, and what they do. */
	list: [
		['↑ ↓ ← →', 'next cell'], ['Home End', 'first, last column'], ['PageUp PageDown', 'a screen up, down'], ['Ctrl Home', 'first row'], ['Ctrl End', 'last row'], ['Enter', 'what is wrong, or the whole cell'],
		['n p', 'next, previous problem'], ['o', 'rows with problems only'], ['/', 'find in the rows loaded here'], ['c', 'find a column, one row as a list'], ['i', 'about the column'], ['Shift ← →', 'narrower, wider column'],
		['Ctrl C', 'copy the cell'], ['y', 'copy the row'], ['f', 'follow the end on or off'], ['g', 'go to row'], ['d', 'row height'], ['Esc', 'close'], ['F6', 'next region'], ['?', 'these keys'],
	],
};

export const say = {
	ready: 'Ready for a file.', started: (file) => `Receiving ${file}.`, quarter: (percent, r, p) => `${percent} % read, ${rows(r)}, ${problems(p)}.`, firstProblem: 'The first problem was found.',
	paused: (file) => `${file} is paused.`, held: (file) => `${file} waits to be checked.`, lost: 'The upload waits for the server.', goesOn: (file) => `${file} goes on.`,
	done: (r, p) => `Done. ${rows(r)} read, ${p ? problems(p) : 'no problems'}.`, failed: (file, why) => `${file} failed. ${why}`,
};

export const signIn = {
	head: 'Sign in', text: 'This server asks for an access token. Whoever runs it can make one.', over: 'Sign in to go on',
	token: 'Access token', hint: (mode) => `${mode === 'token' ? 'It starts with rct_. ' : ''}It is not kept: a cookie that scripts cannot read takes its place.`, stay: 'Stay signed in on this device', go: 'Sign in',
	none: 'The token is missing.', wrong: 'This is no token: it has characters that none can have.', offline: 'The server cannot be reached. Nothing was signed in.',
	/** What each code means; the server's own sentence follows. */
	codes: { 'invalid-token': 'The server does not know this token. It may have been withdrawn.', 'token-expired': 'The time of this token is over.' },
	who: (name) => `Signed in as ${name}`, roles: 'May act as', clients: 'Clients', until: 'Until', out: 'Sign out', outFailed: 'You are still signed in. The server did not sign you out.', held: 'Nobody is signed in any more.',
	denied: (client) => `You may not watch ${client}`, deniedText: (name, patterns) => (patterns ? `${name} may watch ${patterns}.` : `${name} may watch no client here. Whoever runs this server can change that.`), other: 'Sign in as somebody else', notThis: (patterns) => `You may watch ${patterns}.`, fresh: 'A new client',
	watchOnly: 'Rows appear here as others send them', watchOnlyText: (roles) => `You may watch, not send: that takes the role uploader or admin, and yours is ${roles}.`,
};

export const errors = { offline: 'The server cannot be reached.', unexpected: (status) => `The server answered ${status}.` };

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { facts, visible } from '../../../static/js/reading-facts.js';
import { fieldOf, reasons, said, wayOf, withoutLead } from '../../../static/js/reading-otherwise.js';

const READING = {
  delimiter: ';', quote: '"', escape: 'doubled', encoding: 'windows-1252', byte_order_mark: false, line_end: 'crlf', trim: false, decimal: ',', preamble_lines: 0, header_rows: 1, repair: 'fix', examined_bytes: 5134, sure_percent: 80, columns: ['a'],
  why: ['Its first bytes are those of gzip.', 'It is not UTF-8, and its 3 bytes beyond ASCII make most sense as windows-1252.', 'Delimiter: a semicolon, since it gives 95 % of the records 7 cells.', 'Quote: ", since it stands around cells.', 'Quotes within cells stand behind backslashes.', 'Lines that begin with # are comments.', 'Header: one record, which looks unlike those below it.'],
};
const of = (more = {}, options = {}) => facts({ reading: { ...READING, ...more }, options });
const fact = (key, more, options) => of(more, options).find((one) => one.key === key);

test('each fact says what was found, in words and as the character it is', () => {
  assert.deepEqual(of().map(({ key, value, code }) => [key, value, code]), [['delimiter', 'semicolon', ';'], ['quote', 'double', '"'], ['encoding', 'Windows-1252', null], ['header', 'line 1', null], ['lines', 'CRLF', null], ['more', '', null]]);
  assert.deepEqual(of({ compression: 'gzip', byte_order_mark: true }).map(({ key }) => key), ['delimiter', 'quote', 'encoding', 'header', 'lines', 'compression', 'mark', 'more']);
  assert.equal(fact('quote', { quote: null }).value, 'none');
  assert.deepEqual([fact('delimiter', { delimiter: '~' }).value, fact('delimiter', { delimiter: '~' }).code], ['', '~']);
  assert.deepEqual([0, 1, 3].map((rows) => fact('header', { header_rows: rows }).value), ['none, columns are numbered', 'line 1', 'lines 1 to 3']);
  assert.equal(fact('header', { preamble_lines: 2 }).value, 'after 2 lines');
  assert.deepEqual(['\t', ' ', ',', '||'].map(visible), ['\\t', '␣', ',', '||']);
  assert.deepEqual(facts({ reading: null, options: {} }), []);
  const failed = { stage: 'failed', reading: null, options: { delimiter: ';' }, received_bytes: 9 };
  assert.deepEqual(facts(failed).map(({ key, value, set }) => [key, value, set]), [['delimiter', '', true], ['quote', '', false], ['encoding', '', false], ['header', '', false], ['more', '', false]], 'nothing was found, all can be said');
  assert.deepEqual(facts({ ...failed, received_bytes: 0 }), []);
  assert.deepEqual([reasons(null, 'quote'), fieldOf(null, 'quote').found, fieldOf(null, 'encoding').found], [[], '', '']);
});

test('only what was found by the beginning of the file is more or less sure, and what was said is neither', () => {
  const sure = (percent, options) => of({ sure_percent: percent }, options).map((one) => one.sure);
  assert.deepEqual(sure(95), ['sure', 'sure', 'sure', null, null, null]);
  assert.deepEqual(sure(80).slice(0, 3), ['likely', 'likely', 'likely']);
  assert.deepEqual(sure(60, { delimiter: ';', escape: 'doubled' }).slice(0, 3), [null, null, 'guess']);
  assert.deepEqual(of({}, { escape: 'doubled', skip_rows: 2, trim: true }).filter(({ set }) => set).map(({ key }) => key), ['quote', 'header', 'more']);
});

test('each reason stands with what it is about, and what is about nothing else with the encoding', () => {
  const about = (key) => reasons(READING, key);
  assert.deepEqual(about('delimiter'), ['A semicolon, since it gives 95 % of the records 7 cells.']);
  assert.deepEqual(about('quote'), ['", since it stands around cells.', 'Quotes within cells stand behind backslashes.']);
  assert.deepEqual(about('header'), ['One record, which looks unlike those below it.']);
  assert.deepEqual(about('compression'), ['Its first bytes are those of gzip.']);
  assert.deepEqual(about('more'), ['Lines that begin with # are comments.']);
  assert.deepEqual(about('encoding'), ['It is not UTF-8, and its 3 bytes beyond ASCII make most sense as windows-1252.']);
  const why = ['No delimiter gives even records; it is read as one column.', 'The first line names the delimiter: a semicolon.'];
  assert.deepEqual(reasons({ ...READING, why }, 'delimiter'), why);
  assert.equal(withoutLead("delimiter: it is 'abc'; expected one"), "It is 'abc'; expected one");
});

test('what can be chosen goes by the values of the server', () => {
  assert.deepEqual(Object.keys(fieldOf(READING, 'delimiter').names), [',', ';', '\t', '|', ' ']);
  assert.deepEqual([fieldOf({ ...READING, quote: null }, 'quote').found, fieldOf(READING, 'header_rows').found, fieldOf(READING, 'trim').found, fieldOf(READING, 'null_values').found], ['none', '1', 'false', '']);
  assert.equal(fieldOf(READING, 'header_rows').max, 16);
  assert.equal(fieldOf(READING, 'encoding').names.shift_jis, 'SHIFT_JIS');
  assert.deepEqual(said({ delimiter: '\t', header_rows: 0, null_values: ['NA', '-'], trim: false, compression: 'gzip' }), { delimiter: '\t', header_rows: '0', null_values: 'NA,-', trim: 'false' });
});

test('what becomes of the bytes is said as it will be', () => {
  const upload = (more) => ({ id: 'u1', stage: 'done', received_bytes: 100, total_bytes: 100, hold: false, ...more });
  const mine = { upload: 'u1', over: false };
  assert.equal(wayOf(upload(), null), 'again');
  assert.equal(wayOf(upload({ stage: 'interrupted', received_bytes: 40 }), null), 'part');
  assert.equal(wayOf(upload({ stage: 'reading' }), null), 'stop');
  assert.equal(wayOf(upload({ stage: 'understood', hold: true }), null), 'again');
  assert.equal(wayOf(upload({ stage: 'understood', hold: true, received_bytes: 40 }), mine), 'anew');
  assert.equal(wayOf(upload({ stage: 'reading', received_bytes: 40 }), null), 'wait');
  assert.equal(wayOf(upload({ stage: 'reading', total_bytes: null }), null), 'wait');
});

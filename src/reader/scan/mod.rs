//! The fast path: one record at a time, by the strict grammar and no other.
//!
//! [`Scanner::scan`] looks at the text from a record's first byte on. A record that the strict grammar reads, with the
//! right number of cells and within the limits, is clean, and [`Scanner::cells`] gives its cells; a record in which
//! anything else stands is suspicious, and somebody slower looks at it. The strict grammar is that of RFC 4180, section 2,
//! with the dialect's characters, and with CR, LF and CRLF all ending a record:
//!
//! - a cell is quoted if its first byte is the quote, and then ends with the quote that closes it;
//! - within quotes anything may stand, a quote as the dialect escapes it;
//! - outside of quotes no quote may stand, nor a backslash before a quote, delimiter or line end where it escapes;
//! - no record is blank, and none begins as a comment does.
//!
//! Invariants:
//! - Whether a record is clean, and which cells it has, depends on its bytes alone, never on where the text was cut.
//! - Each byte is looked at once, however often more text comes (but for the last few, which decide nothing alone).
//! - A clean record without quotes is not copied.
//!
//! Not for: saying what is wrong, reading headers, skipping blank lines or the LF of a CRLF.

mod block;
mod quoted;
#[cfg(test)]
mod tests;

use crate::domain::{Cells, Escape};
use block::{BLOCK, Needles, marks};

/// What a [`Scanner`] takes for clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grammar {
    /// What stands between cells. Not empty, without line ends, and none of the bytes below.
    pub delimiter: String,
    /// The byte around cells, if any are quoted; ASCII.
    pub quote: Option<u8>,
    /// How a quote within quotes is written. With [`Escape::Backslash`] a backslash within quotes stands for a quote or
    /// backslash behind it, and for itself before anything else; a doubled quote stands for one as well.
    pub escape: Escape,
    /// The byte that comments begin with, if there are any; ASCII.
    pub comment: Option<u8>,
    /// How many cells a record has; not 0.
    pub columns: usize,
    /// Longest record, without what ends it.
    pub record_bytes_max: usize,
    /// Longest cell, without quotes.
    pub field_bytes_max: usize,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// A clean record.
    Clean {
        /// Its bytes, with the one byte that ends it (of a CRLF that is the CR), if there is any.
        len: usize,
        /// Whether such a byte ends it; else the text does.
        terminated: bool,
        /// Line breaks within its cells.
        line_breaks: u64,
    },
    /// The record is not over. Scan it again, from its first byte, with more text.
    NeedMore,
    /// A record that is not clean, as far as it was looked at.
    Suspicious,
}

/// Scans records. See the [module](self).
#[derive(Debug)]
pub struct Scanner {
    grammar: Grammar,
    needles: Needles,
    /// Indices below are of the text given, which begins with the record.
    at: usize,
    /// Specials before this one are part of something that was read already.
    skip: usize,
    /// Where the cell begins that is being read, or what of it is not copied yet.
    cell: usize,
    /// Within quotes.
    quoted: bool,
    /// How many cells are over.
    count: usize,
    /// Where they end: in `text` if there is a quoted one among them, else in the text given.
    ends: Vec<usize>,
    /// The cells' text, if one is quoted.
    text: Vec<u8>,
    copied: bool,
    /// Something beyond ASCII was seen.
    beyond: bool,
    line_breaks: u64,
    /// The text of the record that was found clean, without what ended it.
    len: usize,
}

impl Scanner {
    /// One for that grammar.
    ///
    /// # Panics
    /// When the grammar is none: an empty delimiter, no columns.
    pub fn new(grammar: Grammar) -> Self {
        assert!(!grammar.delimiter.is_empty() && grammar.columns > 0, "no grammar: {grammar:?}");
        let first = grammar.delimiter.as_bytes()[0];
        let quote = grammar.quote.unwrap_or(first);
        let backslash = if grammar.escapes_by_backslash() { b'\\' } else { first };
        Self {
            needles: [first, quote, b'\r', b'\n', backslash],
            ends: vec![0; grammar.columns],
            grammar,
            at: 0,
            skip: 0,
            cell: 0,
            quoted: false,
            count: 0,
            text: Vec::new(),
            copied: false,
            beyond: false,
            line_breaks: 0,
            len: 0,
        }
    }

    /// Forgets what was seen of a record, after [`Scan::NeedMore`] and where it is read in some other way.
    pub fn reset(&mut self) {
        self.at = 0;
    }

    /// Scans the record that `text` begins with; `finished` says that no more text will come. After [`Scan::NeedMore`]
    /// the next text must be the same, and more.
    pub fn scan(&mut self, text: &[u8], finished: bool) -> Scan {
        if self.at == 0 && !self.begin(text) {
            return if text.is_empty() { Scan::NeedMore } else { Scan::Suspicious };
        }
        let scan = match (self.grammar.delimiter.len(), self.grammar.escapes_by_backslash()) {
            (1, false) => self.run::<false, false>(text, finished),
            (1, true) => self.run::<false, true>(text, finished),
            (_, false) => self.run::<true, false>(text, finished),
            (_, true) => self.run::<true, true>(text, finished),
        };
        if scan != Scan::NeedMore {
            self.at = 0;
        } else if self.at > self.grammar.record_bytes_max {
            self.at = 0;
            return Scan::Suspicious;
        }
        scan
    }

    /// The cells of the record that the last scan found clean.
    ///
    /// # Panics
    /// When it found none, or the text is another.
    pub fn cells<'a>(&'a self, text: &'a [u8]) -> Cells<'a> {
        let ends = &self.ends[..self.count];
        let (text, gap) =
            if self.copied { (&self.text[..], 0) } else { (&text[..self.len], self.grammar.delimiter.len()) };
        Cells::apart(simdutf8::basic::from_utf8(text).expect("the record was found clean"), ends, gap)
    }

    /// Begins a record. Gives whether it can be clean.
    fn begin(&mut self, text: &[u8]) -> bool {
        (self.skip, self.cell, self.count, self.line_breaks) = (0, 0, 0, 0);
        (self.quoted, self.copied, self.beyond) = (false, false, false);
        let comment = self.grammar.comment;
        text.first().is_some_and(|&byte| !matches!(byte, b'\r' | b'\n') && Some(byte) != comment)
    }

    /// Reads cells without quotes, up to the record's end or the first quote. `LONG` says that the delimiter has several
    /// bytes, `BACKSLASH` that a backslash escapes.
    #[inline]
    fn run<const LONG: bool, const BACKSLASH: bool>(&mut self, text: &[u8], finished: bool) -> Scan {
        if self.copied {
            return self.run_quoted::<LONG, BACKSLASH>(text, finished);
        }
        let [first, _, _, _, backslash] = self.needles;
        let (mut block, mut count, last) = (self.at, self.count, self.ends.len() - 1);
        while block < text.len() {
            let found = marks::<BACKSLASH>(text, block, &self.needles);
            self.beyond |= found.beyond != 0;
            let mut special = found.special;
            while special != 0 {
                let at = block + special.trailing_zeros() as usize;
                special &= special - 1;
                if LONG && at < self.skip {
                    continue;
                }
                let byte = text[at];
                if byte == first {
                    if LONG {
                        match self.grammar.delimiter_at(&text[at..], finished) {
                            Some(true) => self.skip = at + self.grammar.delimiter.len(),
                            Some(false) => continue,
                            None => {
                                (self.at, self.count) = (at, count);
                                return Scan::NeedMore;
                            }
                        }
                    }
                    if count == last {
                        return Scan::Suspicious;
                    }
                    self.ends[count] = at;
                    count += 1;
                } else if matches!(byte, b'\r' | b'\n') {
                    self.count = count;
                    return self.end_plain(text, at, true);
                } else if BACKSLASH && byte == backslash {
                    match self.grammar.is_escape_outside(&text[at + 1..], finished) {
                        Some(true) => return Scan::Suspicious,
                        Some(false) => {}
                        None => {
                            (self.at, self.count) = (at, count);
                            return Scan::NeedMore;
                        }
                    }
                } else {
                    self.count = count;
                    if at != self.cell_start() {
                        return Scan::Suspicious;
                    }
                    self.copy_cells(text);
                    self.at = at;
                    return self.run_quoted::<LONG, BACKSLASH>(text, finished);
                }
            }
            block += BLOCK;
        }
        (self.at, self.count) = (text.len(), count);
        if finished { self.end_plain(text, text.len(), false) } else { Scan::NeedMore }
    }

    /// Where the cell begins that is being read, while nothing was copied.
    fn cell_start(&self) -> usize {
        if self.count == 0 { 0 } else { self.ends[self.count - 1] + self.grammar.delimiter.len() }
    }

    /// The record ends at `at`, and has no quoted cell.
    #[inline]
    fn end_plain(&mut self, text: &[u8], at: usize, terminated: bool) -> Scan {
        self.ends[self.count] = at;
        self.count += 1;
        self.len = at;
        self.end(text, at, terminated, self.grammar.delimiter.len())
    }

    /// The record's last cell is over; `gap` is what stands between two cells where they end.
    #[inline]
    fn end(&mut self, text: &[u8], at: usize, terminated: bool, gap: usize) -> Scan {
        let Grammar { record_bytes_max, field_bytes_max, .. } = self.grammar;
        if self.count != self.ends.len() || at > record_bytes_max || (at > field_bytes_max && self.has_long_cell(gap)) {
            return Scan::Suspicious;
        }
        if self.beyond && simdutf8::basic::from_utf8(&text[..at]).is_err() {
            return Scan::Suspicious;
        }
        Scan::Clean { len: at + usize::from(terminated), terminated, line_breaks: self.line_breaks }
    }

    fn has_long_cell(&self, gap: usize) -> bool {
        let mut start = 0;
        self.ends.iter().any(|&end| {
            let len = end - start;
            start = end + gap;
            len > self.grammar.field_bytes_max
        })
    }
}

impl Grammar {
    fn escapes_by_backslash(&self) -> bool {
        self.escape == Escape::Backslash && self.quote.is_some()
    }

    /// Whether `rest` begins with the delimiter; none while that is open.
    #[inline]
    fn delimiter_at(&self, rest: &[u8], finished: bool) -> Option<bool> {
        let delimiter = self.delimiter.as_bytes();
        if rest.len() >= delimiter.len() || finished {
            return Some(rest.starts_with(delimiter));
        }
        if delimiter.starts_with(rest) { None } else { Some(false) }
    }

    /// Whether a backslash outside of quotes, with `rest` behind it, could be meant to escape; none while that is open.
    fn is_escape_outside(&self, rest: &[u8], finished: bool) -> Option<bool> {
        match rest.first() {
            None if finished => Some(false),
            None => None,
            Some(&byte) if matches!(byte, b'\r' | b'\n') || Some(byte) == self.quote => Some(true),
            Some(_) => self.delimiter_at(rest, finished),
        }
    }
}

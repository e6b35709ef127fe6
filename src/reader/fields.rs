//! One record's text, split as leniently as can be, with what was odd about it.
//!
//! This is the slow twin of the strict grammar: it reads every record that grammar reads, in the same way, and any other
//! text too.

use super::dialect::Dialect;
use std::borrow::Cow;

/// The fields of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// The cells' text, unescaped.
    pub cells: Vec<String>,
    /// Which of them were quoted.
    pub quoted: Vec<bool>,
    /// How often something was not as the grammar has it.
    pub odd: u32,
    /// A quoted cell was still open where the text ended.
    pub open: bool,
    /// The first cell that is not UTF-8; U+FFFD stands in it.
    pub broken: Option<usize>,
    /// Bytes of the record, without its terminator.
    pub len: usize,
    /// Cells behind those that were kept.
    pub beyond: usize,
}

impl Fields {
    /// Whether the strict grammar reads it so as well.
    pub fn is_strict(&self) -> bool {
        self.odd == 0 && !self.open && self.broken.is_none() && self.beyond == 0
    }

    fn push(&mut self, cell: &[u8], quoted: bool, cells_max: usize) {
        if self.cells.len() >= cells_max {
            self.beyond += 1;
            return;
        }
        let text = String::from_utf8_lossy(cell);
        if matches!(text, Cow::Owned(_)) {
            self.broken.get_or_insert(self.cells.len());
        }
        self.cells.push(text.into_owned());
        self.quoted.push(quoted);
    }
}

/// How a text is split.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split<'a> {
    pub dialect: &'a Dialect,
    /// The byte at which a quote is a character like any other.
    pub literal: Option<usize>,
    /// The text is one record, whatever line ends it holds.
    pub whole: bool,
    /// How many cells are kept: each takes more memory than its text.
    pub cells_max: usize,
}

impl<'a> Split<'a> {
    pub fn by(dialect: &'a Dialect) -> Self {
        Self { dialect, literal: None, whole: false, cells_max: usize::MAX }
    }

    /// Keeps no more cells than that, and counts the others.
    pub fn keeping(self, cells_max: usize) -> Self {
        Self { cells_max, ..self }
    }

    /// Takes all of the text for one record.
    pub fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    pub fn with_literal(self, at: usize) -> Self {
        Self { literal: Some(at), ..self }
    }

    /// The first record of `text`.
    pub fn fields(self, bytes: &[u8]) -> Fields {
        let delimiter = self.dialect.delimiter.as_bytes();
        let mut fields = Fields::default();
        let mut at = 0;
        loop {
            at = self.field(bytes, at, &mut fields);
            if fields.open || !bytes[at..].starts_with(delimiter) || self.ends_at(bytes, at) {
                break;
            }
            at += delimiter.len();
        }
        fields.len = at;
        fields
    }

    fn ends_at(self, bytes: &[u8], at: usize) -> bool {
        at >= bytes.len() || !self.whole && matches!(bytes[at], b'\r' | b'\n')
    }

    /// Reads the field at `at`; answers where it ends.
    fn field(self, bytes: &[u8], at: usize, fields: &mut Fields) -> usize {
        let blank_before = self.blanks(bytes, at);
        if let Some(quote) = self.dialect.quote
            && bytes.get(blank_before) == Some(&quote)
            && self.literal != Some(blank_before)
        {
            fields.odd += u32::from(blank_before > at && !self.dialect.trim);
            return self.quoted(bytes, blank_before + 1, quote, fields);
        }
        let delimiter = self.dialect.delimiter.as_bytes();
        let mut end = at;
        while !self.ends_at(bytes, end) && !bytes[end..].starts_with(delimiter) {
            end += 1;
        }
        let cell = &bytes[at..end];
        if self.dialect.quote.is_some_and(|quote| cell.contains(&quote)) {
            fields.odd += 1;
        }
        fields.push(if self.dialect.trim { trim(cell) } else { cell }, false, self.cells_max);
        end
    }

    fn blanks(self, bytes: &[u8], mut at: usize) -> usize {
        if self.dialect.delimiter != " " {
            while bytes.get(at) == Some(&b' ') {
                at += 1;
            }
        }
        at
    }

    fn is_over(self, bytes: &[u8], at: usize) -> bool {
        self.ends_at(bytes, at) || bytes[at..].starts_with(self.dialect.delimiter.as_bytes())
    }

    /// Reads a quoted field from behind its quote.
    fn quoted(self, bytes: &[u8], start: usize, quote: u8, fields: &mut Fields) -> usize {
        let mut cell = Vec::new();
        let mut at = start;
        let mut closed = false;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte == quote {
                if bytes.get(at + 1) == Some(&quote) {
                    cell.push(quote);
                    at += 2;
                    continue;
                }
                if self.is_over(bytes, at + 1) {
                    closed = true;
                    at += 1;
                    break;
                }
                let after = self.blanks(bytes, at + 1);
                if after > at + 1 && self.is_over(bytes, after) {
                    fields.odd += u32::from(!self.dialect.trim);
                    closed = true;
                    at = after;
                    break;
                }
                fields.odd += 1;
            } else if byte == b'\\'
                && self.dialect.backslash
                && bytes.get(at + 1).is_some_and(|next| *next == quote || *next == b'\\')
            {
                cell.push(bytes[at + 1]);
                at += 2;
                continue;
            } else if byte == b'\\'
                && !self.dialect.backslash
                && bytes.get(at + 1) == Some(&quote)
                && at + 2 < bytes.len()
                && !self.is_over(bytes, at + 2)
            {
                // A single backslash-escaped quote in a file that doubles its quotes.
                fields.odd += 1;
                cell.push(quote);
                at += 2;
                continue;
            }
            cell.push(byte);
            at += 1;
        }
        if !closed {
            fields.open = true;
            fields.odd += 1;
        }
        fields.push(&cell, true, self.cells_max);
        at
    }
}

fn trim(cell: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = cell.iter().position(|byte| !is_blank(byte)).unwrap_or(cell.len());
    let end = cell.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &cell[start..end]
}

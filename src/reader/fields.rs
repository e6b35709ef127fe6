//! One record's text, split as leniently as can be, with what was odd about it. A cell whose text stands in the record as it
//! is is not copied.
//!
//! This is the slow twin of the strict grammar: it reads every record that grammar reads, in the same way, and any other
//! text too.

use super::dialect::Dialect;
use std::borrow::Cow;

/// The fields of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields<'t> {
    /// The cells' text, unescaped.
    pub cells: Vec<Cow<'t, str>>,
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

impl<'t> Fields<'t> {
    /// Whether the strict grammar reads it so as well.
    pub fn is_strict(&self) -> bool {
        self.odd == 0 && !self.open && self.broken.is_none() && self.beyond == 0
    }

    /// The cells, on their own; only those that are borrowed are copied.
    pub fn into_texts(self) -> Vec<String> {
        self.cells.into_iter().map(Cow::into_owned).collect()
    }

    /// The same, on its own.
    pub fn into_owned(self) -> Fields<'static> {
        let cells = self.cells.into_iter().map(|cell| Cow::Owned(cell.into_owned())).collect();
        Fields { cells, ..self }
    }

    fn push(&mut self, cell: Cow<'t, [u8]>, quoted: bool, cells_max: usize) {
        if self.cells.len() >= cells_max {
            self.beyond += 1;
            return;
        }
        let text = text(cell).unwrap_or_else(|bytes| {
            self.broken.get_or_insert(self.cells.len());
            Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
        });
        self.cells.push(text);
        self.quoted.push(quoted);
    }
}

/// The bytes as text, or the bytes again.
fn text(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, str>, Cow<'_, [u8]>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Cow::Borrowed(bytes)),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|error| Cow::Owned(error.into_bytes())),
    }
}

/// The cells, on their own.
pub(super) fn texts(cells: &[Cow<'_, str>]) -> Vec<String> {
    cells.iter().map(|cell| cell.clone().into_owned()).collect()
}

/// Whether there is nothing in a cell to see.
pub(super) fn is_blank(cell: impl AsRef<str>) -> bool {
    cell.as_ref().trim().is_empty()
}

/// Whether there is nothing to see in any of the cells.
pub(super) fn are_blank(cells: &[impl AsRef<str>]) -> bool {
    cells.iter().all(is_blank)
}

/// How many of the cells are not blank.
pub(super) fn filled(cells: &[impl AsRef<str>]) -> usize {
    cells.iter().filter(|cell| !is_blank(cell)).count()
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
    pub fn fields(self, bytes: &[u8]) -> Fields<'_> {
        let mut fields = Fields::default();
        let mut at = 0;
        loop {
            at = self.field(bytes, at, &mut fields);
            if fields.open || self.ends_at(bytes, at) || !self.is_delimiter(bytes, at) {
                break;
            }
            at += self.dialect.delimiter.len();
        }
        fields.len = at;
        fields
    }

    fn ends_at(self, bytes: &[u8], at: usize) -> bool {
        at >= bytes.len() || !self.whole && matches!(bytes[at], b'\r' | b'\n')
    }

    /// Reads the field at `at`; answers where it ends.
    fn field<'t>(self, bytes: &'t [u8], at: usize, fields: &mut Fields<'t>) -> usize {
        let blank_before = self.blanks(bytes, at);
        if let Some(quote) = self.dialect.quote
            && bytes.get(blank_before) == Some(&quote)
            && self.literal != Some(blank_before)
        {
            fields.odd += u32::from(blank_before > at && !self.dialect.trim);
            return self.quoted(bytes, blank_before + 1, quote, fields);
        }
        let end = self.end(bytes, at);
        let cell = &bytes[at..end];
        if self.dialect.quote.is_some_and(|quote| cell.contains(&quote)) {
            fields.odd += 1;
        }
        fields.push(Cow::Borrowed(if self.dialect.trim { trim(cell) } else { cell }), false, self.cells_max);
        end
    }

    /// Where a field ends that is not quoted and goes on at `at`.
    fn end(self, bytes: &[u8], mut at: usize) -> usize {
        let first = self.dialect.delimiter.as_bytes()[0];
        loop {
            let rest = &bytes[at..];
            let ahead =
                if self.whole { memchr::memchr(first, rest) } else { memchr::memchr3(first, b'\r', b'\n', rest) };
            match ahead {
                None => return bytes.len(),
                Some(ahead) if self.is_over(bytes, at + ahead) => return at + ahead,
                Some(ahead) => at += ahead + 1,
            }
        }
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
        self.ends_at(bytes, at) || self.is_delimiter(bytes, at)
    }

    fn is_delimiter(self, bytes: &[u8], at: usize) -> bool {
        let delimiter = self.dialect.delimiter.as_bytes();
        // Nearly every one is a single byte, for which a comparison of slices is slow.
        bytes[at] == delimiter[0] && (delimiter.len() == 1 || bytes[at..].starts_with(delimiter))
    }

    /// Reads a quoted field from behind its quote.
    fn quoted<'t>(self, bytes: &'t [u8], start: usize, quote: u8, fields: &mut Fields<'t>) -> usize {
        // What came before the last character that was left out; the cell's other bytes stand in one run from there.
        let (mut before, mut run) = (Vec::new(), start);
        let mut at = start;
        let end = loop {
            let Some(ahead) = memchr::memchr2(quote, b'\\', &bytes[at..]) else {
                fields.open = true;
                fields.odd += 1;
                at = bytes.len();
                break at;
            };
            at += ahead;
            let next = bytes.get(at + 1);
            let escapes = if bytes[at] == quote {
                if next == Some(&quote) {
                    true
                } else {
                    let behind = at + 1;
                    let after = if self.is_over(bytes, behind) { behind } else { self.blanks(bytes, behind) };
                    if self.is_over(bytes, after) {
                        fields.odd += u32::from(after > behind && !self.dialect.trim);
                        let end = at;
                        at = after;
                        break end;
                    }
                    fields.odd += 1;
                    false
                }
            } else if self.dialect.backslash {
                next.is_some_and(|next| *next == quote || *next == b'\\')
            } else {
                // A single backslash-escaped quote in a file that doubles its quotes.
                let escapes = next == Some(&quote) && at + 2 < bytes.len() && !self.is_over(bytes, at + 2);
                fields.odd += u32::from(escapes);
                escapes
            };
            if escapes {
                before.extend_from_slice(&bytes[run..at]);
                run = at + 1;
            }
            at += if escapes { 2 } else { 1 };
        };
        let last = &bytes[run..end];
        let cell = if before.is_empty() {
            Cow::Borrowed(last)
        } else {
            before.extend_from_slice(last);
            Cow::Owned(before)
        };
        fields.push(cell, true, self.cells_max);
        at
    }
}

fn trim(cell: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = cell.iter().position(|byte| !is_blank(byte)).unwrap_or(cell.len());
    let end = cell.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &cell[start..end]
}

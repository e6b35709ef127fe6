//! The rest of a record from its first quoted cell on: its cells are copied, without their quotes.

use super::block::{BLOCK, marks};
use super::{Scan, Scanner};

/// What a quote within quotes is.
enum Quote {
    /// One half of a quote that is text.
    Doubled,
    /// The cell's end, and what ends it.
    Delimiter,
    LineEnd,
    TextEnd,
    /// Text follows it.
    Stray,
    /// What follows it is not here yet.
    Open,
}

impl Scanner {
    /// Copies the cells so far, which stand in the text given without quotes, as the first cells of a record with quotes.
    pub(super) fn copy_cells(&mut self, text: &[u8]) {
        let gap = self.grammar.delimiter.len();
        self.text.clear();
        let mut start = 0;
        for end in &mut self.ends[..self.count] {
            self.text.extend_from_slice(&text[start..*end]);
            start = *end + gap;
            *end = self.text.len();
        }
        (self.cell, self.copied) = (start, true);
    }

    /// Goes on at `self.at`, as [`Scanner::run`] does.
    pub(super) fn run_quoted<const LONG: bool, const BACKSLASH: bool>(&mut self, text: &[u8], finished: bool) -> Scan {
        let [first, quote, _, _, backslash] = self.needles;
        let mut block = self.at;
        while block < text.len() {
            let found = marks::<BACKSLASH>(text, block, &self.needles);
            self.beyond |= found.beyond != 0;
            let mut special = found.special;
            while special != 0 {
                let at = block + special.trailing_zeros() as usize;
                special &= special - 1;
                if at < self.skip {
                    continue;
                }
                let byte = text[at];
                let rest = &text[at + 1..];
                // Where the grammar has no quote, there is nothing of this.
                if self.quoted {
                    if byte == quote {
                        match self.quote_before(rest, finished) {
                            Quote::Doubled => {
                                self.text.extend_from_slice(&text[self.cell..=at]);
                                (self.cell, self.skip) = (at + 2, at + 2);
                            }
                            Quote::Delimiter => {
                                self.quoted = false;
                                if !self.close(text, at) || self.count == self.ends.len() {
                                    return Scan::Suspicious;
                                }
                                self.cell = at + 1 + self.grammar.delimiter.len();
                                self.skip = self.cell;
                            }
                            Quote::LineEnd => return self.end_quoted(text, at, at + 1, true),
                            Quote::TextEnd => return self.end_quoted(text, at, at + 1, false),
                            Quote::Stray => return Scan::Suspicious,
                            Quote::Open => {
                                self.at = at;
                                return Scan::NeedMore;
                            }
                        }
                    } else if BACKSLASH && byte == backslash {
                        match rest.first() {
                            Some(&escaped) if escaped == quote || escaped == backslash => {
                                self.text.extend_from_slice(&text[self.cell..at]);
                                (self.cell, self.skip) = (at + 1, at + 2);
                            }
                            None if !finished => {
                                self.at = at;
                                return Scan::NeedMore;
                            }
                            _ => {}
                        }
                    } else if byte == b'\r' || (byte == b'\n' && text[at - 1] != b'\r') {
                        self.line_breaks += 1;
                    }
                } else if byte == first {
                    match self.grammar.delimiter_at(&text[at..], finished) {
                        Some(true) => {}
                        Some(false) => continue,
                        None => {
                            self.at = at;
                            return Scan::NeedMore;
                        }
                    }
                    if !self.close(text, at) || self.count == self.ends.len() {
                        return Scan::Suspicious;
                    }
                    self.cell = at + self.grammar.delimiter.len();
                    self.skip = self.cell;
                } else if matches!(byte, b'\r' | b'\n') {
                    return self.end_quoted(text, at, at, true);
                } else if byte == quote {
                    if at != self.cell {
                        return Scan::Suspicious;
                    }
                    self.quoted = true;
                    self.cell = at + 1;
                } else {
                    match self.grammar.is_escape_outside(rest, finished) {
                        Some(true) => return Scan::Suspicious,
                        Some(false) => {}
                        None => {
                            self.at = at;
                            return Scan::NeedMore;
                        }
                    }
                }
            }
            block += BLOCK;
        }
        self.at = text.len();
        match finished {
            false => Scan::NeedMore,
            true if self.quoted => Scan::Suspicious,
            true => self.end_quoted(text, text.len(), text.len(), false),
        }
    }

    /// What a quote within quotes is that has `rest` behind it.
    fn quote_before(&self, rest: &[u8], finished: bool) -> Quote {
        match rest.first() {
            None if finished => Quote::TextEnd,
            None => Quote::Open,
            Some(&byte) if byte == self.needles[1] => Quote::Doubled,
            Some(b'\r' | b'\n') => Quote::LineEnd,
            Some(_) => match self.grammar.delimiter_at(rest, finished) {
                Some(true) => Quote::Delimiter,
                Some(false) => Quote::Stray,
                None => Quote::Open,
            },
        }
    }

    /// The cell's text ends at `at`. Gives whether there was a place for it.
    fn close(&mut self, text: &[u8], at: usize) -> bool {
        self.text.extend_from_slice(&text[self.cell..at]);
        let Some(end) = self.ends.get_mut(self.count) else { return false };
        *end = self.text.len();
        self.count += 1;
        true
    }

    /// The last cell's text ends at `at`, and the record at `end`.
    fn end_quoted(&mut self, text: &[u8], at: usize, end: usize, terminated: bool) -> Scan {
        if self.close(text, at) { self.end(text, end, terminated, 0) } else { Scan::Suspicious }
    }
}

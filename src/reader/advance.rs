//! From one record to the next: the strict scanner first, the second look where that does not do, and what is counted on the
//! way: rows, lines, checkpoints.

use super::Position;
use super::doubt::Outcome;
use super::fields::is_blank;
use super::lines::{LineBreaks, line};
use super::oversize::Oversize;
use super::place::Place;
use super::pull::{Mark, Open, Reader, Step};
use super::scan::Scan;
use super::source::Source;
use crate::domain::Cells;
use std::mem;
use std::ops::Range;

impl Reader {
    pub(super) fn advance(&mut self) -> Step {
        loop {
            if self.oversize.is_some() {
                match self.skip_oversize() {
                    Some(true) => return Step::Problem,
                    Some(false) => continue,
                    None => return Step::NeedMore,
                }
            }
            if self.skip_line_ends() {
                return Step::Problem;
            }
            if self.pos == self.window.len() {
                if self.finished {
                    let end = self.window.offset(self.pos);
                    let position = Position { offset: end, row: self.row, line: self.line };
                    self.after = Mark { position, end };
                    return Step::End;
                }
                return Step::NeedMore;
            }
            self.resumed = false;
            let step = if self.second_table { self.skip_second_table() } else { self.record() };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// Reads a record; none if it was one of which nothing is told.
    fn record(&mut self) -> Option<Step> {
        let text = &self.window.text()[self.pos..];
        let scan = self.scanner.as_mut().map_or(Scan::Suspicious, |scanner| scanner.scan(text, self.finished));
        match scan {
            Scan::NeedMore => Some(Step::NeedMore),
            Scan::Clean { len, terminated, line_breaks } => {
                let cells = self.scanner.as_ref().expect("it scanned just now").cells(text);
                let len = len - usize::from(terminated);
                let is_blank = self.columns > 1 && cells.iter().all(is_blank) && self.repairs();
                // Only these are looked at again: most records are on one line, and no header.
                let is_unusual = !self.quiet
                    && (line_breaks > 0
                        || is_blank
                        || self.repeats_header(cells)
                        || self.dialect.trim
                            && cells.iter().any(|cell| cell.starts_with([' ', '\t']) || cell.ends_with([' ', '\t'])));
                if is_unusual && let Some(step) = self.doubt(true) {
                    return step.into_step();
                }
                let (start, line) = (self.window.offset(self.pos), self.line);
                self.clean_at = self.pos;
                self.row += 1;
                let end = self.close(len, terminated, line_breaks);
                self.tell_malformed(start..end, line);
                Some(Step::Clean(start..end, line))
            }
            Scan::Suspicious if self.quiet => {
                self.skip_quietly();
                None
            }
            Scan::Suspicious => self.doubt(false).and_then(Outcome::into_step),
        }
    }

    /// Tells of bytes that were no characters in the row that just ended.
    pub(super) fn tell_malformed(&mut self, bytes: Range<u64>, line: u64) {
        let Source::Decoded(decoded) = &mut self.source else { return };
        if !decoded.take_malformed(bytes.clone()) || self.quiet {
            return;
        }
        let prefix = self.window.between(bytes.clone()).unwrap_or_default();
        let prefix = prefix.strip_suffix(b"\n").or(prefix.strip_suffix(b"\r")).unwrap_or(prefix);
        let len = prefix.len() as u64;
        let place = Place { row: Some(self.row - 1), line, byte: bytes.start, prefix, len, raw_max: self.bounds.raw };
        let problem = place.malformed();
        self.pending.push_back(problem);
    }

    /// Whether the first cell is the header's, which nearly no row's is.
    fn repeats_header(&self, cells: Cells<'_>) -> bool {
        let first = self.learned.as_ref().and_then(|learned| learned.header.first());
        first.is_some_and(|name| cells.get(0).is_some_and(|cell| cell.eq_ignore_ascii_case(name)))
    }

    /// What is no clean row, in a text that should have nothing else.
    fn skip_quietly(&mut self) {
        let (len, _) = line(&self.window.text()[self.pos..]);
        let terminated = self.pos + len < self.window.len();
        self.close(len, terminated, 0);
    }

    /// Moves past `len` bytes and their terminator, which hold so many line breaks; answers with the offset behind them.
    pub(super) fn close(&mut self, len: usize, terminated: bool, breaks: u64) -> u64 {
        let offset = self.window.offset(self.pos + len);
        self.line += breaks;
        self.before = self.after;
        let end = offset + u64::from(terminated);
        self.after = Mark { position: Position { offset, row: self.row, line: self.line }, end };
        self.pos += len + usize::from(terminated);
        self.line += u64::from(terminated);
        self.after_cr = terminated && self.window.text()[self.pos - 1] == b'\r';
        end
    }

    /// Moves to the start of the next record. Gives whether it stopped after a blank line, to tell of it.
    fn skip_line_ends(&mut self) -> bool {
        while let Some(&byte @ (b'\r' | b'\n')) = self.window.text().get(self.pos) {
            let offset = self.window.offset(self.pos);
            self.pos += 1;
            let of_record_before = mem::take(&mut self.resumed);
            let after_cr = mem::replace(&mut self.after_cr, byte == b'\r');
            if after_cr && byte == b'\n' {
                self.after.end = offset + 1;
                continue;
            }
            let line = self.line;
            self.line += 1;
            if of_record_before {
                continue;
            }
            self.before = self.after;
            self.after = Mark { position: Position { offset, row: self.row, line }, end: offset + 1 };
            if !self.quiet {
                self.pending.push_back(self.line_at(offset, line).blank_row());
                return true;
            }
        }
        false
    }

    /// A line without any text.
    pub(super) fn line_at(&self, byte: u64, line: u64) -> Place<'static> {
        Place { row: None, line, byte, prefix: b"", len: 0, raw_max: self.bounds.raw }
    }

    /// The `len` bytes from here on, as problems show them.
    pub(super) fn place(&self, len: usize, row: Option<u64>) -> Place<'_> {
        Place { row, ..self.place_at(0, len) }
    }

    /// The `len` bytes that begin `ahead` of here.
    pub(super) fn place_at(&self, ahead: usize, len: usize) -> Place<'_> {
        let at = self.pos + ahead;
        let prefix = &self.window.text()[at..at + len];
        let (line, byte) = (self.line + self.breaks(ahead), self.window.offset(at));
        Place { row: None, line, byte, prefix, len: len as u64, raw_max: self.bounds.raw }
    }

    /// The rest of a line over the limit: whether a problem was told of it; none if its end has not come.
    fn skip_oversize(&mut self) -> Option<bool> {
        let text = &self.window.text()[self.pos..];
        let end = memchr::memchr2(b'\r', b'\n', text);
        let len = end.unwrap_or(text.len());
        let open = self.oversize.as_mut()?;
        open.text.add(&text[..len]);
        if end.is_none() && !self.finished {
            self.pos += len;
            return None;
        }
        let open = self.oversize.take()?;
        self.row += u64::from(!self.second_table);
        self.close(len, end.is_some(), 0);
        if self.quiet {
            return Some(false);
        }
        let (prefix, len, _) = open.text.summary();
        let row = (!self.second_table).then_some(self.row - 1);
        let place = Place { row, line: open.line, byte: open.start, prefix, len, raw_max: self.bounds.raw };
        let problem = if row.is_some() { place.record_too_long(self.bounds.record) } else { place.second_table() };
        self.pending.push_back(problem);
        Some(true)
    }

    /// The line here is over the limit for records: of the rest no more is kept than is shown.
    pub(super) fn open_oversize(&mut self) {
        let (start, line) = (self.window.offset(self.pos), self.line);
        self.oversize = Some(Open { start, line, text: Oversize::new(self.bounds.raw) });
    }

    fn skip_second_table(&mut self) -> Option<Step> {
        let text = &self.window.text()[self.pos..];
        let Some(len) = self.line_len(text) else { return Some(Step::NeedMore) };
        if len > self.bounds.record {
            self.open_oversize();
            return None;
        }
        let terminated = len < text.len();
        if !self.quiet {
            let problem = self.place(len, None).second_table();
            self.pending.push_back(problem);
        }
        self.close(len, terminated, 0);
        (!self.quiet).then_some(Step::Problem)
    }

    /// Bytes of the line at the beginning of `text`, if its end is known; of a longer line than a record may be, one more than that.
    pub(super) fn line_len(&self, text: &[u8]) -> Option<usize> {
        let most = self.bounds.record.saturating_add(1);
        match memchr::memchr2(b'\r', b'\n', &text[..text.len().min(most)]) {
            Some(len) => Some(len),
            None if text.len() >= most => Some(most),
            None if self.finished => Some(text.len()),
            None => None,
        }
    }

    /// Line breaks within the first `len` bytes from here on.
    pub(super) fn breaks(&self, len: usize) -> u64 {
        LineBreaks::within(&self.window.text()[self.pos..self.pos + len])
    }
}

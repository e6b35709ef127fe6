//! The beginning of a file: its byte order mark, blank lines before everything, and the header.

use super::ReadError;
use super::encoding::{self, BYTE_ORDER_MARK};
use super::header::name_columns;
use super::lines::BlankLines;
use super::pull::{Ended, Reader, Step, place};
use super::record::CellLimits;
use crate::domain::Reading;
use std::sync::Arc;

impl Reader {
    pub(super) fn advance_to_header(&mut self) -> Result<Step, ReadError> {
        let text_start = match self.text_start {
            Some(start) => start,
            None => match encoding::has_byte_order_mark(self.window.text(), self.finished) {
                None => return Ok(Step::NeedMore),
                Some(marked) => {
                    self.pos = if marked { BYTE_ORDER_MARK.len() } else { 0 };
                    *self.text_start.insert(self.pos)
                }
            },
        };
        let max = self.bounds.header;
        let too_long = |byte: u64, line| Err(ReadError::HeaderTooLong { line, byte, max: max as u64 });
        if self.open.is_none() {
            // Blank lines before the header are told after it, so they are kept, and count towards its limit.
            while let Some(&byte @ (b'\r' | b'\n')) = self.window.text().get(self.pos) {
                self.line += u64::from(byte == b'\r' || !self.after_cr);
                self.after_cr = byte == b'\r';
                self.pos += 1;
                if self.pos - text_start > max {
                    return too_long(text_start as u64, 1);
                }
            }
            if self.pos == self.window.len() {
                return Ok(if self.finished { self.no_header(text_start) } else { Step::NeedMore });
            }
            self.open_record();
        }
        let ended = self.read_record();
        let (start, line) = match (&ended, &self.open) {
            (Some(Ended { record, .. }), _) | (None, Some(record)) => (record.start, record.line),
            (None, None) => return Ok(Step::NeedMore),
        };
        let end = ended.as_ref().map_or(self.pos as u64, |ended| ended.end);
        if end - text_start as u64 > max as u64 {
            return too_long(start, line);
        }
        match ended {
            Some(ended) => self.header(ended, text_start),
            None => Ok(Step::NeedMore),
        }
    }

    /// The header record is complete.
    fn header(&mut self, ended: Ended, text_start: usize) -> Result<Step, ReadError> {
        let (start, line) = (ended.record.start, ended.record.line);
        let broken = match encoding::cells(self.parser.text(), self.parser.ends()) {
            Some(_) => None,
            None => encoding::repair(self.parser.text(), self.parser.ends(), &mut self.repaired),
        };
        let cells = match broken {
            Some(_) => self.repaired.as_cells(),
            None => encoding::cells(self.parser.text(), self.parser.ends()).expect("it was UTF-8 just now"),
        };
        if cells.len() > self.bounds.cells {
            let (found, max) = (cells.len() as u64, self.bounds.cells as u64);
            return Err(ReadError::TooManyColumns { line, byte: start, found, max });
        }
        let (columns, renamed) = name_columns(&cells.iter().collect::<Vec<_>>());
        if !self.quiet {
            let place = place(&self.window, &ended, self.bounds.raw, None);
            let mut problems: Vec<_> = renamed.iter().map(|renamed| place.renamed(renamed, &columns)).collect();
            problems.extend(broken.map(|index| place.encoding_error(index, &columns)));
            if !ended.terminated && self.dialect.is_open_at_end(place.prefix) {
                problems.push(place.unclosed_quote(columns.len() - 1, &columns));
            }
            self.pending.extend(problems);
        }
        self.close_record(&ended);
        self.begin_rows(columns, text_start, start as usize);
        Ok(Step::Header)
    }

    /// The file is over and there was nothing but blank lines.
    fn no_header(&mut self, text_start: usize) -> Step {
        let end = self.pos;
        if !self.quiet {
            self.pending.push_back(self.line_at(end as u64, self.line).blank_header());
        }
        self.after = self.mark_at_end();
        self.begin_rows(Vec::new(), text_start, end);
        Step::Header
    }

    fn begin_rows(&mut self, columns: Vec<String>, text_start: usize, header_start: usize) {
        if !self.quiet {
            self.blanks = BlankLines::leading(&self.window.text()[text_start..header_start], text_start as u64);
        }
        self.parser.set_limits(CellLimits::of_rows(&self.bounds));
        self.reading = Some(Arc::new(Reading {
            delimiter: char::from(self.dialect.delimiter),
            quote: char::from(self.dialect.quote),
            encoding: encoding::UTF_8.to_owned(),
            byte_order_mark: text_start > 0,
            header_rows: 1,
            columns,
        }));
    }
}

//! The reader itself: finds the header, then gives rows and problems in order.

use super::dialect::Dialect;
use super::encoding;
use super::lines::{BlankLines, LineBreaks};
use super::oversize::Oversize;
use super::place::Place;
use super::record::{CellLimits, RecordParser};
use super::window::Window;
use super::{Bounds, Item, Position, ReadError, Row};
use crate::domain::{CellsBuf, Limits, Problem, Reading};
use std::collections::VecDeque;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

/// Reads one file. See the [module](super) for how it is used.
#[derive(Debug)]
pub struct Reader {
    pub(super) bounds: Bounds,
    pub(super) dialect: Dialect,
    /// Builds no problems.
    pub(super) quiet: bool,
    pub(super) window: Window,
    /// No more bytes will come.
    pub(super) finished: bool,
    pub(super) parser: RecordParser,
    /// Index in the window of the first byte that was not looked at.
    pub(super) pos: usize,
    /// The record that is being read.
    pub(super) open: Option<Open>,
    /// The last line ended at a CR: an LF now belongs to it.
    pub(super) after_cr: bool,
    /// Nothing was read since a resume: a terminator now is that of the record before.
    resumed: bool,
    /// Line of the next byte.
    pub(super) line: u64,
    /// Number of the next row.
    row: u64,
    /// Index in the window where text begins, after the byte order mark. Matters only before the header.
    pub(super) text_start: Option<usize>,
    /// Known from the header on.
    pub(super) reading: Option<Arc<Reading>>,
    /// Blank lines before the header that were not told yet.
    pub(super) blanks: BlankLines,
    /// Problems of the last header, line or record that were not told yet.
    pub(super) pending: VecDeque<Problem>,
    /// The cells of the last row, if they had to be repaired.
    pub(super) repaired: CellsBuf,
    /// After everything of the header, lines and records before the last one.
    before: Mark,
    /// After the last one.
    pub(super) after: Mark,
    failed: Option<ReadError>,
}

/// The end of a record or blank line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    position: Position,
    /// Offset after its terminator.
    end: u64,
}

/// A record whose end is not known.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) start: u64,
    pub(super) line: u64,
    /// Set once its text is no longer kept.
    oversize: Option<Oversize>,
}

/// A record that was read to its end.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) record: Open,
    /// Offset of its terminator, or of the file's end.
    pub(super) end: u64,
    pub(super) terminated: bool,
}

/// What an advance came to.
pub(super) enum Step {
    Header,
    Row(u64, Ended),
    Problem,
    NeedMore,
    End,
}

impl Reader {
    /// Begins at byte 0: a byte order mark if there is one, the header, then rows.
    pub fn new(limits: &Limits) -> Self {
        let bounds = Bounds::of(limits);
        Self::at(bounds, Dialect::default(), CellLimits::of_header(&bounds), Position::START)
    }

    /// Begins at a [`Reader::checkpoint`], or at the start of any row, of a file whose header is known and was given out.
    /// (Offset 0 is then the end of a file without any byte.)
    pub fn resume(limits: &Limits, reading: Arc<Reading>, at: Position) -> Self {
        let bounds = Bounds::of(limits);
        let mut reader = Self::at(bounds, Dialect::of(&reading), CellLimits::of_rows(&bounds), at);
        reader.reading = Some(reading);
        reader.resumed = true;
        reader
    }

    /// Builds no problems: for reading rows again that were told of before. Rows, their numbers and their cells are the same.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    fn at(bounds: Bounds, dialect: Dialect, limits: CellLimits, at: Position) -> Self {
        let mark = Mark { position: at, end: at.offset };
        Self {
            bounds,
            dialect,
            quiet: false,
            window: Window::starting_at(at.offset),
            finished: false,
            parser: RecordParser::new(dialect, limits),
            pos: 0,
            open: None,
            after_cr: false,
            resumed: false,
            line: at.line,
            row: at.row,
            text_start: None,
            reading: None,
            blanks: BlankLines::leading(b"", 0),
            pending: VecDeque::new(),
            repaired: CellsBuf::default(),
            before: mark,
            after: mark,
            failed: None,
        }
    }

    /// Room for `bytes` more bytes of the file; fill it from its beginning, then [`Reader::commit`].
    ///
    /// Lets go of the text before the record that is incomplete. Ask for room after [`Item::NeedMore`]: text that was not
    /// pulled yet is kept as well, so memory grows otherwise.
    pub fn space(&mut self, bytes: usize) -> &mut [u8] {
        let keep = match (&self.reading, &self.open) {
            (None, _) => 0,
            (_, Some(Open { start, oversize: None, .. })) => (*start - self.window.offset(0)) as usize,
            _ => self.pos,
        };
        self.pos -= keep;
        self.window.space(keep, bytes)
    }

    /// The first `bytes` of the room last given hold the next bytes of the file.
    ///
    /// # Panics
    /// When that is more than the room.
    pub fn commit(&mut self, bytes: usize) {
        debug_assert!(!self.finished, "bytes after the end");
        self.window.commit(bytes);
    }

    /// No more bytes will come: a record without a terminator ends here.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Where to resume to get exactly the items that were not given out yet.
    ///
    /// It moves past the header, a blank line or a record only once *all* of its items were given out: between a row and
    /// its problems it is still before that row. [`Row::problems`] says how many to pull first.
    pub fn checkpoint(&self) -> Position {
        self.mark().position
    }

    /// Offset after the last record or blank line of which all items were given out; the file's length at the end.
    pub fn read_offset(&self) -> u64 {
        self.mark().end
    }

    fn mark(&self) -> &Mark {
        if self.pending.is_empty() && self.blanks.is_over() { &self.after } else { &self.before }
    }

    /// Text of the file by offset, if it is still here. From the first record pulled since the last [`Reader::space`] on
    /// everything is, unless it is part of a record over a limit.
    pub fn text(&self, range: Range<u64>) -> Option<&[u8]> {
        self.window.between(range)
    }

    /// How the file is read; known from [`Item::Header`] on.
    pub fn reading(&self) -> Option<&Arc<Reading>> {
        self.reading.as_ref()
    }

    /// The next item.
    ///
    /// # Errors
    /// [`ReadError`] when no header can be had; again on each further pull.
    #[expect(clippy::should_implement_trait, reason = "rows borrow from the reader, which no Iterator can say")]
    pub fn next(&mut self) -> Result<Item<'_>, ReadError> {
        if let Some((byte, line)) = self.blanks.next() {
            return Ok(Item::Problem(self.line_at(byte, line).blank_row()));
        }
        if let Some(problem) = self.pending.pop_front() {
            return Ok(Item::Problem(problem));
        }
        let step = match &self.failed {
            Some(error) => Err(error.clone()),
            None if self.reading.is_none() => self.advance_to_header(),
            None => Ok(self.advance()),
        };
        match step {
            Ok(Step::Header) => Ok(Item::Header(self.reading.as_ref().expect("the header was just read"))),
            Ok(Step::Row(number, ended)) => Ok(Item::Row(self.row(number, ended))),
            Ok(Step::Problem) => Ok(Item::Problem(self.pending.pop_front().expect("a problem was just found"))),
            Ok(Step::NeedMore) => Ok(Item::NeedMore),
            Ok(Step::End) => Ok(Item::End),
            Err(error) => {
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    fn advance(&mut self) -> Step {
        loop {
            if self.open.is_none() {
                if self.skip_line_ends() {
                    return Step::Problem;
                }
                if self.pos == self.window.len() {
                    if self.finished {
                        self.after = self.mark_at_end();
                        return Step::End;
                    }
                    return Step::NeedMore;
                }
                self.open_record();
            }
            let Some(ended) = self.read_record() else { return Step::NeedMore };
            let number = self.row;
            self.row += 1;
            self.close_record(&ended);
            let Some(excess) = self.parser.excess(ended.end - ended.record.start) else {
                return Step::Row(number, ended);
            };
            if !self.quiet {
                let (columns, limits) = (columns(&self.reading), CellLimits::of_rows(&self.bounds));
                let problem =
                    place(&self.window, &ended, self.bounds.raw, Some(number)).excess(excess, limits, columns);
                self.pending.push_back(problem);
                return Step::Problem;
            }
        }
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

    pub(super) fn open_record(&mut self) {
        self.resumed = false;
        self.parser.begin();
        self.open = Some(Open { start: self.window.offset(self.pos), line: self.line, oversize: None });
    }

    /// Reads on in the open record; none while its end is not here.
    pub(super) fn read_record(&mut self) -> Option<Ended> {
        let record = self.open.as_mut()?;
        let fresh = &self.window.text()[self.pos..];
        let mut terminated = false;
        // To csv-core no bytes at all mean the end of the file.
        if !fresh.is_empty() {
            let (read, ended) = self.parser.feed(fresh);
            terminated = ended;
            self.pos += read;
            if let Some(oversize) = &mut record.oversize {
                oversize.add(&fresh[..read - usize::from(ended)]);
            } else if !ended && self.parser.is_dropping() {
                let start = (record.start - self.window.offset(0)) as usize;
                record.oversize.insert(Oversize::new(self.bounds.raw)).add(&self.window.text()[start..self.pos]);
            }
        }
        if !terminated {
            if !self.finished {
                return None;
            }
            self.parser.end();
        }
        let end = self.window.offset(self.pos) - u64::from(terminated);
        Some(Ended { record: self.open.take()?, end, terminated })
    }

    /// Moves line and marks past a record.
    pub(super) fn close_record(&mut self, ended: &Ended) {
        let len = ended.end - ended.record.start;
        let kept = (self.parser.text().len() + self.parser.ends().len()) as u64;
        let breaks = match &ended.record.oversize {
            Some(oversize) => oversize.summary().2,
            // Nothing but delimiters was taken out, hence no quotes, without which no line break is part of a record.
            None if len + 1 == kept => 0,
            None => LineBreaks::within(self.window.between(ended.record.start..ended.end).unwrap_or_default()),
        };
        self.line += breaks;
        self.before = self.after;
        self.after = Mark {
            position: Position { offset: ended.end, row: self.row, line: self.line },
            end: ended.end + u64::from(ended.terminated),
        };
        self.line += u64::from(ended.terminated);
        self.after_cr = ended.terminated && self.window.text()[self.pos - 1] == b'\r';
    }

    /// The record that just ended, as a row; puts its problems in line.
    fn row(&mut self, number: u64, ended: Ended) -> Row<'_> {
        let Self { parser, repaired, pending, window, .. } = self;
        let columns = columns(&self.reading);
        let place = || place(window, &ended, self.bounds.raw, Some(number));
        let (text, ends) = (parser.text(), parser.ends());
        if !self.quiet && ends.len() != columns.len() {
            pending.extend(place().ragged(ends.len(), columns));
        }
        let cells = encoding::cells(text, ends).unwrap_or_else(|| {
            let broken = encoding::repair(text, ends, repaired).filter(|_| !self.quiet);
            pending.extend(broken.map(|index| place().encoding_error(index, columns)));
            repaired.as_cells()
        });
        if !self.quiet && !ended.terminated && self.dialect.is_open_at_end(place().prefix) {
            pending.push_back(place().unclosed_quote(ends.len() - 1, columns));
        }
        let bytes = ended.record.start..ended.end + u64::from(ended.terminated);
        Row { number, line: ended.record.line, bytes, cells, problems: pending.len() }
    }

    /// A line without any text.
    pub(super) fn line_at(&self, byte: u64, line: u64) -> Place<'static> {
        Place { row: None, line, byte, prefix: b"", len: 0, raw_max: self.bounds.raw }
    }

    pub(super) fn mark_at_end(&self) -> Mark {
        let end = self.window.offset(self.pos);
        Mark { position: Position { offset: end, row: self.row, line: self.line }, end }
    }
}

fn columns(reading: &Option<Arc<Reading>>) -> &[String] {
    reading.as_ref().map_or(&[], |reading| &reading.columns)
}

/// Where an ended record stands, with as much of its text as is here.
pub(super) fn place<'a>(window: &'a Window, ended: &'a Ended, raw_max: usize, row: Option<u64>) -> Place<'a> {
    let Ended { record: Open { start, line, oversize }, end, .. } = ended;
    let prefix = match oversize {
        Some(oversize) => oversize.summary().0,
        None => window.between(*start..*end).unwrap_or_default(),
    };
    Place { row, line: *line, byte: *start, prefix, len: *end - *start, raw_max }
}

//! The reader itself: decides how the file is read, then gives rows and problems in order.

use super::decode::{Decision, is_compressed};
use super::dialect::Dialect;
use super::oversize::Oversize;
use super::scan::{Grammar, Scanner};
use super::source::Source;
use super::window::Window;
use super::{Bounds, Item, Position, ReadError, Row};
use crate::domain::{Cells, CellsBuf, ColumnProfile, Escape, Learned, Limits, Problem, ReadOptions, Reading};
use std::collections::VecDeque;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

/// Reads one file. See the [module](super) for how it is used.
#[derive(Debug)]
pub struct Reader {
    pub(super) bounds: Bounds,
    pub(super) options: ReadOptions,
    pub(super) limits: Limits,
    /// How the bytes become text, until that went into the reading.
    pub(super) decision: Option<Decision>,
    pub(super) dialect: Dialect,
    pub(super) columns: usize,
    /// Builds no problems, and gives clean rows alone.
    pub(super) quiet: bool,
    pub(super) window: Window,
    /// No more bytes will come.
    pub(super) finished: bool,
    /// How the file is read is to be decided by what is there.
    pub(super) settled: bool,
    /// What the bytes that come have to go through to be text.
    pub(super) source: Source,
    /// None while how the file is read is not known, and of a file without columns.
    pub(super) scanner: Option<Scanner>,
    /// Index in the window of the last clean record.
    pub(super) clean_at: usize,
    /// Index in the window of the first byte that was not read.
    pub(super) pos: usize,
    /// A line over the limit for records, of which the end is still to come.
    pub(super) oversize: Option<Open>,
    /// The last line ended at a CR: an LF now belongs to it.
    pub(super) after_cr: bool,
    /// Nothing was read since a resume: a terminator now is that of the record before.
    pub(super) resumed: bool,
    /// Line of the next byte.
    pub(super) line: u64,
    /// Number of the next row.
    pub(super) row: u64,
    /// Known from the header on.
    pub(super) reading: Option<Arc<Reading>>,
    pub(super) learned: Option<Arc<Learned>>,
    pub(super) profiles: Vec<ColumnProfile>,
    /// The header came again: what follows is another table.
    pub(super) second_table: bool,
    /// Problems of the header, a line or the last record that were not told yet.
    pub(super) pending: VecDeque<Problem>,
    /// The cells of the last row, if it is not clean.
    pub(super) cells: CellsBuf,
    /// After everything of the header, lines and records before the last one.
    pub(super) before: Mark,
    /// After the last one.
    pub(super) after: Mark,
    failed: Option<ReadError>,
}

/// The end of a record or line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub position: Position,
    /// Offset after its terminator.
    pub end: u64,
}

/// A line whose end is not known.
#[derive(Debug)]
pub(super) struct Open {
    pub start: u64,
    pub line: u64,
    pub text: Oversize,
}

/// What an advance came to.
pub(super) enum Step {
    Header,
    /// A row of this many bytes that the strict grammar read.
    Clean(Range<u64>, u64),
    /// A row whose cells were set.
    Doubtful(Range<u64>, u64),
    Problem,
    NeedMore,
    End,
}

impl Reader {
    /// Begins at byte 0: a byte order mark if there is one, the decision how the file is read, then rows.
    pub fn new(limits: &Limits, options: &ReadOptions) -> Self {
        Self::at(limits, options.clone(), Position::START)
    }

    /// Begins at a [`Reader::checkpoint`], or at the start of any row, of a file whose reading is known and was given out.
    /// (Offset 0 is then the end of a file without any byte.)
    pub fn resume(limits: &Limits, reading: Arc<Reading>, at: Position) -> Self {
        let mut reader = Self::at(limits, ReadOptions::default(), at);
        reader.dialect = Dialect::of(&reading);
        reader.columns = reading.columns.len();
        reader.source = Source::resume(&reading, at.offset, limits);
        reader.reading = Some(reading);
        reader.resumed = true;
        reader.set_scanner();
        reader
    }

    /// Goes on judging suspicious records as before: by what was `learned` of the columns, and with the knowledge whether
    /// a `second_table` has begun already. A resumed reader that learned nothing repairs nothing.
    #[must_use]
    pub fn with_learned(mut self, learned: Arc<Learned>, second_table: bool) -> Self {
        (self.learned, self.second_table) = (Some(learned), second_table);
        self
    }

    /// Gives clean rows alone, and no problems: for reading spans of rows again that were told of before.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Makes the scanner for the dialect and columns.
    pub(super) fn set_scanner(&mut self) {
        self.scanner = (self.columns > 0).then(|| {
            Scanner::new(Grammar {
                delimiter: self.dialect.delimiter.clone(),
                quote: self.dialect.quote,
                escape: if self.dialect.backslash { Escape::Backslash } else { Escape::Doubled },
                comment: self.dialect.comment,
                columns: self.columns,
                record_bytes_max: self.bounds.record,
                field_bytes_max: self.bounds.field,
            })
        });
    }

    fn at(limits: &Limits, options: ReadOptions, at: Position) -> Self {
        let mark = Mark { position: at, end: at.offset };
        Self {
            bounds: Bounds::of(limits),
            options,
            limits: limits.clone(),
            decision: None,
            dialect: Dialect::default(),
            columns: 0,
            quiet: false,
            window: Window::starting_at(at.offset),
            finished: false,
            settled: false,
            source: Source::Undecided,
            scanner: None,
            clean_at: 0,
            pos: 0,
            oversize: None,
            after_cr: false,
            resumed: false,
            line: at.line,
            row: at.row,
            reading: None,
            learned: None,
            profiles: Vec::new(),
            second_table: false,
            pending: VecDeque::new(),
            cells: CellsBuf::default(),
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
        let keep = self.let_go();
        match &mut self.source {
            Source::Decoded(decoded) => decoded.space(bytes),
            Source::Undecided | Source::Plain => self.window.space(keep, bytes),
        }
    }

    /// How much of the window is not needed any more; nothing may be read of it afterwards.
    fn let_go(&mut self) -> usize {
        let is_text = matches!(self.source, Source::Plain);
        if self.reading.is_none() || !is_text { 0 } else { mem::take(&mut self.pos) }
    }

    /// Decodes more text, if bytes are here that are not text yet; whether there is more now, or is known to be none.
    fn decode_more(&mut self) -> bool {
        let Source::Decoded(decoded) = &mut self.source else { return false };
        let keep = if self.reading.is_none() { 0 } else { mem::take(&mut self.pos) };
        decoded.pump(&mut self.window, keep, &mut self.finished)
    }

    /// The first `bytes` of the room last given hold the next bytes of the file.
    ///
    /// # Panics
    /// When that is more than the room.
    pub fn commit(&mut self, bytes: usize) {
        debug_assert!(!self.finished, "bytes after the end");
        match &mut self.source {
            Source::Decoded(decoded) => decoded.commit(bytes),
            Source::Undecided | Source::Plain => self.window.commit(bytes),
        }
    }

    /// No more bytes will come: a record without a terminator ends here.
    pub fn finish(&mut self) {
        match &mut self.source {
            Source::Decoded(decoded) => decoded.finish(),
            Source::Undecided | Source::Plain => self.finished = true,
        }
    }

    /// Whether a whole line is here and how the file is read is not decided: it may be worth a while to wait for more.
    pub fn is_undecided(&self) -> bool {
        let text = self.window.text();
        let has_line = || memchr::memchr2(b'\n', b'\r', text).is_some();
        self.reading.is_none() && (has_line() || is_compressed(text) || matches!(self.source, Source::Decoded(_)))
    }

    /// Decides how the file is read by what is there, if that is a whole line at least, instead of waiting for more.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// Where to resume to get exactly the items that were not given out yet.
    ///
    /// It moves past the header, a line or a record only once *all* of its items were given out: between a row and
    /// its problems it is still before that row. [`Row::problems`] says how many to pull first.
    pub fn checkpoint(&self) -> Position {
        self.mark().position
    }

    /// Bytes of the file that were read: up to the last record or line of which all items were given out, or, where the
    /// file has to be decoded, as far as it was. The file's length at the end.
    pub fn read_offset(&self) -> u64 {
        match &self.source {
            Source::Decoded(decoded) => decoded.raw_bytes(),
            Source::Undecided | Source::Plain => self.mark().end,
        }
    }

    /// The byte of the file from which a resumed reader is to be fed: a file that has to be decoded is read again from
    /// its beginning.
    pub fn feed_from(&self) -> u64 {
        match &self.source {
            Source::Decoded(_) => 0,
            Source::Undecided | Source::Plain => self.window.offset(0),
        }
    }

    fn mark(&self) -> &Mark {
        if self.pending.is_empty() { &self.after } else { &self.before }
    }

    /// Text by offset, if it is still here. From the first record pulled since the last [`Reader::space`] on
    /// everything is, unless it is part of a line over a limit.
    pub fn text(&self, range: Range<u64>) -> Option<&[u8]> {
        self.window.between(range)
    }

    /// How many problems of the item given out last come next.
    pub fn problems_to_come(&self) -> usize {
        self.pending.len()
    }

    /// How the file is read; known from [`Item::Header`] on.
    pub fn reading(&self) -> Option<&Arc<Reading>> {
        self.reading.as_ref()
    }

    /// By what suspicious records are judged; known from [`Item::Header`] on.
    pub fn learned(&self) -> Option<&Arc<Learned>> {
        self.learned.as_ref()
    }

    /// What the columns hold at the beginning of the file; known from [`Item::Header`] on.
    pub fn profiles(&self) -> &[ColumnProfile] {
        &self.profiles
    }

    /// The next item.
    ///
    /// # Errors
    /// [`ReadError`] when no header can be had, or no more text; again on each further pull.
    #[expect(clippy::should_implement_trait, reason = "rows borrow from the reader, which no Iterator can say")]
    pub fn next(&mut self) -> Result<Item<'_>, ReadError> {
        if let Some(problem) = self.pending.pop_front() {
            return Ok(Item::Problem(problem));
        }
        let step = loop {
            let step = match &self.failed {
                Some(error) => Err(error.clone()),
                None if self.reading.is_none() => self.begin(),
                None => Ok(self.advance()),
            };
            match step {
                Ok(Step::NeedMore) if self.decode_more() => {}
                Ok(Step::End) => break self.source.fault().map_or(Ok(Step::End), |error| Err(error.clone().into())),
                step => break step,
            }
        };
        match step {
            Ok(Step::Header) => Ok(Item::Header(self.reading.as_ref().expect("the header was just read"))),
            Ok(Step::Clean(bytes, line)) => Ok(Item::Row(self.row_of(bytes, line, true))),
            Ok(Step::Doubtful(bytes, line)) => Ok(Item::Row(self.row_of(bytes, line, false))),
            Ok(Step::Problem) => Ok(Item::Problem(self.pending.pop_front().expect("a problem was just found"))),
            Ok(Step::NeedMore) => Ok(Item::NeedMore),
            Ok(Step::End) => Ok(Item::End),
            Err(error) => {
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Whether a cell's text stands for no value, which the text alone does not say.
    fn has_null(&self, cells: Cells<'_>) -> bool {
        let nulls = self.reading.as_ref().map_or(&[][..], |reading| &reading.null_values);
        !nulls.is_empty() && cells.iter().any(|cell| nulls.iter().any(|null| null == cell))
    }

    fn row_of(&self, bytes: Range<u64>, line: u64, clean: bool) -> Row<'_> {
        let cells = match &self.scanner {
            Some(scanner) if clean => scanner.cells(&self.window.text()[self.clean_at..]),
            _ => self.cells.as_cells(),
        };
        // The bytes of a text that was decoded are no bytes of the file.
        let clean = clean && matches!(self.source, Source::Plain) && !self.has_null(cells);
        Row { number: self.row - 1, line, bytes, cells, clean, problems: self.pending.len() }
    }
}

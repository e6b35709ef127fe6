//! Bytes of any CSV file in, rows and problems out, without being told anything.
//!
//! [`Reader`] is pulled: give it room with [`Reader::space`], fill it, [`Reader::commit`], then call [`Reader::next`]
//! until it answers [`Item::NeedMore`]. It owns the window of text it works on, so the raw text of a record is always in
//! one piece and a clean row costs no allocation.
//!
//! The way of the bytes: [`decode`] makes text of them, where they are none; `begin` and `plan` decide once how that text is
//! read; then [`scan`] takes the records that the strict grammar reads, and `doubt` looks again at all others.
//!
//! Invariants:
//! - The items depend on the bytes alone, never on how they were cut into pieces; save that [`Reader::settle`] says how many
//!   of them the decision is made from.
//! - Offsets and lines are those of the decoded text, which is the file itself where that is plain UTF-8.
//! - Every line of the text is told of: by a row, a problem, or both.
//! - What was given out is never taken back: all looking ahead comes before, and reaches no further than the longest record.
//! - Memory is bounded: by a few of the longest records, the room asked for, what decompression needs, and what is learned of
//!   the beginning.
//! - Bad records are data: after the header only bytes that cannot be decoded fail, everything else is a problem.
//! - A clean text gives exactly the records of the `csv` crate.
//!
//! Not for: waiting, files, tasks (`ingest` does that); telling anybody about rows (`encode`); deciding anything twice:
//! how a file is read is found once, stands in [`Reading`], and [`Reader::resume`] only obeys.

mod advance;
mod again;
mod ahead;
mod begin;
mod class;
mod dates;
pub mod decode;
mod dialect;
mod doubt;
mod encoding;
mod fields;
mod header;
mod judge;
mod layout;
mod lines;
mod numbers;
mod oversize;
mod place;
mod plan;
mod profile;
mod pull;
mod repair;
pub mod scan;
mod sniff;
mod source;
mod tally;
mod window;

pub use pull::Reader;

use crate::domain::{Cells, Failure, FailureCode, Limits, Problem, Reading};
use std::ops::Range;
use std::sync::Arc;

/// A place where reading can go on, kept by the journal as three numbers.
///
/// The offset is that of the *last byte of the terminator* of the record (or blank line) before, or the end of the text
/// where there was none. A record may have ended at a CR whose LF has not arrived; from the terminator on it is always
/// clear whether an LF belongs to that CR or is a blank line, which no offset behind it could tell. [`Reader::resume`]
/// therefore takes a terminator at its very first byte as the end of the record before. The first byte of a record is
/// never one, so `Row::bytes.start` with that row's number and line is a good position too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Byte of the text, from 0. At 0 nothing was read, not even the header.
    pub offset: u64,
    /// Number of the next row, from 1.
    pub row: u64,
    /// The line that `offset` is on, from 1.
    pub line: u64,
}

impl Position {
    /// The beginning of a file.
    pub const START: Self = Self { offset: 0, row: 1, line: 1 };
}

/// What a pull gives.
#[derive(Debug)]
pub enum Item<'a> {
    /// How the file is read: once, before everything else. A file without any record has no columns.
    Header(&'a Arc<Reading>),
    /// A record with a number. Its problems follow it.
    Row(Row<'a>),
    /// What is wrong with the header or a record, or a line that is no row; for a record after its row, if it has one.
    Problem(Problem),
    /// Everything that was committed is used up.
    NeedMore,
    /// The file is over; comes again on each further pull.
    End,
}

/// One record after the header.
#[derive(Debug)]
pub struct Row<'a> {
    /// Its number in the file, from 1. Records over a limit use a number up as well.
    pub number: u64,
    /// The line it begins on, from 1.
    pub line: u64,
    /// From its first byte to just after the terminator byte it ended at. Of a CRLF that is the CR: the LF belongs to
    /// no row, and is skipped wherever it comes.
    pub bytes: Range<u64>,
    /// Its cells, repaired where that was done; as many as it has, not as many as there are columns.
    pub cells: Cells<'a>,
    /// Whether the strict grammar reads these cells from these bytes of the file, and none of them stands for no value: so
    /// that they can be had again from them alone.
    pub clean: bool,
    /// How many problems of this row come next. Always 0 for a quiet reader.
    pub problems: usize,
}

/// Why a file cannot be read at all, or, where it has to be decoded, not to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No header record within the limit.
    #[error(
        "the header that begins at line {line} (byte {byte}) is not over within {max} bytes of text; expected a shorter \
         first line, perhaps a quote was never closed"
    )]
    HeaderTooLong {
        /// Line where a header was looked for, from 1.
        line: u64,
        /// Its byte, from 0.
        byte: u64,
        /// Bytes allowed, blank lines before the header included.
        max: u64,
    },
    /// More names than allowed.
    #[error("the header at line {line} (byte {byte}) names {found} columns; expected at most {max}")]
    TooManyColumns {
        /// Line the header begins on, from 1.
        line: u64,
        /// Its byte, from 0.
        byte: u64,
        /// How many it names.
        found: u64,
        /// How many are allowed.
        max: u64,
    },
    /// The file cannot be decoded, or not to its end.
    #[error(transparent)]
    Decode(#[from] decode::DecodeError),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let code = match error {
            ReadError::Decode(error) => return error.into(),
            ReadError::HeaderTooLong { .. } => FailureCode::HeaderTooLong,
            ReadError::TooManyColumns { .. } => FailureCode::TooManyColumns,
        };
        Self::new(code, error.to_string())
    }
}

/// The limits that concern reading, as sizes in memory.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    record: usize,
    field: usize,
    header: usize,
    cells: usize,
    raw: usize,
}

impl Bounds {
    fn of(limits: &Limits) -> Self {
        let size = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        Self {
            record: size(limits.record_bytes_max),
            field: size(limits.field_bytes_max),
            header: size(limits.header_record_bytes_max),
            cells: size(limits.columns_max),
            raw: size(limits.raw_bytes_max),
        }
    }
}

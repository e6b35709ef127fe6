//! Rows of one upload in the order of their numbers, out of its journal entries: from the spool where they are spans, as
//! they were announced where they are literals.

use super::{Rows, RowsError, SpanReader};
use crate::domain::{Cells, CellsBuf, Kind, Reading, UploadId, UploadRecord};
use crate::encode::{CsvExport, RowLiteral, RowTemplate, ndjson_row, row_json};
use crate::journal::{Entry, Part};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Journal entries read at once. Literals lie in memory with them, so this bounds what a page or an export holds.
const STEP: usize = 4;

/// A row that was found.
pub(super) enum Found<'a> {
    /// Its cells, as they stand in the spool.
    Cells(Cells<'a>),
    /// The row as it was announced.
    Literal(RowLiteral<'a>),
}

impl Found<'_> {
    /// Appends `{"row":17,"data":{…}}`.
    pub fn json(&self, out: &mut Vec<u8>, template: &RowTemplate, number: u64) {
        match self {
            Self::Cells(cells) => row_json(out, template, number, *cells),
            Self::Literal(literal) => literal.row_json(out),
        }
    }

    /// Appends the same as a line.
    pub fn ndjson(&self, out: &mut Vec<u8>, template: &RowTemplate, number: u64) {
        match self {
            Self::Cells(cells) => ndjson_row(out, template, number, *cells),
            Self::Literal(literal) => {
                literal.row_json(out);
                out.push(b'\n');
            }
        }
    }

    /// Appends it as a record of CSV.
    pub fn csv(&self, out: &mut Vec<u8>, csv: &mut CsvExport, columns: usize) -> Result<(), RowsError> {
        let mut read = CellsBuf::default();
        csv.row(out, columns, self.cells(&mut read)?);
        Ok(())
    }

    /// Its cells, those of a literal in `read`.
    pub fn cells<'s>(&'s self, read: &'s mut CellsBuf) -> Result<Cells<'s>, RowsError> {
        match self {
            Self::Cells(cells) => Ok(*cells),
            Self::Literal(literal) => {
                literal.cells(read)?;
                Ok(read.as_cells())
            }
        }
    }
}

/// What whoever takes rows answers: whether there is to be another.
pub(super) type Taken = Result<ControlFlow<()>, RowsError>;

/// How far a step came.
pub(super) enum Reached {
    /// Whoever took the rows has enough.
    Enough,
    /// This row comes next.
    Row(u64),
    /// There is no row from there on: the end, or the upload is gone.
    Nothing,
}

/// A way through the rows of one upload whose columns are known.
pub(super) struct Walk {
    rows: Rows,
    id: UploadId,
    reading: Arc<Reading>,
    /// Opened with the first span: an upload whose rows are all literals needs no file.
    spans: Option<SpanReader>,
}

impl Walk {
    /// Over the rows of this upload; none while its columns are not known, as there are no rows then.
    pub fn of(rows: &Rows, record: &UploadRecord) -> Option<Self> {
        let reading = Arc::new(record.reading.clone()?);
        Some(Self { rows: rows.clone(), id: record.id, reading, spans: None })
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.reading.columns
    }

    /// The next few entries that hold rows from number `from` on.
    pub fn entries(&self, from: u64) -> Result<Vec<Entry>, RowsError> {
        let entries = self.rows.journal.entries_from_row(self.id, from, STEP)?;
        // Those of an upload that was deleted go from the first on: what is left then is no continuation.
        match entries.first() {
            Some(first) if first.first_row > from => Err(RowsError::NotFound(self.id)),
            _ => Ok(entries),
        }
    }

    /// Hands the rows from number `from` on to `row`, as far as the next few entries go or until it breaks.
    pub fn step(&mut self, from: u64, mut row: impl FnMut(u64, Found<'_>) -> Taken) -> Result<Reached, RowsError> {
        let mut next = from;
        for entry in self.entries(from)? {
            let broke = self.entry(
                &entry,
                |_, last| last >= from,
                |number, found| if number < from { Ok(ControlFlow::Continue(())) } else { row(number, found) },
            )?;
            if broke.is_break() {
                return Ok(Reached::Enough);
            }
            next = entry.checkpoint.row;
        }
        Ok(if next > from { Reached::Row(next) } else { Reached::Nothing })
    }

    /// Hands the rows numbered `from` to `end - 1` to `row`; there are rows up to there.
    pub fn range(&mut self, from: u64, end: u64, mut row: impl FnMut(u64, &Found<'_>)) -> Result<(), RowsError> {
        let mut at = from;
        while at < end {
            let reached = self.step(at, |number, found| {
                if number >= end {
                    return Ok(ControlFlow::Break(()));
                }
                row(number, &found);
                Ok(ControlFlow::Continue(()))
            })?;
            match reached {
                Reached::Row(next) => at = next,
                Reached::Enough => break,
                Reached::Nothing => return Err(RowsError::NotFound(self.id)),
            }
        }
        Ok(())
    }

    /// Hands the rows with these numbers to `row`. The numbers ascend, and there are rows up to the last; what lies between
    /// two of them is not read where it is not in the same run of rows.
    pub fn numbers(&mut self, numbers: &[u64], mut row: impl FnMut(u64, &Found<'_>)) -> Result<(), RowsError> {
        let mut left = numbers;
        while let Some(&at) = left.first() {
            let entries = self.entries(at)?;
            let before = left.len();
            for entry in entries {
                let wanted = |first, last| {
                    let next = numbers.partition_point(|&number| number < first);
                    numbers.get(next).is_some_and(|&number| number <= last)
                };
                let _: ControlFlow<()> = self.entry(&entry, wanted, |number, found| {
                    if numbers.binary_search(&number).is_ok() {
                        row(number, &found);
                    }
                    Ok(ControlFlow::Continue(()))
                })?;
                left = &left[left.partition_point(|&number| number < entry.checkpoint.row)..];
                // The next one may be far away: from there it is found again.
                if left.first().is_none_or(|&next| next > entry.checkpoint.row) {
                    break;
                }
            }
            if left.len() == before {
                return Err(RowsError::NotFound(self.id));
            }
        }
        Ok(())
    }

    /// Hands the rows of an entry to `row`, until it breaks. Runs of rows, by their first and last number, of which
    /// `wanted` wants none are not even read; else all of the run come.
    pub fn entry(
        &mut self,
        entry: &Entry,
        wanted: impl Fn(u64, u64) -> bool,
        mut row: impl FnMut(u64, Found<'_>) -> Taken,
    ) -> Taken {
        for part in &entry.parts {
            let taken = match part {
                Part::Span(span) if wanted(span.first_row, span.first_row + span.rows - 1) => {
                    let mut taken = Ok(ControlFlow::Continue(()));
                    self.spans()?.read(span, |number, cells| {
                        if matches!(taken, Ok(ControlFlow::Continue(()))) {
                            taken = row(number, Found::Cells(cells));
                        }
                    })?;
                    taken?
                }
                Part::Literal { kind: Kind::Row, json } => {
                    let literal = RowLiteral::of(json)?;
                    let number = literal.number();
                    if wanted(number, number) {
                        row(number, Found::Literal(literal))?
                    } else {
                        ControlFlow::Continue(())
                    }
                }
                Part::Span(_) | Part::Literal { .. } | Part::Published { .. } | Part::Counted { .. } => {
                    ControlFlow::Continue(())
                }
            };
            if taken.is_break() {
                return Ok(taken);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn spans(&mut self) -> Result<&mut SpanReader, RowsError> {
        if self.spans.is_none() {
            self.spans = Some(SpanReader::open(&self.rows.spool, self.id, Arc::clone(&self.reading))?);
        }
        Ok(self.spans.as_mut().expect("it was opened just now"))
    }
}

//! The problems of an upload as a file, streamed.

use super::told::{ProblemFilter, Told, problems};
use super::{Rows, RowsError, blocking, streamed};
use crate::domain::UploadId;
use crate::encode::{CsvExport, Formulas};
use crate::journal::Entry;
use bytes::Bytes;
use futures_util::Stream;
use std::io;

/// The columns of the file. `raw_cut` is `true` where `raw` is only the beginning, else empty.
const COLUMNS: [&str; 9] = ["line", "byte", "row", "column", "code", "severity", "message", "raw", "raw_cut"];

/// Journal entries read at once; each can be a whole batch of problems.
const STEP: usize = 4;

/// The problems told when the export began, those that are wanted.
pub struct ProblemExport {
    rows: Rows,
    id: UploadId,
    filter: ProblemFilter,
    csv: CsvExport,
    /// The header was given out.
    began: bool,
    next: u64,
    /// The number after the last one.
    end: u64,
}

impl Rows {
    /// The next few entries that tell problems from number `from` on.
    pub(super) fn problem_entries(&self, id: UploadId, from: u64) -> Result<Vec<Entry>, RowsError> {
        let entries = self.journal.entries_from_problem(id, from, STEP)?;
        // Those of an upload that was deleted go from the first on: what is left then is no continuation.
        match entries.first() {
            Some(first) if first.first_problem > from => Err(RowsError::NotFound(id)),
            _ => Ok(entries),
        }
    }

    /// Begins an export of problems.
    ///
    /// # Errors
    /// [`RowsError`], as it says.
    pub async fn export_problems(
        &self,
        id: UploadId,
        filter: ProblemFilter,
        formulas: Formulas,
    ) -> Result<ProblemExport, RowsError> {
        let rows = self.clone();
        blocking(move || {
            rows.record(id)?;
            let end = rows.problems_told(id)?;
            Ok(ProblemExport { rows, id, filter, csv: CsvExport::new(formulas), began: false, next: 0, end })
        })
        .await
    }
}

impl ProblemExport {
    /// The file's bytes, in chunks. An error ends it early: whoever downloads it sees a broken transfer, not a short file.
    pub fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        streamed(self, Self::chunk)
    }

    fn chunk(&mut self) -> Result<Option<Vec<u8>>, RowsError> {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.began, true) {
            self.csv.record(&mut out, COLUMNS.into_iter());
        } else if self.next >= self.end {
            return Ok(None);
        }
        let before = self.next;
        for entry in self.rows.problem_entries(self.id, self.next)? {
            for (number, json) in (entry.first_problem..self.end).zip(problems(&entry)) {
                if number >= self.next {
                    self.next = number + 1;
                    if self.filter.takes(json)? {
                        record(&mut out, &mut self.csv, &Told::of(json)?);
                    }
                }
            }
        }
        if self.next == before && self.next < self.end {
            // Deleted or expired while it was read: a broken transfer, not a short file.
            return Err(RowsError::NotFound(self.id));
        }
        Ok(Some(out))
    }
}

fn record(out: &mut Vec<u8>, csv: &mut CsvExport, told: &Told<'_>) {
    let [line, byte] = [told.line, told.byte].map(|number| number.to_string());
    let row = told.row.map(|row| row.to_string()).unwrap_or_default();
    let severity = told.severity.as_str();
    let cut = if told.raw_cut { "true" } else { "" };
    let cells = [&line, &byte, &row, told.column(), &told.code, severity, &told.message, &told.raw, cut];
    csv.record(out, cells.into_iter());
}

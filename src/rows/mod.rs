//! An upload's rows and problems, read back: by page, or whole.
//!
//! Layer 3. What is announced is in the journal's entries; rows are read again from the spool by the spans named there.
//!
//! Invariants: rows come back as they were announced, or not at all; an answer is bounded by a page or streamed.
//!
//! Not for: the events of a client in their order (stream).

mod export;
mod page;
mod span;

pub use export::{Export, Format};
pub use span::{SpanError, SpanReader};

use crate::domain::{Cells, Limits, UploadId, UploadRecord};
use crate::journal::{Entry, Journal, JournalError, Part};
use crate::spool::Spool;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Why rows could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// There is no such upload.
    #[error("there is no upload {0}")]
    NotFound(UploadId),
    /// The journal could not be read.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// The spool could not be read, or is not what was announced.
    #[error("{0}")]
    Span(#[from] SpanError),
}

/// Uploads' rows and problems: a handle, cheap to clone.
#[derive(Clone)]
pub struct Rows {
    journal: Journal,
    spool: Spool,
    limits: Arc<Limits>,
}

/// Journal entries read at once.
const STEP: usize = 16;

impl Rows {
    /// The rows over this journal and spool.
    pub fn new(journal: Journal, spool: Spool, limits: Arc<Limits>) -> Self {
        Self { journal, spool, limits }
    }

    fn record(&self, id: UploadId) -> Result<UploadRecord, RowsError> {
        self.journal.upload(id)?.ok_or(RowsError::NotFound(id))
    }

    /// Opens the upload's spans; none while its columns are not known, as there are no rows then.
    fn spans(&self, record: &UploadRecord) -> Result<Option<SpanReader>, RowsError> {
        let Some(reading) = record.reading.clone() else { return Ok(None) };
        Ok(Some(SpanReader::open(&self.spool, record.id, Arc::new(reading))?))
    }

    /// An upload that is deleted while it is read is not found; it is not broken.
    fn explain(&self, id: UploadId, error: RowsError) -> RowsError {
        match (&error, self.journal.upload(id)) {
            (RowsError::Span(_), Ok(None)) => RowsError::NotFound(id),
            _ => error,
        }
    }

    /// The highest row number announced.
    fn last_row(&self, id: UploadId) -> Result<u64, RowsError> {
        Ok(self.journal.last_entry(id)?.map_or(0, |entry| entry.checkpoint.row.saturating_sub(1)))
    }

    /// Hands the rows from number `from` on to `row`, as far as the next few entries go or until it breaks.
    fn step(
        &self,
        spans: &mut SpanReader,
        id: UploadId,
        from: u64,
        mut row: impl FnMut(u64, Cells<'_>) -> ControlFlow<()>,
    ) -> Result<Reached, RowsError> {
        let entries = self.journal.entries_from_row(id, from, STEP)?;
        let mut next = from;
        for Entry { parts, checkpoint, .. } in entries {
            for part in &parts {
                let Part::Span(span) = part else { continue };
                if span.first_row + span.rows <= from {
                    continue;
                }
                let mut broke = false;
                spans.read(span, |number, cells| {
                    broke = broke || number >= from && row(number, cells).is_break();
                })?;
                if broke {
                    return Ok(Reached::Enough);
                }
            }
            next = checkpoint.row;
        }
        Ok(if next > from { Reached::Row(next) } else { Reached::Nothing })
    }
}

/// How far a step came.
enum Reached {
    /// Whoever took the rows has enough.
    Enough,
    /// This row comes next.
    Row(u64),
    /// There is no row from there on: the end, or the upload is gone.
    Nothing,
}

/// Runs work that blocks on files away from the threads that serve sockets.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("reading rows does not panic")
}

//! An upload's rows and problems, read back: by page, or whole.
//!
//! Layer 3. What is announced is in the journal's entries; clean rows are read again from the spool by the spans named
//! there, every other stands there as it was announced.
//!
//! Invariants:
//! - Rows come back as they were announced, or not at all, and look the same whichever way they are kept.
//! - An answer is bounded by a page or streamed; neither holds more than a few entries in memory.
//! - A row is accepted or rejected, never both or neither: rejected if any problem of severity `error` is told or counted
//!   of it.
//!
//! Not for: the events of a client in their order (stream).

mod export;
mod page;
mod problems;
mod rejects;
mod span;
mod told;
mod walk;

pub use export::{Export, Format};
pub use page::Asked;
pub use problems::ProblemExport;
pub use span::{SpanError, SpanReader};
pub use told::ProblemFilter;

use crate::domain::{Limits, UploadId, UploadRecord};
use crate::encode::NoRow;
use crate::journal::{Journal, JournalError};
use crate::spool::Spool;
use bytes::Bytes;
use futures_util::Stream;
use std::io;
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

impl From<NoRow> for RowsError {
    fn from(_: NoRow) -> Self {
        Self::Journal(JournalError::Damaged)
    }
}

/// Uploads' rows and problems: a handle, cheap to clone.
#[derive(Clone)]
pub struct Rows {
    journal: Journal,
    spool: Spool,
    limits: Arc<Limits>,
}

impl Rows {
    /// The rows over this journal and spool.
    pub fn new(journal: Journal, spool: Spool, limits: Arc<Limits>) -> Self {
        Self { journal, spool, limits }
    }

    fn record(&self, id: UploadId) -> Result<UploadRecord, RowsError> {
        self.journal.upload(id)?.ok_or(RowsError::NotFound(id))
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

    /// How many problems were told in detail.
    fn problems_told(&self, id: UploadId) -> Result<u64, RowsError> {
        Ok(self.journal.last_entry(id)?.map_or(0, |entry| entry.problems_told()))
    }
}

/// Runs work that blocks on files away from the threads that serve sockets.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("reading rows does not panic")
}

/// A file's bytes as `chunk` gives them, until it gives none; a chunk may be empty. Between two chunks a download that was
/// given up ends. An error ends it early: whoever downloads it sees a broken transfer, not a short file.
fn streamed<S: Send + 'static>(
    source: S,
    chunk: fn(&mut S) -> Result<Option<Vec<u8>>, RowsError>,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    futures_util::stream::try_unfold(source, move |mut source| async move {
        loop {
            let (result, back) = blocking(move || (chunk(&mut source), source)).await;
            source = back;
            match result.map_err(io::Error::other)? {
                Some(bytes) if bytes.is_empty() => {}
                Some(bytes) => return Ok(Some((bytes.into(), source))),
                None => return Ok(None),
            }
        }
    })
}

//! What was taken in since the start, in numbers.

use super::Ingest;
use crate::domain::{Stage, UploadRecord};
use crate::tally::Count;

/// Numbers of all uploads since the start. Rows, problems and bytes are counted as they are announced, by the batch.
#[derive(Debug, Default)]
pub struct Figures {
    /// Uploads begun, rereads and files put together among them; parts of files as well.
    pub begun: Count,
    /// Uploads that came to an end of each kind. One that was interrupted and goes on ends again.
    pub done: Count,
    /// See [`Figures::done`].
    pub failed: Count,
    /// See [`Figures::done`].
    pub cancelled: Count,
    /// See [`Figures::done`].
    pub interrupted: Count,
    /// Uploads let go because they were too old, or too many bytes.
    pub expired: Count,
    /// Rows announced.
    pub rows: Count,
    /// Problems found, those that are only counted among them.
    pub problems: Count,
    /// Bytes of files taken in.
    pub received_bytes: Count,
    /// Bytes of files that announced rows were read from.
    pub read_bytes: Count,
}

impl Ingest {
    /// What was taken in since the start.
    pub fn figures(&self) -> &Figures {
        &self.service.figures
    }

    /// Whether the disk has room for files.
    pub fn has_room(&self) -> bool {
        // A disk that cannot be asked says itself when it is full.
        self.service.spool.has_room(1).unwrap_or(true)
    }

    /// Times that bytes were refused because a client keeps as many as it may.
    pub fn client_full(&self) -> u64 {
        self.service.kept.refused()
    }

    /// Uploads that run now.
    pub fn running(&self) -> u64 {
        self.service.running().jobs.len() as u64
    }
}

impl Figures {
    /// An upload came to rest.
    pub(super) fn ended(&self, stage: Stage) {
        match stage {
            Stage::Done => self.done.add(1),
            Stage::Failed => self.failed.add(1),
            Stage::Cancelled => self.cancelled.add(1),
            Stage::Interrupted => self.interrupted.add(1),
            // It waits for somebody.
            Stage::Receiving | Stage::Understood | Stage::Reading => {}
        }
    }

    /// Everybody sees `after` of an upload of which they saw rows, problems and read bytes `before`.
    pub(super) fn changed(&self, before: (u64, u64, u64), after: &UploadRecord) {
        self.rows.add(after.rows.saturating_sub(before.0));
        self.problems.add(after.problems.saturating_sub(before.1));
        self.read_bytes.add(after.read_bytes.saturating_sub(before.2));
    }
}

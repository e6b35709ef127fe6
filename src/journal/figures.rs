//! The journal in numbers.

use super::{Journal, JournalError};
use crate::tally::DurationsSeen;

/// What the journal did since its start, and how it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Entries committed.
    pub entries: u64,
    /// How long commits of entries took, failed ones among them.
    pub commits: DurationsSeen,
    /// Commits that failed.
    pub failures: u64,
    /// Bytes that wait for their commit: how far announcing is behind reading.
    pub queue_bytes: u64,
    /// Bytes of the database and its write-ahead log.
    pub file_bytes: u64,
}

impl Journal {
    /// The journal in numbers.
    ///
    /// # Errors
    /// Any error of looking at its files.
    pub fn figures(&self) -> Result<Figures, JournalError> {
        let writer = &self.shared.writer;
        let counts = writer.counts();
        let log = format!("{}-wal", self.shared.path.display());
        let log_bytes = std::fs::metadata(log).map_or(0, |found| found.len());
        Ok(Figures {
            entries: counts.entries.get(),
            commits: counts.commits.seen(),
            failures: counts.failures.get(),
            queue_bytes: writer.queue_bytes(),
            file_bytes: std::fs::metadata(&self.shared.path)?.len() + log_bytes,
        })
    }
}

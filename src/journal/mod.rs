//! The ordered record of every client's events, and the list of uploads: SQLite in WAL mode.
//!
//! Layer 2. One thread writes (`writer.rs`), in groups: whatever waits is committed together. Anybody reads, on
//! one of a few connections of their own (`readers.rs`, `read.rs`). What an event says is either in the entry or in the spool, named by the entry.
//!
//! Invariants:
//! - a client's entries are committed in the order of their numbers, without a hole: 1, 2, 3, …;
//! - a committed entry survives `kill -9`; one appended as durable, and all before it, survive a power loss;
//! - a number that may have been announced is never given to another event of the same epoch;
//! - events that are no longer kept leave a gap that says why.
//!
//! Not for: the bytes of files (spool), the wire format (encode), or who is connected (stream).

mod client;
mod delete;
mod entry;
mod figures;
mod inspect;
mod keys;
mod published;
mod read;
mod readers;
mod schema;
mod uploads;
mod writer;

pub use client::{ClientLog, Tail};
pub use delete::{GapReason, Leaving};
pub use entry::{Checkpoint, Damaged, Entry, Part, Span};
pub use figures::Figures;
pub use inspect::{Inspection, Listed, compact};
pub use keys::{Fingerprint, KeptKey};
pub use published::PublishedKey;
pub use read::{Place, Stored, StoredEntry};
pub use writer::Append;

use crate::domain::{ClientName, Epoch, EventId};
use rusqlite::Connection;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

/// What can go wrong with the journal.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// The file was written by another version of the program.
    #[error("the journal has format {found}, this program reads {expected}")]
    Version {
        /// The file's format.
        found: i64,
        /// This program's format.
        expected: i64,
    },
    /// No room on the disk.
    #[error("the disk is full")]
    Full,
    /// An entry failed that this one was queued behind.
    #[error("an earlier event of this client could not be kept")]
    Behind,
    /// Something in the file cannot be what was written.
    #[error("the journal is damaged")]
    Damaged,
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
    /// Any other error of the database.
    #[error("the journal's database: {0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// An error of the file system.
    #[error("the journal's file: {0}")]
    Io(#[source] Arc<std::io::Error>),
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}

impl From<std::io::Error> for JournalError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

impl From<Damaged> for JournalError {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The journal: a handle, cheap to clone. Its methods block; call them from threads that may.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

struct Shared {
    path: Box<Path>,
    epoch: Epoch,
    writer: writer::Writer,
    readers: readers::Readers,
    clients: Mutex<HashMap<ClientName, Weak<ClientLog>>>,
}

impl Journal {
    /// Opens the journal's file, making it where it is missing, and starts its writer.
    ///
    /// `queue_bytes_max` bounds the encoded bytes that wait for their commit.
    ///
    /// # Errors
    /// [`JournalError::Version`] for a file of another format; any error of the database or the file system.
    pub fn open(path: &Path, queue_bytes_max: u64) -> Result<Self, JournalError> {
        let (db, current) = schema::open(path)?;
        let writer = writer::Writer::start(db, current, path, queue_bytes_max)?;
        Ok(Self {
            shared: Arc::new(Shared {
                path: path.into(),
                epoch: current.epoch,
                writer,
                readers: readers::Readers::new(path),
                clients: Mutex::new(HashMap::new()),
            }),
        })
    }

    /// The epoch under which this run gives numbers.
    pub fn epoch(&self) -> Epoch {
        self.shared.epoch
    }

    /// The end of a client's journal. The same for everybody who asks while one of them holds it.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn client(&self, name: &ClientName) -> Result<Arc<ClientLog>, JournalError> {
        let mut clients = self.shared.clients.lock().expect("no holder of the clients panics");
        if let Some(log) = clients.get(name).and_then(Weak::upgrade) {
            return Ok(log);
        }
        clients.retain(|_, log| log.strong_count() > 0);
        let (key, committed) = match self.read(|db| read::client(db, name))? {
            Some((key, committed)) => (Some(key), committed),
            None => (None, EventId { epoch: self.shared.epoch, n: 0 }),
        };
        let log = Arc::new(ClientLog::new(name.clone(), key, committed));
        clients.insert(name.clone(), Arc::downgrade(&log));
        Ok(log)
    }

    /// Queues an entry. Its `done` is called once, from the writer's thread, in the order of commits; only then may the
    /// entry's events be announced. Waits while too many bytes are queued. On a closed journal `done` is told so at once.
    pub fn append(&self, append: Append) {
        self.shared.writer.append(append);
    }

    /// Why the last commit failed; none when it went well.
    pub fn trouble(&self) -> Option<JournalError> {
        self.shared.writer.trouble()
    }

    /// Writes a little, to see whether that works.
    ///
    /// # Errors
    /// Why it does not.
    pub fn probe(&self) -> Result<(), JournalError> {
        self.act(schema::touch)
    }

    /// Commits and syncs everything queued, and ends the writer. Later appends fail.
    ///
    /// # Errors
    /// Any error of the database.
    pub fn close(&self) -> Result<(), JournalError> {
        self.shared.writer.stop()
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, JournalError>) -> Result<T, JournalError> {
        self.shared.readers.read(query)
    }

    fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.shared.writer.act(act)
    }
}

#[cfg(test)]
mod tests;

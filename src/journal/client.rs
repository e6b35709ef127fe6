//! One client's end of the journal, as the running process knows it.

use crate::domain::{ClientName, EventId};
use std::sync::{Mutex, OnceLock};

/// A client's journal: its name, and where it ends. Shared by everybody who writes to it.
#[derive(Debug)]
pub struct ClientLog {
    name: ClientName,
    /// The key in the tables; given by the writer with the client's first entry.
    key: OnceLock<i64>,
    tail: Mutex<Tail>,
}

/// Where a client's journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// The last event that is committed; number 0 where there is none.
    pub committed: EventId,
    /// Raised whenever a commit failed. Entries leased under an older one were queued behind the failure: they fail too,
    /// and whoever leases next begins again at the last committed number.
    pub generation: u64,
}

impl ClientLog {
    pub(super) fn new(name: ClientName, key: Option<i64>, committed: EventId) -> Self {
        let cell = OnceLock::new();
        if let Some(key) = key {
            cell.set(key).expect("the cell is new");
        }
        Self { name, key: cell, tail: Mutex::new(Tail { committed, generation: 0 }) }
    }

    /// The client's name.
    pub fn name(&self) -> &ClientName {
        &self.name
    }

    /// Where the journal ends now.
    pub fn tail(&self) -> Tail {
        *self.tail.lock().expect("no holder of the tail panics")
    }

    pub(super) fn key(&self) -> Option<i64> {
        self.key.get().copied()
    }

    pub(super) fn set_key(&self, key: i64) {
        // Only the writer thread sets it, and always to the same: a rolled back insert is made again under its name.
        let _ = self.key.set(key);
    }

    pub(super) fn committed(&self, last: EventId) {
        self.tail.lock().expect("no holder of the tail panics").committed = last;
    }

    pub(super) fn failed(&self) {
        self.tail.lock().expect("no holder of the tail panics").generation += 1;
    }
}

//! Batches of one upload on their way into the journal.

use crate::journal::JournalError;
use std::sync::{Condvar, Mutex, MutexGuard};

/// How many batches are queued and not announced yet, and whether one of them failed: then nothing after it counts.
#[derive(Debug, Default)]
pub(super) struct Pending {
    state: Mutex<State>,
    settled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queued: u64,
    failed: Option<JournalError>,
}

impl Pending {
    /// A batch is queued.
    pub fn queue(&self) {
        self.lock().queued += 1;
    }

    /// A queued batch was announced, or failed.
    pub fn done(&self, result: Result<(), JournalError>) {
        let mut state = self.lock();
        state.queued -= 1;
        if let Err(error) = result {
            state.failed.get_or_insert(error);
        }
        drop(state);
        self.settled.notify_all();
    }

    /// Whether nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.lock().queued == 0
    }

    /// The first failure so far.
    pub fn failed(&self) -> Result<(), JournalError> {
        self.lock().failed.clone().map_or(Ok(()), Err)
    }

    /// Waits until nothing is queued; the first failure of all.
    pub fn settle(&self) -> Result<(), JournalError> {
        let mut state = self.lock();
        while state.queued > 0 {
            state = self.settled.wait(state).expect("no holder of the state panics");
        }
        state.failed.clone().map_or(Ok(()), Err)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the state panics")
    }
}

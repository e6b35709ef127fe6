//! One client: its journal's end, the lease of numbers, and who listens.

use super::hub::Hub;
use super::seats::Seats;
use crate::domain::Epoch;
use crate::journal::ClientLog;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One client's stream. Everybody who writes to it or watches it holds the same one.
///
/// There are two locks, and nobody holds both: the lease's, for as long as a batch is made, and the hub's, for as long
/// as a batch is handed out. The journal's writer announces without waiting for whoever encodes the next batch.
#[derive(Debug)]
pub(super) struct Topic {
    pub log: Arc<ClientLog>,
    pub hub: Hub,
    pub epoch: Epoch,
    lease: Mutex<Lease>,
    pub seats: Seats,
}

/// Which number comes next. Held while a batch is encoded and queued, so that commit order is lease order.
#[derive(Debug)]
pub(super) struct Lease {
    pub generation: u64,
    pub next_n: u64,
}

impl Topic {
    pub fn new(log: Arc<ClientLog>, epoch: Epoch) -> Self {
        let tail = log.tail();
        let lease = Lease { generation: tail.generation, next_n: tail.committed.n + 1 };
        Self { hub: Hub::new(tail.committed), log, epoch, lease: Mutex::new(lease), seats: Seats::default() }
    }

    /// Takes the lease. After a failed commit the counter goes back to the last committed number: everything leased
    /// since then was queued behind the failure, fails with it, and was announced to nobody.
    pub fn lease(&self) -> MutexGuard<'_, Lease> {
        // Whoever panicked while making a batch took no number: the next one begins where it began.
        let mut lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = self.log.tail();
        if lease.generation != tail.generation {
            *lease = Lease { generation: tail.generation, next_n: tail.committed.n + 1 };
        }
        lease
    }
}

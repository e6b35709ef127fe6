//! One client: its journal's end, the lease of numbers, and who listens.

use super::hub::Hub;
use crate::domain::{Epoch, Limits};
use crate::journal::ClientLog;
use std::sync::atomic::{AtomicU64, Ordering};
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
    watchers: AtomicU64,
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
        Self { hub: Hub::new(tail.committed), log, epoch, lease: Mutex::new(lease), watchers: AtomicU64::new(0) }
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

    /// Takes a watcher's seat, if one is free.
    pub fn sit(self: &Arc<Self>, limits: &Limits) -> Option<Seat> {
        let taken = self.watchers.fetch_add(1, Ordering::Relaxed);
        let seat = Seat(Arc::clone(self));
        (taken < limits.client_connections_max).then_some(seat)
    }
}

/// A watcher's place among the client's connections; given back when dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<Topic>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

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
    /// The last event that each watcher was handed, by its number.
    places: Mutex<Vec<Arc<AtomicU64>>>,
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
        Self { hub: Hub::new(tail.committed), log, epoch, lease: Mutex::new(lease), places: Mutex::default() }
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
        let mut places = self.places();
        if places.len() as u64 >= limits.client_connections_max {
            return None;
        }
        let place = Arc::new(AtomicU64::new(self.hub.announced().n));
        places.push(Arc::clone(&place));
        Some(Seat { topic: Arc::clone(self), place })
    }

    /// How many watch, and how many events the last of them is behind what was announced.
    pub fn watched(&self) -> (u64, u64) {
        let announced = self.hub.announced().n;
        let places = self.places();
        let behind = places.iter().map(|place| announced.saturating_sub(place.load(Ordering::Relaxed)));
        (places.len() as u64, behind.max().unwrap_or(0))
    }

    fn places(&self) -> MutexGuard<'_, Vec<Arc<AtomicU64>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A watcher's place among the client's connections; given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    topic: Arc<Topic>,
    place: Arc<AtomicU64>,
}

impl Seat {
    /// The watcher was handed everything up to this number.
    pub fn at(&self, n: u64) {
        self.place.store(n, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.topic.places().retain(|place| !Arc::ptr_eq(place, &self.place));
    }
}

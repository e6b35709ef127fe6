//! The live connections of one client. Knows batches of bytes, not rows.

use crate::domain::{EventId, UploadId};
use crate::encode::Batch;
use crate::tally::Count;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::mpsc;

/// How much may wait for one connection, and for all of the process together.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub batches: usize,
    pub bytes: u64,
    pub all_bytes: u64,
    /// What waits for all connections.
    pub all: Arc<AtomicU64>,
    pub counts: Arc<Counts>,
}

/// What became of connections since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Watchers attached.
    pub attached: Count,
    /// Connections that had no room left and were let go: they read on from the journal.
    pub evictions: Count,
    /// Times that a watcher began to read from the journal.
    pub replays: Count,
}

/// What waits for one connection. Counted by both of its ends, given back when both are gone.
#[derive(Debug)]
struct Queued {
    bytes: AtomicU64,
    bounds: Bounds,
    /// A progress found no room.
    missed: AtomicBool,
}

impl Queued {
    /// Counts a batch in, if there is room. One that is larger than the bound still passes when nothing else waits.
    fn add(&self, bytes: u64) -> bool {
        let queued = self.bytes.load(Ordering::Relaxed);
        let all = self.bounds.all.load(Ordering::Relaxed);
        let room = queued + bytes <= self.bounds.bytes && all + bytes <= self.bounds.all_bytes;
        if queued == 0 || room {
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
            self.bounds.all.fetch_add(bytes, Ordering::Relaxed);
        }
        queued == 0 || room
    }

    fn sub(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.bounds.all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.bounds.all.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

/// Who listens to a client live, and the last event they were told.
///
/// One lock holds both, so that whoever attaches learns a number and hears everything after it: no hole, no double.
#[derive(Debug)]
pub(super) struct Hub {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    announced: EventId,
    connections: Vec<Connection>,
    /// The latest progress of each unfinished upload.
    progress: BTreeMap<UploadId, Arc<Batch>>,
}

#[derive(Debug)]
struct Connection {
    sender: mpsc::Sender<Arc<Batch>>,
    queued: Arc<Queued>,
}

/// One connection's end of the hub: batches as they are announced. It ends when the connection fell behind; what it
/// holds by then is still in order, and what follows is in the journal.
#[derive(Debug)]
pub(super) struct Live {
    receiver: mpsc::Receiver<Arc<Batch>>,
    queued: Arc<Queued>,
}

impl Hub {
    pub fn new(announced: EventId) -> Self {
        Self { state: Mutex::new(State { announced, connections: Vec::new(), progress: BTreeMap::new() }) }
    }

    /// The last event that was announced.
    pub fn announced(&self) -> EventId {
        self.lock().announced
    }

    /// Tells everybody who listens of a committed batch, and forgets the progress of an upload that ends with it. Never
    /// waits: who has no room is let go.
    pub fn announce(&self, batch: &Arc<Batch>, ended: Option<UploadId>) {
        let mut state = self.lock();
        debug_assert_eq!(batch.first_n, state.announced.n + 1, "batches are announced in the order of their numbers");
        state.announced = EventId { epoch: batch.epoch, n: batch.last_n };
        if let Some(upload) = ended {
            state.progress.remove(&upload);
        }
        state.connections.retain(|connection| {
            let sent = connection.send(batch);
            if !sent && !connection.sender.is_closed() {
                connection.queued.bounds.counts.evictions.add(1);
            }
            sent
        });
    }

    /// Tells everybody who listens how far an upload is, and keeps it for those who come. Who has no room right now asks
    /// with [`Hub::missed`] once they have: a state that was overtaken meanwhile is worth nothing.
    pub fn progress(&self, upload: UploadId, batch: &Arc<Batch>) {
        let mut state = self.lock();
        state.progress.insert(upload, Arc::clone(batch));
        state.connections.retain(|connection| {
            let sent = connection.send(batch);
            if !sent {
                connection.queued.missed.store(true, Ordering::Relaxed);
            }
            sent || !connection.sender.is_closed()
        });
    }

    /// The progress of unfinished uploads, for a connection that had no room for some and has taken everything since.
    /// While batches wait there is none: it must not run ahead of them.
    pub fn missed(&self, live: &Live) -> Vec<Arc<Batch>> {
        if !live.queued.missed.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let state = self.lock();
        if !live.receiver.is_empty() || live.receiver.is_closed() {
            return Vec::new();
        }
        live.queued.missed.store(false, Ordering::Relaxed);
        state.progress.values().cloned().collect()
    }

    /// Forgets an upload whose end could not be announced.
    pub fn forget(&self, upload: UploadId) {
        self.lock().progress.remove(&upload);
    }

    /// Begins to listen: the connection, the last event it will *not* hear, and the progress of unfinished uploads.
    pub fn listen(&self, bounds: Bounds) -> (Live, EventId, Vec<Arc<Batch>>) {
        let (sender, receiver) = mpsc::channel(bounds.batches);
        let queued = Arc::new(Queued { bytes: AtomicU64::new(0), bounds, missed: AtomicBool::new(false) });
        let connection = Connection { sender, queued: Arc::clone(&queued) };
        let mut state = self.lock();
        state.connections.retain(|connection| !connection.sender.is_closed());
        state.connections.push(connection);
        let progress = state.progress.values().cloned().collect();
        (Live { receiver, queued }, state.announced, progress)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the hub panics")
    }
}

impl Connection {
    fn send(&self, batch: &Arc<Batch>) -> bool {
        let Ok(place) = self.sender.try_reserve() else { return false };
        // Counted before it can be taken, so that the count never falls below zero.
        let room = self.queued.add(batch.bytes.len() as u64);
        if room {
            place.send(Arc::clone(batch));
        }
        room
    }
}

impl Live {
    /// The next batch; none once this connection fell behind and everything it held was taken.
    pub async fn next(&mut self) -> Option<Arc<Batch>> {
        let batch = self.receiver.recv().await?;
        self.queued.sub(batch.bytes.len() as u64);
        Some(batch)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // The other end is noticed only at the client's next word; what waits here must not count until then.
        self.receiver.close();
        while let Ok(batch) = self.receiver.try_recv() {
            self.queued.sub(batch.bytes.len() as u64);
        }
    }
}

//! What a watcher gets: every event of its client, in order, from any place, at its own speed.
//!
//! Layer 4. A [`Draft`] makes a batch and queues it for its commit; the hub tells whoever listens; a watcher that does
//! not keep up, or comes from afar, reads the same events back from journal and spool (replay) until it can listen.
//!
//! Invariants:
//! - nothing is announced that is not committed, and everything is announced in the order of its numbers;
//! - a watcher receives every number after the one it began at, once, in order, or a `gap` that names those it cannot have;
//! - whoever writes never waits for whoever watches.
//!
//! Not for: deciding what an event says (ingest), or HTTP.

mod draft;
pub mod events;
mod figures;
mod hub;
mod publish;
mod replay;
mod seats;
mod status;
mod topic;
mod watcher;

pub use draft::{Draft, Seal};
pub use figures::Figures;
pub use publish::{Broadcasted, Publication, PublishError};
pub use seats::{Presence, Watching};
pub use watcher::Watcher;

use crate::domain::{ClientName, EventId, Kind, KindSet, Limits, UploadId};
use crate::journal::{Journal, JournalError, Part, Place, Stored};
use crate::spool::Spool;
use hub::Bounds;
use replay::Shelf;
use seats::Seat;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use topic::Topic;

/// Where a watcher begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// After the event with this id.
    After {
        /// The id as the watcher sent it, unchecked.
        id: String,
        /// Whether it came as `Last-Event-ID`, from a watcher that was connected before.
        reconnect: bool,
    },
    /// With the client's first event.
    Start,
    /// With the next event.
    Now,
}

/// How a watcher attaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attach {
    /// Where to begin.
    pub begin: Begin,
    /// What it wants to see.
    pub kinds: KindSet,
    /// Whether to end after the next upload that ends.
    pub until_done: bool,
    /// Whether it wants to know how many watch, whatever its kinds are.
    pub presence: bool,
}

/// Why a watcher was not attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// As many as may watch the client already.
    #[error("as many connections as are allowed watch this client already")]
    TooManyWatchers,
    /// The server shuts down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The journal could not be read.
    #[error("{0}")]
    Journal(#[from] JournalError),
}

/// The streams of all clients: a handle, cheap to clone.
#[derive(Clone)]
pub struct Streams {
    shared: Arc<Shared>,
}

struct Shared {
    shelf: Shelf,
    topics: Mutex<HashMap<ClientName, Weak<Topic>>>,
    bounds: Bounds,
    /// How many replays read files at the same time.
    replays: Arc<Semaphore>,
    watchers: TaskTracker,
    published_keys: publish::HeldKeys,
    status: status::Status,
    closing: CancellationToken,
}

const REPLAYS_AT_ONCE: usize = 4;

impl Streams {
    /// The streams over this journal and spool.
    pub fn new(journal: Journal, spool: Spool, limits: Arc<Limits>) -> Self {
        let bounds = Bounds {
            batches: usize::try_from(limits.watcher_queue_batches_max).unwrap_or(usize::MAX >> 4).max(1),
            bytes: limits.watcher_queue_bytes_max,
            all_bytes: limits.watcher_queues_bytes_max,
            all: Arc::default(),
            counts: Arc::default(),
        };
        Self {
            shared: Arc::new(Shared {
                bounds,
                shelf: Shelf { journal, spool, limits },
                topics: Mutex::new(HashMap::new()),
                replays: Arc::new(Semaphore::new(REPLAYS_AT_ONCE)),
                watchers: TaskTracker::new(),
                published_keys: publish::HeldKeys::default(),
                status: status::Status::default(),
                closing: CancellationToken::new(),
            }),
        }
    }

    /// A handle to write to a client's stream. Blocks on the journal.
    ///
    /// # Errors
    /// Any error of the journal.
    pub fn publisher(&self, client: &ClientName) -> Result<Publisher, JournalError> {
        let topic = self.topic(client)?;
        Ok(Publisher { topic, journal: self.shared.shelf.journal.clone(), capacity: self.capacity() })
    }

    /// Attaches a watcher. None when it waited for the end of an upload, and has seen it.
    ///
    /// # Errors
    /// [`AttachError`], as it says.
    pub async fn attach(&self, client: ClientName, attach: Attach) -> Result<Option<Watcher>, AttachError> {
        if self.shared.closing.is_cancelled() {
            return Err(AttachError::ShuttingDown);
        }
        let this = self.clone();
        let found = tokio::task::spawn_blocking(move || this.find(&client, attach)).await;
        let task = found.expect("attaching does not panic")?;
        self.shared.bounds.counts.attached.add(u64::from(task.is_some()));
        Ok(task.map(|task| Watcher::new(task, self.shared.watchers.token())))
    }

    /// Who watches a client, and the newest event there is.
    ///
    /// # Errors
    /// Any error of the journal.
    pub async fn watchers(&self, client: ClientName) -> Result<(EventId, Vec<Watching>), JournalError> {
        let this = self.clone();
        let look = move || {
            let topic = this.topic(&client)?;
            Ok((topic.hub.announced(), topic.seats.all()))
        };
        tokio::task::spawn_blocking(look).await.expect("looking does not panic")
    }

    /// Ends every watcher's stream: each is told to come back, at its own time. Waits until all have ended, but no longer
    /// than a moment for those that take nothing.
    pub async fn close(&self) {
        const MOMENT: Duration = Duration::from_millis(500);
        self.shared.closing.cancel();
        self.shared.watchers.close();
        let _ = tokio::time::timeout(MOMENT, self.shared.watchers.wait()).await;
    }

    fn find(&self, client: &ClientName, attach: Attach) -> Result<Option<watcher::Task>, AttachError> {
        let Shared { shelf, .. } = &*self.shared;
        let topic = self.topic(client)?;
        let seat = Seat::take(&topic, &shelf.limits).ok_or(AttachError::TooManyWatchers)?;
        let mut missing = None;
        let at = match attach.begin {
            Begin::Now => topic.hub.announced(),
            Begin::Start => EventId { epoch: topic.epoch, n: 0 },
            Begin::After { id, reconnect } => match self.place(&topic, &id)? {
                Ok(at) if reconnect && attach.until_done && self.is_end(&topic, at)? => return Ok(None),
                Ok(at) => at,
                Err(reason) => {
                    // Told back to whoever sent it, who may have sent anything.
                    missing = Some((id.chars().take(64).collect(), reason));
                    shelf.journal.start(&topic.log)?
                }
            },
        };
        seat.at(at);
        let task = watcher::Task {
            presence: attach.presence.then(|| seat.presence()),
            status: client.is_system().then(|| self.shared.status.receiver()),
            topic,
            shelf: shelf.clone(),
            bounds: self.shared.bounds.clone(),
            replays: Arc::clone(&self.shared.replays),
            closing: self.shared.closing.clone(),
            next: watcher::Out::default(),
            kinds: attach.kinds,
            until_done: attach.until_done,
            missing,
            at,
            seat,
        };
        Ok(Some(task))
    }

    /// The place an id names, or the reason of the gap where it names none.
    fn place(&self, topic: &Topic, id: &str) -> Result<Result<EventId, &'static str>, JournalError> {
        let Ok(id) = id.parse() else { return Ok(Err("unknown-epoch")) };
        Ok(match self.shared.shelf.journal.place(&topic.log, id)? {
            Place::Known => Ok(id),
            Place::UnknownEpoch => Err("unknown-epoch"),
            Place::Ahead => Err("ahead"),
            Place::Lost => Err("lost"),
        })
    }

    /// Whether the event at this place ended an upload.
    fn is_end(&self, topic: &Topic, at: EventId) -> Result<bool, JournalError> {
        let Some(before) = at.n.checked_sub(1) else { return Ok(false) };
        let stored = self.shared.shelf.journal.after(&topic.log, before, at.n, 1)?;
        let Some(Stored::Entry(found)) = stored.first() else { return Ok(false) };
        let mut n = found.entry.first_n;
        for part in &found.entry.parts {
            match part {
                Part::Literal { kind: Kind::Stage, json } if n == at.n => return Ok(draft::ends_upload(json).is_some()),
                part => n += part.events(),
            }
        }
        Ok(false)
    }

    fn topic(&self, client: &ClientName) -> Result<Arc<Topic>, JournalError> {
        let mut topics = self.shared.topics.lock().expect("no holder of the topics panics");
        if let Some(topic) = topics.get(client).and_then(Weak::upgrade) {
            return Ok(topic);
        }
        topics.retain(|_, topic| topic.strong_count() > 0);
        let journal = &self.shared.shelf.journal;
        let topic = Arc::new(Topic::new(journal.client(client)?, journal.epoch()));
        topics.insert(client.clone(), Arc::downgrade(&topic));
        Ok(topic)
    }

    fn capacity(&self) -> usize {
        usize::try_from(self.shared.shelf.limits.batch_bytes_max).unwrap_or(1 << 16)
    }
}

/// Writes to one client's stream: a handle, cheap to clone. Its methods block on the journal's queue.
#[derive(Clone)]
pub struct Publisher {
    topic: Arc<Topic>,
    journal: Journal,
    capacity: usize,
}

impl Publisher {
    /// Begins a batch: takes the client's lease.
    pub fn draft(&self) -> Draft<'_> {
        Draft::new(&self.topic, &self.journal, self.capacity)
    }

    /// Tells watchers how far an upload is: a state, without a number, not kept in the journal.
    pub fn progress(&self, progress: &events::Progress) {
        self.topic.hub.progress(progress.upload, &draft::progress_batch(self.topic.epoch, progress));
    }

    /// Forgets the progress of an upload whose end could not be announced.
    pub fn forget(&self, upload: UploadId) {
        self.topic.hub.forget(upload);
    }
}

//! Who watches a client: a seat for each connection, where it is, and how many come and go.

use super::topic::Topic;
use crate::domain::{EventId, Limits};
use crate::journal::now_ms;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// One connection that watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watching {
    /// Since when, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// The last event that was handed to its connection, or passed over by its filter.
    pub last: EventId,
}

/// How many watch, as those are told who asked for it: a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Presence {
    /// How many watch now.
    pub watchers: u64,
    /// How many came since somebody watches.
    pub joined: u64,
    /// How many of those went.
    pub left: u64,
}

/// The seats of a client.
#[derive(Debug, Default)]
pub(super) struct Seats {
    taken: Mutex<BTreeMap<u64, Watching>>,
    presence: watch::Sender<Presence>,
}

/// A watcher's place among the client's connections; given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    topic: Arc<Topic>,
    number: u64,
}

impl Seats {
    /// Everybody who watches, in the order in which they came.
    pub fn all(&self) -> Vec<Watching> {
        self.lock().values().copied().collect()
    }

    /// How many watch, and how many events the last of them is behind the newest.
    pub fn behind(&self, newest: EventId) -> (u64, u64) {
        let taken = self.lock();
        let behind = taken.values().map(|watching| newest.n.saturating_sub(watching.last.n));
        (taken.len() as u64, behind.max().unwrap_or(0))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Watching>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Takes a seat, if one is free.
    pub fn take(topic: &Arc<Topic>, limits: &Limits) -> Option<Self> {
        let mut taken = topic.seats.lock();
        if taken.len() as u64 >= limits.client_connections_max {
            return None;
        }
        let number = taken.last_key_value().map_or(0, |(last, _)| last + 1);
        taken.insert(number, Watching { since_ms: now_ms(), last: topic.hub.announced() });
        topic.seats.presence.send_modify(|presence| {
            presence.watchers = taken.len() as u64;
            presence.joined += 1;
        });
        drop(taken);
        Some(Self { topic: Arc::clone(topic), number })
    }

    /// Notes the last event that was handed to the connection.
    pub fn at(&self, id: EventId) {
        if let Some(watching) = self.topic.seats.lock().get_mut(&self.number) {
            watching.last = id;
        }
    }

    /// How many watch, from now on and whenever that changes. Who is slow sees the last of several changes.
    pub fn presence(&self) -> watch::Receiver<Presence> {
        let mut presence = self.topic.seats.presence.subscribe();
        presence.mark_changed();
        presence
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.topic.seats.lock();
        taken.remove(&self.number);
        self.topic.seats.presence.send_modify(|presence| {
            presence.watchers = taken.len() as u64;
            presence.left += 1;
        });
    }
}

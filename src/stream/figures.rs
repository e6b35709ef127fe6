//! Who watches, in numbers.

use super::Streams;
use std::sync::Weak;
use std::sync::atomic::Ordering;

/// The watchers of all clients, now and since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Watchers that are attached.
    pub watchers: u64,
    /// How many events the one furthest behind was not handed yet.
    pub lag_events_worst: u64,
    /// Bytes that wait for watchers.
    pub queue_bytes: u64,
    /// Watchers attached since the start.
    pub attached: u64,
    /// Times that a watcher fell behind and was left to the journal.
    pub evictions: u64,
    /// Times that a watcher began to read from the journal.
    pub replays: u64,
}

impl Streams {
    /// Who watches, in numbers.
    pub fn figures(&self) -> Figures {
        let bounds = &self.shared.bounds;
        let topics: Vec<_> = {
            let topics = self.shared.topics.lock().expect("no holder of the topics panics");
            topics.values().filter_map(Weak::upgrade).collect()
        };
        let mut figures = Figures {
            queue_bytes: bounds.all.load(Ordering::Relaxed),
            attached: bounds.counts.attached.get(),
            evictions: bounds.counts.evictions.get(),
            replays: bounds.counts.replays.get(),
            ..Figures::default()
        };
        for topic in topics {
            let (watchers, behind) = topic.seats.behind(topic.hub.announced());
            figures.watchers += watchers;
            figures.lag_events_worst = figures.lag_events_worst.max(behind);
        }
        figures
    }
}

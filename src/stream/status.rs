//! How the server does, told at the client that is its own: a state, of which whoever is slow sees the last.

use super::{Streams, Watching};
use crate::domain::{ClientName, EventId};
use bytes::Bytes;
use tokio::sync::{Notify, watch};

/// The newest status, and who waits for one.
#[derive(Debug, Default)]
pub(super) struct Status {
    /// The newest, as it goes out. Empty until there was one.
    newest: watch::Sender<Bytes>,
    wanted: Notify,
}

impl Status {
    /// For a watcher: each status from now on, and first the newest where others are told already. The one that is kept
    /// after the last watcher went is nobody's any more.
    pub fn receiver(&self) -> watch::Receiver<Bytes> {
        let is_told = self.newest.receiver_count() > 0 && !self.newest.borrow().is_empty();
        let mut receiver = self.newest.subscribe();
        if is_told {
            receiver.mark_changed();
        }
        self.wanted.notify_one();
        receiver
    }
}

impl Streams {
    /// Waits until somebody watches how the server does.
    pub async fn status_wanted(&self) {
        let status = &self.shared.status;
        while status.newest.receiver_count() == 0 {
            status.wanted.notified().await;
        }
    }

    /// Tells those who watch how the server does. `json` is one line.
    pub fn tell_status(&self, json: &str) {
        self.shared.status.newest.send_replace(format!("event: status\ndata: {json}\n\n").into());
    }

    /// Whoever watches a client, by its name: the newest event there is, and each of its watchers.
    pub fn everybody(&self) -> Vec<(ClientName, EventId, Vec<Watching>)> {
        let topics: Vec<_> = {
            let topics = self.shared.topics.lock().expect("no holder of the topics panics");
            topics.iter().filter_map(|(client, topic)| Some((client.clone(), topic.upgrade()?))).collect()
        };
        let mut everybody: Vec<_> = topics
            .into_iter()
            .map(|(client, topic)| (client, topic.hub.announced(), topic.seats.all()))
            .filter(|(.., watching)| !watching.is_empty())
            .collect();
        everybody.sort_by(|one, other| one.0.cmp(&other.0));
        everybody
    }
}

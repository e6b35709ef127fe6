//! Who watches a client.

use super::upload::rfc3339;
use crate::domain::{ClientName, EventId};
use crate::stream::Watching;
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;

/// Who watches a client.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Watchers", example)]
pub struct WatchersDocument {
    /// The client.
    pub client: String,
    /// The newest event there is.
    pub newest_event_id: String,
    /// How many connections watch.
    pub count: u64,
    /// Each of them, in the order in which they came.
    pub watchers: Vec<WatcherDocument>,
}

/// One connection that watches.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Watcher", example)]
pub struct WatcherDocument {
    /// Since when.
    pub since: String,
    /// The last event that was handed to its connection, or passed over by its filter.
    pub last_event_id: String,
    /// How many events it is behind.
    pub lag: u64,
}

impl WatchersDocument {
    /// Those that watch a client whose newest event this is.
    pub fn new(client: &ClientName, newest: EventId, watchers: &[Watching]) -> Self {
        let watchers: Vec<_> = watchers
            .iter()
            .map(|watching| WatcherDocument {
                since: rfc3339(watching.since_ms),
                last_event_id: watching.last.to_string(),
                lag: newest.n.saturating_sub(watching.last.n),
            })
            .collect();
        let count = watchers.len() as u64;
        Self { client: client.to_string(), newest_event_id: newest.to_string(), count, watchers }
    }
}

impl Example for WatcherDocument {
    fn example() -> Self {
        let since = rfc3339(1_767_225_600_000);
        Self { since, last_event_id: "k3v9x0ab-15".into(), lag: 2 }
    }
}

impl Example for WatchersDocument {
    fn example() -> Self {
        let watchers = vec![WatcherDocument::example()];
        Self { client: "harbour-crm".into(), newest_event_id: "k3v9x0ab-17".into(), count: 1, watchers }
    }
}

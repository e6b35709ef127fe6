//! Events that somebody publishes.

use poem_openapi::Object;
use poem_openapi::types::{Any, Example};
use serde::Serialize;

/// An event to publish.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewEvent", example)]
pub struct NewEvent {
    /// Its name: a letter, then up to 63 letters, digits, `.`, `_` and `-`. The server's own names (`row`, `toast`, `system`, …)
    /// and those that browsers use for connections (`open`, `error`) are refused.
    #[oai(validator(pattern = "^[A-Za-z][A-Za-z0-9._-]{0,63}$"))]
    pub event: String,
    /// Any JSON, up to the server's `published-bytes-max`. Watchers get it as it is written here, without the blanks between
    /// its tokens.
    pub data: Any<serde_json::Value>,
}

impl Example for NewEvent {
    fn example() -> Self {
        let data = serde_json::json!({ "order": 4711, "state": "shipped" });
        Self { event: "order.updated".into(), data: Any(data) }
    }
}

/// An event to publish at many clients.
#[derive(Debug, Clone, Object)]
#[oai(rename = "NewBroadcast", example)]
pub struct NewBroadcast {
    /// Which clients are to have it, of those that have events: a name in which `*` stands for anything.
    pub clients: String,
    /// Its name, as for one client.
    #[oai(validator(pattern = "^[A-Za-z][A-Za-z0-9._-]{0,63}$"))]
    pub event: String,
    /// Any JSON, as for one client.
    pub data: Any<serde_json::Value>,
}

impl Example for NewBroadcast {
    fn example() -> Self {
        let data = serde_json::json!({ "text": "Back in five minutes" });
        Self { clients: "orders-*".into(), event: "notification".into(), data: Any(data) }
    }
}

/// What became of a broadcast.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Broadcast", example)]
pub struct BroadcastDocument {
    /// The event's name.
    pub event: String,
    /// How many clients have it.
    pub count: u64,
    /// Those clients, and its id in each of their streams.
    pub published: Vec<PlacedDocument>,
    /// Clients for which it could not be kept: none, unless the disk failed in between.
    pub failed: Vec<String>,
}

/// Where a broadcast stands in a client's stream.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "BroadcastPlace", example)]
pub struct PlacedDocument {
    /// The client.
    pub client: String,
    /// The event's id there.
    pub id: String,
}

impl Example for PlacedDocument {
    fn example() -> Self {
        Self { client: "orders-eu".into(), id: "k3v9x0ab-18".into() }
    }
}

impl Example for BroadcastDocument {
    fn example() -> Self {
        Self { event: "notification".into(), count: 1, published: vec![PlacedDocument::example()], failed: vec![] }
    }
}

/// An event that was published.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "PublishedEvent", example)]
pub struct PublishedDocument {
    /// The client whose watchers get it.
    pub client: String,
    /// Its name.
    pub event: String,
    /// Its id in that client's stream: its place among everything that happens there.
    pub id: String,
}

impl Example for PublishedDocument {
    fn example() -> Self {
        Self { client: "harbour-crm".into(), event: "order.updated".into(), id: "k3v9x0ab-18".into() }
    }
}

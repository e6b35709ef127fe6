//! What is sent and received, as OpenAPI describes it. Everything here is made from `domain`, or only documents what the
//! layers below write.
//!
//! Invariants: every type has an example and a description; its members stand in the order in which they are sent.
//!
//! Not for: reading parameters (`params`), or errors (`payload::problem`).

mod catalogue;
pub mod events;
mod options;
mod publish;
mod rows;
mod session;
mod system;
mod upload;
mod watchers;

pub use catalogue::ApiDocument;
pub use publish::{BroadcastDocument, NewBroadcast, NewEvent, PlacedDocument, PublishedDocument};
pub use rows::{ProblemDetail, ProblemsPage, RowsPage};
pub use session::{NewTicket, SessionDocument, TicketDocument};
pub use system::{
    CheckDocument, ChecksDocument, ConnectionsDocument, HealthStatus, ProcessStats, StatsDocument, StorageStats,
    SystemHealthDocument, TrafficStats, UploadStats, WatcherStats,
};
pub use upload::{StageName, UploadDocument, UploadsPage, rfc3339};
pub use watchers::WatchersDocument;

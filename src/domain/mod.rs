//! The words of rowcast as types: who watches, what is ingested, what is said about it, and how much is allowed.
//!
//! Layer 0. Everything above may use it; it uses nothing of rowcast.
//!
//! Invariants: a value of these types is valid (a [`ClientName`] was checked, a [`Stage`] moves only along its table);
//! nothing here waits, allocates without a bound, or touches a file or a socket.
//!
//! Not for: reading CSV (`reader`), wire formats (`encode`), or anything that knows where bytes are kept.

mod client;
mod event;
mod event_name;
mod id;
mod limits;
mod options;
mod problem;
mod profile;
mod reading;
mod record;
mod upload;

pub use client::{BadClientName, ClientName};
pub use event::{BadKinds, Kind, KindSet};
pub use event_name::{BadEventName, EventName};
pub use id::{BadEventId, Epoch, EventId};
pub use limits::{LimitSpec, Limits, Unit, UnknownLimit};
pub use options::{BadOption, Overrides};
pub use problem::{Problem, ProblemCode, Severity};
pub use profile::{ColumnProfile, ColumnShape, Learned, ValueType};
pub use reading::{Compression, Escape, LineEnd, QuoteOption, ReadOptions, Reading, Repair};
pub use record::{Cells, CellsBuf};
pub use upload::{Failure, FailureCode, Resumable, Stage, UploadId, UploadRecord};

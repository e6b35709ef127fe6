//! Events to the bytes of an event stream, rows to JSON, NDJSON and CSV; straight from borrowed cells, with no map and no
//! allocation between.
//!
//! A [`BatchEncoder`] numbers and encodes a run of events once; the [`Batch`] is shared by every watcher, a filtering one
//! takes slices of it ([`Batch::filtered`]). A [`RowTemplate`] holds what all rows of an upload have in common.
//!
//! Invariants:
//! - An event is whole: `event:`, `id:` (durable ones), one `data:` line, a blank line. No text of a cell can end a line,
//!   since JSON has no raw control character (RFC 8259, section 7).
//! - Durable events take consecutive numbers; the id on the wire is `<epoch>-<n>`.
//! - Rows look the same in events, pages and NDJSON; so do those that are kept as literals ([`RowLiteral`]).
//!
//! Not for: deciding what is announced, or when; keep-alive comments and `retry:` (the connection's business); the JSON of
//! other events, which comes ready.

mod export;
mod formula;
mod json;
mod literal;
mod row;
mod sse;

pub use export::{CsvExport, Formulas, ndjson_row};
pub use literal::{NoRow, RowLiteral, json_array};
pub use row::{RowTemplate, row_json};
pub use sse::{Batch, BatchEncoder, Run, id_block};

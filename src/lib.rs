//! CSV uploads in, every row out while the file is still arriving, over Server-Sent Events.
//!
//! | layer | module | knows |
//! |---|---|---|
//! | top | [`commands`], [`app`], [`config`], [`folder`], [`metrics`], [`stats`], [`process`], [`telemetry`], [`upkeep`] | how the parts are put together |
//! | top | [`remote`] | a server seen from outside: hyper's client, TLS |
//! | 6 | [`http`] | poem and hyper's server; nobody else does |
//! | 5 | [`ingest`] | the life of an upload |
//! | 4 | [`stream`] | who watches, and what they get |
//! | 3 | [`rows`] | rows read back from their spans and literals |
//! | 2 | [`spool`], [`journal`] | files; the journal knows SQLite, nobody else does |
//! | 1 | [`reader`], [`encode`], [`mock`], [`access`], [`rates`] | pure: bytes to rows, events to bytes, rows out of nothing, keys to people, how much each may |
//! | 0 | [`domain`], [`tally`] | the words; numbers that parts keep of themselves |
//!
//! A module imports only from layers below its own, and not from its neighbours; `tests/it/tidy.rs` holds this.

pub mod access;
pub mod app;
pub mod commands;
pub mod config;
pub mod domain;
pub mod encode;
pub mod folder;
pub mod http;
pub mod ingest;
pub mod journal;
pub mod metrics;
pub mod mock;
pub mod process;
pub mod rates;
pub mod reader;
pub mod remote;
pub mod rows;
pub mod spool;
pub mod stats;
pub mod stream;
pub mod tally;
pub mod telemetry;
pub mod upkeep;

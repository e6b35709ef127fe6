//! Attacks on the real program: what was tried, what it held, what it refused, and its memory before, at its worst and after.
//!
//! Each test is one attack. While it runs, an honest client is served: the server is ready, and an upload's rows reach a
//! watcher before the upload has ended. Afterwards connections, uploads, watchers and descriptors are given back. Memory has a
//! bound; time has none. `cargo test --test attacks -- --nocapture` prints the table; `ROWCAST_TESTS_LONG` tries far more.
//!
//! What other tests show whole is not here:
//!
//! | attack | test |
//! |---|---|
//! | heads that no proper client sends, smuggling, broken chunks | `it::hostile` |
//! | a head, a first byte, an HTTP/2 preface that never ends | `it::limits::time` |
//! | hosts and origins of others | `it::safety`, `it::access` |
//! | paths in URLs and in names of clients | `it::safety`, `it::routes` |
//! | cells and column names that look like events | `it::safety` |
//! | what a compressed file may unpack to, and ask for | `it::limits::expansion` (here: many of them at once) |
//! | boundaries at every cut, half of them, folded heads | `it::multipart`, `http::payload::multipart` |
//! | full disks, torn files, killed processes | `faults` |
//!
//! The first block of modules is the integration tests' own; the second is what these tests are written in.

#![cfg(target_os = "linux")]
#![allow(dead_code, reason = "the first block serves three suites, none of which uses all of it")]

#[path = "../it/answer.rs"]
mod answer;
#[path = "../it/api.rs"]
mod api;
#[path = "../it/client.rs"]
mod client;
#[path = "../it/files.rs"]
mod files;
#[path = "../it/form.rs"]
mod form;
#[path = "../it/ledger.rs"]
mod ledger;
#[path = "../it/patience.rs"]
mod patience;
#[path = "../it/program.rs"]
mod program;
#[path = "../it/sse.rs"]
mod sse;
#[path = "../it/watcher.rs"]
mod watcher;

mod arena;
mod gauge;
mod h2;
mod raw;

mod bombs;
mod crowds;
mod descriptors;
mod forms;
mod frames;
mod heads;
mod names;
mod slow;
mod splits;
mod streams;
mod tls;

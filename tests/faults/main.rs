//! What may go wrong, done to the real program on purpose: it is killed, its connections are cut, its disk is full, its
//! files are torn. Nothing that was told is taken back, nothing is told twice, and every file is whole in the end.
//!
//! Chance chooses the moments; a seed that is printed repeats its choices. `ROWCAST_TESTS_LONG` tries far more often.
//! The first block of modules is the integration tests' own; the second is what these tests are written in.

#![allow(dead_code, reason = "the first block serves two suites, neither of which uses all of it")]

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
#[path = "../it/small_disk.rs"]
mod small_disk;
#[path = "../it/sse.rs"]
mod sse;
#[path = "../it/watcher.rs"]
mod watcher;

mod chronicle;
mod dice;
mod host;
mod proxy;
mod sample;
mod sender;
mod stage;
mod troupe;
mod wire;
mod witness;

mod crowd;
mod cuts;
mod full;
mod ids;
mod kills;
mod synced;
mod terms;
mod torn;

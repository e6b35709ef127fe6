//! What an operator does with a data folder besides serving from it: look whether it is well, let go of what nobody needs,
//! make a copy.
//!
//! Top layer. The commands show what is found here.
//!
//! Invariants:
//! - a check changes nothing, and a copy changes nothing but the copy;
//! - both work beside a server that runs; what takes something away works only where none does.
//!
//! Not for: what a running server does by itself (`ingest` keeps and lets go, `app` starts and stops).

mod backup;
mod check;
mod gc;

pub use backup::{Backup, BackupError, backup};
pub use check::{Finding, Verdict, check};
pub use gc::{Collected, GcError, collect, foresee};

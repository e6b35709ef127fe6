//! Bodies that poem and poem-openapi cannot carry as they should, and how each is documented.
//!
//! Invariants: no body is held in memory whole unless it is small and ours; a content type in the document is the one
//! on the wire.
//!
//! Not for: what the bodies mean (`api`), or when a body has to stop (`incoming`, `serve`).

pub mod body;
pub mod checksum;
pub mod content;
pub mod digest;
pub mod disposition;
pub mod download;
pub mod event;
pub mod field;
pub mod json;
pub mod multipart;
pub mod piece;
pub mod problem;
pub mod sse;
pub mod structured;
pub mod until;

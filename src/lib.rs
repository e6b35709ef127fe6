//! CSV uploads in, every row out while the file is still arriving, over Server-Sent Events.

pub mod domain;
pub mod encode;
pub mod http;
pub mod ingest;
pub mod journal;
pub mod mock;
pub mod reader;
pub mod rows;
pub mod spool;
pub mod stream;

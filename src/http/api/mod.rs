//! The operations: thin handlers that read parameters, ask a service, and put the answer into its documented form.
//!
//! Invariants: a handler holds no state and makes no decision that a service could make; whatever it can answer is
//! documented, errors by the list of codes beside it.
//!
//! Not for: what the services do, how errors look (`payload::problem`), or files and pages (`ui`, `docs`).

mod destination;
pub mod downloads;
pub mod events;
mod file_answers;
pub mod files;
mod fingerprint;
pub mod mock;
pub mod model;
pub mod ops;
pub mod options;
pub mod params;
mod piece;
pub mod publish;
mod receive;
pub mod reread;
pub mod session;
pub mod system;
pub mod upload;
pub mod uploads;

use poem_openapi::Tags;

/// The parts of the API.
#[derive(Tags)]
pub enum Part {
    /// Upload a CSV, and watch it being read.
    #[oai(rename = "Ingest")]
    Ingest,
    /// Tell those who watch of other things than uploads.
    #[oai(rename = "Publish")]
    Bus,
    /// Upload in pieces, and go on after a break (tus 1.0).
    #[oai(rename = "Resumable uploads")]
    Resumable,
    /// Look at uploads, and get their rows back.
    #[oai(rename = "Uploads")]
    Uploads,
    /// Say who one is, where a browser cannot do so by a header.
    #[oai(rename = "Access")]
    Access,
    /// Made-up files to try it with.
    #[oai(rename = "Mock data")]
    Mock,
    /// Health, the document, the meaning of codes.
    #[oai(rename = "Operation")]
    Operation,
}

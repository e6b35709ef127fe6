//! What requests for resumable files are answered with.

use crate::http::payload::problem::Codes;
use poem_openapi::ApiResponse;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $codes:expr;)+) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Codes for $name {
            const CODES: &'static [&'static str] = &$codes;
        }
    )+};
}

codes! {
    /// What beginning a file can be refused with.
    OnCreate [
        "bad-parameter", "upload-interrupted", "cross-site", "body-stalled", "upload-too-slow", "upload-cancelled",
        "part-unfinished", "tus-version", "body-too-large", "expansion-too-large", "beyond-length", "unsupported-media-type",
        "header-too-long", "too-many-columns", "corrupt-compression", "unknown-encoding", "upload-locked", "checksum-mismatch", "storage-failed",
        "too-many-bytes", "client-uploads-used-up", "too-many-uploads", "server-stopping", "not-ready", "shutting-down", "disk-full",
        "client-full",
    ];
    /// What asking for a file can be refused with.
    OnHead ["bad-parameter", "not-found", "upload-gone", "tus-version", "upload-locked", "storage-failed",
        "upload-interrupted", "upload-cancelled", "body-too-large", "expansion-too-large", "header-too-long", "too-many-columns", "corrupt-compression", "unknown-encoding",
        "upload-too-slow", "too-many-uploads", "server-stopping", "disk-full", "client-full"];
    /// What going on with a file can be refused with.
    OnPatch [
        "bad-parameter", "upload-interrupted", "cross-site", "joined-file", "not-found", "body-stalled",
        "upload-too-slow", "upload-cancelled", "wrong-offset", "upload-gone", "tus-version", "body-too-large", "expansion-too-large",
        "beyond-length", "unsupported-media-type", "header-too-long", "too-many-columns", "corrupt-compression", "unknown-encoding", "upload-locked",
        "checksum-mismatch", "storage-failed", "too-many-uploads", "server-stopping", "not-ready", "shutting-down",
        "disk-full", "client-full", "too-many-bytes",
    ];
    /// What giving a file up can be refused with.
    OnDelete ["bad-parameter", "cross-site", "not-found", "upload-gone", "tus-version", "storage-failed", "disk-full"];
}

/// What this server can do of tus.
#[derive(ApiResponse)]
pub enum Abilities {
    /// What this server can do of tus
    #[oai(status = 204)]
    Told(
        /// The versions it speaks
        #[oai(header = "Tus-Version")]
        String,
        /// The extensions it has
        #[oai(header = "Tus-Extension")]
        String,
        /// Bytes of the largest file it takes
        #[oai(header = "Tus-Max-Size")]
        u64,
        /// What a piece's checksum can be made with
        #[oai(header = "Tus-Checksum-Algorithm")]
        String,
    ),
}

/// A file that was begun.
#[derive(ApiResponse)]
pub enum Begun {
    /// The file was begun, and what came with the request is on disk
    #[oai(status = 201)]
    Created(
        /// Where the file goes on: `/files/{id}`, with the same id as `/uploads/{id}`
        #[oai(header = "Location")]
        String,
        /// The client whose watchers see it; none for a part
        #[oai(header = "Rowcast-Client")]
        Option<String>,
        /// Bytes of the file that are on disk, where the request had some
        #[oai(header = "Upload-Offset")]
        Option<u64>,
        /// Until when it can be gone on with; none when it is complete
        #[oai(header = "Upload-Expires")]
        Option<String>,
    ),
}

/// Where a file stands.
#[derive(ApiResponse)]
pub enum Standing {
    /// Where the file stands
    #[oai(status = 200)]
    Told(
        /// Bytes of the file that are on disk: from there it goes on
        #[oai(header = "Upload-Offset")]
        Option<u64>,
        /// Bytes of the whole file, where that is known
        #[oai(header = "Upload-Length")]
        Option<u64>,
        /// `1` where its length is still to be declared
        #[oai(header = "Upload-Defer-Length")]
        Option<u8>,
        /// What was given when it began
        #[oai(header = "Upload-Metadata")]
        Option<String>,
        /// `partial`, or `final;` and its parts
        #[oai(header = "Upload-Concat")]
        Option<String>,
        /// Until when it can be gone on with; none when it is complete
        #[oai(header = "Upload-Expires")]
        Option<String>,
    ),
}

/// A piece that was taken.
#[derive(ApiResponse)]
pub enum Taken {
    /// The piece is on disk; if it was the last, every row was announced
    #[oai(status = 204)]
    Taken(
        /// Bytes of the file that are on disk
        #[oai(header = "Upload-Offset")]
        u64,
        /// Until when it can be gone on with; none when it is complete
        #[oai(header = "Upload-Expires")]
        Option<String>,
    ),
}

/// A file that was given up.
#[derive(ApiResponse)]
pub enum GivenUp {
    /// It is gone, with everything that came of it
    #[oai(status = 204)]
    Gone,
}

//! The life of an upload.

use super::{ClientName, ColumnProfile, Learned, ProblemCode, ReadOptions, Reading};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Names one upload: a UUIDv7 (RFC 9562, section 5.7), so ids sort by the time of their beginning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UploadId(pub uuid::Uuid);

impl UploadId {
    /// Stands where no upload is meant, as with events that were published. No upload has it.
    pub const NONE: Self = Self(uuid::Uuid::nil());

    /// A new one, for now.
    pub fn now() -> Self {
        Self(uuid::Uuid::now_v7())
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Bytes are coming in; the header is not complete yet.
    Receiving,
    /// How it is read is known and was told. It goes on by itself, unless somebody wants to see that first.
    Understood,
    /// How it is read is known; rows come out. Bytes may still be coming in.
    Reading,
    /// Every row was announced, and all of it is on disk.
    Done,
    /// A limit or the disk ended it. The rows that were announced stay.
    Failed,
    /// Somebody stopped it. The rows that were announced stay.
    Cancelled,
    /// The sender or the server went away. What was received is kept.
    Interrupted,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 7] = [
        Self::Receiving,
        Self::Understood,
        Self::Reading,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Interrupted,
    ];

    /// The name on the wire and in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Understood => "understood",
            Self::Reading => "reading",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// The stage with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }

    /// The table of transitions: where an upload may go from here.
    pub const fn next(self) -> &'static [Self] {
        match self {
            // One that is gone on with, and whose reading is known, is `reading` at once.
            Self::Receiving => {
                &[Self::Understood, Self::Reading, Self::Done, Self::Failed, Self::Cancelled, Self::Interrupted]
            }
            Self::Understood => &[Self::Reading, Self::Failed, Self::Cancelled, Self::Interrupted],
            Self::Reading => &[Self::Done, Self::Failed, Self::Cancelled, Self::Interrupted],
            Self::Interrupted => &[Self::Receiving, Self::Cancelled, Self::Failed],
            Self::Done | Self::Failed | Self::Cancelled => &[],
        }
    }

    /// Whether bytes or rows may still come without anybody resuming it.
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Receiving | Self::Understood | Self::Reading)
    }

    /// Whether nothing will ever change again.
    pub const fn is_final(self) -> bool {
        self.next().is_empty()
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! failure_codes {
    ($($variant:ident $code:literal $title:literal $help:literal)+) => {
        /// Why an upload failed, was refused or ended early. Stable, like [`ProblemCode`]; the HTTP layer gives each a status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum FailureCode {
            $(#[doc = $help] #[serde(rename = $code)] $variant,)+
        }

        impl FailureCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable text of the code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// A few words for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What it means and what to do about it.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

failure_codes! {
    BodyTooLarge "body-too-large" "File too large"
        "The file is larger than this server takes. Send it in parts, or ask whoever runs the server for a higher `body-bytes-max`."
    HeaderTooLong "header-too-long" "Header too long"
        "The header record is longer than this server takes. A quote that was never closed in the first line is the usual reason."
    TooManyColumns "too-many-columns" "Too many columns"
        "The header names more columns than this server takes. A wrong delimiter is the usual reason."
    ExpansionTooLarge "expansion-too-large" "Compressed file unpacks to too much"
        "The compressed file unpacks to more than this server takes, or needs more memory for it. The rows that were announced stay readable. Compress it with a smaller window (`zstd --long=23` at most), send it in parts or as it is, or ask whoever runs the server for higher limits."
    CorruptCompression "corrupt-compression" "Compressed file is broken"
        "The compressed file cannot be unpacked to its end: it was cut off, changed on its way, or is not compressed as it says. The rows that were announced stay readable. Compress it again, check it (`gzip -t`, `zstd -t`), and send it again."
    UnknownEncoding "unknown-encoding" "Unknown encoding"
        "No encoding has the name that was given. Give a label of the WHATWG Encoding Standard, such as `utf-8` or `windows-1252`, or `utf-32le` or `utf-32be`, or none: it is found out then."
    TooManyUploads "too-many-uploads" "Too many uploads at once"
        "As many uploads as this server takes are running. Try again when one has finished."
    UploadTooSlow "upload-too-slow" "Upload took too long"
        "The upload took longer than this server waits for one. What was received is kept."
    DigestMismatch "digest-mismatch" "Content not as its digest says"
        "What arrived has another digest than the request's `Content-Digest` or `Repr-Digest` says (RFC 9530): it was changed on its way, or the digest is of something else. For a form it is of the whole body, not of the file. The rows that were announced stay readable. Send the file again."
    DiskFull "disk-full" "The server's disk is full"
        "The server has no room for more bytes. The rows that were announced stay readable. Go on with the upload when whoever runs the server has made room."
    ClientFull "client-full" "The client keeps as much as it may"
        "The uploads of this client keep as many bytes as it may (`client-kept-bytes-max`). The rows that were announced stay readable. Delete uploads that nobody needs, or wait until they expire, and go on with this one."
    StorageFailed "storage-failed" "The server could not keep the bytes"
        "Writing to the server's disk failed. The rows that were announced stay readable. The server's log says more."
    Cancelled "upload-cancelled" "Upload cancelled"
        "Somebody cancelled this upload while it was running. The rows that were announced stay readable."
    ServerStopping "server-stopping" "The server is stopping"
        "The server was asked to stop while the file was arriving. What was received is kept, and the rows that were announced stay readable."
    Interrupted "upload-interrupted" "Upload interrupted"
        "The connection or the server went away before the file was complete. The rows that were announced stay readable."
}

impl FailureCode {
    /// The code with that text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// Whether it passes when somebody makes room.
    pub const fn is_about_room(self) -> bool {
        matches!(self, Self::ClientFull | Self::DiskFull)
    }
}

/// Why an upload did not finish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of failure it was.
    pub code: FailureCode,
    /// What was found, where, and what was expected; one sentence.
    pub message: String,
}

impl Failure {
    /// A failure with its sentence.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What a sender that may come back said of its file (tus 1.0); kept with the upload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumable {
    /// `Upload-Metadata` as it was given; empty where it was not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub metadata: String,
    /// Only a part of a file that is put together later: its bytes are kept, and nobody reads them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// The parts that this file is put together from, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<UploadId>,
}

/// All that is known of an upload: its row in the journal, and, while it runs, its live counts.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadRecord {
    /// Its name.
    pub id: UploadId,
    /// The client it feeds.
    pub client: ClientName,
    /// The file's name as the sender gave it; a label, never a path.
    pub filename: String,
    /// Where it stands.
    pub stage: Stage,
    /// Bytes of the file in the spool.
    pub received_bytes: u64,
    /// Bytes of the file turned into announced events.
    pub read_bytes: u64,
    /// Bytes of the whole file: estimated from Content-Length while it arrives, exact at the end; none where it is unknown.
    pub total_bytes: Option<u64>,
    /// Bytes of the whole file where they are certain: the sender declared them, or all of them are in the spool.
    pub length_bytes: Option<u64>,
    /// What is kept for a sender that may come back; none for a file sent with one request.
    pub resumable: Option<Resumable>,
    /// The highest row number used.
    pub rows: u64,
    /// Problems found, told in detail or only counted.
    pub problems: u64,
    /// Problems by code.
    pub problems_by_code: BTreeMap<ProblemCode, u64>,
    /// What was said of how it is to be read.
    pub options: ReadOptions,
    /// Whether it waits at `understood` until somebody says that it is read rightly.
    pub hold: bool,
    /// The upload whose bytes it reads again, with other options.
    pub source: Option<UploadId>,
    /// How it is read; known from the header on.
    pub reading: Option<Reading>,
    /// What suspicious records are judged by; known with the reading, and not shown to anybody.
    pub learned: Option<Arc<Learned>>,
    /// What its columns look like; known with the reading.
    pub profiles: Vec<ColumnProfile>,
    /// Why it did not finish.
    pub failure: Option<Failure>,
    /// When it began, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it last changed its stage, in milliseconds since the Unix epoch.
    pub updated_ms: u64,
}

impl UploadRecord {
    /// An upload that begins now, of which nothing is known but its name.
    pub fn new(id: UploadId, client: ClientName, filename: impl Into<String>, now_ms: u64) -> Self {
        Self {
            id,
            client,
            filename: filename.into(),
            stage: Stage::Receiving,
            received_bytes: 0,
            read_bytes: 0,
            total_bytes: None,
            length_bytes: None,
            resumable: None,
            rows: 0,
            problems: 0,
            problems_by_code: BTreeMap::new(),
            options: ReadOptions::default(),
            hold: false,
            source: None,
            reading: None,
            learned: None,
            profiles: Vec::new(),
            failure: None,
            created_ms: now_ms,
            updated_ms: now_ms,
        }
    }

    /// Whether it is one part of a file that is put together later.
    pub fn is_partial(&self) -> bool {
        self.resumable.as_ref().is_some_and(|resumable| resumable.partial)
    }

    /// Whether it is put together from parts that were sent before.
    pub fn is_joined(&self) -> bool {
        self.resumable.as_ref().is_some_and(|resumable| !resumable.parts.is_empty())
    }

    /// Whether its bytes came from a sender, and not from other uploads.
    pub fn is_sent(&self) -> bool {
        !self.is_joined() && self.source.is_none()
    }

    /// Puts an interrupted one where it goes on: how it is read stays what it was found to be.
    pub fn go_on(&mut self, now_ms: u64) {
        self.stage = match self.reading {
            Some(_) if self.hold => Stage::Understood,
            Some(_) => Stage::Reading,
            None => Stage::Receiving,
        };
        self.failure = None;
        self.updated_ms = now_ms;
    }

    /// Where the sender can go on with it (tus 1.0), as long as it can.
    pub fn resume_path(&self) -> Option<String> {
        let waits = self.stage.is_running() && self.resumable.is_some();
        // One that is put together goes on by putting its parts together again; one that is read again has all its bytes.
        let can = (waits || self.stage == Stage::Interrupted) && self.is_sent();
        can.then(|| format!("/files/{}", self.id))
    }

    /// Percent of the file that was read, whole; none while the total is unknown. 100 is kept for the end.
    pub fn percent(&self) -> Option<u8> {
        if self.stage == Stage::Done {
            return Some(100);
        }
        let total = self.total_bytes?.max(1);
        let percent = u128::from(self.read_bytes) * 100 / u128::from(total);
        Some(percent.min(99) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_move_only_along_the_table() {
        use Stage::{Cancelled, Done, Failed, Interrupted, Reading, Receiving, Understood};
        let legal = [
            (Receiving, Understood),
            (Understood, Reading),
            (Understood, Failed),
            (Understood, Cancelled),
            (Understood, Interrupted),
            (Receiving, Reading),
            (Receiving, Done),
            (Receiving, Failed),
            (Receiving, Cancelled),
            (Receiving, Interrupted),
            (Reading, Done),
            (Reading, Failed),
            (Reading, Cancelled),
            (Reading, Interrupted),
            (Interrupted, Receiving),
            (Interrupted, Cancelled),
            (Interrupted, Failed),
        ];
        for from in Stage::ALL {
            for to in Stage::ALL {
                assert_eq!(from.next().contains(&to), legal.contains(&(from, to)), "{from} -> {to}");
            }
            assert_eq!(Stage::parse(from.as_str()), Some(from));
        }
        assert!(Done.is_final() && Failed.is_final() && Cancelled.is_final() && !Interrupted.is_final());
    }

    #[test]
    fn percent_is_100_only_when_done() {
        let mut upload = UploadRecord {
            stage: Stage::Reading,
            received_bytes: 50,
            read_bytes: 50,
            total_bytes: Some(50),
            rows: 1,
            ..UploadRecord::new(UploadId::now(), ClientName::parse("a").unwrap(), "a.csv", 0)
        };
        assert_eq!(upload.percent(), Some(99));
        upload.stage = Stage::Done;
        assert_eq!(upload.percent(), Some(100));
        upload.stage = Stage::Reading;
        upload.total_bytes = None;
        assert_eq!(upload.percent(), None);
    }
}

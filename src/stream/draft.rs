//! A batch in the making: encoded for the watchers and described for the journal at the same time.

use super::events::{self, Progress};
use super::topic::{Lease, Topic};
use crate::domain::{Cells, Epoch, EventId, EventName, Kind, ProblemCode, UploadId, UploadRecord};
use crate::encode::{Batch, BatchEncoder, RowTemplate};
use crate::journal::{Append, Checkpoint, Entry, Journal, JournalError, Part, PublishedKey, Span};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, MutexGuard};

/// What a batch needs besides its events.
#[derive(Debug)]
pub struct Seal {
    /// The upload it speaks of.
    pub upload: UploadId,
    /// The next row number when the batch began.
    pub first_row: u64,
    /// Problems told before the batch.
    pub first_problem: u64,
    /// Where reading goes on after it.
    pub checkpoint: Checkpoint,
    /// The upload as it stands in the list, where that changed.
    pub record: Option<UploadRecord>,
    /// The key that the batch's only event is published under, if it is.
    pub key: Option<PublishedKey>,
    /// Whether the commit must be on disk before it is announced.
    pub durable: bool,
    /// How far the upload is with this batch, to be told right after it.
    pub progress: Option<Progress>,
    /// Whether the upload ends with this batch: then there is no progress to be kept of it.
    pub ends: bool,
}

/// A batch in the making. Holds the client's lease: nobody else takes a number meanwhile, so be quick.
pub struct Draft<'a> {
    topic: &'a Arc<Topic>,
    journal: &'a Journal,
    lease: MutexGuard<'a, Lease>,
    encoder: BatchEncoder,
    parts: Vec<Part>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(topic: &'a Arc<Topic>, journal: &'a Journal, capacity: usize) -> Self {
        let lease = topic.lease();
        let encoder = BatchEncoder::new(topic.epoch, lease.next_n, capacity);
        Self { topic, journal, lease, encoder, parts: Vec::new() }
    }

    /// Adds a row that stands in the spool at `bytes`.
    pub fn row(&mut self, template: &RowTemplate, number: u64, bytes: Range<u64>, cells: Cells<'_>) {
        self.encoder.row(template, number, cells);
        match self.parts.last_mut() {
            // Nothing stands within a span but its rows, and the second byte of a CRLF between them.
            Some(Part::Span(span))
                if number == span.first_row + span.rows && bytes.start <= span.offset + span.bytes + 1 =>
            {
                span.rows += 1;
                span.bytes = bytes.end - span.offset;
            }
            _ => self.parts.push(Part::Span(Span {
                offset: bytes.start,
                bytes: bytes.end - bytes.start,
                first_row: number,
                rows: 1,
                crc: 0,
            })),
        }
    }

    /// Adds a row that cannot be read again from the text alone, or not as it is told: it is kept as it is announced.
    pub fn row_literal(&mut self, template: &RowTemplate, number: u64, cells: Cells<'_>) {
        self.literal(Kind::Row, template.event_json(number, cells));
    }

    /// Notes an error of the row added last that is only counted: nobody is told, but it is known that the row is wrong.
    pub fn counted(&mut self, code: ProblemCode, line: u64) {
        self.parts.push(Part::Counted { code, line });
    }

    /// Adds an event that the text alone cannot give.
    pub fn literal(&mut self, kind: Kind, json: String) {
        encode_literal(&mut self.encoder, kind, &json);
        self.parts.push(Part::Literal { kind, json });
    }

    /// Adds an event that somebody publishes; answers with its id. `json` is one line.
    pub fn published(&mut self, name: EventName, json: String) -> EventId {
        let id = EventId { epoch: self.topic.epoch, n: self.encoder.next_n() };
        self.encoder.published(&name, &json);
        self.parts.push(Part::Published { name, json });
        id
    }

    /// Raised whenever a commit of this client failed. Whoever sees it raised may have batches that failed: they must not
    /// go on behind those.
    pub fn generation(&self) -> u64 {
        self.lease.generation
    }

    /// Encoded size so far, in bytes.
    pub fn bytes(&self) -> usize {
        self.encoder.bytes_len()
    }

    /// Whether no event was added.
    pub fn is_empty(&self) -> bool {
        self.encoder.next_n() == self.lease.next_n
    }

    /// Queues the batch for its commit. Once it is committed `kept` is told, then the watchers, then `done`; `done` is
    /// told of a failure as well. All from the journal's thread. `text` gives the spooled bytes of a range, for the
    /// checksums.
    ///
    /// # Panics
    /// When the batch is empty, or `text` has not the bytes of a row that was added.
    pub fn commit<'t>(
        mut self,
        seal: Seal,
        text: impl Fn(Range<u64>) -> Option<&'t [u8]>,
        kept: impl FnOnce() + Send + 'static,
        done: impl FnOnce(Result<(), JournalError>) + Send + 'static,
    ) {
        assert!(!self.is_empty(), "a batch holds at least one event");
        for part in &mut self.parts {
            if let Part::Span(span) = part {
                let bytes = text(span.offset..span.offset + span.bytes);
                span.crc = crc32fast::hash(bytes.expect("a batch ends before its text leaves the window"));
            }
        }
        let literals = self.parts.iter().map(|part| match part {
            Part::Literal { json, .. } | Part::Published { json, .. } => json.len(),
            Part::Span(_) | Part::Counted { .. } => 0,
        });
        let literal_bytes = literals.sum::<usize>() as u64;
        let batch = Arc::new(self.encoder.finish());
        let progress = seal.progress.map(|progress| (progress.upload, progress_batch(self.topic.epoch, &progress)));
        let topic = Arc::clone(self.topic);
        let entry = Entry {
            first_n: batch.first_n,
            last_n: batch.last_n,
            upload: seal.upload,
            first_row: seal.first_row,
            first_problem: seal.first_problem,
            checkpoint: seal.checkpoint,
            parts: self.parts,
        };
        self.lease.next_n = entry.last_n + 1;
        self.journal.append(Append {
            client: Arc::clone(&self.topic.log),
            generation: self.lease.generation,
            entry,
            upload: seal.record,
            key: seal.key,
            durable: seal.durable,
            queue_bytes: batch.bytes.len() as u64 + literal_bytes,
            done: Box::new(move |result| {
                if result.is_ok() {
                    kept();
                    topic.hub.announce(&batch, seal.ends.then_some(seal.upload));
                    if let Some((upload, progress)) = &progress {
                        topic.hub.progress(*upload, progress);
                    }
                }
                done(result);
            }),
        });
    }
}

/// Encodes an event from its journalled form; the same for the live stream and for a replay. The last progress of an
/// upload goes with its last stage, so that every watcher sees 100 once, right before `done`.
pub(super) fn encode_literal(encoder: &mut BatchEncoder, kind: Kind, json: &str) {
    if kind == Kind::Stage && ends_upload(json) == Some(true) {
        encoder.state(Kind::Progress, &final_progress(json));
    }
    encoder.event(kind, json);
}

/// Whether a stage event ends its upload: `Some(true)` when it is done, `Some(false)` when it ended otherwise.
///
/// Its data begins with `{"upload":"<36 characters>","stage":"`, as [`super::events::stage`] writes it.
pub(super) fn ends_upload(json: &str) -> Option<bool> {
    const BEFORE: usize = r#"{"upload":""#.len() + 36 + r#"","stage":""#.len();
    match json.get(BEFORE..)?.split('"').next()? {
        "done" => Some(true),
        "failed" | "cancelled" | "interrupted" => Some(false),
        _ => None,
    }
}

/// A batch of nothing but a progress event.
pub(super) fn progress_batch(epoch: Epoch, progress: &Progress) -> Arc<Batch> {
    let mut encoder = BatchEncoder::new(epoch, 1, 512);
    encoder.state(Kind::Progress, &events::progress(progress));
    Arc::new(encoder.finish())
}

fn final_progress(stage: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Done {
        upload: UploadId,
        received_bytes: u64,
        read_bytes: u64,
        total_bytes: Option<u64>,
        rows: u64,
        problems: u64,
        #[serde(default)]
        problems_by_code: BTreeMap<ProblemCode, u64>,
    }
    let done: Done = serde_json::from_str(stage).expect("a stage event is written by this program and checksummed");
    events::progress(&Progress {
        upload: done.upload,
        percent: Some(100),
        received_bytes: done.received_bytes,
        read_bytes: done.read_bytes,
        total_bytes: done.total_bytes,
        rows: done.rows,
        problems: done.problems,
        problems_by_code: done.problems_by_code,
    })
}

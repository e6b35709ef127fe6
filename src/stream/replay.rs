//! From journal and spool to batches, as they were announced: what a watcher gets that does not listen live.

use super::draft::encode_literal;
use super::events;
use crate::domain::{EventId, Kind, Limits, UploadId};
use crate::encode::{Batch, BatchEncoder, RowTemplate};
use crate::journal::{ClientLog, Entry, Journal, JournalError, Part, Stored, StoredEntry};
use crate::rows::{SpanError, SpanReader};
use crate::spool::Spool;
use std::collections::VecDeque;
use std::sync::Arc;

/// What a replay reads from.
#[derive(Clone)]
pub(super) struct Shelf {
    pub journal: Journal,
    pub spool: Spool,
    pub limits: Arc<Limits>,
}

/// A place in a client's journal, and the files at hand there. It decides nothing: every batch is what was announced.
pub(super) struct Replay {
    shelf: Shelf,
    log: Arc<ClientLog>,
    /// Whether rows are wanted; else their text is not even read.
    rows: bool,
    /// The last number given out.
    at: u64,
    /// Uploads whose rows were read last; interleaved uploads are few.
    open: VecDeque<(UploadId, SpanReader, RowTemplate)>,
}

/// Journal entries read at once; with their batches this is what a replaying watcher holds in memory, twice.
const STEP: usize = 4;
/// Files a replay keeps open.
const OPEN_MAX: usize = 4;

impl Replay {
    pub fn new(shelf: Shelf, log: Arc<ClientLog>, rows: bool, at: u64) -> Self {
        Self { shelf, log, rows, at, open: VecDeque::new() }
    }

    /// The next batches up to number `until`; none when `until` is reached. Blocks on files.
    pub fn step(&mut self, until: u64) -> Result<Vec<Batch>, JournalError> {
        if self.at >= until {
            return Ok(Vec::new());
        }
        let stored = self.shelf.journal.after(&self.log, self.at, until, STEP)?;
        if stored.is_empty() {
            // Numbers that were committed stand in an entry or in a gap.
            return Err(JournalError::Damaged);
        }
        let mut batches = Vec::with_capacity(stored.len());
        for stored in stored {
            match stored {
                Stored::Entry(found) => {
                    let last = EventId { epoch: found.epoch, n: found.entry.last_n };
                    let batch = match self.entry(&found) {
                        Ok(batch) => batch,
                        Err(ReplayError::Journal(error)) => return Err(error),
                        Err(_) if self.is_gone(found.entry.upload)? => {
                            // Deleted since the entry was read: the journal now has a gap here.
                            return if batches.is_empty() { self.step(until) } else { Ok(batches) };
                        }
                        Err(ReplayError::Span(error)) => self.lost(&found, last, &error),
                        Err(ReplayError::Gone) => return Err(JournalError::Damaged),
                    };
                    batches.push(batch);
                    self.at = last.n;
                }
                Stored::Gap { first, last, reason } => {
                    batches.push(gap_batch(&first.to_string(), last, reason.as_str()));
                    self.at = last.n;
                }
            }
        }
        Ok(batches)
    }

    fn entry(&mut self, found: &StoredEntry) -> Result<Batch, ReplayError> {
        let StoredEntry { entry, epoch } = found;
        let skip = (self.at + 1).saturating_sub(entry.first_n);
        let capacity = usize::try_from(self.shelf.limits.batch_bytes_max).unwrap_or(0);
        let mut encoder = BatchEncoder::new(*epoch, entry.first_n + skip, capacity + capacity / 8);
        let mut passed = 0;
        for part in &entry.parts {
            match part {
                Part::Counted { .. } => {}
                Part::Literal { kind, json } => {
                    if passed >= skip && *kind == Kind::Row && !self.rows {
                        encoder.skip(1);
                    } else if passed >= skip {
                        encode_literal(&mut encoder, *kind, json);
                    }
                    passed += 1;
                }
                Part::Published { name, json } => {
                    if passed >= skip {
                        encoder.published(name, json);
                    }
                    passed += 1;
                }
                Part::Span(span) => {
                    let first = passed;
                    passed += span.rows;
                    if passed <= skip {
                        continue;
                    }
                    if !self.rows {
                        encoder.skip(passed - first.max(skip));
                        continue;
                    }
                    let (reader, template) = self.open(entry)?;
                    let mut place = first;
                    reader.read(span, |number, cells| {
                        if place >= skip {
                            encoder.row(template, number, cells);
                        }
                        place += 1;
                    })?;
                }
            }
        }
        Ok(encoder.finish())
    }

    /// An entry whose text is not there any more, or not the same, becomes a gap: nothing is announced in its place.
    fn lost(&self, found: &StoredEntry, last: EventId, error: &SpanError) -> Batch {
        tracing::error!(%error, client = %self.log.name(), "replay: rows are lost");
        let first = EventId { epoch: found.epoch, n: found.entry.first_n.max(self.at + 1) };
        gap_batch(&first.to_string(), last, "lost")
    }

    fn is_gone(&self, upload: UploadId) -> Result<bool, JournalError> {
        Ok(self.shelf.journal.upload(upload)?.is_none())
    }

    fn open(&mut self, entry: &Entry) -> Result<(&mut SpanReader, &RowTemplate), ReplayError> {
        let upload = entry.upload;
        if let Some(place) = self.open.iter().position(|(id, ..)| *id == upload) {
            self.open.swap(0, place);
        } else {
            let record = self.shelf.journal.upload(upload)?.ok_or(ReplayError::Gone)?;
            let reading = Arc::new(record.reading.ok_or(JournalError::Damaged)?);
            let template = RowTemplate::new(upload, &reading.columns);
            let reader = SpanReader::open(&self.shelf.spool, upload, reading)?;
            self.open.truncate(OPEN_MAX - 1);
            self.open.push_front((upload, reader, template));
        }
        let (_, reader, template) = &mut self.open[0];
        Ok((reader, template))
    }
}

enum ReplayError {
    Journal(JournalError),
    Span(SpanError),
    /// The upload was deleted meanwhile.
    Gone,
}

impl From<JournalError> for ReplayError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<SpanError> for ReplayError {
    fn from(error: SpanError) -> Self {
        Self::Span(error)
    }
}

/// A batch that says which events this watcher cannot have.
pub(super) fn gap_batch(from: &str, last: EventId, reason: &str) -> Batch {
    let mut encoder = BatchEncoder::new(last.epoch, last.n.max(1), 256);
    encoder.gap(&events::gap(from, last, reason), last);
    encoder.finish()
}

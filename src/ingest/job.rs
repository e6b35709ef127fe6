//! One upload's job: from the spool to the journal, on a thread of its own.

use super::count::Counts;
use super::ending::Ending;
use super::pace::Pace;
use super::pending::Pending;
use super::settle::Settle;
use super::shared::{Shared, Stop};
use super::told::Told;
use super::{Service, words};
use crate::domain::{Failure, FailureCode, Kind, Limits, ProblemCode, Reading, Stage, UploadRecord};
use crate::encode::RowTemplate;
use crate::journal::{Checkpoint, now_ms};
use crate::reader::{Item, Position, Reader};
use crate::spool::{End, Follower, Growth};
use crate::stream::events::{self, Progress};
use crate::stream::{Draft, Publisher, Seal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes read from the spool at once. A batch ends with them at the latest, so trickled rows are seen at once.
const CHUNK_BYTES: u64 = 256 << 10;

/// Reads one upload to its end, whatever that is.
pub(super) struct Job {
    pub(super) service: Arc<Service>,
    pub(super) shared: Arc<Shared>,
    pub(super) publisher: Publisher,
    pub(super) follower: Follower,
    pub(super) reader: Reader,
    template: Option<RowTemplate>,
    pub(super) counts: Counts,
    /// The upload as this job knows it; everybody else sees what was announced of it.
    pub(super) record: UploadRecord,
    /// Bytes of the spool that the reader was given.
    pub(super) filled: u64,
    pub(super) started: Instant,
    pub(super) pace: Pace,
    settle: Settle,
    pub(super) pending: Arc<Pending>,
    /// The client's generation under which this job's batches were leased.
    generation: Option<u64>,
    pub(super) complete: bool,
    /// The upload's row changed, and goes with the next batch.
    unsaved: bool,
}

/// What following a file came to, where nothing went wrong.
enum Followed {
    /// Every row was told.
    Read,
    /// It waits for somebody, without a job.
    Parked,
}

impl Job {
    /// A job at the beginning of its upload.
    pub fn new(service: &Arc<Service>, shared: &Arc<Shared>, publisher: Publisher, follower: Follower) -> Self {
        shared.on_stop(follower.nudge());
        let record = shared.record();
        Self {
            service: Arc::clone(service),
            shared: Arc::clone(shared),
            publisher,
            follower,
            reader: reader_for(&record, &service.limits),
            template: None,
            counts: Counts::default(),
            record,
            filled: 0,
            started: Instant::now(),
            pace: Pace::every(service.limits.progress_ms),
            settle: Settle::after_ms(service.limits.settle_ms),
            pending: Arc::default(),
            generation: None,
            complete: false,
            unsaved: false,
        }
    }

    /// Goes on where a journalled upload stands; its columns are known.
    pub fn resume(mut self, reading: Reading, checkpoint: Checkpoint, problems_told: u64) -> Self {
        self.record = self.shared.settle(&checkpoint);
        let at = Position { offset: checkpoint.offset, row: checkpoint.row, line: checkpoint.line };
        self.template = Some(RowTemplate::of(self.record.id, &reading));
        self.reader = Reader::resume(&self.service.limits, Arc::new(reading), at);
        if let Some(learned) = self.record.learned.clone() {
            let second_table = checkpoint.problems_by_code.contains_key(&ProblemCode::SecondTable);
            self.reader = self.reader.with_learned(learned, second_table);
        }
        self.counts = Counts::resume(problems_told, checkpoint.problems_by_code);
        self.filled = self.reader.feed_from();
        self.settle.over();
        if self.is_held() {
            self.shared.hold().begin();
        }
        self
    }

    /// Reads to the end and announces it.
    pub fn run(mut self) {
        let (service, shared) = (Arc::clone(&self.service), Arc::clone(&self.shared));
        let outcome = catch_unwind(AssertUnwindSafe(move || match self.follow() {
            Ok(Followed::Read) => self.end(None),
            Ok(Followed::Parked) => self.rest(),
            Err(ending) => self.end(Some(ending)),
        }));
        if outcome.is_err() {
            // A bug; but nobody shall wait for this job for ever.
            let failure = Failure::new(FailureCode::StorageFailed, "The server could not read the file: a bug.");
            shared.change(|record| {
                record.stage = Stage::Failed;
                record.failure = Some(failure);
            });
            service.discharge(&shared, false);
        }
    }

    fn follow(&mut self) -> Result<Followed, Ending> {
        loop {
            let growth = if self.is_held() {
                let Some(growth) = self.hold()? else { return Ok(Followed::Parked) };
                growth
            } else {
                let growth = self.follower.wait(self.filled, self.deadline());
                self.check()?;
                self.note(growth);
                growth
            };
            if growth.length > self.filled {
                self.fill(growth.length)?;
                self.read()?;
            }
            if self.settle.take(Instant::now()) {
                self.reader.settle();
                self.read()?;
            }
            // Asked before it waits again: nothing may wake it any more.
            if self.filled == growth.length {
                if self.complete {
                    self.reader.finish();
                    self.read()?;
                    if !self.is_held() {
                        return Ok(Followed::Read);
                    }
                } else {
                    if growth.end == Some(End::Broken) && self.record.reading.is_none() {
                        // Nobody knows whether more will come: the lines that did are told.
                        self.reader.settle();
                        self.read()?;
                    }
                    self.check_sender(growth)?;
                }
            }
            self.progress();
        }
    }

    /// When it is to look up from its wait, whatever comes.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let absent_until = self.shared.absent_until(self.absent_max());
        self.pace.deadline().into_iter().chain(absent_until).chain(self.settle.deadline()).min()
    }

    fn absent_max(&self) -> Duration {
        Duration::from_millis(self.service.limits.sender_absent_ms_max)
    }

    /// Whether the rest of the file may still come, now that everything before it was taken in.
    pub(super) fn check_sender(&self, growth: Growth) -> Result<(), Ending> {
        if growth.end == Some(End::Broken) {
            return Err(Ending { stage: Stage::Interrupted, failure: self.why_broken() });
        }
        if self.shared.absent_until(self.absent_max()).is_some_and(|until| until <= Instant::now()) {
            // Without a sender the file ends here, unless one came at this very moment.
            self.shared.seat().close_if_free();
        }
        Ok(())
    }

    fn why_broken(&self) -> Failure {
        self.shared.why_broken().unwrap_or_else(|| {
            if self.shared.is_resumable() {
                words::absent(self.service.limits.sender_absent_ms_max)
            } else {
                Failure::new(FailureCode::Interrupted, words::DISCONNECTED)
            }
        })
    }

    /// Whether somebody or something ended the upload meanwhile.
    pub(super) fn check(&self) -> Result<(), Ending> {
        self.pending.failed().map_err(|error| Ending::journal(&error))?;
        Err(match self.shared.stopping() {
            None => return Ok(()),
            Some(Stop::Fail(failure)) => Ending::failed(failure.clone()),
            Some(Stop::Cancel) => {
                Ending { stage: Stage::Cancelled, failure: Failure::new(FailureCode::Cancelled, words::CANCELLED) }
            }
            Some(Stop::Close) => {
                Ending { stage: Stage::Interrupted, failure: Failure::new(FailureCode::ServerStopping, words::CLOSING) }
            }
        })
    }

    pub(super) fn note(&mut self, growth: Growth) {
        let length_bytes = self.shared.length_bytes();
        let declared = length_bytes.filter(|_| self.record.length_bytes != length_bytes);
        if let Some(length_bytes) = declared {
            (self.record.length_bytes, self.record.total_bytes) = (Some(length_bytes), Some(length_bytes));
        }
        let complete = growth.end == Some(End::Complete) || length_bytes == Some(growth.length);
        if complete && !self.complete {
            // Should the process end before the last row, the next one must know that no byte is missing.
            self.complete = true;
            self.record.length_bytes = Some(growth.length);
            self.unsaved = true;
        }
        if self.record.received_bytes != growth.length {
            self.pace.news();
        }
        let record = &mut self.record;
        record.received_bytes = growth.length;
        // An estimate that was too low stands until the end: with a higher total the percent would fall.
        if self.complete && record.total_bytes.is_none_or(|estimate| estimate > growth.length) {
            record.total_bytes = Some(growth.length);
        }
        let (total_bytes, complete) = (record.total_bytes, self.complete);
        self.shared.change(|record| {
            (record.received_bytes, record.total_bytes) = (growth.length, total_bytes);
            if complete {
                record.length_bytes = Some(growth.length);
            }
        });
    }

    fn fill(&mut self, length: u64) -> Result<(), Ending> {
        let bytes = usize::try_from((length - self.filled).min(CHUNK_BYTES)).expect("a chunk fits in memory");
        let space = &mut self.reader.space(bytes)[..bytes];
        let read = self.follower.source().read_exact_at(space, self.filled);
        read.map_err(|error| Ending::failed(words::disk(&error)))?;
        self.reader.commit(bytes);
        self.filled += bytes as u64;
        Ok(())
    }

    /// Turns what the reader has into batches.
    pub(super) fn read(&mut self) -> Result<(), Ending> {
        while !self.is_held() && self.batch()? {}
        if self.record.reading.is_some() {
            self.settle.over();
        } else if self.reader.is_undecided() {
            self.settle.undecided(Instant::now());
        }
        Ok(())
    }

    /// Makes one batch; answers whether there may be another without more bytes.
    fn batch(&mut self) -> Result<bool, Ending> {
        self.pending.failed().map_err(|error| Ending::journal(&error))?;
        let Self { service, publisher, reader, template, counts, record, .. } = self;
        let limits = &service.limits;
        let id = record.id;
        let first_row = reader.checkpoint().row;
        let first_problem = counts.told();
        let mut header = false;
        // Problems of the row given out last that are still to come.
        let mut to_come = 0;
        let mut last_row = None;
        let mut draft = lease(publisher, &self.pending, &mut self.generation)?;
        let outcome = loop {
            match reader.next() {
                Ok(Item::Row(row)) => {
                    let template = template.as_ref().expect("the header comes before the first row");
                    to_come = row.problems;
                    last_row = Some(row.number);
                    if row.clean {
                        draft.row(template, row.number, row.bytes, row.cells);
                    } else {
                        draft.row_literal(template, row.number, row.cells);
                    }
                }
                Ok(Item::Problem(problem)) => {
                    to_come = to_come.saturating_sub(1);
                    counts.tell(&mut draft, id, &problem, last_row, limits.problems_max);
                }
                Ok(Item::Header(reading)) => {
                    *template = Some(RowTemplate::of(id, reading));
                    header = true;
                    record.reading = Some((**reading).clone());
                    record.learned = reader.learned().cloned();
                    record.profiles = reader.profiles().to_vec();
                    record.updated_ms = now_ms();
                    to_come = reader.problems_to_come();
                    understood(&mut draft, record);
                }
                Ok(Item::NeedMore | Item::End) => break Ok(false),
                Err(error) => break Err(error),
            }
            // A held upload stops where its rows begin: what is wrong with its header is told before.
            if header && record.stage == Stage::Understood && to_come == 0 {
                break Ok(false);
            }
            // Only between records: a restart goes on behind a row only when all that is wrong with it was told.
            if draft.bytes() as u64 >= limits.batch_bytes_max && to_come == 0 && reader.checkpoint() != Position::START
            {
                break Ok(true);
            }
        };
        record.rows = reader.checkpoint().row - 1;
        // A file that has to be decoded is read again from its beginning, which takes nothing back.
        record.read_bytes = reader.read_offset().max(record.read_bytes);
        counts.put(record);
        if !draft.is_empty() {
            self.pace.news();
            let progress = self.pace.take().then(|| Progress::from(&*record));
            let checkpoint = checkpoint(reader, counts, record);
            let record = (header || std::mem::take(&mut self.unsaved)).then(|| record.clone());
            let seal = Seal {
                upload: id,
                first_row,
                first_problem,
                checkpoint,
                record,
                key: None,
                durable: false,
                progress,
                ends: false,
            };
            let told = Told::of(&self.record, header);
            let held = self.record.stage == Stage::Understood;
            let (pending, shared) = (Arc::clone(&self.pending), Arc::clone(&self.shared));
            pending.queue();
            draft.commit(
                seal,
                |range| self.reader.text(range),
                move || {
                    shared.change(|record| told.put(record));
                    if held {
                        shared.hold().begin();
                    }
                },
                move |result| pending.done(result),
            );
        }
        outcome.map_err(|error| Ending::failed(error.into()))
    }

    /// Tells progress that no batch carries: bytes that made no row yet.
    pub(super) fn progress(&mut self) {
        if self.pace.take() {
            if self.pending.is_empty() {
                self.publisher.progress(&Progress::from(&self.record));
            } else {
                self.pace.news();
            }
        }
    }
}

/// A reader for the beginning of the upload's file.
fn reader_for(record: &UploadRecord, limits: &Limits) -> Reader {
    Reader::new(limits, &record.options)
}

/// Tells how the upload is read, and what its columns look like. It goes on at once, unless it is held.
fn understood(draft: &mut Draft<'_>, record: &mut UploadRecord) {
    record.stage = Stage::Understood;
    draft.literal(Kind::Stage, events::stage(record, 0.0));
    if !record.profiles.is_empty() {
        draft.literal(Kind::Profile, events::profile(record));
    }
    if !record.hold {
        record.stage = Stage::Reading;
        draft.literal(Kind::Stage, events::stage(record, 0.0));
    }
}

/// Begins a batch, unless one of this upload's failed: what comes after it must not be kept without it.
fn lease<'a>(publisher: &'a Publisher, pending: &Pending, generation: &mut Option<u64>) -> Result<Draft<'a>, Ending> {
    loop {
        let draft = publisher.draft();
        let seen = draft.generation();
        if generation.is_none_or(|known| known == seen) {
            *generation = Some(seen);
            return Ok(draft);
        }
        // A commit of this client failed. It is known to be none of ours only when all of ours are settled.
        drop(draft);
        pending.settle().map_err(|error| Ending::journal(&error))?;
        *generation = Some(seen);
    }
}

pub(super) fn checkpoint(reader: &Reader, counts: &Counts, record: &UploadRecord) -> Checkpoint {
    let Position { offset, row, line } = reader.checkpoint();
    Checkpoint { offset, row, line, read_bytes: record.read_bytes, problems_by_code: counts.by_code().clone() }
}

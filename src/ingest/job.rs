//! One upload's job: from the spool to the journal, on a thread of its own.

use super::announce::{announce, settle};
use super::count::{Counts, Telling};
use super::pace::Pace;
use super::pending::Pending;
use super::shared::{Shared, Stop};
use super::told::Told;
use super::{Service, words};
use crate::domain::{Failure, FailureCode, Kind, Reading, Stage, UploadRecord};
use crate::encode::RowTemplate;
use crate::journal::{Checkpoint, JournalError, now_ms};
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
    service: Arc<Service>,
    shared: Arc<Shared>,
    publisher: Publisher,
    follower: Follower,
    reader: Reader,
    template: Option<RowTemplate>,
    counts: Counts,
    /// The upload as this job knows it; everybody else sees what was announced of it.
    record: UploadRecord,
    /// Bytes of the spool that the reader was given.
    filled: u64,
    started: Instant,
    pace: Pace,
    pending: Arc<Pending>,
    /// The client's generation under which this job's batches were leased.
    generation: Option<u64>,
    complete: bool,
    /// The upload's row changed, and goes with the next batch.
    unsaved: bool,
}

/// How an upload ended, if not well.
struct Ending {
    stage: Stage,
    failure: Failure,
}

impl Ending {
    /// What cannot be put right ends the upload; room on a disk can be made.
    fn failed(failure: Failure) -> Self {
        let stage = if failure.code == FailureCode::DiskFull { Stage::Interrupted } else { Stage::Failed };
        Self { stage, failure }
    }

    fn journal(error: &JournalError) -> Self {
        Self::failed(words::journal(error))
    }
}

impl Job {
    /// A job at the beginning of its upload.
    pub fn new(service: &Arc<Service>, shared: &Arc<Shared>, publisher: Publisher, follower: Follower) -> Self {
        shared.on_stop(follower.nudge());
        Self {
            service: Arc::clone(service),
            shared: Arc::clone(shared),
            publisher,
            follower,
            reader: Reader::new(&service.limits),
            template: None,
            counts: Counts::default(),
            record: shared.record(),
            filled: 0,
            started: Instant::now(),
            pace: Pace::every(service.limits.progress_ms),
            pending: Arc::default(),
            generation: None,
            complete: false,
            unsaved: false,
        }
    }

    /// Goes on where a journalled upload stands; its columns are known.
    pub fn resume(mut self, reading: Reading, checkpoint: Checkpoint, problems_told: u64) -> Self {
        settle(&mut self.record, &checkpoint);
        let at = Position { offset: checkpoint.offset, row: checkpoint.row, line: checkpoint.line };
        self.template = Some(RowTemplate::new(self.record.id, &reading.columns));
        self.reader = Reader::resume(&self.service.limits, Arc::new(reading), at);
        self.counts = Counts::resume(problems_told, checkpoint.problems_by_code);
        self.filled = checkpoint.offset;
        self
    }

    /// Reads to the end and announces it.
    pub fn run(mut self) {
        let (service, shared) = (Arc::clone(&self.service), Arc::clone(&self.shared));
        let outcome = catch_unwind(AssertUnwindSafe(move || {
            let ending = self.follow().err();
            self.end(ending);
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

    fn follow(&mut self) -> Result<(), Ending> {
        let absent_max = Duration::from_millis(self.service.limits.sender_absent_ms_max);
        loop {
            let absent_until = self.shared.absent_until(absent_max);
            let deadline = self.pace.deadline().into_iter().chain(absent_until).min();
            let growth = self.follower.wait(self.filled, deadline);
            self.check()?;
            self.note(growth);
            if growth.length > self.filled {
                self.fill(growth.length)?;
                self.read()?;
            }
            // Asked before it waits again: nothing may wake it any more.
            if self.filled == growth.length {
                if self.complete {
                    self.reader.finish();
                    return self.read();
                }
                if growth.end == Some(End::Broken) {
                    return Err(Ending { stage: Stage::Interrupted, failure: self.why_broken() });
                }
                if self.shared.absent_until(absent_max).is_some_and(|until| until <= Instant::now()) {
                    // Without a sender the file ends here, unless one came at this very moment.
                    self.shared.seat().close_if_free();
                }
            }
            self.progress();
        }
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
    fn check(&self) -> Result<(), Ending> {
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

    fn note(&mut self, growth: Growth) {
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
    fn read(&mut self) -> Result<(), Ending> {
        while self.batch()? {}
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
        let mut draft = lease(publisher, &self.pending, &mut self.generation)?;
        let outcome = loop {
            match reader.next() {
                Ok(Item::Row(row)) => {
                    let template = template.as_ref().expect("the header comes before the first row");
                    to_come = row.problems;
                    draft.row(template, row.number, row.bytes, row.cells);
                }
                Ok(Item::Problem(problem)) => {
                    to_come = to_come.saturating_sub(1);
                    match counts.add(problem.code, limits.problems_max) {
                        Telling::Detail => draft.literal(Kind::Problem, events::problem(id, &problem)),
                        Telling::CountFirst => {
                            let message = words::problems_capped(limits.problems_max);
                            draft.literal(Kind::Toast, events::toast(id, events::Level::Warning, &message));
                        }
                        Telling::Count => {}
                    }
                }
                Ok(Item::Header(reading)) => {
                    *template = Some(RowTemplate::new(id, &reading.columns));
                    header = true;
                    record.stage = Stage::Reading;
                    record.reading = Some((**reading).clone());
                    record.updated_ms = now_ms();
                    draft.literal(Kind::Stage, events::stage(record, 0.0));
                }
                Ok(Item::NeedMore | Item::End) => break Ok(false),
                Err(error) => break Err(error),
            }
            // Only between records: a restart goes on behind a row only when all that is wrong with it was told.
            if draft.bytes() as u64 >= limits.batch_bytes_max && to_come == 0 && reader.checkpoint() != Position::START
            {
                break Ok(true);
            }
        };
        record.rows = reader.checkpoint().row - 1;
        record.read_bytes = reader.read_offset();
        counts.put(record);
        if !draft.is_empty() {
            self.pace.news();
            let progress = self.pace.take().then(|| Progress::from(&*record));
            let record = (header || std::mem::take(&mut self.unsaved)).then(|| record.clone());
            let checkpoint = checkpoint(reader, counts);
            let seal = Seal {
                upload: id,
                first_row,
                first_problem,
                checkpoint,
                record,
                durable: false,
                progress,
                ends: false,
            };
            let told = Told::of(&self.record, header);
            let (pending, shared) = (Arc::clone(&self.pending), Arc::clone(&self.shared));
            pending.queue();
            draft.commit(
                seal,
                |range| self.reader.text(range),
                move || shared.change(|record| told.put(record)),
                move |result| pending.done(result),
            );
        }
        outcome.map_err(|error| Ending::failed(error.into()))
    }

    /// Tells progress that no batch carries: bytes that made no row yet.
    fn progress(&mut self) {
        if self.pace.take() {
            if self.pending.is_empty() {
                self.publisher.progress(&Progress::from(&self.record));
            } else {
                self.pace.news();
            }
        }
    }

    fn end(mut self, ending: Option<Ending>) {
        // Who wants to send now waits until the end is kept, and goes on from there.
        self.shared.seat().close();
        let mut checkpoint = checkpoint(&self.reader, &self.counts);
        let mut told = self.counts.told();
        let settled = self.pending.settle().map_err(|error| Ending::journal(&error));
        let synced = self.follower.sync().map_err(|error| Ending::failed(words::disk(&error)));
        let mut ending = match (settled, ending, synced) {
            (Err(lost), ..) => {
                self.go_back(&mut checkpoint, &mut told);
                Some(lost)
            }
            (Ok(()), Some(ending), _) => Some(ending),
            (Ok(()), None, synced) => synced.err(),
        };
        self.shared.ending();
        // An end that cannot be kept, as of a success on a full disk, is told once more, as the failure it is now.
        for _ in 0..2 {
            let record = self.ended(ending.as_ref(), &checkpoint);
            let seconds = self.started.elapsed().as_secs_f64();
            let (shared, kept) = (Arc::clone(&self.shared), record.clone());
            let kept = move || shared.change(|record| *record = kept);
            let announced = announce(&self.publisher, &record, checkpoint.clone(), told, seconds, kept);
            if announced.is_ok() {
                return self.service.discharge(&self.shared, true);
            }
            ending = announced.err().map(|error| Ending::journal(&error));
        }
        let record = self.ended(ending.as_ref(), &checkpoint);
        tracing::error!(upload = %record.id, "the journal cannot take the upload's end; it is tried again later");
        self.publisher.forget(record.id);
        self.shared.change(|shared| *shared = record);
        self.service.discharge(&self.shared, false);
    }

    /// Back to the last batch that was kept.
    fn go_back(&self, checkpoint: &mut Checkpoint, told: &mut u64) {
        if let Ok(Some(last)) = self.service.journal.last_entry(self.record.id) {
            *told = last.problems_told();
            *checkpoint = last.checkpoint;
        }
    }

    /// The upload as it ends.
    fn ended(&mut self, ending: Option<&Ending>, checkpoint: &Checkpoint) -> UploadRecord {
        let record = &mut self.record;
        settle(record, checkpoint);
        record.stage = ending.map_or(Stage::Done, |ending| ending.stage);
        record.failure = ending.map(|ending| ending.failure.clone());
        record.updated_ms = now_ms();
        // It may have been declared just now.
        record.length_bytes = self.shared.length_bytes().or(record.length_bytes);
        if self.complete {
            record.total_bytes = Some(record.received_bytes);
        }
        if record.stage == Stage::Done {
            record.read_bytes = record.received_bytes;
        }
        record.clone()
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

fn checkpoint(reader: &Reader, counts: &Counts) -> Checkpoint {
    let Position { offset, row, line } = reader.checkpoint();
    Checkpoint { offset, row, line, problems_by_code: counts.by_code().clone() }
}

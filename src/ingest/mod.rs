//! One job per upload: reads the spool as it grows, drives the reader, journals and announces; and what can be done
//! with uploads as a whole.
//!
//! Layer 5. The sender holds an [`Intake`] and only ever waits for the disk; the job follows the spool on a thread of
//! its own. Backpressure runs journal → job, and disk → sender; no watcher is in it.
//!
//! Invariants:
//! - an upload moves only along the table of [`Stage`], and every move is journalled before anybody is told;
//! - `done` is journalled and synced after the last row, and after the bytes are synced;
//! - a record whose terminator has not come is announced only when the sender said that the file is complete.
//!
//! Not for: HTTP, or how a file's bytes come to mean rows (reader).

mod account;
mod announce;
mod begin;
mod count;
mod ending;
mod figures;
mod held;
mod hold;
mod intake;
mod job;
mod join;
mod keys;
mod leave;
mod orphans;
mod pace;
mod partial;
mod pending;
mod recover;
mod reread;
mod resume;
mod retention;
mod seat;
mod settle;
mod shared;
mod told;
mod words;

pub use figures::Figures;
pub use intake::Intake;
pub use join::JoinError;
pub use keys::{HeldKey, Key, UsedKey};
pub use orphans::{Swept, foresee};
pub use reread::RereadError;
pub use resume::{ResumeError, Standing};
pub use retention::Retention;

use crate::domain::{ClientName, Failure, FailureCode, Limits, ReadOptions, Resumable, Stage, UploadId, UploadRecord};
use crate::journal::{GapReason, Journal, JournalError, now_ms};
use crate::rates::Kept;
use crate::spool::Spool;
use crate::stream::Streams;
use account::Account;
use shared::{Shared, Stop};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

/// What a sender says of a file before its first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// The client whose watchers see it. A part of a file has no watchers.
    pub client: ClientName,
    /// A label, never a path.
    pub filename: String,
    /// Estimated bytes of the file, where the request's length is known.
    pub total_bytes: Option<u64>,
    /// Bytes of the file, where the sender declared them.
    pub length_bytes: Option<u64>,
    /// For a sender that may come back: what it said of the file.
    pub resumable: Option<Resumable>,
    /// What is said of how it is to be read.
    pub options: ReadOptions,
    /// Whether somebody wants to see how it is read before its rows are told.
    pub hold: bool,
}

impl NewUpload {
    /// A file that is sent with one request.
    pub fn whole(client: ClientName, filename: String, total_bytes: Option<u64>) -> Self {
        let options = ReadOptions::default();
        Self { client, filename, total_bytes, length_bytes: None, resumable: None, options, hold: false }
    }
}

/// Why an act on an upload was refused.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// There is no such upload.
    #[error("there is no upload {0}")]
    NotFound(UploadId),
    /// The act does not fit the upload's stage.
    #[error("the upload is {0}")]
    WrongStage(Stage),
    /// It cannot be done now.
    #[error("{0}")]
    Refused(Failure),
    /// The journal could not be read or written.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// The spool could not be changed.
    #[error("the upload's file: {0}")]
    Spool(#[from] std::io::Error),
}

/// The uploads: a handle, cheap to clone.
#[derive(Clone)]
pub struct Ingest {
    service: Arc<Service>,
}

struct Service {
    journal: Journal,
    spool: Spool,
    streams: Streams,
    limits: Arc<Limits>,
    figures: Arc<Figures>,
    /// What each client keeps.
    kept: Arc<Kept>,
    running: Mutex<Running>,
    acts: Mutex<()>,
    /// Idempotency keys of requests under way.
    held_keys: Mutex<HashSet<(ClientName, String)>>,
    /// Held while it is found out whether parts are put together already, until they are.
    joining: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Running {
    jobs: BTreeMap<UploadId, Arc<Shared>>,
    /// Uploads that ended, but whose end the journal could not take yet.
    unkept: BTreeMap<UploadId, UploadRecord>,
    closed: bool,
}

impl Ingest {
    /// The uploads over this journal and spool, announced to these streams. Call [`Ingest::recover`] before the first.
    pub fn new(journal: Journal, spool: Spool, streams: Streams, limits: Arc<Limits>) -> Self {
        let (figures, running, acts, held_keys, joining) = Default::default();
        let kept = Arc::new(Kept::new(limits.client_kept_bytes_max));
        let service = Service { journal, spool, streams, limits, figures, kept, running, acts, held_keys, joining };
        Self { service: Arc::new(service) }
    }

    /// Begins an upload: journals it as `receiving`, makes its file, and starts its job.
    ///
    /// # Errors
    /// A [`Failure`] of code `too-many-uploads`, `client-full`, `disk-full` or `storage-failed`.
    pub async fn begin(&self, new: NewUpload) -> Result<Intake, Failure> {
        self.make_room().await;
        let this = self.clone();
        blocking(move || this.service.begin(new)).await
    }

    /// One upload, with live counts while it runs.
    ///
    /// # Errors
    /// [`ActError::NotFound`], [`ActError::Journal`].
    pub async fn get(&self, id: UploadId) -> Result<UploadRecord, ActError> {
        let record = match self.service.live(id) {
            Some(record) => record,
            None => {
                let this = self.clone();
                blocking(move || this.service.stored(id)).await?
            }
        };
        // A part of a file has no rows, and is not in the list either.
        if record.is_partial() { Err(ActError::NotFound(id)) } else { Ok(record) }
    }

    /// Any upload, parts of files too; none when there is no such upload.
    ///
    /// # Errors
    /// [`ActError::Journal`].
    pub async fn any(&self, id: UploadId) -> Result<Option<UploadRecord>, ActError> {
        if let Some(record) = self.service.live(id) {
            return Ok(Some(record));
        }
        let this = self.clone();
        Ok(blocking(move || this.service.journal.upload(id)).await?)
    }

    /// Uploads of one client, or of all, newest first: at most `limit`, older than `before`.
    ///
    /// # Errors
    /// [`ActError::Journal`].
    pub async fn list(
        &self,
        client: Option<ClientName>,
        before: Option<UploadId>,
        limit: u64,
    ) -> Result<Vec<UploadRecord>, ActError> {
        let this = self.clone();
        blocking(move || {
            let records = this.service.journal.uploads(client.as_ref(), before, limit)?;
            let live = |record: UploadRecord| this.service.live(record.id).unwrap_or(record);
            Ok(records.into_iter().map(live).collect())
        })
        .await
    }

    /// Stops an upload that is running or interrupted, and answers with it as it stands then.
    ///
    /// # Errors
    /// [`ActError::WrongStage`] when it ended already; [`ActError::NotFound`], [`ActError::Journal`].
    pub async fn cancel(&self, id: UploadId) -> Result<UploadRecord, ActError> {
        loop {
            if let Some(shared) = self.service.job(id) {
                shared.stop(Stop::Cancel);
                let record = shared.ended().await;
                if record.stage == Stage::Cancelled {
                    return Ok(record);
                }
                // It ended otherwise just before.
            }
            let this = self.clone();
            if let Some(record) = blocking(move || this.service.cancel_resting(id)).await? {
                return Ok(record);
            }
        }
    }

    /// Deletes an upload that is not running, with its rows and its file. Its events become a gap.
    ///
    /// # Errors
    /// [`ActError::WrongStage`] while it runs; [`ActError::NotFound`], [`ActError::Journal`], [`ActError::Spool`].
    pub async fn delete(&self, id: UploadId) -> Result<(), ActError> {
        if let Some(shared) = self.service.job(id) {
            if !shared.is_ending() {
                return Err(ActError::WrongStage(shared.record().stage));
            }
            // Its end may have been told already.
            shared.ended().await;
        }
        let this = self.clone();
        let leaving =
            blocking(move || this.service.leave(id, GapReason::Deleted)?.ok_or(ActError::NotFound(id))).await?;
        // Nobody sees the entries any more; taking them out may last.
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.service.sweep(leaving));
        Ok(())
    }

    /// Why the journal could not be written when that was tried last; none when it could.
    pub fn trouble(&self) -> Option<JournalError> {
        self.service.journal.trouble()
    }

    /// Stops every running upload as `interrupted`, waits until that is on disk, and takes no more.
    pub async fn close(&self) {
        let jobs: Vec<_> = {
            let mut running = self.service.running();
            running.closed = true;
            running.jobs.values().cloned().collect()
        };
        for job in &jobs {
            job.stop(Stop::Close);
        }
        for job in jobs {
            job.ended().await;
        }
    }
}

impl Service {
    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().expect("no holder of the running uploads panics")
    }

    fn job(&self, id: UploadId) -> Option<Arc<Shared>> {
        self.running().jobs.get(&id).cloned()
    }

    /// The upload, if the process knows more of it than the journal does.
    fn live(&self, id: UploadId) -> Option<UploadRecord> {
        let running = self.running();
        running.jobs.get(&id).map(|shared| shared.record()).or_else(|| running.unkept.get(&id).cloned())
    }

    fn stored(&self, id: UploadId) -> Result<UploadRecord, ActError> {
        self.journal.upload(id)?.ok_or(ActError::NotFound(id))
    }

    fn begin(self: &Arc<Self>, new: NewUpload) -> Result<Intake, Failure> {
        let new_is_partial = new.resumable.as_ref().is_some_and(|resumable| resumable.partial);
        let client = if new_is_partial { partial::client() } else { new.client };
        let record = UploadRecord {
            total_bytes: new.length_bytes.or(new.total_bytes),
            length_bytes: new.length_bytes,
            resumable: new.resumable,
            options: new.options,
            hold: new.hold,
            ..UploadRecord::new(UploadId::now(), client, new.filename, now_ms())
        };
        let account = Account::of(&self.kept, &record);
        account.room(record.total_bytes.unwrap_or(0)).map_err(|full| words::client_full(&full))?;
        let shared = self.enlist(record)?;
        self.figures.begun.add(1);
        if new_is_partial { partial::begin(self, &shared) } else { begin::begin(self, &shared) }
    }

    /// Takes one of the places for running uploads.
    fn enlist(&self, record: UploadRecord) -> Result<Arc<Shared>, Failure> {
        let mut running = self.running();
        if running.closed {
            return Err(Failure::new(FailureCode::ServerStopping, words::CLOSING));
        }
        let uploads_max = self.limits.uploads_max;
        if running.jobs.len() as u64 >= uploads_max {
            return Err(Failure::new(
                FailureCode::TooManyUploads,
                format!("{uploads_max} uploads are running, as many as this server takes at once."),
            ));
        }
        let shared = Arc::new(self.shared(record));
        running.jobs.insert(shared.record().id, Arc::clone(&shared));
        Ok(shared)
    }

    fn shared(&self, record: UploadRecord) -> Shared {
        let account = Account::of(&self.kept, &record);
        Shared::new(record, Arc::clone(&self.figures), account)
    }

    /// Gives the place back, and says so to whoever waits. `kept` says whether the journal knows how the upload ended.
    fn discharge(&self, shared: &Shared, kept: bool) {
        let record = shared.record();
        self.figures.ended(record.stage);
        let mut running = self.running();
        running.jobs.remove(&record.id);
        if !kept {
            running.unkept.insert(record.id, record);
        }
        drop(running);
        shared.end();
    }

    /// None where its sender came back just now, so that it is no longer at rest.
    fn cancel_resting(&self, id: UploadId) -> Result<Option<UploadRecord>, ActError> {
        let _act = self.act();
        if self.job(id).is_some() {
            return Ok(None);
        }
        let mut record = match self.live(id) {
            Some(unkept) => unkept,
            None => self.stored(id)?,
        };
        if !record.stage.next().contains(&Stage::Cancelled) {
            return Err(ActError::WrongStage(record.stage));
        }
        record.stage = Stage::Cancelled;
        record.failure = Some(Failure::new(FailureCode::Cancelled, words::CANCELLED));
        record.updated_ms = now_ms();
        let cancelled = self.announce_end(record)?;
        self.figures.ended(cancelled.stage);
        Ok(Some(cancelled))
    }

    /// Journals the end of an upload that no job runs, with the counts that the journal has.
    fn announce_end(&self, mut record: UploadRecord) -> Result<UploadRecord, ActError> {
        if record.is_partial() {
            self.journal.keep(&record)?;
            self.running().unkept.remove(&record.id);
            return Ok(record);
        }
        let publisher = self.streams.publisher(&record.client)?;
        let last = self.journal.last_entry(record.id)?.ok_or(JournalError::Damaged)?;
        let told = last.problems_told();
        announce::settle(&mut record, &last.checkpoint);
        announce::announce(&publisher, &record, last.checkpoint, told, 0.0, || {})?;
        self.running().unkept.remove(&record.id);
        Ok(record)
    }

    /// Held while an upload that no job runs is changed: of a cancel and a delete, one is first.
    fn act(&self) -> std::sync::MutexGuard<'_, ()> {
        self.acts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Runs work that blocks on files away from the threads that serve sockets.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("blocking work does not panic")
}

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod tests;

//! Senders that come back: where an upload stands, going on with it, and giving it up.

use super::intake::Intake;
use super::seat::Take;
use super::shared::{Shared, Stop};
use super::{ActError, Ingest, Service, begin, blocking, partial, words};
use crate::domain::{Failure, FailureCode, Stage, UploadId, UploadRecord};
use crate::journal::{JournalError, now_ms};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long whoever sends an upload may take to leave it to a new request.
const TAKE_OVER_MAX: Duration = Duration::from_millis(900);

/// An upload as a sender finds it that comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The upload.
    pub record: UploadRecord,
    /// Bytes of its file that are on disk.
    pub offset: u64,
}

/// Why a sender cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There never was such an upload, as far as is known.
    #[error("there is no upload {0}")]
    NotFound(UploadId),
    /// It was here, but is not kept any more.
    #[error("the upload is no longer kept")]
    Gone,
    /// It ended, and not well.
    #[error("the upload is {}", .0.stage)]
    Ended(Box<UploadRecord>),
    /// Every byte of it was received; from [`Ingest::resume`]: and it is done.
    #[error("the file is complete")]
    Complete(Box<UploadRecord>),
    /// It is put together from parts, or reads the bytes of another upload; it was not sent.
    #[error("the file is put together from its parts, or another upload's")]
    Joined,
    /// Whoever sends it did not leave in time.
    #[error("another request is sending this upload")]
    Locked,
    /// It cannot go on now.
    #[error("{0}")]
    Refused(Failure),
    /// The journal or the spool failed.
    #[error(transparent)]
    Act(#[from] ActError),
}

impl From<JournalError> for ResumeError {
    fn from(error: JournalError) -> Self {
        Self::Act(error.into())
    }
}

enum Found {
    Running(Intake),
    Resting,
}

impl Ingest {
    /// Where an upload stands. A request that is sending it is asked to leave: only then is that certain, and its sender
    /// asks because its connection is dead.
    ///
    /// # Errors
    /// [`ResumeError`]; not [`ResumeError::Complete`].
    pub async fn standing(&self, id: UploadId) -> Result<Standing, ResumeError> {
        if let Some(record) = self.service.live(id).filter(|record| record.is_joined()) {
            return Ok(Standing { offset: record.received_bytes, record });
        }
        match self.find(id).await {
            Ok(Found::Running(mut intake)) => {
                let offset = intake.sync().await.map_err(ResumeError::Refused)?;
                Ok(Standing { record: intake.record(), offset })
            }
            Ok(Found::Resting) => {
                let this = self.clone();
                let found = blocking(move || this.service.standing(id)).await?;
                let is_whole = found.record.length_bytes == Some(found.offset) && found.record.is_sent();
                if !is_whole || found.record.stage != Stage::Interrupted {
                    return Ok(found);
                }
                // Who is told that nothing is missing sends nothing more, so it must go on by itself.
                match self.resume(id).await {
                    Ok(intake) => Ok(Standing { record: intake.record(), offset: intake.offset() }),
                    Err(ResumeError::Complete(record)) => {
                        Ok(Standing { offset: record.received_bytes, record: *record })
                    }
                    Err(error) => Err(error),
                }
            }
            Err(ResumeError::Complete(record)) => {
                // It is being read, and its last bytes may not be on disk yet.
                let this = self.clone();
                blocking(move || this.service.spool.sync(id)).await.map_err(ActError::Spool)?;
                Ok(Standing { offset: record.received_bytes, record: *record })
            }
            Err(error) => Err(error),
        }
    }

    /// Takes an upload up where it stands: one whose sender is between two requests, or one that was interrupted.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub async fn resume(&self, id: UploadId) -> Result<Intake, ResumeError> {
        if self.service.live(id).is_some_and(|record| !record.is_sent()) {
            return Err(ResumeError::Joined);
        }
        let mut made_room = false;
        loop {
            match self.find(id).await {
                Ok(Found::Running(mut intake)) => {
                    intake.sync().await.map_err(ResumeError::Refused)?;
                    return Ok(intake);
                }
                Ok(Found::Resting) => {}
                Err(ResumeError::Complete(_)) => {
                    // Whether that ends well is told when it has.
                    if let Some(shared) = self.service.job(id) {
                        shared.ended().await;
                    }
                    continue;
                }
                Err(error) => return Err(error),
            }
            let this = self.clone();
            match blocking(move || this.service.resume(id, false)).await {
                // Somebody else was quicker.
                Err(ResumeError::Locked) => {}
                // It is one that can go on: for no other anybody loses a place.
                Err(ResumeError::Refused(failure)) if failure.code == FailureCode::TooManyUploads && !made_room => {
                    self.make_room().await;
                    made_room = true;
                }
                resumed => return resumed,
            }
        }
    }

    /// Ends an upload that its sender gives up, and lets it go with everything that came of it.
    ///
    /// # Errors
    /// [`ResumeError::NotFound`], [`ResumeError::Gone`], [`ResumeError::Act`].
    pub async fn terminate(&self, id: UploadId) -> Result<(), ResumeError> {
        loop {
            if let Some(shared) = self.service.job(id) {
                shared.stop(Stop::Cancel);
                shared.ended().await;
            }
            match self.delete(id).await {
                // It was gone on with just now.
                Err(ActError::WrongStage(_)) => {}
                Err(ActError::NotFound(_)) => {
                    let this = self.clone();
                    return Err(blocking(move || this.service.absent(id)).await);
                }
                deleted => return Ok(deleted?),
            }
        }
    }

    /// Where every place is taken, interrupts a resumable upload that has waited longest for its sender.
    pub(super) async fn make_room(&self) {
        if let Some(waiting) = self.service.longest_waiting() {
            waiting.broken(Failure::new(FailureCode::Interrupted, words::MADE_ROOM));
            if waiting.seat().close_if_free() {
                waiting.ended().await;
            } else {
                // Its sender came back just now.
                waiting.mended();
            }
        }
    }

    async fn find(&self, id: UploadId) -> Result<Found, ResumeError> {
        let deadline = Instant::now() + TAKE_OVER_MAX;
        while let Some(shared) = self.service.job(id) {
            let mut changes = shared.seat().changes();
            match shared.seat().take() {
                Take::Seat(pieces, leave) => {
                    let offset = shared.record().received_bytes;
                    return Ok(Found::Running(Intake::new(&self.service, &shared, pieces, leave, offset)));
                }
                // It is being read to its end; there is nothing to send any more.
                _ if shared.is_complete() => return Err(ResumeError::Complete(Box::new(shared.record()))),
                Take::Held => {
                    let _ = timeout_at(deadline, changes.changed()).await.map_err(|_| ResumeError::Locked)?;
                }
                Take::Closed => {
                    timeout_at(deadline, shared.ended()).await.map_err(|_| ResumeError::Locked)?;
                }
            }
        }
        Ok(Found::Resting)
    }
}

impl Service {
    /// Goes on with an upload that rests; `joining` for one that is put together from parts.
    pub(super) fn resume(self: &Arc<Self>, id: UploadId, joining: bool) -> Result<Intake, ResumeError> {
        let shared = {
            let _act = self.act();
            if self.job(id).is_some() {
                return Err(ResumeError::Locked);
            }
            let mut record = self.resting(id)?;
            if record.is_joined() != joining || record.source.is_some() {
                return Err(ResumeError::Joined);
            }
            match record.stage {
                Stage::Interrupted => {}
                // Without a job, one that is held was received whole.
                Stage::Understood | Stage::Done => return Err(ResumeError::Complete(Box::new(record))),
                _ => return Err(ResumeError::Ended(Box::new(record))),
            }
            self.keep_end(&record).map_err(ResumeError::Refused)?;
            record.go_on(now_ms());
            record.resumable.get_or_insert_default();
            self.enlist(record).map_err(ResumeError::Refused)?
        };
        let partial = shared.record().is_partial();
        let resumed = if partial { partial::go_on(self, &shared) } else { begin::go_on(self, &shared) };
        resumed.map_err(ResumeError::Refused)
    }

    /// Tells of an interruption that the journal could not take when it came: it stands before what follows it.
    fn keep_end(&self, record: &UploadRecord) -> Result<(), Failure> {
        let keep = || match self.journal.upload(record.id)? {
            Some(stored) if stored.stage.is_running() => self.announce_end(record.clone()).map(drop),
            _ => Ok(()),
        };
        keep().map_err(|error| match error {
            ActError::Journal(error) => words::journal(&error),
            error => Failure::new(FailureCode::StorageFailed, error.to_string()),
        })
    }

    fn standing(&self, id: UploadId) -> Result<Standing, ResumeError> {
        let record = self.resting(id)?;
        match record.stage {
            Stage::Failed | Stage::Cancelled => Err(ResumeError::Ended(Box::new(record))),
            Stage::Understood | Stage::Done => Ok(Standing { offset: record.received_bytes, record }),
            _ => {
                let bytes = self.spooled(&record).map_err(ActError::Spool)?;
                if bytes > 0 {
                    // Whoever appended them may have ended before they were.
                    self.spool.sync(id).map_err(ActError::Spool)?;
                }
                Ok(Standing { offset: bytes, record })
            }
        }
    }

    pub(super) fn resting(&self, id: UploadId) -> Result<UploadRecord, ResumeError> {
        match self.live(id) {
            Some(unkept) => Ok(unkept),
            None => self.journal.upload(id)?.map_or_else(|| Err(self.absent(id)), Ok),
        }
    }

    /// Why there is no such upload.
    fn absent(&self, id: UploadId) -> ResumeError {
        match self.journal.departed(id) {
            Ok(Some(_)) => ResumeError::Gone,
            Ok(None) => ResumeError::NotFound(id),
            Err(error) => error.into(),
        }
    }

    /// The upload that has waited longest for its sender, if every place is taken.
    fn longest_waiting(&self) -> Option<Arc<Shared>> {
        let running = self.running();
        if (running.jobs.len() as u64) < self.limits.uploads_max {
            return None;
        }
        // One that was received whole waits for nobody, and gives its place back when it was read.
        let unfinished = running.jobs.values().filter(|shared| !shared.is_complete());
        let waiting = unfinished.filter_map(|shared| Some((shared.seat().free_since()?, shared)));
        waiting.min_by_key(|(since, _)| *since).map(|(_, shared)| Arc::clone(shared))
    }
}

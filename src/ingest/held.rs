//! An upload that is held at `understood` until somebody says that it is read rightly.
//!
//! While bytes arrive its job waits, and they are only spooled. When the file is complete the job ends: the upload then
//! waits in the journal alone, takes nobody's place, and survives a restart as it is.

use super::announce::announce_reading;
use super::ending::Ending;
use super::hold::Ask;
use super::job::{Job, checkpoint};
use super::shared::Shared;
use super::{ActError, Ingest, Service, blocking, words};
use crate::domain::{Stage, UploadId, UploadRecord};
use crate::journal::{JournalError, now_ms};
use crate::spool::Growth;
use crate::stream::events::Progress;
use std::sync::Arc;

impl Job {
    /// Whether rows wait until somebody says that they are read rightly.
    pub(super) fn is_held(&self) -> bool {
        self.record.stage == Stage::Understood
    }

    /// Waits until the upload goes on; none where it waits on without a job.
    pub(super) fn hold(&mut self) -> Result<Option<Growth>, Ending> {
        let mut growth = Growth { length: self.record.received_bytes, end: None };
        loop {
            self.check()?;
            if !self.record.hold || self.shared.hold().is_asked() {
                self.go_on()?;
                return Ok(Some(growth));
            }
            if self.complete {
                self.keep_held()?;
                if self.shared.hold().park() {
                    return Ok(None);
                }
                continue;
            }
            growth = self.follower.changed(growth, self.deadline());
            self.note(growth);
            if !self.complete {
                self.check()?;
                self.check_sender(growth)?;
            }
            self.progress();
        }
    }

    /// Says that it is read as it was told, and reads what was there.
    fn go_on(&mut self) -> Result<(), Ending> {
        self.pending.settle().map_err(|error| Ending::journal(&error))?;
        self.record.hold = false;
        self.record.stage = Stage::Reading;
        self.record.updated_ms = now_ms();
        let (shared, kept) = (Arc::clone(&self.shared), self.record.clone());
        let kept = move || {
            shared.change(|record| {
                (record.hold, record.stage, record.updated_ms) = (kept.hold, kept.stage, kept.updated_ms);
            });
            shared.hold().end();
        };
        let at = checkpoint(&self.reader, &self.counts, &self.record);
        let announced = announce_reading(&self.publisher, &self.record, at, self.counts.told(), kept);
        announced.map_err(|error| Ending::journal(&error))?;
        self.read()
    }

    /// Puts everything on disk that the upload goes on from.
    fn keep_held(&mut self) -> Result<(), Ending> {
        // Who wants to send now has nothing to send any more.
        self.shared.seat().close();
        self.pending.settle().map_err(|error| Ending::journal(&error))?;
        self.follower.sync().map_err(|error| Ending::failed(words::disk(&error)))?;
        self.service.journal.keep(&self.record).map_err(|error| Ending::journal(&error))?;
        // The last that is told until somebody lets it go on: that all of it is here.
        self.publisher.progress(&Progress::from(&self.record));
        Ok(())
    }

    /// Leaves the upload to wait in the journal.
    pub(super) fn rest(self) {
        let Self { service, shared, publisher, record, .. } = self;
        publisher.forget(record.id);
        shared.change(|shared| *shared = record);
        service.discharge(&shared, true);
    }
}

impl Ingest {
    /// Lets a held upload go on, and answers with it when that is on disk.
    ///
    /// # Errors
    /// [`ActError::WrongStage`] where it is not held; [`ActError::NotFound`], [`ActError::Refused`], [`ActError::Journal`].
    pub async fn next(&self, id: UploadId) -> Result<UploadRecord, ActError> {
        loop {
            let Some(shared) = self.service.job(id) else {
                self.make_room().await;
                let this = self.clone();
                match blocking(move || this.service.go_on_held(id)).await? {
                    Some(shared) => return gone_on(&shared).await,
                    None => continue,
                }
            };
            match shared.hold().ask() {
                Ask::Heard => {
                    shared.wake();
                    return gone_on(&shared).await;
                }
                Ask::Parked => drop(shared.ended().await),
                Ask::NotWaiting => return Err(ActError::WrongStage(shared.record().stage)),
            }
        }
    }
}

/// Waits until an upload that was asked to go on does.
async fn gone_on(shared: &Shared) -> Result<UploadRecord, ActError> {
    tokio::select! {
        () = shared.hold().ended() => {}
        _ = shared.ended() => {}
    }
    let record = shared.record();
    // It may be done by now; but where the asking was not answered, something ended it before.
    if shared.hold().is_asked() { Err(ActError::WrongStage(record.stage)) } else { Ok(record) }
}

impl Service {
    /// Starts a job for a held upload that has none, and asks it to go on; none where it has one again.
    fn go_on_held(self: &Arc<Self>, id: UploadId) -> Result<Option<Arc<Shared>>, ActError> {
        let shared = {
            let _act = self.act();
            if self.job(id).is_some() {
                return Ok(None);
            }
            let record = match self.live(id) {
                Some(unkept) => unkept,
                None => self.stored(id)?,
            };
            if record.is_partial() {
                return Err(ActError::NotFound(id));
            }
            if record.stage != Stage::Understood {
                return Err(ActError::WrongStage(record.stage));
            }
            self.enlist(record).map_err(ActError::Refused)?
        };
        self.start_held(&shared).inspect_err(|_| self.discharge(&shared, true))?;
        Ok(Some(shared))
    }

    fn start_held(self: &Arc<Self>, shared: &Arc<Shared>) -> Result<(), ActError> {
        let record = shared.record();
        let last = self.journal.last_entry(record.id)?.ok_or(JournalError::Damaged)?;
        let told = last.problems_told();
        let publisher = self.streams.publisher(&record.client)?;
        // Nothing is appended to it any more; another upload may share it.
        let length = record.length_bytes.ok_or(JournalError::Damaged)?;
        let follower = self.spool.whole(record.id, length)?;
        let reading = record.reading.ok_or(JournalError::Damaged)?;
        let job = Job::new(self, shared, publisher, follower).resume(reading, last.checkpoint, told);
        shared.hold().ask();
        std::thread::Builder::new().name("upload".into()).spawn(move || job.run())?;
        Ok(())
    }
}

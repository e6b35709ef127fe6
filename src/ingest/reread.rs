//! Reading an upload's bytes again, with other options: a new upload that shares the file of the first.
//!
//! A second name of the file (a hard link) is all that it takes. The file system counts the names, so whichever of the two
//! is let go first leaves the bytes to the other.

use super::announce::{announce_begin, announce_resumed};
use super::job::Job;
use super::shared::Shared;
use super::{ActError, Ingest, Service, begin, blocking, words};
use crate::domain::{Failure, FailureCode, ReadOptions, Stage, UploadId, UploadRecord};
use crate::journal::{JournalError, now_ms};
use std::io;
use std::sync::Arc;

/// Why an upload cannot be read again, or did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RereadError {
    /// The upload that was named.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The new upload, as it ended.
    #[error("{1}")]
    Ended(UploadId, Failure),
}

impl From<JournalError> for RereadError {
    fn from(error: JournalError) -> Self {
        Self::Act(error.into())
    }
}

impl Ingest {
    /// Reads the bytes of an upload that is over as a new one; answers with that when it is done, or held.
    ///
    /// # Errors
    /// [`RereadError`]; [`ActError::WrongStage`] while the upload runs.
    pub async fn reread(&self, id: UploadId, options: ReadOptions, hold: bool) -> Result<UploadRecord, RereadError> {
        self.make_room().await;
        let this = self.clone();
        let shared = blocking(move || this.service.reread(id, options, hold)).await?;
        let record = shared.ended().await;
        if matches!(record.stage, Stage::Understood | Stage::Done) {
            return Ok(record);
        }
        let unsaid = || Failure::new(FailureCode::Interrupted, "It did not come to its end.");
        Err(RereadError::Ended(record.id, record.failure.unwrap_or_else(unsaid)))
    }
}

impl Service {
    fn reread(self: &Arc<Self>, id: UploadId, options: ReadOptions, hold: bool) -> Result<Arc<Shared>, ActError> {
        let shared = {
            // Until the file has its second name, the first must not go.
            let _act = self.act();
            let shared = self.enlist(self.again(id, options, hold)?).map_err(ActError::Refused)?;
            let begun = self.begin_reread(&shared, id);
            begun.inspect_err(|_| self.discharge(&shared, true))?;
            let started = self.spool.share(id, shared.record().id).and_then(|()| self.start_reread(&shared));
            started.map_err(|error| {
                let failure = words::disk(&error);
                begin::give_up(self, &shared, failure.clone());
                ActError::Refused(failure)
            })?;
            shared
        };
        Ok(shared)
    }

    /// The new upload, before anybody knows of it.
    fn again(&self, id: UploadId, options: ReadOptions, hold: bool) -> Result<UploadRecord, ActError> {
        let first = match self.live(id) {
            Some(record) => record,
            None => self.stored(id)?,
        };
        if first.is_partial() {
            return Err(ActError::NotFound(id));
        }
        if first.stage.is_running() {
            return Err(ActError::WrongStage(first.stage));
        }
        // Of a file that several uploads share, the others may have got more since.
        let Some(bytes) = self.spool.bytes(id)?.map(|bytes| first.source.map_or(bytes, |_| first.received_bytes))
        else {
            return Err(ActError::Refused(words::missing(0, first.received_bytes)));
        };
        Ok(UploadRecord {
            received_bytes: bytes,
            total_bytes: Some(bytes),
            length_bytes: Some(bytes),
            options,
            hold,
            source: Some(id),
            ..UploadRecord::new(UploadId::now(), first.client, first.filename, now_ms())
        })
    }

    /// The journal first, then the file, as for every upload.
    fn begin_reread(&self, shared: &Shared, source: UploadId) -> Result<(), ActError> {
        let record = shared.record();
        self.spool.sync(source)?;
        let publisher = self.streams.publisher(&record.client)?;
        announce_begin(&publisher, &record)?;
        Ok(())
    }

    /// Goes on with one that was interrupted.
    pub(super) fn read_again(self: &Arc<Self>, id: UploadId) {
        let again = || {
            let _act = self.act();
            let mut record = self.stored(id)?;
            if self.job(id).is_some() || record.stage != Stage::Interrupted {
                return Ok(());
            }
            record.go_on(now_ms());
            let last = self.journal.last_entry(id)?.ok_or(JournalError::Damaged)?;
            let told = last.problems_told();
            let publisher = self.streams.publisher(&record.client)?;
            announce_resumed(&publisher, &record, last.checkpoint, told)?;
            let shared = self.enlist(record).map_err(ActError::Refused)?;
            self.start_reread(&shared).inspect_err(|error| {
                shared.change(|record| (record.stage, record.failure) = (Stage::Interrupted, Some(words::disk(error))));
                self.discharge(&shared, false);
            })?;
            Ok::<_, ActError>(())
        };
        if let Err(error) = again() {
            tracing::info!(%error, upload = %id, "an upload that reads another's bytes again rests on");
        }
    }

    /// Starts the job. For one that is gone on with as well: its process may have ended before its file had the second name.
    pub(super) fn start_reread(self: &Arc<Self>, shared: &Arc<Shared>) -> io::Result<()> {
        let record = shared.record();
        let (length, source) = record.length_bytes.zip(record.source).ok_or(io::ErrorKind::InvalidData)?;
        if self.spool.bytes(record.id)?.is_none() {
            self.spool.share(source, record.id)?;
        }
        let follower = self.spool.whole(record.id, length)?;
        let other = |error: JournalError| io::Error::other(error);
        let publisher = self.streams.publisher(&record.client).map_err(other)?;
        let last = self.journal.last_entry(record.id).map_err(other)?.ok_or(io::ErrorKind::InvalidData)?;
        let told = last.problems_told();
        let job = Job::new(self, shared, publisher, follower);
        let job = match record.reading {
            Some(reading) => job.resume(reading, last.checkpoint, told),
            None => job,
        };
        std::thread::Builder::new().name("upload".into()).spawn(move || job.run())?;
        Ok(())
    }
}

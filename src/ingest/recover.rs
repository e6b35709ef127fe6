//! After a start: uploads that were running when the last process ended; and ends that could not be journalled.

use super::job::Job;
use super::shared::Shared;
use super::{ActError, Ingest, Service, words};
use crate::domain::{Failure, FailureCode, Stage, UploadRecord};
use crate::journal::{JournalError, now_ms};
use crate::spool::End;
use std::sync::Arc;

impl Ingest {
    /// Takes up what the last process left: uploads that were being received are read to the end of what was received
    /// and become `interrupted`, deleted ones are taken out. Runs on a thread of its own.
    ///
    /// # Errors
    /// Any error of listing them.
    pub fn recover(&self) -> Result<(), JournalError> {
        let leaving = self.service.journal.leaving()?;
        let unfinished = self.service.journal.unfinished()?;
        let service = Arc::clone(&self.service);
        // Listed as running before anybody can ask.
        let jobs: Vec<_> = unfinished.into_iter().map(|record| service.enlist_again(record)).collect();
        std::thread::Builder::new().name("recover".into()).spawn(move || {
            for shared in jobs {
                service.take_up(&shared);
            }
            for leaving in leaving {
                if let Err(error) = service.spool.remove(leaving.0) {
                    tracing::warn!(%error, upload = %leaving.0, "the file of a deleted upload is left");
                }
                service.sweep(leaving);
            }
        })?;
        Ok(())
    }
}

impl Service {
    fn enlist_again(&self, record: UploadRecord) -> Arc<Shared> {
        let id = record.id;
        let shared = Arc::new(Shared::new(record));
        self.running().jobs.insert(id, Arc::clone(&shared));
        shared
    }

    fn take_up(self: &Arc<Self>, shared: &Arc<Shared>) {
        if let Err(error) = self.try_take_up(shared) {
            let id = shared.record().id;
            tracing::error!(%error, upload = %id, "an upload could not be taken up after the start");
            shared.change(|record| {
                record.stage = Stage::Failed;
                record.failure = Some(Failure::new(FailureCode::StorageFailed, format!("After a restart: {error}.")));
            });
            self.discharge(shared, false);
        }
    }

    /// Journals ends that the journal could not take when they came, as on a full disk.
    pub(super) fn keep_unkept(&self) -> Result<(), ActError> {
        let unkept: Vec<_> = self.running().unkept.values().cloned().collect();
        for record in unkept {
            let _act = self.act();
            match self.journal.upload(record.id)? {
                Some(stored) if stored.stage.is_running() => drop(self.announce_end(record)?),
                // Somebody ended or deleted it meanwhile, or its beginning was not kept either.
                _ => drop(self.running().unkept.remove(&record.id)),
            }
        }
        Ok(())
    }

    fn try_take_up(self: &Arc<Self>, shared: &Arc<Shared>) -> Result<(), ActError> {
        let mut record = shared.record();
        let id = record.id;
        let last = self.journal.last_entry(id)?.ok_or(JournalError::Damaged)?;
        let told = last.problems_told();
        let checkpoint = last.checkpoint;
        let received = self.spool.bytes(id)?;
        if received.unwrap_or(0) < checkpoint.offset {
            record.stage = Stage::Failed;
            record.updated_ms = now_ms();
            record.failure = Some(Failure::new(
                FailureCode::StorageFailed,
                format!("Bytes {} to {} are missing from the server's disk.", received.unwrap_or(0), checkpoint.offset),
            ));
            let record = self.announce_end(record)?;
            shared.change(|shared| *shared = record);
            self.discharge(shared, true);
            return Ok(());
        }
        // An upload that was journalled but got no file yet has received nothing.
        let follower = match received {
            Some(_) => self.spool.reopen(id, End::Broken)?,
            None => self.spool.create(id)?.1,
        };
        shared.broken(Failure::new(FailureCode::Interrupted, words::RESTARTED));
        let publisher = self.streams.publisher(&record.client)?;
        let job = Job::new(self, shared, publisher, follower);
        let job = match record.reading {
            Some(reading) => job.resume(reading, checkpoint, told),
            None => job,
        };
        job.run();
        Ok(())
    }
}

//! After a start: uploads that were running when the last process ended; and ends that could not be journalled.

use super::announce::settle;
use super::begin::open;
use super::intake::{Intake, start_writing};
use super::job::Job;
use super::shared::Shared;
use super::{ActError, Ingest, Service, join, words};
use crate::domain::{Failure, FailureCode, Stage, UploadRecord};
use crate::journal::JournalError;
use std::io;
use std::sync::Arc;
use tokio::runtime::Handle;

impl Ingest {
    /// Takes up what the last process left. An upload whose sender may come back waits for it, as between two requests;
    /// one that is held and was received whole waits on as it did; any other that was is read to its end, also when it was interrupted meanwhile: nobody else would make it
    /// go on. Any other is read to the end of what was received, and becomes `interrupted`. Deleted ones are taken out.
    /// Runs on threads of its own, and within a runtime.
    ///
    /// # Errors
    /// Any error of listing them.
    pub fn recover(&self) -> Result<(), JournalError> {
        let leaving = self.service.journal.leaving()?;
        let mut unfinished = self.service.journal.unfinished()?;
        // Before anybody can watch from a place that is about to go.
        for record in &mut unfinished {
            self.service.take_back_lost(record)?;
        }
        self.service.count_kept()?;
        // Those that are held and were received whole wait without a job.
        let service = &self.service;
        unfinished.retain(|record| !service.is_parked(record));
        let interrupted = service.journal.interrupted()?;
        let service = Arc::clone(&self.service);
        // Listed as running before anybody can ask.
        let jobs: Vec<_> = unfinished.into_iter().map(|record| service.enlist_again(record)).collect();
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new().name("recover".into()).spawn(move || {
            for shared in jobs {
                service.take_up(&shared, &runtime);
            }
            for record in interrupted {
                service.read_on(&record, &runtime);
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
    /// Takes back what was announced of bytes that are not there any more: with the power, a file may lose bytes that the
    /// journal has kept events of, though never any that were answered for.
    fn take_back_lost(&self, record: &mut UploadRecord) -> Result<(), JournalError> {
        let received = self.spooled(record)?;
        let last = self.journal.last_entry(record.id)?;
        if record.is_partial() || last.is_none_or(|last| last.checkpoint.read_bytes <= received) {
            return Ok(());
        }
        let last = self.journal.take_back(record.id, received)?;
        tracing::warn!(upload = %record.id, "the end of its file was lost; what was announced of it is taken back");
        settle(record, &last.checkpoint);
        if last.checkpoint.offset == 0 {
            // How it is read was lost as well, and is found again.
            record.stage = Stage::Receiving;
            (record.reading, record.learned, record.profiles) = (None, None, Vec::new());
        }
        Ok(())
    }

    /// Bytes of an upload that are in the spool. One that shares its file takes part of it.
    pub(super) fn spooled(&self, record: &UploadRecord) -> io::Result<u64> {
        let bytes = self.spool.bytes(record.id)?.unwrap_or(0);
        let most = record.source.and(record.length_bytes).unwrap_or(u64::MAX);
        Ok(bytes.min(most))
    }

    /// Whether it only waits for somebody who lets it go on.
    fn is_parked(&self, record: &UploadRecord) -> bool {
        let held = record.stage == Stage::Understood && record.hold && record.length_bytes.is_some();
        held && self.spooled(record).is_ok_and(|bytes| Some(bytes) == record.length_bytes)
    }

    fn enlist_again(&self, record: UploadRecord) -> Arc<Shared> {
        let id = record.id;
        let shared = Arc::new(self.shared(record));
        self.running().jobs.insert(id, Arc::clone(&shared));
        shared
    }

    fn take_up(self: &Arc<Self>, shared: &Arc<Shared>, runtime: &Handle) {
        if let Err(error) = self.try_take_up(shared, runtime) {
            let id = shared.record().id;
            tracing::error!(%error, upload = %id, "an upload could not be taken up after the start");
            shared.change(|record| {
                record.stage = Stage::Failed;
                record.failure = Some(Failure::new(FailureCode::StorageFailed, format!("After a restart: {error}.")));
            });
            self.discharge(shared, false);
        }
    }

    /// Goes on with an interrupted upload that was received whole.
    fn read_on(self: &Arc<Self>, record: &UploadRecord, runtime: &Handle) {
        let id = record.id;
        if !self.spooled(record).is_ok_and(|bytes| Some(bytes) == record.length_bytes) {
            return;
        }
        if record.source.is_some() {
            return self.read_again(id);
        }
        match self.resume(id, record.is_joined()) {
            Ok(intake) if record.is_joined() => drop(runtime.spawn(join::copy(Arc::clone(self), intake))),
            Ok(_) => {}
            Err(error) => tracing::info!(%error, upload = %id, "an upload that was received whole rests on"),
        }
    }

    /// Journals ends that the journal could not take when they came, as on a full disk.
    pub(super) fn keep_unkept(&self) -> Result<(), ActError> {
        let unkept: Vec<_> = self.running().unkept.keys().copied().collect();
        for id in unkept {
            let _act = self.act();
            let record = self.running().unkept.get(&id).cloned();
            // Where its sender came back it goes on, and comes to another end.
            let Some(record) = record.filter(|_| self.job(id).is_none()) else { continue };
            match self.journal.upload(record.id)? {
                Some(stored) if stored.stage.is_running() => drop(self.announce_end(record)?),
                // Somebody ended or deleted it meanwhile, or its beginning was not kept either.
                _ => drop(self.running().unkept.remove(&record.id)),
            }
        }
        Ok(())
    }

    fn try_take_up(self: &Arc<Self>, shared: &Arc<Shared>, runtime: &Handle) -> Result<(), ActError> {
        let mut record = shared.record();
        let id = record.id;
        if record.source.is_some() {
            return Ok(self.start_reread(shared)?);
        }
        let received = self.spooled(&record)?;
        if record.is_partial() {
            let complete = record.length_bytes == Some(received);
            if complete && received > 0 {
                // The process that ended may not have come to it.
                self.spool.sync(id)?;
            }
            record.stage = if complete { Stage::Done } else { Stage::Interrupted };
            record.failure = (!complete).then(|| Failure::new(FailureCode::Interrupted, words::RESTARTED));
            record.received_bytes = received;
            return self.rest(shared, record);
        }
        let last = self.journal.last_entry(id)?.ok_or(JournalError::Damaged)?;
        let told = last.problems_told();
        let checkpoint = last.checkpoint;
        let reading = record.reading.clone();
        let publisher = self.streams.publisher(&record.client)?;
        let (writer, follower) = open(self, id)?;
        if record.resumable.is_some() {
            let pieces = start_writing(writer, shared)?;
            let leave = shared.seat().begin();
            let intake = Intake::new(self, shared, pieces, leave, received);
            if record.is_joined() {
                runtime.spawn(join::copy(Arc::clone(self), intake));
            }
        } else if record.length_bytes == Some(received) {
            writer.complete();
        } else {
            drop(writer);
            shared.broken(Failure::new(FailureCode::Interrupted, words::RESTARTED));
        }
        let job = Job::new(self, shared, publisher, follower);
        let job = match reading {
            Some(reading) => job.resume(reading, checkpoint, told),
            None => job,
        };
        std::thread::Builder::new().name("upload".into()).spawn(move || job.run())?;
        Ok(())
    }

    /// Keeps an end that no job comes to.
    fn rest(&self, shared: &Shared, record: UploadRecord) -> Result<(), ActError> {
        let record = self.announce_end(record)?;
        shared.change(|shared| *shared = record);
        self.discharge(shared, true);
        Ok(())
    }
}

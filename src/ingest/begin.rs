//! An upload's beginning: the journal first, then its file, then the threads that write and read it. And the same for
//! one whose sender came back.

use super::announce::{announce, announce_begin, announce_resumed};
use super::intake::{Intake, start_writing};
use super::job::Job;
use super::shared::Shared;
use super::{Service, words};
use crate::domain::{Failure, Stage, UploadId};
use crate::journal::Checkpoint;
use crate::spool::{Follower, Writer};
use crate::stream::Publisher;
use std::io;
use std::sync::Arc;

/// Journals a new upload, makes its file, and starts its job. Gives its place back where that fails.
pub(super) fn begin(service: &Arc<Service>, shared: &Arc<Shared>) -> Result<Intake, Failure> {
    let refused = |failure| {
        service.discharge(shared, true);
        failure
    };
    let record = shared.record();
    let publisher = service.streams.publisher(&record.client).map_err(|error| refused(words::journal(&error)))?;
    // The journal first: an upload without a file is a plain failure, a file without an upload would be lost.
    announce_begin(&publisher, &record).map_err(|error| refused(words::journal(&error)))?;
    start(service, shared, &publisher).map_err(|error| {
        let failure = words::disk(&error);
        give_up(service, shared, failure.clone());
        failure
    })
}

/// Ends an upload that was journalled and never got its file or its job, and gives its place back.
pub(super) fn give_up(service: &Service, shared: &Shared, failure: Failure) {
    let record = shared.change(|record| {
        let room_helps = failure.code.is_about_room();
        record.stage = if room_helps { Stage::Interrupted } else { Stage::Failed };
        record.failure = Some(failure);
        record.clone()
    });
    let checkpoint = Checkpoint { row: 1, line: 1, ..Checkpoint::default() };
    let publisher = service.streams.publisher(&record.client);
    let kept = publisher.and_then(|publisher| announce(&publisher, &record, checkpoint, 0, 0.0, || {}));
    service.discharge(shared, kept.is_ok());
}

/// Makes the upload's file, and starts the threads that write and read it.
fn start(service: &Arc<Service>, shared: &Arc<Shared>, publisher: &Publisher) -> io::Result<Intake> {
    let (writer, follower) = service.spool.create(shared.record().id)?;
    let job = Job::new(service, shared, publisher.clone(), follower);
    let pieces = start_writing(writer, shared)?;
    let leave = shared.seat().begin();
    std::thread::Builder::new().name("upload".into()).spawn(move || job.run())?;
    Ok(Intake::new(service, shared, pieces, leave, 0))
}

/// Goes on with an upload that rests: says so, and starts its job where the journal stands. Gives its place back where
/// that fails; the upload then rests as before.
pub(super) fn go_on(service: &Arc<Service>, shared: &Arc<Shared>) -> Result<Intake, Failure> {
    try_go_on(service, shared).inspect_err(|failure| {
        shared.change(|record| {
            record.stage = Stage::Interrupted;
            record.failure = Some(failure.clone());
        });
        // That it goes on may have been told already.
        service.discharge(shared, false);
    })
}

fn try_go_on(service: &Arc<Service>, shared: &Arc<Shared>) -> Result<Intake, Failure> {
    let record = shared.record();
    let journal = |error| words::journal(&error);
    let last = service.journal.last_entry(record.id).map_err(journal)?;
    let last = last.ok_or_else(|| words::journal(&crate::journal::JournalError::Damaged))?;
    let told = last.problems_told();
    let (writer, follower) = open(service, record.id).map_err(|error| words::disk(&error))?;
    let offset = writer.bytes();
    if offset < last.checkpoint.read_bytes {
        return Err(words::missing(offset, last.checkpoint.read_bytes));
    }
    let record = shared.change(|record| {
        record.received_bytes = offset;
        record.clone()
    });
    let publisher = service.streams.publisher(&record.client).map_err(journal)?;
    announce_resumed(&publisher, &record, last.checkpoint.clone(), told).map_err(journal)?;
    let pieces = start_writing(writer, shared).map_err(|error| words::disk(&error))?;
    let leave = shared.seat().begin();
    let job = Job::new(service, shared, publisher, follower);
    let job = match record.reading {
        Some(reading) => job.resume(reading, last.checkpoint, told),
        None => job,
    };
    let spawned = std::thread::Builder::new().name("upload".into()).spawn(move || job.run());
    spawned.map_err(|error| words::disk(&error))?;
    Ok(Intake::new(service, shared, pieces, leave, offset))
}

/// The upload's file, or a new one where it never got one.
pub(super) fn open(service: &Service, id: UploadId) -> io::Result<(Writer, Follower)> {
    match service.spool.append_to(id) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => service.spool.create(id),
        opened => opened,
    }
}

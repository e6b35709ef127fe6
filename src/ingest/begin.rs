//! An upload's beginning: the journal first, then its file, then the threads that write and read it.

use super::announce::{announce, announce_begin};
use super::intake::Intake;
use super::job::Job;
use super::shared::Shared;
use super::{Service, words};
use crate::domain::{Failure, Stage};
use crate::journal::Checkpoint;
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
        let record = shared.change(|record| {
            record.stage = Stage::Failed;
            record.failure = Some(failure.clone());
            record.clone()
        });
        let checkpoint = Checkpoint { row: 1, line: 1, ..Checkpoint::default() };
        let kept = announce(&publisher, &record, checkpoint, 0, 0.0, || {}).is_ok();
        service.discharge(shared, kept);
        failure
    })
}

/// Makes the upload's file, and starts the threads that write and read it.
fn start(service: &Arc<Service>, shared: &Arc<Shared>, publisher: &Publisher) -> io::Result<Intake> {
    let id = shared.record().id;
    let (writer, follower) = service.spool.create(id)?;
    let job = Job::new(service, shared, publisher.clone(), follower);
    let intake = Intake::start(id, writer, shared, &service.limits)?;
    std::thread::Builder::new().name("upload".into()).spawn(move || job.run())?;
    Ok(intake)
}

//! Parts of a file that is put together later: their bytes are kept, and nobody reads or announces them.

use super::begin::open;
use super::intake::{Intake, start_writing};
use super::shared::{Shared, Stop};
use super::{Service, words};
use crate::domain::{ClientName, Failure, FailureCode, Stage};
use crate::journal::now_ms;
use crate::spool::{End, Follower};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The client under which parts are kept. It has no events.
pub(super) fn client() -> ClientName {
    ClientName::parse("partial-uploads").expect("the name is valid")
}

/// Keeps a new part, and starts to watch over its file. Gives its place back where that fails.
pub(super) fn begin(service: &Arc<Service>, shared: &Arc<Shared>) -> Result<Intake, Failure> {
    let kept = service.journal.keep(&shared.record()).map_err(|error| words::journal(&error));
    kept.and_then(|()| start(service, shared)).inspect_err(|_| service.discharge(shared, true))
}

/// Goes on with a part that rests. Gives its place back where that fails.
pub(super) fn go_on(service: &Arc<Service>, shared: &Arc<Shared>) -> Result<Intake, Failure> {
    start(service, shared).inspect_err(|_| service.discharge(shared, true))
}

fn start(service: &Arc<Service>, shared: &Arc<Shared>) -> Result<Intake, Failure> {
    let disk = |error| words::disk(&error);
    let (writer, follower) = open(service, shared.record().id).map_err(disk)?;
    let offset = writer.bytes();
    shared.on_stop(follower.nudge());
    let pieces = start_writing(writer, shared).map_err(disk)?;
    let leave = shared.seat().begin();
    let intake = Intake::new(service, shared, pieces, leave, offset);
    let (service, shared) = (Arc::clone(service), Arc::clone(shared));
    let watch = move || watch_over(&service, &shared, &follower);
    std::thread::Builder::new().name("partial".into()).spawn(watch).map_err(disk)?;
    Ok(intake)
}

/// Waits until the part is complete, or its sender stays away.
fn watch_over(service: &Service, shared: &Shared, follower: &Follower) {
    let (stage, failure) = follow(service, shared, follower);
    shared.seat().close();
    shared.ending();
    let synced = follower.sync().map_err(|error| words::disk(&error));
    let record = shared.change(|record| {
        (record.stage, record.failure) = match synced {
            Ok(()) => (stage, failure),
            Err(failure) => (Stage::Failed, Some(failure)),
        };
        record.updated_ms = now_ms();
        record.clone()
    });
    let kept = service.journal.keep(&record);
    if let Err(error) = &kept {
        tracing::error!(%error, upload = %record.id, "the journal cannot take a part's end; it is tried again later");
    }
    service.discharge(shared, kept.is_ok());
}

fn follow(service: &Service, shared: &Shared, follower: &Follower) -> (Stage, Option<Failure>) {
    let absent_ms_max = service.limits.sender_absent_ms_max;
    let absent_max = Duration::from_millis(absent_ms_max);
    let mut seen = 0;
    loop {
        let absent_until = shared.absent_until(absent_max);
        let growth = follower.wait(seen, absent_until);
        seen = growth.length;
        shared.change(|record| record.received_bytes = growth.length);
        match shared.stopping() {
            Some(Stop::Cancel) => {
                return (Stage::Cancelled, Some(Failure::new(FailureCode::Cancelled, words::CANCELLED)));
            }
            Some(Stop::Close) => {
                return (Stage::Interrupted, Some(Failure::new(FailureCode::ServerStopping, words::CLOSING)));
            }
            Some(Stop::Fail(failure)) if failure.code.is_about_room() => {
                return (Stage::Interrupted, Some(failure.clone()));
            }
            Some(Stop::Fail(failure)) => return (Stage::Failed, Some(failure.clone())),
            None => {}
        }
        if shared.length_bytes() == Some(growth.length) {
            return (Stage::Done, None);
        }
        if growth.end == Some(End::Broken) {
            return (Stage::Interrupted, Some(shared.why_broken().unwrap_or_else(|| words::absent(absent_ms_max))));
        }
        if shared.absent_until(absent_max).is_some_and(|until| until <= Instant::now()) {
            shared.seat().close_if_free();
        }
    }
}

//! How a job comes to its end, and what is kept of that.

use super::announce::{announce, settle};
use super::job::{Job, checkpoint};
use super::words;
use crate::domain::{Failure, Stage, UploadRecord};
use crate::journal::{Checkpoint, JournalError, now_ms};
use std::sync::Arc;

/// How an upload ended, if not well.
pub(super) struct Ending {
    pub stage: Stage,
    pub failure: Failure,
}

impl Ending {
    /// What cannot be put right ends the upload; room on a disk can be made.
    pub fn failed(failure: Failure) -> Self {
        let stage = if failure.code.is_about_room() { Stage::Interrupted } else { Stage::Failed };
        Self { stage, failure }
    }

    pub fn journal(error: &JournalError) -> Self {
        Self::failed(words::journal(error))
    }
}

impl Job {
    /// Keeps how it ended, and tells it.
    pub(super) fn end(mut self, ending: Option<Ending>) {
        // Who wants to send now waits until the end is kept, and goes on from there.
        self.shared.seat().close();
        let mut checkpoint = checkpoint(&self.reader, &self.counts, &self.record);
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

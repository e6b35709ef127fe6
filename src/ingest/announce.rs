//! The first and the last words about an upload: its stage and a toast, in one entry.

use super::words;
use crate::domain::{Kind, Stage, UploadRecord};
use crate::journal::{Checkpoint, JournalError};
use crate::stream::events::Level;
use crate::stream::{Draft, Publisher, Seal, events};
use std::sync::mpsc;

/// Journals the beginning of an upload, tells its watchers, and waits for both.
pub(super) fn announce_begin(publisher: &Publisher, record: &UploadRecord) -> Result<(), JournalError> {
    let checkpoint = Checkpoint { row: 1, line: 1, ..Checkpoint::default() };
    announce(publisher, record, checkpoint, 0, 0.0, || {})
}

/// Sets the counts to what was journalled up to `checkpoint`.
pub(super) fn settle(record: &mut UploadRecord, checkpoint: &Checkpoint) {
    record.rows = checkpoint.row.saturating_sub(1);
    record.read_bytes = checkpoint.read_bytes;
    record.problems = checkpoint.problems_by_code.values().sum();
    record.problems_by_code.clone_from(&checkpoint.problems_by_code);
}

/// Journals that a sender goes on with an upload, tells its watchers, and waits for both.
pub(super) fn announce_resumed(
    publisher: &Publisher,
    record: &UploadRecord,
    checkpoint: Checkpoint,
    problems_told: u64,
) -> Result<(), JournalError> {
    let mut draft = publisher.draft();
    let receiving = UploadRecord { stage: Stage::Receiving, ..record.clone() };
    draft.literal(Kind::Stage, events::stage(&receiving, 0.0));
    draft.literal(Kind::Toast, events::toast(record.id, Level::Info, &words::resumed(record)));
    if record.reading.is_some() {
        // How it is read was decided before; who begins to watch now learns it here.
        draft.literal(Kind::Stage, events::stage(record, 0.0));
    }
    commit(draft, record, checkpoint, problems_told, || {})
}

/// Journals that an upload is read on whose reading somebody has seen, tells its watchers, and waits for both.
pub(super) fn announce_reading(
    publisher: &Publisher,
    record: &UploadRecord,
    checkpoint: Checkpoint,
    problems_told: u64,
    kept: impl FnOnce() + Send + 'static,
) -> Result<(), JournalError> {
    let mut draft = publisher.draft();
    draft.literal(Kind::Stage, events::stage(record, 0.0));
    commit(draft, record, checkpoint, problems_told, kept)
}

/// Journals the upload's stage with a toast, tells `kept` and its watchers, and waits for all of it. An end is durable: on
/// disk before anybody is told.
pub(super) fn announce(
    publisher: &Publisher,
    record: &UploadRecord,
    checkpoint: Checkpoint,
    problems_told: u64,
    seconds: f64,
    kept: impl FnOnce() + Send + 'static,
) -> Result<(), JournalError> {
    let upload = record.id;
    let (level, message) = words::toast(record, seconds);
    let mut draft = publisher.draft();
    let toast = events::toast(upload, level, &message);
    let stage = events::stage(record, seconds);
    // An end is told before its stage, which is the last word; a beginning the other way round.
    let ends = !record.stage.is_running();
    if ends {
        draft.literal(Kind::Toast, toast);
        draft.literal(Kind::Stage, stage);
    } else {
        draft.literal(Kind::Stage, stage);
        draft.literal(Kind::Toast, toast);
    }
    commit(draft, record, checkpoint, problems_told, kept)
}

fn commit(
    draft: Draft<'_>,
    record: &UploadRecord,
    checkpoint: Checkpoint,
    problems_told: u64,
    kept: impl FnOnce() + Send + 'static,
) -> Result<(), JournalError> {
    let ends = !record.stage.is_running();
    let upload = record.id;
    let (done, answer) = mpsc::sync_channel(1);
    let seal = Seal {
        upload,
        first_row: checkpoint.row.max(1),
        first_problem: problems_told,
        checkpoint,
        key: None,
        record: Some(record.clone()),
        // A beginning as well, where its sender is answered before the file was received; and that it is read on, which
        // somebody is answered who asked for it.
        durable: ends || record.resumable.is_some() || record.stage == Stage::Reading,
        progress: None,
        ends,
    };
    draft.commit(
        seal,
        |_| None,
        kept,
        move |result| {
            // Nobody stops waiting before this.
            let _ = done.send(result);
        },
    );
    answer.recv().unwrap_or(Err(JournalError::Closed))
}

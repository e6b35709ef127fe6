//! What a running upload's sender, its job and everybody else know of each other.

use super::account::Account;
use super::announce;
use super::figures::Figures;
use super::hold::Hold;
use super::seat::{Pieces, Seat};
use crate::domain::{Failure, UploadRecord};
use crate::journal::Checkpoint;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Why a job is to stop before the file's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody cancelled it.
    Cancel,
    /// The server shuts down.
    Close,
    /// A limit or the disk forbids to go on.
    Fail(Failure),
}

/// A running upload.
pub(super) struct Shared {
    record: Mutex<UploadRecord>,
    figures: Arc<Figures>,
    account: Account,
    /// The first reason to stop; later ones change nothing.
    stop: OnceLock<Stop>,
    /// Why the sender went away, where it said so.
    broken: Mutex<Option<Failure>>,
    seat: Seat,
    hold: Hold,
    /// Wakes the job from its wait for bytes.
    nudge: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// The end is being journalled, and may be announced already.
    ending: AtomicBool,
    ended: watch::Sender<bool>,
}

impl Shared {
    pub fn new(record: UploadRecord, figures: Arc<Figures>, account: Account) -> Self {
        let ended = watch::Sender::new(false);
        Self {
            record: Mutex::new(record),
            figures,
            account,
            stop: OnceLock::new(),
            broken: Mutex::new(None),
            seat: Seat::default(),
            hold: Hold::default(),
            nudge: OnceLock::new(),
            ending: AtomicBool::new(false),
            ended,
        }
    }

    /// The upload as it stands.
    pub fn record(&self) -> UploadRecord {
        self.record.lock().expect("no holder of the record panics").clone()
    }

    /// Changes the upload, and counts what that adds.
    pub fn change<T>(&self, change: impl FnOnce(&mut UploadRecord) -> T) -> T {
        let mut record = self.record.lock().expect("no holder of the record panics");
        let before = (record.rows, record.problems, record.read_bytes);
        let changed = change(&mut record);
        self.figures.changed(before, &record);
        changed
    }

    /// Sets the counts to where the upload stood before this job, which were counted then; answers with it.
    pub fn settle(&self, checkpoint: &Checkpoint) -> UploadRecord {
        let mut record = self.record.lock().expect("no holder of the record panics");
        announce::settle(&mut record, checkpoint);
        record.clone()
    }

    pub fn on_stop(&self, nudge: impl Fn() + Send + Sync + 'static) {
        // A job follows one file, so this is set once.
        let _ = self.nudge.set(Box::new(nudge));
        if self.stop.get().is_some() {
            self.wake();
        }
    }

    /// Asks the job to stop.
    pub fn stop(&self, stop: Stop) {
        let _ = self.stop.set(stop);
        self.wake();
    }

    /// Why the job is to stop, if it is.
    pub fn stopping(&self) -> Option<&Stop> {
        self.stop.get()
    }

    /// Says why the sender goes away without the rest of the file.
    pub fn broken(&self, failure: Failure) {
        *self.broken.lock().expect("no holder of the reason panics") = Some(failure);
    }

    /// A sender is there again, whatever made the one before go away.
    pub fn mended(&self) {
        *self.broken.lock().expect("no holder of the reason panics") = None;
    }

    /// Why the last sender went away; none where it did not say.
    pub fn why_broken(&self) -> Option<Failure> {
        self.broken.lock().expect("no holder of the reason panics").clone()
    }

    /// Bytes of the whole file, where they are certain.
    pub fn length_bytes(&self) -> Option<u64> {
        self.record.lock().expect("no holder of the record panics").length_bytes
    }

    /// Whom its bytes count for.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The place of the upload's sender.
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Whether it waits until somebody lets it go on.
    pub fn hold(&self) -> &Hold {
        &self.hold
    }

    /// Whether the sender may come back after a request.
    pub fn is_resumable(&self) -> bool {
        self.record.lock().expect("no holder of the record panics").resumable.is_some()
    }

    /// A request is over. The next one may go on where the upload can be resumed; else the file gets no more bytes.
    pub fn give_back(&self, pieces: Pieces) {
        if self.is_resumable() {
            self.seat.give_back(pieces);
            self.wake();
        } else {
            self.seat.close();
        }
    }

    /// Whether every byte of the file was received.
    pub fn is_complete(&self) -> bool {
        let record = self.record.lock().expect("no holder of the record panics");
        record.length_bytes == Some(record.received_bytes)
    }

    /// When the job need not wait for a sender any longer; none while there is one.
    pub fn absent_until(&self, absent_max: Duration) -> Option<Instant> {
        self.seat.free_since().map(|since| since + absent_max)
    }

    /// Says how long the file is.
    pub fn declare(&self, length_bytes: u64) {
        self.change(|record| {
            record.length_bytes = Some(length_bytes);
            record.total_bytes = Some(length_bytes);
        });
        self.wake();
    }

    /// Says that the end is on its way: who wants to act on it waits for it.
    pub fn ending(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether the end is on its way.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Says that the job is over; its record is final for now.
    pub fn end(&self) {
        self.seat.close();
        self.ended.send_replace(true);
    }

    /// Whether the job is over.
    pub fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Waits until the job is over; answers with the upload then.
    pub async fn ended(&self) -> UploadRecord {
        let mut ended = self.ended.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = ended.wait_for(|ended| *ended).await;
        self.record()
    }

    /// Makes the job look up from its wait.
    pub fn wake(&self) {
        if let Some(nudge) = self.nudge.get() {
            nudge();
        }
    }
}

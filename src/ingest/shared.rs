//! What a running upload's sender, its job and everybody else know of each other.

use crate::domain::{Failure, FailureCode, UploadRecord};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
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
    /// The first reason to stop; later ones change nothing.
    stop: OnceLock<Stop>,
    /// Why the sender went away, where it said so.
    broken: OnceLock<Failure>,
    /// Wakes the job from its wait for bytes.
    nudge: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// The end is being journalled, and may be announced already.
    ending: AtomicBool,
    ended: watch::Sender<bool>,
}

impl Shared {
    pub fn new(record: UploadRecord) -> Self {
        let ended = watch::Sender::new(false);
        Self {
            record: Mutex::new(record),
            stop: OnceLock::new(),
            broken: OnceLock::new(),
            nudge: OnceLock::new(),
            ending: AtomicBool::new(false),
            ended,
        }
    }

    /// The upload as it stands.
    pub fn record(&self) -> UploadRecord {
        self.record.lock().expect("no holder of the record panics").clone()
    }

    /// Changes the upload.
    pub fn change<T>(&self, change: impl FnOnce(&mut UploadRecord) -> T) -> T {
        change(&mut self.record.lock().expect("no holder of the record panics"))
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
        let _ = self.broken.set(failure);
    }

    /// Why the sender went away.
    pub fn why_broken(&self) -> Failure {
        let unsaid = || Failure::new(FailureCode::Interrupted, "The connection ended before the file was complete.");
        self.broken.get().cloned().unwrap_or_else(unsaid)
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

    fn wake(&self) {
        if let Some(nudge) = self.nudge.get() {
            nudge();
        }
    }
}

//! A deadline for something that makes progress now and then.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Notices that something was waited for longer than a limit without any progress.
///
/// Only time spent waiting counts: between two calls of [`Stall::is_over`] with progress in between, the clock starts
/// anew. Progress costs nothing; the timer is set once and moved only when it fires.
pub struct Stall {
    limit: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    /// A deadline of `limit`.
    pub fn new(limit: Duration) -> Self {
        Self { limit, waiting_since: None, timer: None }
    }

    /// There was progress, or nobody waits any more.
    pub fn progress(&mut self) {
        self.waiting_since = None;
    }

    /// To be called whenever the awaited is pending: whether it was pending for longer than the limit. Wakes the task
    /// when it will have been.
    pub fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let deadline = *self.waiting_since.get_or_insert_with(Instant::now) + self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        while timer.as_mut().poll(cx) == Poll::Ready(()) {
            if Instant::now() >= deadline {
                return true;
            }
            timer.as_mut().reset(deadline);
        }
        false
    }
}

//! Waiting for what must happen, never for time to pass.

use std::fmt::Display;
use std::future::Future;
use std::panic::Location;
use std::time::{Duration, Instant};

/// How long anything may take that must happen. Far more than it takes, even on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at that nothing announces.
const GLANCE: Duration = Duration::from_millis(4);

/// What comes of `work`; fails the test, saying what was waited for, when nothing comes.
#[track_caller]
pub fn soon<F: Future>(what: impl Display, work: F) -> impl Future<Output = F::Output> {
    let place = Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(outcome) => outcome,
            Err(_) => panic!("{what}: did not happen within {PATIENCE:?} (waited for at {place})"),
        }
    }
}

/// Looks until `condition` holds, and answers with what it found.
#[track_caller]
pub fn until<T>(what: impl Display, mut condition: impl AsyncFnMut() -> Option<T>) -> impl Future<Output = T> {
    soon(what, async move {
        loop {
            if let Some(found) = condition().await {
                return found;
            }
            tokio::time::sleep(GLANCE).await;
        }
    })
}

/// The same for conditions that need no runtime.
#[track_caller]
pub fn until_blocking<T>(what: impl Display, mut condition: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: did not happen within {PATIENCE:?}");
        std::thread::sleep(GLANCE);
    }
}

/// How many times to try: more with `tests/run --long`.
pub fn rounds(usual: usize) -> usize {
    if std::env::var_os("ROWCAST_TESTS_LONG").is_some() { usual * 20 } else { usual }
}

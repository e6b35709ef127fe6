//! Numbers that the parts of the program keep of themselves, and that whoever shows them reads.
//!
//! Layer 0. Each part owns its own and hands out what they say; it knows nothing of metrics, their names or their format
//! (`metrics` does). Nothing here locks or waits: counting is one atomic addition, done for a batch and never for a row.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only rises.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `more`.
    pub fn add(&self, more: u64) {
        if more > 0 {
            self.0.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The upper bounds of [`Durations`], in milliseconds; what took longer is in a further bucket.
pub const BOUNDS_MS: [u64; 10] = [1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 60_000];

/// How long something took, each time it was done: how often it stayed within each of [`BOUNDS_MS`], and the sum.
#[derive(Debug, Default)]
pub struct Durations {
    buckets: [Count; BOUNDS_MS.len() + 1],
    micros: Count,
}

/// What [`Durations`] say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DurationsSeen {
    /// How often it took no longer than each of [`BOUNDS_MS`]; last, how often it was done at all.
    pub up_to: [u64; BOUNDS_MS.len() + 1],
    /// All of them together.
    pub sum: Duration,
}

impl Durations {
    /// It took this long.
    pub fn add(&self, took: Duration) {
        let bucket = BOUNDS_MS.iter().position(|bound_ms| took <= Duration::from_millis(*bound_ms));
        self.buckets[bucket.unwrap_or(BOUNDS_MS.len())].add(1);
        self.micros.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// What they say now.
    pub fn seen(&self) -> DurationsSeen {
        let mut seen = DurationsSeen { sum: Duration::from_micros(self.micros.get()), ..DurationsSeen::default() };
        let mut total = 0;
        for (up_to, bucket) in seen.up_to.iter_mut().zip(&self.buckets) {
            total += bucket.get();
            *up_to = total;
        }
        seen
    }
}

impl DurationsSeen {
    /// How often it was done.
    pub fn count(&self) -> u64 {
        self.up_to[BOUNDS_MS.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_up_to_each_bound() {
        let durations = Durations::default();
        for ms in [0, 1, 2, 50, 51, 70_000] {
            durations.add(Duration::from_millis(ms));
        }
        let seen = durations.seen();
        assert_eq!(seen.up_to, [2, 3, 3, 4, 5, 5, 5, 5, 5, 5, 6]);
        assert_eq!((seen.count(), seen.sum), (6, Duration::from_millis(70_104)));
    }
}

//! How often progress is told: soon after news, but never twice within an interval.

use std::time::{Duration, Instant};

/// Paces the progress events of one upload.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    told: Option<Instant>,
    news: bool,
}

impl Pace {
    pub fn every(interval_ms: u64) -> Self {
        Self { interval: Duration::from_millis(interval_ms), told: None, news: false }
    }

    /// There is something to tell.
    pub fn news(&mut self) {
        self.news = true;
    }

    /// When it is to be told, if there is anything.
    pub fn deadline(&self) -> Option<Instant> {
        self.news.then(|| self.told.map_or_else(Instant::now, |told| told + self.interval))
    }

    /// Whether now is the time; if so, it counts as told.
    pub fn take(&mut self) -> bool {
        let due = self.deadline().is_some_and(|deadline| deadline <= Instant::now());
        if due {
            (self.told, self.news) = (Some(Instant::now()), false);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_told_at_once_and_then_at_most_once_an_interval() {
        let mut pace = Pace::every(3_600_000);
        assert_eq!((pace.deadline(), pace.take()), (None, false), "nothing to tell");
        pace.news();
        assert!(pace.take());
        pace.news();
        assert!(!pace.take() && pace.deadline().is_some_and(|deadline| deadline > Instant::now()));
    }
}

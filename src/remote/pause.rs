//! How long to wait before trying again.

use std::time::{Duration, Instant};

/// Waits that double, with chance in them, so that many who lost the same server do not come back together.
#[derive(Debug, Clone)]
pub struct Pause {
    /// The first wait.
    base: Duration,
    /// The longest.
    max: Duration,
    failures: u32,
    /// Since when nothing has gone well.
    since: Option<Instant>,
}

impl Pause {
    /// Waits from `base` up to `max`.
    pub const fn new(base: Duration, max: Duration) -> Self {
        Self { base, max, failures: 0, since: None }
    }

    /// Something went well: the next wait is a first one.
    pub fn reset(&mut self) {
        (self.failures, self.since) = (0, None);
    }

    /// How long nothing has gone well.
    pub fn lasting(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// The wait after one more failure; at least as long as the server `asked` for.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        self.since.get_or_insert_with(Instant::now);
        let doubled = self.base.saturating_mul(1 << self.failures.min(16)).min(self.max);
        self.failures += 1;
        let least = doubled.max(asked.unwrap_or_default());
        least + least.mul_f64(chance() / 2.0)
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
    (random >> 32) as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_when_something_went_well() {
        let ms = Duration::from_millis;
        let mut pause = Pause::new(ms(100), ms(1_000));
        for least in [100, 200, 400, 800, 1_000, 1_000] {
            let wait = pause.next(None);
            assert!(wait >= ms(least) && wait <= ms(least * 3 / 2), "{wait:?}");
        }
        assert!(pause.next(Some(ms(5_000))) >= ms(5_000), "what the server asks for is kept");
        pause.reset();
        assert!(pause.next(None) <= ms(150) && pause.lasting() < ms(1_000));
    }
}

//! How long a reader that has a whole line may wait for more before it decides how the file is read.

use std::time::{Duration, Instant};

/// The one deadline of an upload that is not decided.
#[derive(Debug)]
pub(super) struct Settle {
    after: Duration,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// No whole line was there yet.
    Early,
    /// One is; this is when it is decided.
    At(Instant),
    /// It was decided, or asked to be.
    Over,
}

impl Settle {
    pub fn after_ms(ms: u64) -> Self {
        Self { after: Duration::from_millis(ms), state: State::Early }
    }

    /// Nothing is to be decided any more.
    pub fn over(&mut self) {
        self.state = State::Over;
    }

    /// Takes note of a reader that has a whole line, now, and has not decided.
    pub fn undecided(&mut self, now: Instant) {
        if matches!(self.state, State::Early) {
            self.state = State::At(now + self.after);
        }
    }

    /// When it is to be decided, if that is still open.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::At(at) => Some(at),
            State::Early | State::Over => None,
        }
    }

    /// Whether now is the time; once.
    pub fn take(&mut self, now: Instant) -> bool {
        let due = self.deadline().is_some_and(|at| at <= now);
        if due {
            self.over();
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_decided_once_and_counted_from_the_first_whole_line() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let mut settle = Settle::after_ms(200);
        assert!(settle.deadline().is_none() && !settle.take(at(900)), "there is no line");
        settle.undecided(at(1_000));
        settle.undecided(at(1_150));
        assert_eq!(settle.deadline(), Some(at(1_200)), "more lines change nothing");
        assert!(!settle.take(at(1_199)) && settle.take(at(1_200)) && !settle.take(at(1_300)));
        settle.undecided(at(1_400));
        assert_eq!(settle.deadline(), None);
    }

    #[test]
    fn what_was_decided_before_is_not_waited_for() {
        let mut settle = Settle::after_ms(0);
        settle.undecided(Instant::now());
        settle.over();
        assert!(!settle.take(Instant::now()));
    }
}

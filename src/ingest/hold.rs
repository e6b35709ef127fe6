//! What the job of a held upload and whoever lets it go on know of each other.

use tokio::sync::watch;

/// Whether an upload waits at `understood`.
pub(super) struct Hold(watch::Sender<State>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It does not: not yet, not any more, or never.
    Free,
    /// Until somebody asks that it goes on.
    Waiting,
    /// Somebody did.
    Asked,
    /// Its file is complete, and its job ends; the upload waits without one.
    Parked,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// It will go on.
    Heard,
    /// Its job just ends, and it can go on with another.
    Parked,
    /// It waits for nobody.
    NotWaiting,
}

impl Default for Hold {
    fn default() -> Self {
        Self(watch::Sender::new(State::Free))
    }
}

impl Hold {
    /// It waits from now on.
    pub fn begin(&self) {
        self.0.send_replace(State::Waiting);
    }

    /// Asks that it goes on.
    pub fn ask(&self) -> Ask {
        let mut answer = Ask::NotWaiting;
        self.0.send_if_modified(|state| {
            answer = match state {
                State::Free => Ask::NotWaiting,
                State::Parked => Ask::Parked,
                State::Waiting | State::Asked => Ask::Heard,
            };
            let heard = *state == State::Waiting;
            if heard {
                *state = State::Asked;
            }
            heard
        });
        answer
    }

    /// Whether somebody asked that it goes on.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() == State::Asked
    }

    /// Ends the job's wait without going on, unless somebody asked at this very moment.
    pub fn park(&self) -> bool {
        self.0.send_if_modified(|state| {
            let parks = *state == State::Waiting;
            if parks {
                *state = State::Parked;
            }
            parks
        })
    }

    /// It goes on, and that was told.
    pub fn end(&self) {
        self.0.send_replace(State::Free);
    }

    /// Waits until what was asked for was told.
    pub async fn ended(&self) {
        let mut state = self.0.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = state.wait_for(|state| *state != State::Asked).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_heard_or_told_why_not() {
        let hold = Hold::default();
        assert_eq!((hold.ask(), hold.park()), (Ask::NotWaiting, false));
        hold.begin();
        assert_eq!((hold.is_asked(), hold.ask(), hold.ask(), hold.is_asked()), (false, Ask::Heard, Ask::Heard, true));
        assert!(!hold.park(), "somebody asked before");
        hold.end();
        assert_eq!(hold.ask(), Ask::NotWaiting);
        hold.begin();
        assert!(hold.park());
        assert_eq!(hold.ask(), Ask::Parked);
    }
}

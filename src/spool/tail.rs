//! What a file's two ends know of each other: how long it is, and whether more will come.

use std::sync::{Condvar, Mutex};
use std::time::Instant;

/// How the bytes of an upload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The sender said that this is the whole file.
    Complete,
    /// The sender went away before that.
    Broken,
}

/// Shared by a [`super::Writer`] and its [`super::Follower`]. The follower waits on a thread of its own, so this is a
/// plain condition variable.
#[derive(Debug)]
pub(super) struct Tail {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// Bytes appended; never falls.
    pub length: u64,
    /// Set once, by the writer's end.
    pub end: Option<End>,
    /// The follower was told to look up from its wait.
    pub nudged: bool,
}

impl Tail {
    pub fn new(length: u64, end: Option<End>) -> Self {
        Self { state: Mutex::new(State { length, end, nudged: false }), changed: Condvar::new() }
    }

    pub fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().expect("no holder of the tail panics"));
        self.changed.notify_all();
    }

    /// Waits until the file is longer than `seen`, has ended, the follower is nudged, or `deadline` has come.
    pub fn wait(&self, seen: u64, deadline: Option<Instant>) -> State {
        self.wait_while(deadline, |state| state.length <= seen && state.end.is_none())
    }

    /// Waits as long as the state is so, unless the follower is nudged or `deadline` has come.
    pub fn wait_while(&self, deadline: Option<Instant>, is_so: impl Fn(&State) -> bool) -> State {
        let mut state = self.state.lock().expect("no holder of the tail panics");
        loop {
            if !is_so(&state) || state.nudged {
                break;
            }
            state = match deadline.map(|at| at.saturating_duration_since(Instant::now())) {
                None => self.changed.wait(state).expect("no holder of the tail panics"),
                Some(left) if left.is_zero() => break,
                Some(left) => self.changed.wait_timeout(state, left).expect("no holder of the tail panics").0,
            };
        }
        let seen = *state;
        state.nudged = false;
        seen
    }
}

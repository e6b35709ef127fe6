//! The place of an upload's sender: one request at a time has it, and a new one takes it over.
//!
//! It lives and dies with the running upload, so no lock is ever left behind by a crash.

use super::intake::Piece;
use std::sync::Mutex;
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The way to the thread that writes the upload's file.
pub(super) type Pieces = mpsc::Sender<Piece>;

pub(super) struct Seat {
    state: Mutex<State>,
    changes: watch::Sender<()>,
}

enum State {
    /// A request has it, and gives it back when this is cancelled.
    Taken(CancellationToken),
    /// Nobody has it, since then.
    Free(Pieces, Instant),
    /// Nobody will get it any more.
    Closed,
}

/// What somebody gets who wants the seat.
pub(super) enum Take {
    /// The seat, and what is cancelled when somebody else wants it.
    Seat(Pieces, CancellationToken),
    /// Somebody has it still; they were asked to leave.
    Held,
    /// There is none.
    Closed,
}

impl Default for Seat {
    fn default() -> Self {
        Self { state: Mutex::new(State::Closed), changes: watch::Sender::new(()) }
    }
}

impl Seat {
    /// Gives the seat of an upload that begins to its first sender.
    pub fn begin(&self) -> CancellationToken {
        let leave = CancellationToken::new();
        self.set(State::Taken(leave.clone()));
        leave
    }

    /// Takes the seat, or asks whoever has it to leave.
    pub fn take(&self) -> Take {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Closed) {
            State::Free(pieces, _) => {
                let leave = CancellationToken::new();
                *state = State::Taken(leave.clone());
                Take::Seat(pieces, leave)
            }
            State::Taken(leave) => {
                leave.cancel();
                *state = State::Taken(leave);
                Take::Held
            }
            State::Closed => Take::Closed,
        }
    }

    /// Gives the seat back. A closed one stays closed.
    pub fn give_back(&self, pieces: Pieces) {
        // One step: closed between two, it would be open again for a job that ends.
        let mut state = self.state();
        if matches!(*state, State::Taken(_)) {
            *state = State::Free(pieces, Instant::now());
            drop(state);
            self.changes.send_replace(());
        }
    }

    /// Since when nobody has had the seat.
    pub fn free_since(&self) -> Option<Instant> {
        match *self.state() {
            State::Free(_, since) => Some(since),
            _ => None,
        }
    }

    /// Closes the seat if nobody has it; answers whether it did. The upload's file then has no writer any more.
    pub fn close_if_free(&self) -> bool {
        let mut state = self.state();
        let free = matches!(*state, State::Free(..));
        if free {
            *state = State::Closed;
            drop(state);
            self.changes.send_replace(());
        }
        free
    }

    /// Closes the seat, whoever has it.
    pub fn close(&self) {
        self.set(State::Closed);
    }

    /// Hears of every change from now on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    fn set(&self, new: State) {
        *self.state() = new;
        self.changes.send_replace(());
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the seat panics")
    }
}

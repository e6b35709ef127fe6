//! What goes over the wire, in numbers: connections, requests by operation, and how long they took.

use crate::tally::{Count, Durations, DurationsSeen};
use poem::http::Method;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What is not the address of an operation, but of a file of the page.
pub const FILE: &str = "file";
/// What is neither.
pub const NOTHING: &str = "none";

/// Methods as metrics know them. Any other one is the last.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];
/// Classes of status codes, from 1xx on.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The traffic since the start. Cheap to clone; counting takes no lock.
#[derive(Debug, Clone)]
pub struct Traffic(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    operations: Vec<Operation>,
    accepted: Count,
    refused: Count,
    open: AtomicU64,
    received_bytes: Count,
    sent_bytes: Count,
}

#[derive(Debug)]
struct Operation {
    name: &'static str,
    answers: [[Count; CLASSES.len()]; METHODS.len()],
    durations: Durations,
}

/// Requests of one operation that had the same method and the same class of status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The operation's id in the OpenAPI document; `file` for a file of the page, `none` for what is neither.
    pub operation: &'static str,
    /// The method, or `other`.
    pub method: &'static str,
    /// `2xx` and so on.
    pub class: &'static str,
    /// How many there were.
    pub requests: u64,
}

/// A connection that counts as open until this is dropped.
pub struct Open(Traffic);

impl Traffic {
    /// None yet, of these operations and of what is none.
    pub(super) fn new(operations: impl IntoIterator<Item = &'static str>) -> Self {
        let operation = |name| Operation { name, answers: Default::default(), durations: Durations::default() };
        let mut operations: Vec<_> = operations.into_iter().map(operation).collect();
        operations.extend([operation(FILE), operation(NOTHING)]);
        let (accepted, refused, open, received_bytes, sent_bytes) = Default::default();
        Self(Arc::new(Shared { operations, accepted, refused, open, received_bytes, sent_bytes }))
    }

    /// A connection was accepted.
    pub(super) fn accepted(&self) -> Open {
        self.0.accepted.add(1);
        self.0.open.fetch_add(1, Ordering::Relaxed);
        Open(self.clone())
    }

    /// A connection was refused, beyond the cap.
    pub(super) fn refused(&self) {
        self.0.refused.add(1);
    }

    /// A request was answered; its answer began after so long.
    pub(super) fn answered(&self, operation: &str, method: &Method, status: u16, took: Duration) {
        let found = self.0.operations.iter().find(|known| known.name == operation);
        let operation = found.or(self.0.operations.last()).expect("there is one for what is none");
        let method = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1);
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        operation.answers[method][class].add(1);
        operation.durations.add(took);
    }

    /// A request and its answer are over, with so many bytes of bodies.
    pub(super) fn over(&self, received_bytes: u64, sent_bytes: u64) {
        self.0.received_bytes.add(received_bytes);
        self.0.sent_bytes.add(sent_bytes);
    }

    /// Connections that are open now, were accepted, and were refused.
    pub fn connections(&self) -> (u64, u64, u64) {
        (self.0.open.load(Ordering::Relaxed), self.0.accepted.get(), self.0.refused.get())
    }

    /// Bytes of bodies received and sent, of requests that are over.
    pub fn bytes(&self) -> (u64, u64) {
        (self.0.received_bytes.get(), self.0.sent_bytes.get())
    }

    /// Requests that were answered. Those that there are none of are left out.
    pub fn requests(&self) -> Vec<Answered> {
        let mut all = Vec::new();
        for operation in &self.0.operations {
            for (method, answers) in METHODS.into_iter().zip(&operation.answers) {
                for (class, count) in CLASSES.into_iter().zip(answers) {
                    all.push(Answered { operation: operation.name, method, class, requests: count.get() });
                }
            }
        }
        all.retain(|answered| answered.requests > 0);
        all
    }

    /// How long requests took from their head to their answer's head, by operation. Those without any are left out.
    pub fn durations(&self) -> Vec<(&'static str, DurationsSeen)> {
        let seen = self.0.operations.iter().map(|operation| (operation.name, operation.durations.seen()));
        seen.filter(|(_, seen)| seen.count() > 0).collect()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sender_makes_up_is_no_label() {
        let traffic = Traffic::new(["livez"]);
        let took = Duration::from_millis(1);
        traffic.answered("livez", &Method::GET, 200, took);
        traffic.answered("livez", &Method::GET, 204, took);
        traffic.answered("made up", &Method::from_bytes(b"BREW").unwrap(), 999, took);
        let answered = |operation, method, class, requests| Answered { operation, method, class, requests };
        assert_eq!(traffic.requests(), [answered("livez", "GET", "2xx", 2), answered("none", "other", "5xx", 1)]);
        assert_eq!(traffic.durations().len(), 2);
    }

    #[test]
    fn a_connection_is_open_until_it_is_dropped() {
        let traffic = Traffic::new([]);
        let (one, two) = (traffic.accepted(), traffic.accepted());
        drop(one);
        traffic.refused();
        assert_eq!(traffic.connections(), (1, 2, 1));
        drop(two);
        assert_eq!(traffic.connections(), (0, 2, 1));
    }
}

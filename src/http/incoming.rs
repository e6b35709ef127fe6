//! A request's body on its way to a handler: how long it may pause, and what becomes of the rest that nobody reads.
//!
//! A server that answers and closes while the sender still sends makes the sender's kernel throw the answer away (a reset
//! discards what was not read yet). So a body that is dropped half-read is read on for a while and thrown away, in a task
//! of its own: hyper sends the answer meanwhile, since it reads a body and writes the response independently.

use super::observe::Received;
use super::stall::Stall;
use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body as _, Frame, SizeHint};
use poem::http::header::EXPECT;
use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// How much of an unread body is read and thrown away. What a sender has underway when the answer reaches it is far less;
/// the rest is for senders that look at the answer only when they have sent everything.
const LINGER_BYTES_MAX: u64 = 64 << 20;
/// How long that may take.
const LINGER_TIME_MAX: Duration = Duration::from_secs(5);

type Inner = BoxBody<Bytes, io::Error>;

/// Puts the body of `request` under these rules. A body that pauses longer than `stall_max` while somebody waits for it, or
/// brings less than `rate_min` bytes a second of such waiting, fails with [`io::ErrorKind::TimedOut`].
pub fn watch(request: &mut poem::Request, stall_max: Duration, rate_min: u64) {
    let inner: Inner = request.take_body().into();
    if inner.is_end_stream() {
        return;
    }
    let received = Received::default();
    request.extensions_mut().insert(received.clone());
    let expects_continue = request.headers().get(EXPECT).is_some();
    let body = Incoming {
        inner: Some(inner),
        stall: Stall::new(stall_max),
        pace: Pace::new(stall_max, rate_min),
        was_asked_for: !expects_continue,
        received,
    };
    request.set_body(poem::Body::from(Inner::new(body)));
}

struct Incoming {
    /// None when it ended, well or not.
    inner: Option<Inner>,
    stall: Stall,
    pace: Pace,
    /// Whether the sender sends. One that waits for `100 Continue` does only when the body was polled; it reads the final
    /// answer instead, so nothing needs to be thrown away, and polling would tell it to begin.
    was_asked_for: bool,
    received: Received,
}

impl hyper::body::Body for Incoming {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else { return Poll::Ready(None) };
        this.was_asked_for = true;
        match Pin::new(inner).poll_frame(cx) {
            Poll::Pending if this.stall.is_over(cx) => {
                this.inner = None;
                Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())))
            }
            Poll::Pending => {
                this.pace.wait();
                Poll::Pending
            }
            Poll::Ready(frame) => {
                this.stall.progress();
                if let Some(Ok(frame)) = &frame {
                    let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                    this.received.0.fetch_add(bytes, Ordering::Relaxed);
                    if !this.pace.is_kept(bytes) {
                        this.inner = None;
                        return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
                    }
                }
                if !matches!(frame, Some(Ok(_))) {
                    this.inner = None;
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(|inner| inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), |inner| inner.size_hint())
    }
}

/// How much a sender brings of a body while it is waited for. Time in which nobody asks is not the sender's.
struct Pace {
    /// How much waiting is looked at together.
    span: Duration,
    /// Bytes within such a span; 0 asks for none.
    bytes_min: u64,
    waiting_since: Option<Instant>,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    fn new(span: Duration, rate_min: u64) -> Self {
        let bytes_min = u64::try_from(u128::from(rate_min) * span.as_millis() / 1000).unwrap_or(u64::MAX);
        Self { span, bytes_min, waiting_since: None, waited: Duration::ZERO, bytes: 0 }
    }

    fn wait(&mut self) {
        self.waiting_since.get_or_insert_with(Instant::now);
    }

    /// Some bytes came: whether there were enough.
    fn is_kept(&mut self, bytes: u64) -> bool {
        let waited = self.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        self.came(bytes, waited)
    }

    fn came(&mut self, bytes: u64, waited: Duration) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.waited += waited;
        if self.waited < self.span {
            return true;
        }
        self.waited = Duration::ZERO;
        std::mem::take(&mut self.bytes) >= self.bytes_min
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take().filter(|inner| self.was_asked_for && !inner.is_end_stream()) else {
            return;
        };
        // Without a runtime everything ends anyway.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(LINGER_TIME_MAX, throw_away(inner)));
        }
    }
}

async fn throw_away(mut body: Inner) {
    let mut bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        if bytes > LINGER_BYTES_MAX {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_bytes_within_a_span_of_waiting_are_noticed() {
        let mut pace = Pace::new(Duration::from_secs(2), 10);
        let mut after = |waited_ms, bytes| pace.came(bytes, Duration::from_millis(waited_ms));
        assert!(after(1_999, 1), "two seconds are not over");
        assert!(after(1, 19), "20 bytes in two seconds");
        assert!(after(0, 1 << 30) && after(0, 0), "whoever is not waited for");
        assert!(after(2_000, 0));
        assert!(after(1_000, 19));
        assert!(!after(1_000, 0), "19 bytes in two seconds");
        assert!(after(30_000, 20));
        assert!(Pace::new(Duration::from_secs(2), 0).came(0, Duration::from_secs(9)));
    }
}

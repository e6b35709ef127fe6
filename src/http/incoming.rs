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

/// How much of an unread body is read and thrown away. What a sender has underway when the answer reaches it is far less;
/// the rest is for senders that look at the answer only when they have sent everything.
const LINGER_BYTES_MAX: u64 = 64 << 20;
/// How long that may take.
const LINGER_TIME_MAX: Duration = Duration::from_secs(5);

type Inner = BoxBody<Bytes, io::Error>;

/// Puts the body of `request` under these rules. A body that pauses longer than `stall_max` while somebody waits for it
/// fails with [`io::ErrorKind::TimedOut`].
pub fn watch(request: &mut poem::Request, stall_max: Duration) {
    let inner: Inner = request.take_body().into();
    if inner.is_end_stream() {
        return;
    }
    let received = Received::default();
    request.extensions_mut().insert(received.clone());
    let expects_continue = request.headers().get(EXPECT).is_some();
    let body =
        Incoming { inner: Some(inner), stall: Stall::new(stall_max), was_asked_for: !expects_continue, received };
    request.set_body(poem::Body::from(Inner::new(body)));
}

struct Incoming {
    /// None when it ended, well or not.
    inner: Option<Inner>,
    stall: Stall,
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
            Poll::Pending => Poll::Pending,
            Poll::Ready(frame) => {
                this.stall.progress();
                if let Some(Ok(frame)) = &frame {
                    let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                    this.received.0.fetch_add(bytes, Ordering::Relaxed);
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

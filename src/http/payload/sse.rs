//! `text/event-stream` from batches that are encoded already, and its union of events in the document.

use crate::http::api::model::events;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::http::header::{CACHE_CONTROL, HeaderName};
use poem::{Body, IntoResponse, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Server-Sent Events (WHATWG HTML, section 9.2) as they come from a watcher.
pub struct EventStream(Body);

impl EventStream {
    /// Sends `batches` until they end; with `stall`, or until the receiver has taken nothing for so long.
    pub fn new(batches: impl Stream<Item = Bytes> + Send + 'static, stall: Option<Duration>) -> Self {
        Self(match stall {
            Some(stall) => Body::from_bytes_stream(Watched::new(batches, stall).map(io::Result::Ok)),
            None => Body::from_bytes_stream(batches.map(io::Result::Ok)),
        })
    }

    /// A stream that only has a head: the answer to HEAD, which never attaches.
    pub fn head_only() -> Self {
        Self(Body::empty())
    }
}

impl Payload for EventStream {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        let event = MetaSchema { one_of: events::schemas(), ..MetaSchema::ANY };
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            title: Some("Events".into()),
            description: Some(events::DESCRIPTION),
            items: Some(Box::new(MetaSchemaRef::Inline(Box::new(event)))),
            example: Some(events::EXAMPLE.into()),
            ..MetaSchema::new_with_format("array", "event-stream")
        }))
    }

    fn register(registry: &mut Registry) {
        events::register(registry);
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(Self::CONTENT_TYPE)
            // Some proxies gather or compress what they are not told to leave alone.
            .header(CACHE_CONTROL, "no-store, no-transform")
            .header(HeaderName::from_static("x-accel-buffering"), "no")
            .body(self.0)
    }
}

/// A stream that lets go of its source when nobody takes its items any more.
///
/// A connection whose socket stalls is closed by `serve`. A stalled HTTP/2 stream stalls no socket, and holds its place
/// among the client's watchers until this lets it go.
struct Watched<S>(Arc<Mutex<Source<S>>>);

struct Source<S> {
    /// None once it was let go.
    stream: Option<Pin<Box<S>>>,
    /// Since when an item was handed out and the next was not asked for.
    handed_out: Option<Instant>,
}

impl<S: Stream<Item = Bytes> + Send + 'static> Watched<S> {
    fn new(stream: S, stall: Duration) -> Self {
        let source = Arc::new(Mutex::new(Source { stream: Some(Box::pin(stream)), handed_out: None }));
        tokio::spawn(let_go(Arc::downgrade(&source), stall));
        Self(source)
    }
}

async fn let_go<S>(source: Weak<Mutex<Source<S>>>, stall: Duration) {
    loop {
        tokio::time::sleep(stall / 4).await;
        let Some(source) = source.upgrade() else { return };
        let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
        if source.handed_out.is_some_and(|since| since.elapsed() >= stall) {
            source.stream = None;
            return;
        }
    }
}

impl<S: Stream<Item = Bytes>> Stream for Watched<S> {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        source.handed_out = None;
        let Some(stream) = &mut source.stream else { return Poll::Ready(None) };
        let polled = stream.as_mut().poll_next(cx);
        if matches!(polled, Poll::Ready(Some(_))) {
            source.handed_out = Some(Instant::now());
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_util::sync::CancellationToken;

    /// Counts as dropped when its stream is.
    fn noticed(batches: usize) -> (impl Stream<Item = Bytes> + Send + 'static, CancellationToken) {
        let dropped = CancellationToken::new();
        let guard = dropped.clone().drop_guard();
        let items = futures_util::stream::iter(vec![Bytes::from_static(b": x\n\n"); batches]);
        (items.chain(futures_util::stream::pending()).inspect(move |_| _ = &guard), dropped)
    }

    #[tokio::test]
    async fn a_source_is_let_go_when_nobody_takes_its_items() {
        let (source, dropped) = noticed(9);
        let mut stream = Watched::new(source, Duration::from_millis(40));
        assert!(stream.next().await.is_some());
        dropped.cancelled().await;
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn a_receiver_that_waits_for_us_is_not_stalled() {
        let (source, dropped) = noticed(1);
        let mut stream = Watched::new(source, Duration::from_millis(20));
        assert!(stream.next().await.is_some());
        let waited = tokio::time::timeout(Duration::from_millis(100), stream.next()).await;
        assert!(waited.is_err() && !dropped.is_cancelled());
    }
}

//! A stream that is ended from outside.

use bytes::Bytes;
use futures_util::Stream;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What comes of `stream` until `end` is ready; then what that gives, and nothing more.
pub struct Until<S, F> {
    /// None when it is over.
    parts: Option<Parts<S, F>>,
}

type Parts<S, F> = (Pin<Box<S>>, Pin<Box<F>>);

impl<S, F> Until<S, F> {
    /// Nothing of `stream` is held back, and nothing comes after the end.
    pub fn new(stream: S, end: F) -> Self {
        Self { parts: Some((Box::pin(stream), Box::pin(end))) }
    }
}

impl<S: Stream<Item = Bytes>, F: Future<Output = Bytes>> Stream for Until<S, F> {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some((stream, end)) = &mut self.parts else { return Poll::Ready(None) };
        // Looked at first: a stream that always has something must not be able to put its end off.
        if let Poll::Ready(last) = end.as_mut().poll(cx) {
            self.parts = None;
            return Poll::Ready(Some(last));
        }
        let polled = stream.as_mut().poll_next(cx);
        if matches!(polled, Poll::Ready(None)) {
            self.parts = None;
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn the_end_comes_even_if_there_is_always_more() {
        let (end, ended) = oneshot::channel();
        let endless = futures_util::stream::repeat(Bytes::from_static(b"x"));
        let mut stream = Until::new(endless, async { ended.await.unwrap() });
        assert_eq!(stream.next().await.as_deref(), Some(&b"x"[..]));
        end.send(Bytes::from_static(b"last")).unwrap();
        assert_eq!(stream.next().await.as_deref(), Some(&b"last"[..]));
        assert_eq!(stream.next().await, None);
    }

    #[tokio::test]
    async fn a_stream_that_ends_by_itself_is_over() {
        let one = futures_util::stream::iter([Bytes::from_static(b"x")]);
        let mut stream = Until::new(one, std::future::pending::<Bytes>());
        assert!(stream.next().await.is_some() && stream.next().await.is_none() && stream.next().await.is_none());
    }
}

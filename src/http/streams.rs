//! The streams of an HTTP/2 connection: whether there are any, and whether their answers are taken.
//!
//! TCP tells of a peer that reads nothing, HTTP/2 does not: with a window of its own for every stream, a peer can leave
//! answers lying and go on to answer pings. Here an answer of which nothing is taken for too long is given up, alone, and a
//! connection without any stream is known as such.

use super::stall::Stall;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;

tokio::task_local! {
    /// The answer of the stream that is polled.
    static ANSWER: Arc<Answer>;
}

/// How far the answer of one stream is.
#[derive(Default)]
struct Answer {
    /// How often more of it was asked for.
    polls: AtomicUsize,
    /// A piece was given out, and nothing was asked for since.
    is_held: AtomicBool,
}

/// Runs the streams of one connection. Cheap to clone.
#[derive(Clone)]
pub struct Streams {
    running: watch::Sender<usize>,
    stall_max: Duration,
}

impl Streams {
    /// None yet. One whose peer takes nothing of its answer for `stall_max` is reset (RFC 9113, section 8.1, CANCEL).
    pub fn new(stall_max: Duration) -> Self {
        Self { running: watch::Sender::new(0), stall_max }
    }

    /// Waits until there was none for that long without a break.
    pub async fn none_for(&self, span: Duration) {
        let mut running = self.running.subscribe();
        loop {
            let is_idle = *running.borrow_and_update() == 0;
            tokio::select! {
                () = tokio::time::sleep(span), if is_idle => return,
                // Never an error: `self` holds the other end.
                _ = running.changed() => {}
            }
        }
    }
}

/// A stream that runs; it is counted until this is dropped.
struct Running(watch::Sender<usize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Streams {
    fn execute(&self, stream: F) {
        self.running.send_modify(|running| *running += 1);
        let running = Running(self.running.clone());
        let mut stall = Stall::new(self.stall_max);
        tokio::spawn(async move {
            let _running = running;
            let answer = Arc::new(Answer::default());
            let mut polls = 0;
            tokio::pin!(stream);
            poll_fn(|cx| {
                let polled = ANSWER.sync_scope(Arc::clone(&answer), || stream.as_mut().poll(cx));
                let polls_now = answer.polls.load(Ordering::Relaxed);
                let has_moved = std::mem::replace(&mut polls, polls_now) != polls_now;
                if has_moved || !answer.is_held.load(Ordering::Relaxed) {
                    stall.progress();
                }
                if polled.is_pending() && answer.is_held.load(Ordering::Relaxed) && stall.is_over(cx) {
                    return Poll::Ready(());
                }
                polled
            })
            .await;
        });
    }
}

/// The body of an answer, which knows what was taken of it where its stream is one of [`Streams`].
pub struct Given<B> {
    inner: B,
    answer: Option<Arc<Answer>>,
}

impl<B> Given<B> {
    /// To be called within the stream.
    pub fn new(inner: B) -> Self {
        Self { inner, answer: ANSWER.try_with(Arc::clone).ok() }
    }
}

impl<B: Body<Data = Bytes, Error = io::Error> + Unpin> Body for Given<B> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Some(answer) = &self.answer {
            answer.polls.fetch_add(1, Ordering::Relaxed);
            answer.is_held.store(matches!(polled, Poll::Ready(Some(Ok(_)))), Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::rt::Executor;
    use tokio::sync::oneshot;

    const SOON: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_connection_is_idle_only_while_no_stream_runs() {
        let streams = Streams::new(SOON);
        let (end, ended) = oneshot::channel::<()>();
        streams.execute(async move { drop(ended.await) });
        tokio::select! {
            () = streams.none_for(Duration::ZERO) => panic!("one runs"),
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
        drop(end);
        tokio::time::timeout(SOON, streams.none_for(Duration::from_millis(1))).await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_that_is_not_taken_is_given_up_and_one_that_waits_for_more_is_not() {
        let streams = Streams::new(Duration::from_millis(30));
        let body = |text: &'static str| {
            let frames = futures_util::stream::iter([Ok(Frame::data(Bytes::from(text)))]);
            http_body_util::StreamBody::new(futures_util::StreamExt::chain(frames, futures_util::stream::pending()))
        };
        let (given_up, was_given_up) = oneshot::channel::<()>();
        streams.execute(async move {
            let _given_up = given_up;
            let mut body = Given::new(body("x"));
            http_body_util::BodyExt::frame(&mut body).await.unwrap().unwrap();
            std::future::pending().await
        });
        let (waiting, mut waits) = oneshot::channel::<()>();
        streams.execute(async move {
            let _waiting = waiting;
            let mut body = Given::new(body("x"));
            http_body_util::BodyExt::frame(&mut body).await.unwrap().unwrap();
            http_body_util::BodyExt::frame(&mut body).await;
        });
        assert!(tokio::time::timeout(SOON, was_given_up).await.unwrap().is_err(), "it was dropped");
        assert!(matches!(waits.try_recv(), Err(oneshot::error::TryRecvError::Empty)), "it waits on");
    }
}

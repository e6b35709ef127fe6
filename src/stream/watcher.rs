//! One connection: replay → live → (lagging) replay → live.

use super::draft::ends_upload;
use super::hub::Bounds;
use super::replay::{Replay, Shelf, gap_batch};
use super::seats::{Presence, Seat};
use super::topic::Topic;
use crate::domain::{EventId, Kind, KindSet};
use crate::encode::{Batch, id_block};
use crate::journal::JournalError;
use bytes::Bytes;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// One connection's events: a stream of SSE bytes (HTML Standard, section 9.2) that never fails. It detaches when dropped.
///
/// It has no task of its own: whoever sends its bytes drives it, so one that waits costs little, and one whose receiver
/// takes nothing does nothing.
pub struct Watcher {
    /// None when it is over.
    run: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    next: Arc<Next>,
    newest: EventId,
    _tracked: TaskTrackerToken,
}

/// The bytes on their way out.
#[derive(Default)]
struct Next(Mutex<Option<Bytes>>);

impl Next {
    fn put(&self, bytes: Bytes) {
        *self.0.lock().expect("no holder of the bytes panics") = Some(bytes);
    }

    fn take(&self) -> Option<Bytes> {
        self.0.lock().expect("no holder of the bytes panics").take()
    }
}

impl Watcher {
    pub(super) fn new(task: Task, tracked: TaskTrackerToken) -> Self {
        let next = Arc::clone(&task.next.0);
        let newest = task.topic.hub.announced();
        Self { run: Some(Box::pin(task.run())), next, newest, _tracked: tracked }
    }

    /// The newest event when it attached: how far there is to catch up.
    pub fn newest(&self) -> EventId {
        self.newest
    }
}

impl futures_util::Stream for Watcher {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(run) = &mut self.run else { return Poll::Ready(None) };
        if run.as_mut().poll(context).is_ready() {
            self.run = None;
        }
        match self.next.take() {
            None if self.run.is_some() => Poll::Pending,
            // Whoever got bytes comes back for more, which is what goes on with it.
            bytes => Poll::Ready(bytes),
        }
    }
}

/// Where a watcher's bytes are put.
#[derive(Default)]
pub(super) struct Out(Arc<Next>);

/// What a [`Watcher`] does.
pub(super) struct Task {
    pub topic: Arc<Topic>,
    pub shelf: Shelf,
    pub bounds: Bounds,
    pub replays: Arc<Semaphore>,
    pub closing: CancellationToken,
    pub next: Out,
    pub kinds: KindSet,
    pub until_done: bool,
    /// The id as the watcher gave it, and why nothing stands there; told before anything else.
    pub missing: Option<(String, &'static str)>,
    /// The last event this watcher has.
    pub at: EventId,
    pub seat: Seat,
    /// How many watch, where that is wanted.
    pub presence: Option<watch::Receiver<Presence>>,
    /// How the server does, at the client that is its own.
    pub status: Option<watch::Receiver<Bytes>>,
}

/// Why a watcher's task ends.
enum End {
    /// It saw what it waited for.
    Over,
    /// The server shuts down.
    Closing,
    /// The journal could not be read.
    Failed(JournalError),
}

impl Task {
    async fn run(mut self) {
        let closing = self.closing.clone();
        let end = tokio::select! {
            end = self.watch() => end,
            () = closing.cancelled() => End::Closing,
        };
        match end {
            End::Over => {}
            End::Closing => {
                // Everybody comes back, but not all at once.
                let retry_ms = 500 + u64::from(uuid::Uuid::new_v4().as_bytes()[0]) * 10;
                self.send(format!("retry: {retry_ms}\n\n").into()).await;
            }
            End::Failed(error) => {
                // The stream ends; the watcher comes back with its id, and finds the journal well again or not.
                tracing::error!(%error, client = %self.topic.log.name(), "watcher: the journal cannot be read");
            }
        }
    }

    async fn watch(&mut self) -> End {
        match self.watch_until_over().await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn watch_until_over(&mut self) -> Result<std::convert::Infallible, End> {
        match self.missing.take() {
            None => self.send(id_block(self.at)).await,
            Some((from, reason)) => {
                // Its id comes with it, and not before: who has that id has heard of what is missing.
                self.deliver(&gap_batch(&from, self.at, reason)).await?;
            }
        }
        loop {
            // Far behind: read without listening, else the live channel would only fill up meanwhile.
            let mut near = false;
            if self.at.n < self.topic.hub.announced().n {
                self.bounds.counts.replays.add(1);
            }
            while !near {
                let end = self.topic.hub.announced();
                // Boxed, since a watcher that only waits shall not keep room for it.
                near = Box::pin(self.replay(end, Some(CATCH_UP_STEPS))).await?;
            }
            let (mut live, announced, progress) = self.topic.hub.listen(self.bounds.clone());
            Box::pin(self.replay(announced, None)).await?;
            for batch in progress {
                self.deliver(&batch).await?;
            }
            loop {
                for batch in self.topic.hub.missed(&live) {
                    self.deliver(&batch).await?;
                }
                let keep_alive = Duration::from_millis(self.shelf.limits.keep_alive_ms);
                let next = tokio::select! {
                    next = tokio::time::timeout(keep_alive, live.next()) => next,
                    now = changed(&mut self.presence) => {
                        self.send(presence_state(now)).await;
                        continue;
                    }
                    now = changed(&mut self.status) => {
                        self.send(now).await;
                        continue;
                    }
                };
                match next {
                    // A gap may have told of it already.
                    Ok(Some(batch)) if (batch.first_n..=self.at.n).contains(&batch.last_n) => {}
                    Ok(Some(batch)) => self.deliver(&batch).await?,
                    Ok(None) => break,
                    Err(_) => self.send(Bytes::from_static(b":\n\n")).await,
                }
            }
        }
    }

    /// Replays up to `end`, or as far as `steps` go; answers whether `end` was reached. The next step is read while the
    /// last one is sent.
    async fn replay(&mut self, end: EventId, steps: Option<u32>) -> Result<bool, End> {
        if self.at.n >= end.n {
            return Ok(true);
        }
        let rows = self.kinds.contains(Kind::Row);
        let replay = Replay::new(self.shelf.clone(), Arc::clone(&self.topic.log), rows, self.at.n);
        let mut next = Some(self.step(replay, end).await);
        let mut taken = 0;
        while let Some(reading) = next.take() {
            let (replay, batches) = reading.await.expect("a replay step does not panic");
            let batches = batches.map_err(End::Failed)?;
            if batches.is_empty() {
                return Ok(true);
            }
            taken += 1;
            if steps.is_none_or(|steps| taken < steps) {
                next = Some(self.step(replay, end).await);
            }
            for batch in batches {
                self.deliver(&batch).await?;
            }
        }
        Ok(self.at.n >= end.n)
    }

    async fn step(
        &self,
        mut replay: Replay,
        end: EventId,
    ) -> tokio::task::JoinHandle<(Replay, Result<Vec<Batch>, JournalError>)> {
        let permit = Arc::clone(&self.replays).acquire_owned().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(move || {
            let batches = replay.step(end.n);
            drop(permit);
            (replay, batches)
        })
    }

    async fn deliver(&mut self, batch: &Batch) -> Result<(), End> {
        if batch.last_n >= batch.first_n {
            self.at = EventId { epoch: batch.epoch, n: batch.last_n };
        }
        let last = if self.until_done { end_of_upload(batch) } else { None };
        match (self.kinds.is_all(), last) {
            (true, None) => self.send(batch.bytes.clone()).await,
            (true, Some(end)) => self.send(batch.bytes.slice(..end)).await,
            (false, last) => {
                let parts =
                    last.map_or_else(|| batch.filtered(&self.kinds), |end| batch.until(end).filtered(&self.kinds));
                for bytes in parts {
                    self.send(bytes).await;
                }
            }
        }
        self.seat.at(self.at);
        if last.is_some() { Err(End::Over) } else { Ok(()) }
    }

    /// Hands bytes out, and goes on when more are asked for.
    async fn send(&self, bytes: Bytes) {
        self.next.0.put(bytes);
        let mut handed_out = false;
        std::future::poll_fn(|_| {
            // Not woken by anything: the next poll is whoever took them asking for more.
            let ready = std::mem::replace(&mut handed_out, true);
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// A state once it has changed; waits for ever where it was not asked for.
async fn changed<T: Clone>(state: &mut Option<watch::Receiver<T>>) -> T {
    if let Some(state) = state
        && state.changed().await.is_ok()
    {
        return state.borrow_and_update().clone();
    }
    std::future::pending().await
}

fn presence_state(now: Presence) -> Bytes {
    let json = serde_json::to_string(&now).expect("numbers always serialise");
    format!("event: presence\ndata: {json}\n\n").into()
}

/// Steps replayed before looking again how far the journal has come.
const CATCH_UP_STEPS: u32 = 64;

/// Where the batch's first event ends that ends an upload.
fn end_of_upload(batch: &Batch) -> Option<usize> {
    let mut start = 0;
    for run in &batch.runs {
        if run.kind == Kind::Stage {
            let mut place = start;
            let text = std::str::from_utf8(&batch.bytes[..run.end]).expect("events are UTF-8");
            for event in text[start..].split_inclusive("\n\n") {
                place += event.len();
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                if data.is_some_and(|data| ends_upload(data).is_some()) {
                    return Some(place);
                }
            }
        }
        start = run.end;
    }
    None
}

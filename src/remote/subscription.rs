//! A client's events, for as long as they come.

use super::address::Address;
use super::body::Payload;
use super::connection::{Ask, Connection};
use super::error::{RemoteError, innermost};
use super::pause::Pause;
use super::sse::{Event, Parser};
use crate::domain::{ClientName, Stage};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::Instant;

/// What to watch, and how.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Whose events.
    pub client: ClientName,
    /// Where to begin.
    pub begin: Begin,
    /// Only these kinds, joined by commas; all where there is none.
    pub kinds: Option<String>,
    /// End after the next upload that ends.
    pub until_done: bool,
    /// After how much silence a connection counts as lost. Longer than the server's `keep-alive-ms`.
    pub silence_max: Duration,
    /// How long to try without any success before giving up; for ever where there is none.
    pub give_up_after: Option<Duration>,
}

/// Where to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// With what comes next.
    Now,
    /// With the oldest event that is kept.
    Start,
    /// After this event.
    After(String),
}

/// What a subscription has to say.
#[derive(Debug)]
pub enum Update {
    /// An event.
    Event(Event),
    /// The connection is gone; after the pause another one is tried.
    Away {
        /// What happened.
        reason: String,
        /// How long until the next try.
        pause: Duration,
    },
    /// It is connected again, and goes on where it was.
    Back,
}

/// Watches a client, over as many connections as it takes, and gives each event once.
pub struct Subscription {
    watch: Watch,
    connection: Connection,
    parser: Parser,
    stream: Option<Incoming>,
    pause: Pause,
    not_before: Instant,
    attached_at: Option<Instant>,
    /// Whether there was a connection before.
    been_there: bool,
    /// Whether the last event ended an upload.
    at_end: bool,
}

/// A stream that lasted this long was a good one, even if it said nothing.
const GOOD_AFTER: Duration = Duration::from_secs(5);

impl Subscription {
    /// For a server; it connects with the first [`Self::next`].
    pub fn new(server: Address, watch: Watch) -> Self {
        Self {
            watch,
            connection: Connection::to(server),
            parser: Parser::default(),
            stream: None,
            pause: Pause::new(Duration::from_millis(500), Duration::from_secs(30)),
            not_before: Instant::now(),
            attached_at: None,
            been_there: false,
            at_end: false,
        }
    }

    /// The id of the last event, to come back with.
    pub fn last_id(&self) -> &str {
        self.parser.last_id()
    }

    /// Whether the next event is here already.
    pub fn has_next(&self) -> bool {
        self.parser.has_next()
    }

    /// Connects, if it has to be; so that what happens from now on is seen.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn attach(&mut self) -> Result<Option<Update>, RemoteError> {
        loop {
            if self.stream.is_some() {
                return Ok(None);
            }
            tokio::time::sleep_until(self.not_before).await;
            let asked = tokio::time::timeout(self.watch.silence_max, self.ask());
            match asked.await.unwrap_or_else(|_| Err(self.silence())) {
                Ok(None) => {
                    self.been_there = true;
                    return Ok(None);
                }
                Ok(Some(stream)) => {
                    self.parser.reset();
                    self.stream = Some(stream);
                    self.attached_at = Some(Instant::now());
                    if std::mem::replace(&mut self.been_there, true) {
                        return Ok(Some(Update::Back));
                    }
                }
                // Whoever was never there has most likely a wrong address.
                Err(error @ (RemoteError::Unreachable { .. } | RemoteError::Lost(_))) if !self.been_there => {
                    return Err(error);
                }
                Err(error) => return self.away(error).map(Some),
            }
        }
    }

    /// The next update; none when the server says that it was all. Not to be dropped half-way.
    ///
    /// # Errors
    /// [`RemoteError`] when the first connection fails, when the server refuses for good, or when it has been gone for too long.
    pub async fn next(&mut self) -> Result<Option<Update>, RemoteError> {
        loop {
            if let Some(event) = self.parser.take() {
                self.pause.reset();
                self.at_end = ends_an_upload(&event);
                return Ok(Some(Update::Event(event)));
            }
            let Some(stream) = &mut self.stream else {
                match self.attach().await? {
                    None if self.stream.is_none() => return Ok(None),
                    None => continue,
                    Some(update) => return Ok(Some(update)),
                }
            };
            let lost = match tokio::time::timeout(self.watch.silence_max, stream.frame()).await {
                Ok(Some(Ok(frame))) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    self.parser.feed(&bytes).map_err(|error| RemoteError::NotUnderstood(error.to_string()))?;
                    continue;
                }
                Ok(Some(Err(error))) => innermost(&error),
                Ok(None) => "the server ended the stream".to_owned(),
                Err(_) => self.silence().to_string(),
            };
            let ended = self.at_end && self.watch.until_done;
            self.stream = None;
            if self.attached_at.is_some_and(|since| since.elapsed() >= GOOD_AFTER) {
                self.pause.reset();
            }
            // This end was to be expected. The server is asked once more, and says that it was all.
            if !std::mem::take(&mut self.at_end) || !ended {
                return self.away(RemoteError::Lost(lost)).map(Some);
            }
        }
    }

    fn silence(&self) -> RemoteError {
        RemoteError::Lost(format!("nothing came for {:?}", self.watch.silence_max))
    }

    fn away(&mut self, error: RemoteError) -> Result<Update, RemoteError> {
        if !error.passes() || self.watch.give_up_after.is_some_and(|limit| self.pause.lasting() >= limit) {
            return Err(error);
        }
        let asked = error.retry_after().max(self.parser.retry());
        let pause = self.pause.next(asked);
        self.not_before = Instant::now() + pause;
        Ok(Update::Away { reason: error.to_string(), pause })
    }

    /// The stream, or none when there is nothing more.
    async fn ask(&mut self) -> Result<Option<Incoming>, RemoteError> {
        let mut query = Vec::new();
        let mut last_id = None;
        match (&self.watch.begin, self.parser.last_id()) {
            (Begin::Now, "") => {}
            (Begin::Start, "") => query.push("from=start".to_owned()),
            // As a parameter: a header would say that it was we who watched up to there.
            (Begin::After(id), "") => query.push(format!("last_event_id={id}")),
            (_, id) => last_id = Some(id.to_owned()),
        }
        query.extend(self.watch.kinds.as_ref().map(|kinds| format!("events={kinds}")));
        query.extend(self.watch.until_done.then(|| "until=done".to_owned()));
        let mut path = format!("/sse/{}", self.watch.client);
        for (i, part) in query.iter().enumerate() {
            path += if i == 0 { "?" } else { "&" };
            path += part;
        }
        let mut ask = Ask::new(Method::GET, &path).header("accept", "text/event-stream");
        if let Some(id) = last_id {
            ask = ask.header("last-event-id", id);
        }
        let answer = self.connection.ask(ask, Payload::empty()).await?;
        if answer.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !content_type.starts_with("text/event-stream") {
            let found = if content_type.is_empty() { "nothing that says what it is" } else { content_type };
            return Err(RemoteError::NotUnderstood(format!("{path} is no event stream but {found}")));
        }
        Ok(Some(answer.into_body()))
    }
}

fn ends_an_upload(event: &Event) -> bool {
    #[derive(Deserialize)]
    struct Entered {
        stage: Stage,
    }
    event.kind == "stage" && serde_json::from_str(&event.data).is_ok_and(|Entered { stage }| !stage.is_running())
}

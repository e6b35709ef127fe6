//! A client that watches: it holds what it is told to the rules as it comes.

use crate::answer::{Answer, Head};
use crate::api::Api;
use crate::client::{Connection, Left, Request};
use crate::ledger::{Ledger, parts};
use crate::patience::soon;
use crate::sse::{Block, Parser, Piece};
use serde_json::Value;
use std::collections::VecDeque;

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    pub block: Block,
    pub data: Value,
}

impl Event {
    pub fn kind(&self) -> &str {
        &self.block.kind
    }

    /// Its number; none for states.
    pub fn n(&self) -> Option<u64> {
        self.block.id.as_deref().map(|id| parts(id).1)
    }

    pub fn is(&self, kind: &str) -> bool {
        self.kind() == kind
    }

    /// Whether it says that an upload is at this stage.
    pub fn is_stage(&self, stage: &str) -> bool {
        self.is("stage") && self.data["stage"] == stage
    }

    /// Whether it ends an upload.
    pub fn is_end(&self) -> bool {
        ["done", "failed", "cancelled", "interrupted"].iter().any(|stage| self.is_stage(stage))
    }

    pub fn is_row(&self, number: u64) -> bool {
        self.is("row") && self.data["row"] == number
    }
}

/// A connection that watches a client.
pub struct Watcher {
    pub head: Head,
    /// The id that the stream opened with.
    pub opening: String,
    pub ledger: Ledger,
    /// Comments so far.
    pub comments: usize,
    /// The pause that the server asked for.
    pub retry: Option<u64>,
    /// Lengths of the chunks that came.
    pub chunks: Vec<usize>,
    /// Whether the stream broke off instead of ending.
    pub broke_off: bool,
    target: String,
    connection: Connection,
    left: Left,
    parser: Parser,
    ready: VecDeque<Piece>,
    last_id: String,
}

impl Watcher {
    pub async fn attach(api: &Api, target: &str) -> Self {
        Self::attach_with(api, &Request::get(target)).await
    }

    pub async fn attach_with(api: &Api, request: &Request) -> Self {
        match Self::try_attach(api, request).await {
            Ok(watcher) => watcher,
            Err(answer) => panic!("watching was refused: {answer:?}"),
        }
    }

    /// Attaches, or what was answered instead.
    pub async fn try_attach(api: &Api, request: &Request) -> Result<Self, Answer> {
        Self::attach_over(api.connect().await, request).await
    }

    /// Attaches by a connection that is there already.
    pub async fn attach_over(mut connection: Connection, request: &Request) -> Result<Self, Answer> {
        connection.send_head(request).await;
        let head = connection.head().await;
        if head.status != 200 {
            let body = connection.body(&head).await;
            return Err(Answer { head, body });
        }
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        let mut watcher = Self {
            left: Connection::left(&head),
            ledger: Ledger::new(request.target().contains("events=")),
            head,
            target: request.target().to_owned(),
            opening: String::new(),
            comments: 0,
            retry: None,
            chunks: Vec::new(),
            broke_off: false,
            connection,
            parser: Parser::default(),
            ready: VecDeque::new(),
            last_id: String::new(),
        };
        match watcher.piece().await {
            Some(Piece::Id(id)) => watcher.note_id(&id),
            // Of what is missing a stream tells first: its id must not come without that.
            Some(Piece::Event(block)) if block.kind == "gap" => {
                watcher.note_id(&block.last_id);
                watcher.ready.push_front(Piece::Event(block));
            }
            other => panic!("a stream opens with an id, not with {other:?}"),
        }
        watcher.opening.clone_from(&watcher.last_id);
        Ok(watcher)
    }

    /// The id to come back with.
    pub fn last_id(&self) -> &str {
        &self.last_id
    }

    /// The next event; none when the stream ended. Comments meanwhile are no reason to be patient for longer.
    pub async fn next(&mut self) -> Option<Event> {
        soon(format!("an event of {} after {}", self.target, self.last_id), self.next_at_last()).await
    }

    async fn next_at_last(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.step().await? {
                return Some(event);
            }
        }
    }

    /// Takes in one piece of the stream, which may be an event; none when the stream ended.
    pub async fn step(&mut self) -> Option<Option<Event>> {
        match self.piece().await? {
            Piece::Event(block) => {
                let data = serde_json::from_str(&block.data);
                let data: Value = data.unwrap_or_else(|error| panic!("{error} in {}", block.text));
                self.ledger.note(&block, &data);
                self.last_id.clone_from(&block.last_id);
                return Some(Some(Event { block, data }));
            }
            Piece::Id(id) => self.note_id(&id),
            Piece::Comment(_) => self.comments += 1,
            Piece::Retry(ms) => self.retry = Some(ms),
            Piece::Ignored(line) => panic!("browsers would ignore {line:?}"),
        }
        Some(None)
    }

    /// The next event, which must come.
    pub async fn event(&mut self) -> Event {
        self.next().await.expect("the stream ended too early")
    }

    /// Events up to the first that is as `wanted`, that one included.
    pub async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let event = self.event().await;
            let found = wanted(&event);
            events.push(event);
            if found {
                return events;
            }
        }
    }

    /// Events up to the end of an upload, that included.
    pub async fn until_end(&mut self) -> Vec<Event> {
        self.until(Event::is_end).await
    }

    /// Waits for a comment, with no event before it.
    pub async fn comment(&mut self) {
        loop {
            match self.piece().await.expect("the stream ended too early") {
                Piece::Comment(_) => return self.comments += 1,
                Piece::Id(id) => self.note_id(&id),
                other => panic!("instead of a comment came {other:?}"),
            }
        }
    }

    /// Everything up to the end of the stream, which must be a clean one.
    pub async fn rest(&mut self) -> Vec<Event> {
        let events = self.rest_or_break().await;
        assert!(!self.broke_off, "the stream broke off");
        events
    }

    /// Everything until the stream ends or breaks off.
    pub async fn rest_or_break(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    fn note_id(&mut self, id: &str) {
        self.ledger.note_id(id);
        id.clone_into(&mut self.last_id);
    }

    async fn piece(&mut self) -> Option<Piece> {
        while self.ready.is_empty() {
            match self.connection.piece(&mut self.left).await {
                Ok(Some(bytes)) => {
                    self.chunks.push(bytes.len());
                    self.ready.extend(self.parser.feed(&bytes));
                }
                Ok(None) => {
                    assert!(!self.parser.is_in_a_block(), "the stream ended within a block");
                    return None;
                }
                Err(_) => {
                    self.broke_off = true;
                    return None;
                }
            }
        }
        self.ready.pop_front()
    }
}

/// The kinds of the events, in order.
pub fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::kind).collect()
}

/// The rows among the events: number and cells.
pub fn rows(events: &[Event]) -> Vec<(u64, &Value)> {
    let rows = events.iter().filter(|event| event.is("row"));
    rows.map(|event| (event.data["row"].as_u64().expect("a row has a number"), &event.data["data"])).collect()
}

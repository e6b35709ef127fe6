//! Somebody who watches, loses the connection, comes back with the last id, and holds everything that is told to the
//! rules: every number once and in order, every row as the file has it.

use crate::chronicle::Chronicle;
use crate::dice::Dice;
use crate::host::{self, Meter, Place};
use crate::ledger::parts;
use crate::sample::{RowTold, Sample, Samples};
use crate::sse::{Block, Parser, Piece};
use crate::wire::{Broken, Habits, Line, empty, timely};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use rowcast::domain::Stage;
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What all watchers of a test share.
#[derive(Clone)]
pub struct Scene {
    pub place: Place,
    pub client: String,
    pub samples: Samples,
    pub chronicle: Chronicle,
    pub meter: Meter,
    /// The number up to which everything is to be seen; none while there is more to come.
    pub goal: watch::Receiver<Option<u64>>,
}

/// How somebody watches.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Bytes a second that it takes, where it is slow.
    pub pace: Option<u64>,
    /// It leaves by itself after at most that many events.
    pub leaves_after: Option<u64>,
    /// After how much silence it takes the connection for dead.
    pub patience: Duration,
    pub http2: bool,
}

impl Manner {
    pub fn steady(patience: Duration) -> Self {
        Self { pace: None, leaves_after: None, patience, http2: false }
    }
}

/// A gap that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub from: String,
    pub to: String,
    pub reason: String,
    pub numbers: u64,
}

/// What is known of an upload.
#[derive(Debug)]
pub struct Seen {
    pub stage: Stage,
    pub rows: u64,
    problems: u64,
    /// Nothing of it was missed.
    whole: bool,
    sample: Arc<Sample>,
}

/// Who watches.
pub struct Witness {
    scene: Scene,
    manner: Manner,
    dice: Dice,
    last_id: Option<String>,
    n: u64,
    pub events: u64,
    pub gaps: Vec<Gap>,
    pub uploads: HashMap<String, Seen>,
    pub connections: u64,
    /// Streams that ended in good order.
    pub clean_ends: u64,
    /// Why streams broke off.
    pub broken_off: Vec<String>,
}

/// Why a connection was over.
enum Over {
    Seen,
    Left,
    Ended,
}

impl Witness {
    pub fn new(scene: &Scene, manner: Manner, dice: Dice) -> Self {
        Self {
            scene: scene.clone(),
            manner,
            dice,
            last_id: None,
            n: 0,
            events: 0,
            gaps: Vec::new(),
            uploads: HashMap::new(),
            connections: 0,
            clean_ends: 0,
            broken_off: Vec::new(),
        }
    }

    /// Watches until it has seen everything.
    pub async fn watch(mut self) -> Self {
        loop {
            match self.connection().await {
                Ok(Over::Seen) => return self,
                Ok(Over::Ended) => self.clean_ends += 1,
                Ok(Over::Left) | Err(_) => {}
            }
        }
    }

    /// The number it is at.
    pub fn n(&self) -> u64 {
        self.n
    }

    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Asserts that it was told of every upload of these, to its end and every row.
    #[track_caller]
    pub fn assert_complete(&self, done: &HashMap<String, Arc<Sample>>) {
        for (id, sample) in done {
            let seen = self.uploads.get(id).unwrap_or_else(|| panic!("{id} was never told of"));
            assert!(seen.stage == Stage::Done && seen.rows == sample.rows(), "{id}: {seen:?}");
        }
    }

    /// Whether it has seen everything, on a connection to the server that is there now: another one may count otherwise.
    fn has_seen_all(&self, address: SocketAddr) -> bool {
        *self.scene.place.borrow() == Some(address) && self.scene.goal.borrow().is_some_and(|goal| self.n >= goal)
    }

    async fn connection(&mut self) -> Result<Over, Broken> {
        let Manner { pace, patience, http2, .. } = self.manner;
        let address = host::found(&mut self.scene.place).await;
        let receive_bytes = pace.map(|_| 4096);
        let mut line = Line::open(address, Habits { http2, patience, receive_bytes }).await?;
        let mut request = Request::get(format!("/sse/{}?from=start", self.scene.client));
        if let Some(id) = &self.last_id {
            request = request.header("last-event-id", id);
        }
        let response = timely(patience, line.head(request, empty())).await?;
        if response.status() != 200 {
            let status = response.status().as_u16();
            assert!(matches!(status, 429 | 503), "watching was refused: {response:?}");
            return Err(Broken(status.to_string()));
        }
        self.connections += 1;
        let over = self.stream(response.into_body(), address).await;
        if let Err(Broken(why)) = &over {
            self.broken_off.push(format!("{why} ({:?}, after {:?})", self.manner, self.last_id));
        }
        over
    }

    async fn stream(&mut self, mut body: Incoming, address: SocketAddr) -> Result<Over, Broken> {
        let Manner { pace, leaves_after, patience, .. } = self.manner;
        let mut parser = Parser::default();
        let mut opened = false;
        let mut left = leaves_after.map(|most| self.dice.size(most));
        loop {
            let mut goal = self.scene.goal.clone();
            goal.mark_unchanged();
            if opened && self.has_seen_all(address) {
                return Ok(Over::Seen);
            }
            let frame = tokio::select! {
                _ = goal.changed() => continue,
                frame = timely(patience, async { Ok(body.frame().await) }) => frame?,
            };
            let Some(frame) = frame else {
                assert!(!parser.is_in_a_block(), "a stream ended in good order within a block");
                return Ok(Over::Ended);
            };
            let bytes = frame.map_err(|error| Broken(format!("{error:?}")))?.into_data().unwrap_or_default();
            let before = self.events;
            for piece in parser.feed(&bytes) {
                self.note(piece, &mut opened);
                if let Some(left) = &mut left {
                    *left = left.saturating_sub(1);
                }
            }
            self.scene.meter.events(self.events - before);
            if left == Some(0) {
                return Ok(Over::Left);
            }
            if let Some(pace) = pace {
                tokio::time::sleep(Duration::from_secs_f64(bytes.len() as f64 / pace as f64)).await;
            }
        }
    }

    fn note(&mut self, piece: Piece, opened: &mut bool) {
        match piece {
            Piece::Id(id) => {
                assert!(!std::mem::replace(opened, true), "an id without an event, unasked: {id}");
                match &self.last_id {
                    Some(last) => assert_eq!(*last, id, "another place than the one it was at, and no gap tells why"),
                    None => self.n = parts(&id).1,
                }
                self.last_id = Some(id);
            }
            Piece::Event(block) => {
                let opens = !std::mem::replace(opened, true);
                self.event(&block, opens);
            }
            Piece::Comment(_) | Piece::Retry(_) => {}
            Piece::Ignored(line) => panic!("browsers would ignore {line:?}"),
        }
    }

    fn event(&mut self, block: &Block, opens: bool) {
        let Some(id) = &block.id else {
            assert!(block.kind == "progress" && !opens, "{}", block.text);
            return;
        };
        let (_, n) = parts(id);
        if block.kind == "gap" {
            self.gap(block, n, opens);
        } else {
            assert!(!opens, "a stream opens with the place it begins at, or with a gap: {}", block.text);
            assert_eq!(n, self.n + 1, "{} is told {id} after number {}", self.scene.client, self.n);
            self.n = n;
            self.events += 1;
            self.scene.chronicle.note(id, &block.text);
            self.durable(block);
        }
        self.last_id = Some(id.clone());
    }

    fn gap(&mut self, block: &Block, n: u64, opens: bool) {
        let data: Value = serde_json::from_str(&block.data).expect("JSON");
        let word = |name: &str| data[name].as_str().unwrap_or_else(|| panic!("{name}? {data}")).to_owned();
        let (from, to, reason) = (word("from"), word("to"), word("reason"));
        assert_eq!(Some(&to), block.id.as_ref(), "{data}");
        let numbers = if opens {
            // Its last event is not there any more. It begins again with the oldest that is kept.
            assert_eq!(self.last_id.as_ref(), Some(&from), "{data}");
            assert!(matches!(&*reason, "unknown-epoch" | "ahead" | "lost"), "{data}");
            self.uploads.clear();
            0
        } else {
            assert!(matches!(&*reason, "expired" | "deleted" | "lost"), "{data}");
            assert_eq!(parts(&from).1, self.n + 1, "a gap begins with the next number: {data}");
            assert!(n > self.n, "{data}");
            self.uploads.values_mut().for_each(|seen| seen.whole = false);
            n - self.n
        };
        self.gaps.push(Gap { from, to, reason, numbers });
        self.n = n;
    }

    fn durable(&mut self, block: &Block) {
        if block.kind == "row" {
            let row: RowTold = serde_json::from_str(&block.data).unwrap_or_else(|error| panic!("{error}: {block:?}"));
            // Of an upload whose beginning is not kept any more, nothing is known.
            let Some(seen) = self.uploads.get_mut(&row.upload) else {
                return assert!(!self.gaps.is_empty(), "a row of nowhere: {}", block.data);
            };
            assert!(row.row == seen.rows + 1 || !seen.whole && row.row > seen.rows, "{row:?} after {seen:?}");
            seen.rows = row.row;
            return seen.sample.assert_has(&row);
        }
        let data: Value = serde_json::from_str(&block.data).expect("JSON");
        let id = data["upload"].as_str().expect("whose it is").to_owned();
        match &*block.kind {
            "problem" => {
                if let Some(seen) = self.uploads.get_mut(&id) {
                    seen.problems += 1;
                }
            }
            "stage" => self.stage(&id, &data),
            "toast" | "profile" => {}
            kind => panic!("a {kind}? {data}"),
        }
    }

    fn stage(&mut self, id: &str, data: &Value) {
        let stage = Stage::parse(data["stage"].as_str().expect("a stage")).expect("one of the stages");
        let Some(seen) = self.uploads.get_mut(id) else {
            let sample = self.scene.samples.named(data["filename"].as_str().expect("a name"));
            let whole = stage == Stage::Receiving;
            assert!(whole || !self.gaps.is_empty(), "an upload begins with {stage}: {data}");
            self.uploads.insert(id.into(), Seen { stage, rows: 0, problems: 0, whole, sample });
            return;
        };
        assert!(!seen.whole || seen.stage.next().contains(&stage), "{} → {stage}: {data}", seen.stage);
        seen.stage = stage;
        if !stage.is_running() && seen.whole {
            assert_eq!(data["rows"], seen.rows, "{data}");
            assert_eq!(data["problems"], seen.problems, "{data}");
        }
        if stage == Stage::Done && seen.whole {
            assert_eq!(seen.rows, seen.sample.rows(), "the file has more: {data}");
        }
    }
}

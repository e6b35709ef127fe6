//! What one watcher was told, checked against the rules of the stream as it comes: every number once and in order, and
//! progress that is true. Knows nothing of how the server does it.

use crate::sse::Block;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// The kinds that take a number.
const DURABLE: [&str; 5] = ["row", "problem", "toast", "stage", "profile"];

/// How the names of events begin that tests publish.
pub const PUBLISHED: &str = "x.";

/// The numbers that a watcher was told, and what stood at each.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Whether some kinds were not asked for, so that numbers may be passed over.
    filtered: bool,
    at: Option<(String, u64)>,
    /// The text of every durable event by its number.
    pub blocks: BTreeMap<u64, String>,
    /// The kinds of the events that came last.
    last: [String; 2],
    uploads: HashMap<String, Upload>,
}

/// What a watcher knows of an upload.
#[derive(Debug, Default)]
struct Upload {
    from_its_beginning: bool,
    rows_seen: u64,
    /// Problems that are only counted use row numbers up unseen.
    is_counting: bool,
    percent: Option<u64>,
    interrupted: bool,
    ended: bool,
}

/// The two halves of an id.
#[track_caller]
pub fn parts(id: &str) -> (String, u64) {
    let (epoch, n) = id.split_once('-').unwrap_or_else(|| panic!("no event id: {id:?}"));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    assert!(epoch.len() == 8 && epoch.bytes().all(plain), "no epoch: {id:?}");
    assert!(n == "0" || !n.starts_with('0'), "no plain number: {id:?}");
    (epoch.to_owned(), n.parse().unwrap_or_else(|_| panic!("no number: {id:?}")))
}

impl Ledger {
    /// For a watcher that gets every kind, or only some.
    pub fn new(filtered: bool) -> Self {
        Self { filtered, ..Self::default() }
    }

    /// The number the watcher is at.
    pub fn n(&self) -> u64 {
        self.at.as_ref().map_or(0, |(_, n)| *n)
    }

    /// A block that only carries an id.
    pub fn note_id(&mut self, id: &str) {
        let (epoch, n) = parts(id);
        if let Some((_, at)) = &self.at {
            assert!(self.filtered && n > *at, "{id} moves nothing on: the watcher is at {at}");
        }
        self.at = Some((epoch, n));
    }

    /// An event, with its data.
    pub fn note(&mut self, block: &Block, data: &Value) {
        let at = self.at.as_ref().map(|(_, n)| *n).expect("a stream opens with an id block");
        match (block.kind.as_str(), &block.id) {
            ("progress", None) => self.note_progress(data),
            // Told in between, and no part of what happens.
            ("presence" | "status", None) => return,
            ("gap", Some(id)) => {
                let (epoch, n) = parts(id);
                assert_eq!(data["to"], id.as_str(), "a gap's id is the last number it skips");
                assert!(n >= at, "a gap back from {at}: {data}");
                self.at = Some((epoch, n));
                // Rows may be among what is missing.
                self.uploads.values_mut().for_each(|upload| upload.from_its_beginning = false);
            }
            (kind, Some(id)) if DURABLE.contains(&kind) => {
                let (epoch, n) = parts(id);
                let in_order = if self.filtered { n > at } else { n == at + 1 };
                assert!(in_order, "{id} came after number {at}: {}", block.text);
                self.at = Some((epoch, n));
                self.blocks.insert(n, block.text.clone());
                self.note_durable(kind, data);
            }
            (kind, Some(id)) if kind.starts_with(PUBLISHED) => {
                let (epoch, n) = parts(id);
                let in_order = if self.filtered { n > at } else { n == at + 1 };
                assert!(in_order, "{id} came after number {at}: {}", block.text);
                self.at = Some((epoch, n));
                self.blocks.insert(n, block.text.clone());
            }
            (kind, id) => panic!("a {kind} event with id {id:?}: {}", block.text),
        }
        self.last = [std::mem::take(&mut self.last[1]), block.kind.clone()];
    }

    fn upload(&mut self, data: &Value) -> &mut Upload {
        let id = data["upload"].as_str().unwrap_or_else(|| panic!("which upload? {data}"));
        self.uploads.entry(id.to_owned()).or_default()
    }

    fn note_durable(&mut self, kind: &str, data: &Value) {
        let stage = if kind == "stage" { data["stage"].as_str().unwrap_or_default().to_owned() } else { String::new() };
        let (filtered, last) = (self.filtered, self.last.clone());
        let upload = self.upload(data);
        // An interrupted upload may still be cancelled, or gone on with.
        let may_follow = matches!(stage.as_str(), "" | "cancelled") || upload.interrupted && stage == "receiving";
        assert!(!upload.ended || may_follow, "more after the end: {data}");
        upload.interrupted = stage == "interrupted" || upload.interrupted && stage.is_empty();
        if let Some(row) = data["row"].as_u64() {
            assert!(row >= upload.rows_seen, "rows go backwards: {data}");
            upload.rows_seen = row;
        }
        upload.is_counting |=
            kind == "toast" && data["message"].as_str().is_some_and(|text| text.contains("only counted"));
        match stage.as_str() {
            "" | "understood" | "reading" => {}
            "receiving" if upload.ended => (upload.ended, upload.percent) = (false, None),
            "receiving" => upload.from_its_beginning = true,
            end => {
                upload.ended = true;
                let before = if end == "done" { ["toast", "progress"] } else { ["", "toast"] };
                let told = |i: usize| before[i].is_empty() || last[i].is_empty() || last[i] == before[i];
                assert!(filtered || told(0) && told(1), "the end was told after {last:?}: {data}");
                if end == "done" && !filtered {
                    assert_eq!(upload.percent, Some(100), "100 % comes right before the end");
                }
            }
        }
    }

    fn note_progress(&mut self, data: &Value) {
        let filtered = self.filtered;
        let upload = self.upload(data);
        assert!(!upload.ended, "progress after the end: {data}");
        let percent = data["percent"].as_u64();
        assert!(data["percent"].is_null() || percent.is_some_and(|percent| percent <= 100), "{data}");
        assert_ne!(upload.percent, Some(100), "100 % comes once, and nothing after it: {data}");
        assert!(percent >= upload.percent, "progress fell from {:?}: {data}", upload.percent);
        upload.percent = percent;
        let rows = data["rows"].as_u64().unwrap_or_else(|| panic!("how many rows? {data}"));
        if upload.from_its_beginning && !filtered && !upload.is_counting {
            assert!(rows <= upload.rows_seen, "progress is ahead of row {}: {data}", upload.rows_seen);
        }
        let bytes = |name: &str| data[name].as_u64().unwrap_or_else(|| panic!("{name}? {data}"));
        assert!(bytes("read_bytes") <= bytes("received_bytes"), "{data}");
    }

    /// Asserts that both were told the same wherever both were told anything.
    #[track_caller]
    pub fn assert_agrees(&self, other: &Self) {
        let mut shared = 0;
        for (n, block) in &self.blocks {
            if let Some(other) = other.blocks.get(n) {
                assert_eq!(block, other, "number {n} is told in two ways");
                shared += 1;
            }
        }
        assert!(shared > 0, "nothing was told to both");
    }

    /// Asserts that what stands here is what `other` was told, number by number and byte by byte, without a hole.
    #[track_caller]
    pub fn assert_same(&self, other: &Self) {
        assert_eq!(self.blocks.len(), other.blocks.len());
        self.assert_agrees(other);
    }
}

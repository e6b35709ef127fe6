//! Batches of events in the format of event streams (HTML standard, section 9.2).
//!
//! The `id:` is the last line of each event. The standard keeps an id only when its event is complete, but clients are
//! spread widely that take it as soon as they have read the line; where data is still to come, they would pass over an
//! event that a broken connection ended in the middle.

use super::row::RowTemplate;
use crate::domain::{Cells, Epoch, EventId, EventName, Kind, KindSet};
use bytes::Bytes;

/// Numbers and encodes events, one after the other.
#[derive(Debug)]
pub struct BatchEncoder {
    epoch: Epoch,
    first_n: u64,
    next_n: u64,
    out: Vec<u8>,
    runs: Vec<Run>,
    /// `\nid: <epoch>-`.
    id_head: Vec<u8>,
}

/// Encoded events, shared by every watcher. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Under which its numbers are announced.
    pub epoch: Epoch,
    /// The number the first durable event has, or would have had.
    pub first_n: u64,
    /// The last number that is used up. Less than `first_n` when the batch holds only states.
    pub last_n: u64,
    /// The events.
    pub bytes: Bytes,
    /// The boundaries between kinds, in order; the last ends where the bytes end.
    pub runs: Vec<Run>,
}

/// Consecutive events of one kind in a batch; of published events, a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Their kind.
    pub kind: Kind,
    /// Where they end in the batch's bytes; they begin where the run before ends.
    pub end: usize,
    /// The last number that is used up at their end.
    pub last_n: u64,
}

impl BatchEncoder {
    /// For events from number `first_n` on. `capacity` bytes are set aside.
    pub fn new(epoch: Epoch, first_n: u64, capacity: usize) -> Self {
        debug_assert!(first_n > 0, "0 is the place before the first event");
        let id_head = format!("\nid: {epoch}-").into_bytes();
        Self { epoch, first_n, next_n: first_n, out: Vec::with_capacity(capacity), runs: Vec::new(), id_head }
    }

    /// A row; durable.
    pub fn row(&mut self, template: &RowTemplate, number: u64, cells: Cells<'_>) {
        template.event_start(&mut self.out, number, cells);
        self.out.extend_from_slice(&self.id_head);
        self.out.extend_from_slice(itoa::Buffer::new().format(self.next_n).as_bytes());
        self.out.extend_from_slice(b"\n\n");
        self.next_n += 1;
        self.end(Kind::Row);
    }

    /// Any other durable event; takes the next number. `json` is one line.
    pub fn event(&mut self, kind: Kind, json: &str) {
        let id = EventId { epoch: self.epoch, n: self.next_n };
        self.write(kind.as_str(), Some(id), json);
        self.next_n += 1;
        self.end(kind);
    }

    /// An event that somebody published; durable. `json` is one line.
    pub fn published(&mut self, name: &EventName, json: &str) {
        let id = EventId { epoch: self.epoch, n: self.next_n };
        self.write(name.as_str(), Some(id), json);
        self.next_n += 1;
        self.end(Kind::Published);
    }

    /// A state: no id, no number. `json` is one line.
    pub fn state(&mut self, kind: Kind, json: &str) {
        self.write(kind.as_str(), None, json);
        self.end(kind);
    }

    /// Passes over `count` numbers whose events this watcher did not ask for.
    pub fn skip(&mut self, count: u64) {
        self.next_n += count;
    }

    /// Says that the numbers up to `last_skipped` will not come; numbering goes on after it. `json` is one line.
    pub fn gap(&mut self, json: &str, last_skipped: EventId) {
        self.write(Kind::Gap.as_str(), Some(last_skipped), json);
        self.next_n = last_skipped.n + 1;
        self.end(Kind::Gap);
    }

    fn write(&mut self, name: &str, id: Option<EventId>, json: &str) {
        debug_assert!(!json.contains(['\n', '\r', '\0']), "more than one line: {json:?}");
        let id = id.map(|id| format!("\nid: {id}")).unwrap_or_default();
        for part in [EVENT, name, "\ndata: ", json, &id, "\n\n"] {
            self.out.extend_from_slice(part.as_bytes());
        }
    }

    /// An event of this kind was written.
    fn end(&mut self, kind: Kind) {
        let run = Run { kind, end: self.out.len(), last_n: self.next_n - 1 };
        match self.runs.last_mut() {
            // A published event is a run of its own: whether it is wanted depends on its name.
            Some(last) if last.kind == kind && kind != Kind::Published => *last = run,
            _ => self.runs.push(run),
        }
    }

    /// Encoded bytes so far.
    pub fn bytes_len(&self) -> usize {
        self.out.len()
    }

    /// The number the next durable event takes.
    pub fn next_n(&self) -> u64 {
        self.next_n
    }

    /// Whether nothing was encoded.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The batch. Memory that was set aside and is mostly unused is given back: batches wait in queues that count bytes.
    pub fn finish(mut self) -> Batch {
        if self.out.capacity() / 2 > self.out.len() {
            self.out.shrink_to_fit();
        }
        let Self { epoch, first_n, next_n, out, runs, .. } = self;
        Batch { epoch, first_n, last_n: next_n - 1, bytes: Bytes::from(out), runs }
    }
}

impl Batch {
    /// The batch up to byte `end`, where its last durable event or a state before it ends.
    pub fn until(&self, end: usize) -> Self {
        let kept = self.runs.iter().position(|run| run.end >= end).map_or(self.runs.len(), |last| last + 1);
        let mut runs = self.runs[..kept].to_vec();
        if let Some(last) = runs.last_mut() {
            last.end = end;
        }
        Self { bytes: self.bytes.slice(..end), runs, ..*self }
    }

    /// The batch for a watcher of some kinds only: slices of the same memory. If that leaves the last durable event out,
    /// a data-less `id:` block at the end moves the watcher's last id on all the same.
    pub fn filtered(&self, kinds: &KindSet) -> Vec<Bytes> {
        if kinds.is_all() {
            return if self.bytes.is_empty() { Vec::new() } else { vec![self.bytes.clone()] };
        }
        let mut slices: Vec<std::ops::Range<usize>> = Vec::new();
        let (mut start, mut last_n, mut behind) = (0, self.first_n - 1, false);
        for run in &self.runs {
            let durable = run.last_n != last_n;
            let wanted = match run.kind {
                Kind::Published => kinds.contains_published(name_at(&self.bytes[start..run.end])),
                kind => kinds.contains(kind),
            };
            if wanted {
                match slices.last_mut() {
                    Some(slice) if slice.end == start => slice.end = run.end,
                    _ => slices.push(start..run.end),
                }
                behind &= !durable;
            } else {
                behind |= durable;
            }
            (start, last_n) = (run.end, run.last_n);
        }
        behind |= self.last_n != last_n;
        let mut parts: Vec<_> = slices.into_iter().map(|slice| self.bytes.slice(slice)).collect();
        if behind {
            parts.push(id_block(EventId { epoch: self.epoch, n: self.last_n }));
        }
        parts
    }
}

/// How each event begins.
const EVENT: &str = "event: ";

/// The name of the event that these bytes are.
fn name_at(event: &[u8]) -> &str {
    let line = event.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.get(EVENT.len()..).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
}

/// A block without data: a watcher that gets it keeps `id` as its last, and sees no event.
pub fn id_block(id: EventId) -> Bytes {
    Bytes::from(format!("id: {id}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CellsBuf, UploadId};

    const EPOCH: &str = "k3v9x0ab";

    fn batch() -> Batch {
        let upload = UploadId(uuid::Uuid::nil());
        let template = RowTemplate::new(upload, &["zip".to_owned()]);
        let cells: CellsBuf = ["01234"].into_iter().collect();
        let mut encoder = BatchEncoder::new(EPOCH.parse().unwrap(), 17, 1 << 16);
        assert!(encoder.is_empty());
        encoder.row(&template, 1, cells.as_cells());
        encoder.row(&template, 2, cells.as_cells());
        encoder.state(Kind::Progress, "{\"p\":1}");
        encoder.event(Kind::Problem, "{\"q\":2}");
        encoder.event(Kind::Toast, "{}");
        encoder.state(Kind::Progress, "{\"p\":2}");
        encoder.row(&template, 3, cells.as_cells());
        assert_eq!((encoder.next_n(), encoder.bytes_len() > 0), (22, true));
        encoder.finish()
    }

    fn text(parts: &[Bytes]) -> String {
        parts.iter().map(|part| std::str::from_utf8(part).unwrap()).collect()
    }

    #[test]
    fn events_look_as_promised() {
        let batch = batch();
        let start = format!(
            "event: row\ndata: {{\"upload\":\"{}\",\"row\":1,\"data\":{{\"zip\":\"01234\"}}}}\nid: {EPOCH}-17\n\n",
            uuid::Uuid::nil()
        );
        let all = text(std::slice::from_ref(&batch.bytes));
        assert!(all.starts_with(&start), "{all}");
        assert!(
            all.contains(
                "}\nid: k3v9x0ab-18\n\nevent: progress\ndata: {\"p\":1}\n\nevent: problem\ndata: {\"q\":2}\nid: k3v9x0ab-19\n\n"
            )
        );
        assert_eq!((batch.first_n, batch.last_n), (17, 21));
        let runs: Vec<_> = batch.runs.iter().map(|run| (run.kind, run.last_n)).collect();
        use Kind::{Problem, Progress, Row, Toast};
        assert_eq!(runs, [(Row, 18), (Progress, 18), (Problem, 19), (Toast, 20), (Progress, 20), (Row, 21)]);
        assert_eq!(batch.runs.last().unwrap().end, batch.bytes.len());
    }

    #[test]
    fn a_filtered_batch_is_slices_and_at_most_one_id_at_the_end() {
        let batch = batch();
        let of = |kinds: &str| batch.filtered(&kinds.parse().unwrap());
        let toast = "event: toast\ndata: {}\nid: k3v9x0ab-20\n\n";
        assert_eq!(text(&of("toast")), format!("{toast}id: k3v9x0ab-21\n\n"));
        let toast_progress = of("toast,progress");
        assert_eq!(
            text(&toast_progress),
            format!(
                "event: progress\ndata: {{\"p\":1}}\n\n{toast}event: progress\ndata: {{\"p\":2}}\n\nid: k3v9x0ab-21\n\n"
            )
        );
        assert_eq!(toast_progress.len(), 3, "neighbours are one slice");
        assert!(!text(&of("row,toast")).contains("\n\nid:"), "its last durable event is there");
        assert_eq!(text(&of("stage")), "id: k3v9x0ab-21\n\n");
        assert_eq!(batch.filtered(&KindSet::ALL), std::slice::from_ref(&batch.bytes));
    }

    #[test]
    fn states_alone_move_no_id() {
        let mut encoder = BatchEncoder::new(EPOCH.parse().unwrap(), 1, 0);
        encoder.state(Kind::Progress, "{}");
        let batch = encoder.finish();
        assert_eq!((batch.first_n, batch.last_n), (1, 0));
        assert_eq!(text(&batch.filtered(&"row".parse().unwrap())), "");
        assert_eq!(text(&batch.filtered(&"progress".parse().unwrap())), "event: progress\ndata: {}\n\n");
    }

    #[test]
    fn numbering_goes_on_after_a_gap() {
        let epoch: Epoch = EPOCH.parse().unwrap();
        let mut encoder = BatchEncoder::new(epoch, 5, 0);
        encoder.gap("{\"to\":9}", EventId { epoch, n: 9 });
        encoder.event(Kind::Toast, "{}");
        let batch = encoder.finish();
        let gap = "event: gap\ndata: {\"to\":9}\nid: k3v9x0ab-9\n\n";
        assert_eq!(
            text(&batch.filtered(&"toast".parse().unwrap())),
            format!("{gap}event: toast\ndata: {{}}\nid: k3v9x0ab-10\n\n")
        );
        assert_eq!(text(&batch.filtered(&"stage".parse().unwrap())), format!("{gap}id: k3v9x0ab-10\n\n"));
        assert_eq!((batch.first_n, batch.last_n), (5, 10));
    }

    #[test]
    fn published_events_are_told_apart_by_their_names() {
        let name = |text: &str| EventName::parse(text).unwrap();
        let mut encoder = BatchEncoder::new(EPOCH.parse().unwrap(), 1, 0);
        encoder.published(&name("chat"), "1");
        encoder.published(&name("chat.left"), "\"event: chat\"");
        encoder.event(Kind::Toast, "{}");
        let batch = encoder.finish();
        let chat = "event: chat\ndata: 1\nid: k3v9x0ab-1\n\n";
        let left = "event: chat.left\ndata: \"event: chat\"\nid: k3v9x0ab-2\n\n";
        let toast = "event: toast\ndata: {}\nid: k3v9x0ab-3\n\n";
        let of = |kinds: &str| text(&batch.filtered(&kinds.parse().unwrap()));
        assert_eq!(of("published:chat"), format!("{chat}id: k3v9x0ab-3\n\n"));
        assert_eq!(of("published:chat.left"), format!("{left}id: k3v9x0ab-3\n\n"));
        assert_eq!(of("published"), format!("{chat}{left}id: k3v9x0ab-3\n\n"));
        assert_eq!(of("toast,published:chat"), format!("{chat}{toast}"));
        assert_eq!(of("toast"), toast);
    }

    #[test]
    fn a_small_batch_holds_little_memory() {
        let batch = batch();
        let held: Vec<u8> = batch.bytes.into();
        assert!(held.capacity() < 4096, "{}", held.capacity());
    }
}

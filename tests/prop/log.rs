//! Hub and journal against a model: whatever is interleaved, every watcher gets ids 1..n without a hole or a double.

use futures_util::StreamExt;
use proptest::prelude::*;
use rowcast::domain::{ClientName, EventId, Kind, KindSet, Limits, Stage, UploadId, UploadRecord};
use rowcast::journal::{Checkpoint, GapReason, Journal};
use rowcast::spool::Spool;
use rowcast::stream::{Attach, Begin, Seal, Streams, Watcher};
use std::sync::Arc;
use std::time::Duration;

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody publishes a batch of that many events.
    Publish(u64),
    /// A watcher takes that many chunks, if they come; else it stalls.
    Take(usize, usize),
    /// A watcher's connection breaks, and it comes back with its last id.
    Reconnect(usize),
    /// Another watcher attaches at the start; it wants everything, or problems alone.
    Attach { filtered: bool },
    /// The upload published for is deleted with its events, and another one begins.
    Delete,
    /// The process ends, cleanly or not, and starts again; everybody comes back.
    Restart { clean: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..40u64).prop_map(Step::Publish),
        6 => (0..4usize, 1..20usize).prop_map(|(watcher, chunks)| Step::Take(watcher, chunks)),
        2 => (0..4usize).prop_map(Step::Reconnect),
        2 => any::<bool>().prop_map(|filtered| Step::Attach { filtered }),
        1 => Just(Step::Delete),
        1 => any::<bool>().prop_map(|clean| Step::Restart { clean }),
    ]
}

struct Process {
    journal: Journal,
    streams: Streams,
}

impl Process {
    fn start(dir: &std::path::Path) -> Self {
        // Channels so small that most watchers lag most of the time.
        let limits = Limits {
            watcher_queue_batches_max: 2,
            watcher_queue_bytes_max: 600,
            client_connections_max: 100,
            ..Limits::for_tests()
        };
        let journal = Journal::open(&dir.join("journal.db"), 1 << 16).unwrap();
        let spool = Spool::open(dir, 0).unwrap();
        let streams = Streams::new(journal.clone(), spool, Arc::new(limits));
        Self { journal, streams }
    }

    async fn attach(&self, begin: Begin, kinds: KindSet) -> Watcher {
        let attach = Attach { begin, kinds, until_done: false, presence: false };
        self.streams.attach(client(), attach).await.unwrap().unwrap()
    }

    /// Publishes `count` events in one batch, problems and toasts in turn, and waits for its commit.
    fn publish(&self, upload: UploadId, count: u64) {
        let publisher = self.streams.publisher(&client()).unwrap();
        let mut draft = publisher.draft();
        for i in 0..count {
            let kind = if i % 2 == 0 { Kind::Problem } else { Kind::Toast };
            draft.literal(kind, format!("{{\"i\":{i}}}"));
        }
        let (done, answer) = std::sync::mpsc::channel();
        let checkpoint = Checkpoint { row: 1, line: 1, ..Checkpoint::default() };
        let seal = Seal {
            upload,
            first_row: 1,
            first_problem: 0,
            checkpoint,
            record: Some(record(upload)),
            key: None,
            durable: false,
            progress: None,
            ends: false,
        };
        draft.commit(seal, |_| None, || {}, move |result| done.send(result).unwrap());
        answer.recv().unwrap().unwrap();
    }
}

/// A watcher and what the model expects of it.
struct Watching {
    watcher: Watcher,
    kinds: KindSet,
    pending: String,
    last: Option<EventId>,
    problems: u64,
}

impl Watching {
    async fn new(process: &Process, kinds: KindSet) -> Self {
        let watcher = process.attach(Begin::Start, kinds.clone()).await;
        Self { watcher, kinds, pending: String::new(), last: None, problems: 0 }
    }

    /// Reads a chunk if one comes; checks every whole block in it.
    async fn take(&mut self, patience: Duration) -> bool {
        let Ok(Some(chunk)) = tokio::time::timeout(patience, self.watcher.next()).await else { return false };
        self.pending += std::str::from_utf8(&chunk).unwrap();
        while let Some((block, rest)) = self.pending.split_once("\n\n") {
            let id = block.lines().find_map(|line| line.strip_prefix("id: "));
            let is_event = block.contains("event: ");
            if let Some(id) = id {
                let id: EventId = id.parse().unwrap();
                let next = self.last.map_or(0, |last| last.n + 1);
                match (is_event && !block.contains("event: gap"), self.kinds.is_all()) {
                    (true, true) => assert_eq!(id.n, next, "no hole and no double"),
                    (true, false) => assert!(id.n >= next, "no double"),
                    // What opens a stream, says that others had their events, or that nobody can have them any more.
                    (false, _) => assert!(id.n + 1 >= next, "an id never goes back"),
                }
                self.problems += u64::from(block.contains("event: problem"));
                self.last = Some(id);
            }
            self.pending = rest.to_owned();
        }
        true
    }

    async fn come_back(&mut self, process: &Process) {
        let begin = match self.last {
            Some(id) => Begin::After { id: id.to_string(), reconnect: true },
            None => Begin::Start,
        };
        self.pending.clear();
        self.watcher = process.attach(begin, self.kinds.clone()).await;
    }
}

fn record(id: UploadId) -> UploadRecord {
    UploadRecord { stage: Stage::Interrupted, ..UploadRecord::new(id, client(), "model.csv", 0) }
}

fn client() -> ClientName {
    ClientName::parse("model").unwrap()
}

async fn run(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(dir.path());
    let mut upload = UploadId::now();
    let (mut published, mut problems, mut deleted) = (0, 0, false);
    let mut watching = vec![Watching::new(&process, KindSet::ALL).await];
    for step in steps {
        match step {
            Step::Publish(count) => {
                tokio::task::block_in_place(|| process.publish(upload, count));
                published += count;
                problems += count.div_ceil(2);
            }
            Step::Take(who, chunks) => {
                let who = who % watching.len();
                for _ in 0..chunks {
                    if !watching[who].take(Duration::from_millis(1)).await {
                        break;
                    }
                }
            }
            Step::Reconnect(who) => {
                let who = who % watching.len();
                watching[who].come_back(&process).await;
            }
            Step::Attach { filtered } => {
                let kinds = if filtered { "problem".parse().unwrap() } else { KindSet::ALL };
                watching.push(Watching::new(&process, kinds).await);
            }
            Step::Delete => {
                let journal = process.journal.clone();
                tokio::task::block_in_place(|| {
                    if let Some(leaving) = journal.leave(upload, GapReason::Deleted).unwrap() {
                        journal.sweep(leaving).unwrap();
                        deleted = true;
                    }
                });
                upload = UploadId::now();
            }
            Step::Restart { clean } => {
                let Process { journal, streams } = process;
                streams.close().await;
                if clean {
                    journal.close().unwrap();
                }
                drop((streams, journal));
                process = Process::start(dir.path());
                for watching in &mut watching {
                    watching.come_back(&process).await;
                }
            }
        }
    }
    for watching in &mut watching {
        while watching.last.is_none_or(|last| last.n < published) {
            assert!(watching.take(Duration::from_secs(10)).await, "{:?} of {published}", watching.last);
        }
        assert_eq!(watching.last.unwrap().n, published, "nothing was given out that was not published");
        assert!(watching.problems == problems || deleted, "whatever else was asked for");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: super::cases(12), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_gives_every_watcher_everything_once(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}

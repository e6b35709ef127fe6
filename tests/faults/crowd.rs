//! Very many who watch: slow, stalled, coming and going while files arrive. The server's memory stays where it is.

use crate::chronicle::Chronicle;
use crate::dice::{Dice, rounds};
use crate::host::{self, Host, Place};
use crate::ledger::parts;
use crate::patience::PATIENCE;
use crate::sample::Sample;
use crate::sender::{Sent, Way};
use crate::sse::{Parser, Piece};
use crate::stage::{PATIENT, Play, within};
use crate::wire::{Broken, Habits, Line, empty, timely};
use crate::witness::Manner;
use http_body_util::BodyExt;
use hyper::Request;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What visitors have done, all together.
#[derive(Debug, Default)]
struct Visits {
    visits: AtomicU64,
    events: AtomicU64,
    here: AtomicU64,
    most: AtomicU64,
}

/// How a visitor takes what it is told.
#[derive(Debug, Clone, Copy)]
enum Appetite {
    Quick,
    /// Bytes a second.
    Slow(u64),
    /// Nothing at all after its first event, until the server has enough of it.
    Stalled,
}

/// Comes back again and again with the last id it got, and holds what it sees to the rules.
struct Visitor {
    client: String,
    place: Place,
    chronicle: Chronicle,
    visits: Arc<Visits>,
    dice: Dice,
    last_id: Option<String>,
    over: watch::Receiver<bool>,
}

/// How many there are, where the system lets the test open that many files.
const VISITORS: u64 = 1_000;
const EVENTS_A_VISIT_MAX: u64 = 400;

impl Visitor {
    async fn come_and_go(mut self) {
        while !*self.over.borrow() {
            // A visit that breaks off is one like any other.
            let _ = self.visit().await;
        }
    }

    async fn visit(&mut self) -> Result<(), Broken> {
        let appetite = match self.dice.within(0..=9) {
            0 => Appetite::Stalled,
            1..=4 => Appetite::Slow(self.dice.within(1 << 10..=100 << 10)),
            _ => Appetite::Quick,
        };
        let receive_bytes = (!matches!(appetite, Appetite::Quick)).then_some(4096);
        let habits = Habits { http2: self.dice.once_in(5), patience: PATIENT, receive_bytes };
        let mut line = Line::open(host::found(&mut self.place).await, habits).await?;
        let start = if self.dice.once_in(8) { "?from=start" } else { "" };
        let mut request = Request::get(format!("/sse/{}{start}", self.client));
        if let Some(id) = &self.last_id {
            request = request.header("last-event-id", id);
        }
        let response = timely(PATIENT, line.head(request, empty())).await?;
        assert_eq!(response.status(), 200, "{response:?}");
        let visits = Arc::clone(&self.visits);
        visits.visits.fetch_add(1, Ordering::Relaxed);
        visits.most.fetch_max(visits.here.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        let seen = self.stay(response.into_body(), appetite).await;
        visits.here.fetch_sub(1, Ordering::Relaxed);
        seen
    }

    async fn stay(&mut self, mut body: hyper::body::Incoming, appetite: Appetite) -> Result<(), Broken> {
        let mut parser = Parser::default();
        let mut left = self.dice.size(EVENTS_A_VISIT_MAX);
        let mut at = None;
        while left > 0 {
            let frame = tokio::select! {
                _ = self.over.changed() => return Ok(()),
                frame = timely(PATIENT, async { Ok(body.frame().await) }) => frame?,
            };
            let Some(Ok(frame)) = frame else { return Ok(()) };
            let bytes = frame.into_data().unwrap_or_default();
            for piece in parser.feed(&bytes) {
                left = left.saturating_sub(self.note(piece, &mut at));
            }
            let pause = match appetite {
                Appetite::Quick => continue,
                Appetite::Slow(pace) => Duration::from_secs_f64(bytes.len() as f64 / pace as f64),
                Appetite::Stalled => Duration::from_millis(self.dice.within(1..=4_000)),
            };
            // Being slow is what is tried here; nothing is waited for.
            let _ = tokio::time::timeout(pause, self.over.changed()).await;
            if *self.over.borrow() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn note(&mut self, piece: Piece, at: &mut Option<u64>) -> u64 {
        match piece {
            Piece::Id(id) => {
                assert!(at.is_none(), "an id without an event, unasked: {id}");
                if let Some(last) = &self.last_id {
                    assert_eq!(*last, id, "it came back with an id that is kept");
                }
                *at = Some(parts(&id).1);
                self.last_id = Some(id);
                0
            }
            Piece::Event(block) => {
                let Some(id) = &block.id else { return 0 };
                let n = parts(id).1;
                assert_eq!(Some(n), at.map(|at| at + 1), "{id}: {}", block.text);
                assert_ne!(block.kind, "gap", "{}", block.text);
                *at = Some(n);
                self.chronicle.note(id, &block.text);
                self.last_id = Some(id.clone());
                self.visits.events.fetch_add(1, Ordering::Relaxed);
                1
            }
            _ => 0,
        }
    }
}

/// Lets this process, and those it starts, open as many files as it may.
fn open_many_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(1 << 20);
    if current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
    getrlimit(Resource::Nofile).current.unwrap_or(1 << 20)
}

/// A line of what the system says of a process's memory, in bytes.
fn memory(process: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|text| text.strip_prefix(line)).expect("it is said");
    let kibibytes = line.trim_matches(|c: char| !c.is_ascii_digit());
    kibibytes.parse::<u64>().expect("a number") << 10
}

/// Clients that files are uploaded to at the same time.
const CLIENTS: usize = 5;
/// What the server may take in all, far more than it needs: a batch and two chunks for each connection, and what the
/// limits allow to wait.
const MEMORY_BYTES_MAX: u64 = 256 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_who_come_and_go_cost_neither_memory_nor_events() {
    let mut dice = Dice::of("crowd");
    let files = open_many_files();
    let visitors = VISITORS.min(files / 2 - 200);
    let mut host =
        Host::start(&["--connections-max", "4000", "--client-connections-max", "1000", "--watcher-stall-ms-max", "2s"]);
    let process = host.program().id();
    let before = memory(process, "VmRSS:");
    let visits = Arc::new(Visits::default());
    let (end, over) = watch::channel(false);
    let mut plays = Vec::new();
    let mut crowd = JoinSet::new();
    for client in 0..CLIENTS {
        let mut play = Play::new(&format!("client-{client}"), host.place());
        play.witness(Manner::steady(PATIENT), dice.fork());
        play.witness(Manner { pace: Some(2 << 20), ..Manner::steady(PATIENT) }, dice.fork());
        plays.push(play);
    }
    for visitor in 0..usize::try_from(visitors).expect("it fits") {
        let scene = &plays[visitor % CLIENTS].scene;
        let visitor = Visitor {
            client: scene.client.clone(),
            place: scene.place.clone(),
            chronicle: scene.chronicle.clone(),
            visits: Arc::clone(&visits),
            dice: dice.fork(),
            last_id: None,
            over: over.clone(),
        };
        crowd.spawn(visitor.come_and_go());
    }
    let mut sending = JoinSet::new();
    for (number, play) in plays.iter().enumerate() {
        let mut sender = play.sender(PATIENT, dice.fork());
        let mut dice = dice.fork();
        sending.spawn(async move {
            let mut sent = Vec::new();
            for _ in 0..rounds(1, 20) {
                let rows = dice.within(4_000..=8_000);
                let sample = Sample::some(&mut dice, rows);
                match sender.send(&sample, dice.pick(&Way::ALL)).await {
                    Sent::Done(id) => sent.push((number, id, sample)),
                    other => panic!("nothing was to go wrong: {other:?}"),
                }
            }
            sent
        });
    }
    while let Some(sent) = within(PATIENCE * 3, "the uploads", sending.join_next()).await {
        for (number, id, sample) in sent.expect("a sender") {
            plays[number].done.insert(id, sample);
        }
    }
    let running = memory(process, "VmRSS:");
    end.send_replace(true);
    while let Some(visitor) = within(PATIENCE, "the visitors", crowd.join_next()).await {
        visitor.expect("a visitor holds what it is told to the rules");
    }
    let mut events = visits.events.load(Ordering::Relaxed);
    for play in &mut plays {
        events += play.assert_all_well(&host).await.iter().map(|witness| witness.events).sum::<u64>();
    }
    let most = memory(process, "VmHWM:");
    assert!(most < MEMORY_BYTES_MAX, "the server took {most} bytes");
    println!(
        "crowd: {visitors} visitors of {VISITORS} in {} visits, {} at once, {} uploads at once, {events} events, 0 holes; \
         memory {} MiB before, {} MiB in the midst, {} MiB at most",
        visits.visits.load(Ordering::Relaxed),
        visits.most.load(Ordering::Relaxed),
        CLIENTS,
        before >> 20,
        running >> 20,
        most >> 20,
    );
}

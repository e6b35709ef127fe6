//! Where an attack happens: the real program, what it held before, and an honest client beside it.

use crate::gauge::{Gauge, Reading};
use crate::patience::until;
use crate::program::Program;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Memory that an attack may take above what an idle server has.
const MEMORY_KIB_MAX: u64 = 64 << 10;
/// Descriptors that may be open afterwards and were not before: the journal keeps eight readers of two files each.
const DESCRIPTORS_SPARE: usize = 16;

/// How long it may take until they are closed.
const GIVING_BACK: Duration = Duration::from_secs(20);

/// A server that is attacked.
pub struct Arena {
    name: &'static str,
    program: Program,
    /// What surrounds the data folder, with nothing else in it.
    pub dir: TempDir,
    before: Reading,
    /// Honest clients that were served so far.
    served: AtomicUsize,
}

/// What became of an attack.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// How much was tried, of what.
    pub tried: String,
    /// What the server held of it at once, or let happen.
    pub held: String,
    /// What it refused, and how.
    pub refused: String,
}

impl Arena {
    /// A server that is idle, and has done everything once.
    pub async fn open(name: &'static str, flags: &[&str]) -> Self {
        Self::with(name, Command::new(crate::program::PROGRAM), flags).await
    }

    /// The same by another command, which ends up being the program with the arguments that it is given.
    pub async fn with(name: &'static str, mut command: Command, flags: &[&str]) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.path().join("data"));
        if !flags.contains(&"--log") {
            command.args(["--log", "warn"]);
        }
        command.args(flags);
        let program = Program::run(command);
        let mut arena = Self { before: Gauge(program.id()).read(), name, program, dir, served: AtomicUsize::new(0) };
        for _ in 0..2 {
            arena.serves().await;
        }
        arena.is_quiet().await;
        arena.gauge().reset_peak();
        arena.before = arena.gauge().read();
        arena.served = AtomicUsize::new(0);
        arena
    }

    pub fn gauge(&self) -> Gauge {
        Gauge(self.program.id())
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn log(&self) -> String {
        self.program.log()
    }

    /// An honest client is served: the server is ready, and an upload's rows reach a watcher before it has ended.
    pub async fn serves(&self) {
        let client = format!("honest-{}", self.served.fetch_add(1, Ordering::Relaxed));
        assert_eq!(self.get("/readyz").await.status(), 200);
        let mut watcher = self.watch(&client).await;
        let mut sending = self.begin(&client).await;
        sending.send("name,zip\nAna,01234\n").await;
        watcher.until(|event| event.is_row(1)).await;
        sending.send("Bob,00001\n").await;
        assert_eq!(sending.finish().await.ok(201)["rows"], 2);
        watcher.until_end().await;
    }

    /// The value of a metric.
    pub async fn metric(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics").await;
        let text = metrics.text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().expect("a whole number")
    }

    /// Waits until nothing is under way but the question itself.
    pub async fn is_quiet(&self) {
        until("an idle server", async || {
            let busy = self.metric("rowcast_connections").await - 1
                + self.metric("rowcast_uploads_running").await
                + self.metric("rowcast_watchers").await
                + self.metric("rowcast_watcher_queue_bytes").await
                + self.metric("rowcast_journal_queue_bytes").await;
            (busy == 0).then_some(())
        })
        .await;
    }

    /// The attack is over: an honest client is served, everything is given back, and a line of the table is told.
    pub async fn close(self, outcome: Outcome) {
        self.close_within(outcome, MEMORY_KIB_MAX).await;
    }

    /// The same for one that may take that much more memory than an idle server has.
    pub async fn close_within(self, outcome: Outcome, kib_max: u64) {
        let during = self.served.load(Ordering::Relaxed);
        self.serves().await;
        self.is_quiet().await;
        let before = self.before;
        let most = before.descriptors + DESCRIPTORS_SPARE;
        let given_back = until("the descriptors", async || (self.gauge().descriptors().len() <= most).then_some(()));
        if tokio::time::timeout(GIVING_BACK, given_back).await.is_err() {
            panic!("{}: it keeps {:?}", self.name, self.gauge().descriptors());
        }
        let (peak, after) = (self.gauge().peak_kib(), self.gauge().read());
        tell(self.name, &outcome, during, (before, peak, after));
        assert!(during > 0, "{}: nobody honest was there meanwhile", self.name);
        let taken = peak.saturating_sub(before.resident_kib);
        assert!(taken <= kib_max, "{}: it took {taken} KiB", self.name);
        let kept = after.resident_kib.saturating_sub(before.resident_kib);
        assert!(kept <= kib_max, "{}: it keeps {kept} KiB", self.name);
        assert!(!self.log().contains("internal"), "{}", self.log());
    }
}

/// Prints a line of the table; a first one prints its head.
pub fn tell(name: &str, outcome: &Outcome, during: usize, (before, peak, after): (Reading, u64, Reading)) {
    static HEAD: Once = Once::new();
    let mib = |kib: u64| format!("{:.0}", kib as f64 / 1024.0);
    HEAD.call_once(|| {
        println!(
            "\n| attack | tried | held at once | refused | served meanwhile | MiB: idle, peak, after | \
             descriptors: before, after | CPU in s |\n|---|---|---|---|---|---|---|---|"
        );
    });
    println!(
        "| {name} | {} | {} | {} | {during} | {}, {}, {} | {}, {} | {:.1} |",
        outcome.tried,
        outcome.held,
        outcome.refused,
        mib(before.resident_kib),
        mib(peak),
        mib(after.resident_kib),
        before.descriptors,
        after.descriptors,
        (after.cpu_ms - before.cpu_ms) as f64 / 1000.0,
    );
}

impl Deref for Arena {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// Counts equal outcomes: `20 × 431, 3 × cut`.
pub fn tally<T: Ord + std::fmt::Display>(outcomes: impl IntoIterator<Item = T>) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for outcome in outcomes {
        *counts.entry(outcome).or_insert(0) += 1;
    }
    let told: Vec<_> = counts.into_iter().map(|(outcome, count)| format!("{count} × {outcome}")).collect();
    if told.is_empty() { "none".into() } else { told.join(", ") }
}

/// What an HTTP/1.1 server said first: its status, or that it only closed.
pub fn status(answer: &[u8]) -> String {
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let status = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3));
    status.unwrap_or("cut").to_owned()
}

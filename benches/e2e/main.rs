//! End to end: the real program, an upload over HTTP, a watcher over SSE, and what both cost.
//!
//! `cargo bench --bench e2e` prints a table. `-- --rows 200000 --repeat 3 --only replay` narrows it. Everything runs on
//! 127.0.0.1, with the clients on the same cores as the server, and stops by itself.

mod csv;
mod http;
mod peer;
mod reading;
mod resumable;
mod server;
mod tus;
mod watcher;

use http::{Upload, upload};
use server::Server;
use std::time::{Duration, Instant};
use watcher::Watcher;

struct Options {
    rows: u64,
    repeat: usize,
    only: Option<String>,
}

/// A line of the table: a figure of every run.
struct Line {
    name: &'static str,
    unit: &'static str,
    aim: &'static str,
    figures: Vec<f64>,
}

fn main() {
    let options = options();
    let file = csv::block(options.rows.min(1_000_000));
    println!(
        "{} rows of {:.0} bytes, {} runs of each; median, least, most",
        options.rows, file.row_bytes, options.repeat
    );
    println!("{:<52} {:>12} {:>12} {:>12}  aim", "", "median", "least", "most");
    for (name, scenario) in SCENARIOS {
        if options.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let runs: Vec<_> = (0..options.repeat).map(|_| scenario(&options, &file)).collect();
        for line in join(runs) {
            line.print();
        }
    }
}

type Scenario = fn(&Options, &csv::File) -> Vec<Line>;

const SCENARIOS: &[(&str, Scenario)] = &[
    ("live", live),
    ("replay", replay),
    ("stalled", stalled),
    ("memory", memory),
    ("mock", mock),
    ("idle", idle),
    ("reading: clean", reading::clean),
    ("reading: dirty", reading::dirty),
    ("reading: utf-16", reading::utf16),
    ("reading: gzip", reading::gzip),
    ("tus", resumable::tus),
    ("peer", resumable::peer),
    ("restart", resumable::restart),
    ("attach", resumable::attach),
];

/// One upload, one watcher that was there before it.
fn live(options: &Options, file: &csv::File) -> Vec<Line> {
    let server = Server::start();
    let watcher = Watcher::attach(server.address, "live", "").run_until_rows(options.rows);
    let begun = Instant::now();
    let sent = upload(server.address, "live", Upload { file, rows: options.rows });
    let seen = watcher.join().expect("the watcher ends");
    let whole = begun.elapsed();
    assert_eq!(seen.rows, options.rows);
    vec![
        Line::one("live: rows seen by a watcher", "rows/s", "1500000", per_second(options.rows, seen.last - begun)),
        Line::one("live: first row after the request starts", "ms", "5", ms(seen.first - begun)),
        Line::one("live: answered 201, all on disk, after", "ms", "", ms(sent.answered - begun)),
        Line::one("live: upload and watching, until both are over", "rows/s", "", per_second(options.rows, whole)),
        Line::one("live: server's peak memory", "MiB", "48", server.peak_mib()),
    ]
}

/// The same events again, from the journal and the spool.
fn replay(options: &Options, file: &csv::File) -> Vec<Line> {
    let server = Server::start();
    upload(server.address, "replay", Upload { file, rows: options.rows });
    let begun = Instant::now();
    let seen = Watcher::attach(server.address, "replay", "?from=start").until_rows(options.rows);
    assert_eq!(seen.rows, options.rows);
    vec![
        Line::one("replay: rows", "rows/s", "1500000", per_second(options.rows, seen.last - begun)),
        Line::one("replay: first row after attaching", "ms", "20", ms(seen.first - begun)),
    ]
}

/// A watcher that stops reading right after it attached, while ten times as many rows pass, and catches up later.
fn stalled(options: &Options, file: &csv::File) -> Vec<Line> {
    let rows = options.rows * 10;
    let free = {
        let server = Server::start();
        upload(server.address, "free", Upload { file, rows }).rate(rows)
    };
    let server = Server::start();
    let watcher = Watcher::attach(server.address, "stalled", "");
    let sent = upload(server.address, "stalled", Upload { file, rows });
    let peak = server.peak_mib();
    let seen = watcher.until_rows(rows);
    assert_eq!(seen.rows, rows);
    vec![
        Line::one("stalled: upload with a watcher that reads nothing", "rows/s", "", sent.rate(rows)),
        Line::one("stalled: the same without a watcher", "rows/s", "", free),
        Line::one("stalled: server's peak memory meanwhile", "MiB", "48", peak),
    ]
}

/// Ten times as many rows: memory must not follow.
fn memory(options: &Options, file: &csv::File) -> Vec<Line> {
    let server = Server::start();
    let rows = options.rows * 10;
    let watcher = Watcher::attach(server.address, "memory", "").run_until_rows(rows);
    let begun = Instant::now();
    upload(server.address, "memory", Upload { file, rows });
    let seen = watcher.join().expect("the watcher ends");
    assert_eq!(seen.rows, rows);
    vec![
        Line::one("ten times the rows: seen by a watcher", "rows/s", "1500000", per_second(rows, seen.last - begun)),
        Line::one("ten times the rows: server's peak memory", "MiB", "48", server.peak_mib()),
    ]
}

/// The generator, over HTTP.
fn mock(options: &Options, _: &csv::File) -> Vec<Line> {
    let server = Server::start();
    let begun = Instant::now();
    let lines = http::lines(server.address, &format!("/csv?rows={}&seed=1", options.rows));
    assert_eq!(lines, options.rows + 1);
    vec![Line::one("GET /csv", "rows/s", "1000000", per_second(options.rows, begun.elapsed()))]
}

/// What a connection costs that only waits.
fn idle(_: &Options, _: &csv::File) -> Vec<Line> {
    const WATCHERS: usize = 950;
    let server = Server::start();
    let warm: Vec<_> = (0..50).map(|i| Watcher::attach(server.address, &format!("warm-{i}"), "")).collect();
    let before = server.resident_mib();
    let idle: Vec<_> = (0..WATCHERS).map(|i| Watcher::attach(server.address, &format!("idle-{i}"), "")).collect();
    let each = (server.resident_mib() - before) * 1024.0 / WATCHERS as f64;
    drop((warm, idle));
    vec![Line::one("idle: memory of a watcher", "KiB", "16", each)]
}

impl Line {
    fn one(name: &'static str, unit: &'static str, aim: &'static str, figure: f64) -> Self {
        Self { name, unit, aim, figures: vec![figure] }
    }

    fn print(mut self) {
        self.figures.sort_by(f64::total_cmp);
        let median = self.figures[self.figures.len() / 2];
        let show = |figure: f64| if figure < 100.0 { format!("{figure:.2}") } else { format!("{figure:.0}") };
        let (least, most) = (self.figures[0], self.figures[self.figures.len() - 1]);
        let name = format!("{} ({})", self.name, self.unit);
        println!("{name:<52} {:>12} {:>12} {:>12}  {}", show(median), show(least), show(most), self.aim);
    }
}

/// The runs' lines, line by line.
fn join(runs: Vec<Vec<Line>>) -> Vec<Line> {
    let mut runs = runs.into_iter();
    let mut lines = runs.next().unwrap_or_default();
    for run in runs {
        for (line, more) in lines.iter_mut().zip(run) {
            line.figures.extend(more.figures);
        }
    }
    lines
}

fn per_second(rows: u64, time: Duration) -> f64 {
    rows as f64 / time.as_secs_f64()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn options() -> Options {
    let mut options = Options { rows: 1_000_000, repeat: 5, only: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_else(|| panic!("{arg} takes a value"));
        match arg.as_str() {
            "--rows" => options.rows = value().parse().expect("--rows takes a number"),
            "--repeat" => options.repeat = value().parse().expect("--repeat takes a number"),
            "--only" => options.only = Some(value()),
            // Cargo passes it to every bench.
            "--bench" => {}
            _ => panic!("unknown option {arg}: there are --rows, --repeat and --only"),
        }
    }
    options
}

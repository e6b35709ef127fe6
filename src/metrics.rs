//! Every metric: its name, kind, labels and help, in one catalogue; and how their text is made of what the parts count.
//!
//! The text is Prometheus' exposition format 0.0.4. Names follow its rules: base units, `_total` for what only rises.
//! Labels come from closed sets that the program itself has: no name of a client, a file, a host or an upload is ever one.
//! `docs/metrics.md` shows the same catalogue, and a test holds the two together.

use crate::http::Traffic;
use crate::ingest::Ingest;
use crate::journal::Journal;
use crate::process::Process;
use crate::rates::Rates;
use crate::spool::Spool;
use crate::stream::Streams;
use crate::tally::{BOUNDS_MS, DurationsSeen};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a metric's samples mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only rises, until the process ends.
    Counter,
    /// It is as it is now.
    Gauge,
    /// How often something stayed within bounds.
    Histogram,
}

/// One line of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name; the unit is in it.
    pub name: &'static str,
    /// What its samples mean.
    pub kind: Kind,
    /// The labels of its samples.
    pub labels: &'static [&'static str],
    /// What it is.
    pub help: &'static str,
}

impl Kind {
    /// Its name in the text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

macro_rules! catalogue {
    ($($constant:ident $name:literal $kind:ident [$($label:literal)*] $help:literal)+) => {
        $(const $constant: Metric =
            Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };)+
        /// All of them, in the order of the text.
        pub const CATALOGUE: &[Metric] = &[$($constant),+];
    };
}

catalogue! {
    BUILD            "rowcast_build_info"                        Gauge     ["version" "commit" "target" "profile"] "Always 1; what the program was built from."
    READY            "rowcast_ready"                             Gauge     []                            "1 while new work is taken, as /readyz says; else 0."
    CONNECTIONS      "rowcast_connections"                       Gauge     []                            "Connections that are open."
    ACCEPTED         "rowcast_connections_total"                 Counter   ["outcome"]                   "Connections that came, by whether they were accepted or refused beyond the cap."
    REQUESTS         "rowcast_http_requests_total"               Counter   ["operation" "method" "status"] "Requests that were answered, by the operation of the OpenAPI document (file: of the page, none: neither), method and class of status."
    DURATIONS        "rowcast_http_request_duration_seconds"     Histogram ["operation"]                 "From a request's head to its answer's head; of an upload that is its whole body, of a stream only its beginning."
    HTTP_RECEIVED    "rowcast_http_received_bytes_total"         Counter   []                            "Bytes of requests' bodies, of requests that are over."
    HTTP_SENT        "rowcast_http_sent_bytes_total"             Counter   []                            "Bytes of answers' bodies, of requests that are over."
    REFUSALS         "rowcast_rate_refusals_total"               Counter   ["policy"]                    "Times that a policy refused somebody, or the rest of a body."
    TRACKED          "rowcast_rates_tracked"                     Gauge     []                            "Addresses, keys and clients whose rates are remembered, each once for each policy."
    RUNNING          "rowcast_uploads_running"                   Gauge     []                            "Uploads that run now."
    BEGUN            "rowcast_uploads_begun_total"               Counter   []                            "Uploads begun, parts of files among them; not those that read a file again."
    ENDED            "rowcast_uploads_ended_total"               Counter   ["outcome"]                   "Uploads that ended, by how. One that was interrupted and goes on ends again."
    EXPIRED          "rowcast_uploads_expired_total"             Counter   []                            "Uploads let go because they were too old, or all of them too many bytes."
    ROWS             "rowcast_rows_total"                        Counter   []                            "Rows announced."
    PROBLEMS         "rowcast_problems_total"                    Counter   []                            "Problems found in files, those that are only counted among them."
    RECEIVED         "rowcast_received_bytes_total"              Counter   []                            "Bytes of files taken into the spool."
    READ             "rowcast_read_bytes_total"                  Counter   []                            "Bytes of files that announced rows were read from."
    SPOOL            "rowcast_spool_bytes"                       Gauge     []                            "Bytes of files that are kept, each file once however many uploads share it."
    DISK_FREE        "rowcast_disk_free_bytes"                   Gauge     []                            "Bytes free for the server on the data folder's disk."
    JOURNAL_BYTES    "rowcast_journal_bytes"                     Gauge     []                            "Bytes of the journal and its write-ahead log."
    JOURNAL_QUEUE    "rowcast_journal_queue_bytes"               Gauge     []                            "Encoded bytes that wait for their commit: how far announcing is behind reading."
    JOURNAL_ENTRIES  "rowcast_journal_entries_total"             Counter   []                            "Entries committed."
    JOURNAL_COMMITS  "rowcast_journal_commit_duration_seconds"   Histogram []                            "How long commits of entries took."
    JOURNAL_FAILURES "rowcast_journal_commit_failures_total"     Counter   []                            "Commits that failed."
    WATCHERS         "rowcast_watchers"                          Gauge     []                            "Watchers that are attached."
    WATCHER_LAG      "rowcast_watcher_lag_worst_events"          Gauge     []                            "Events that the watcher furthest behind was not handed yet."
    WATCHER_QUEUE    "rowcast_watcher_queue_bytes"               Gauge     []                            "Encoded bytes that wait for watchers."
    ATTACHED         "rowcast_watchers_attached_total"           Counter   []                            "Watchers attached."
    EVICTIONS        "rowcast_watcher_evictions_total"           Counter   []                            "Times that a watcher had no room left and was left to read on from the journal."
    REPLAYS          "rowcast_replays_total"                     Counter   []                            "Times that a watcher began to read from the journal."
    START            "process_start_time_seconds"                Gauge     []                            "When the process started, in seconds since the Unix epoch."
    CPU              "process_cpu_seconds_total"                 Counter   []                            "Processor time used."
    MEMORY           "process_resident_memory_bytes"             Gauge     []                            "Memory in use."
    DESCRIPTORS      "process_open_fds"                          Gauge     []                            "File descriptors in use."
    THREADS          "process_threads"                           Gauge     []                            "Threads."
}

/// What is asked at a scrape. Each part counts for itself; nothing is counted here.
pub struct Sources {
    /// Whether new work is taken.
    pub ready: Box<dyn Fn() -> bool + Send + Sync>,
    /// Connections and requests.
    pub traffic: Traffic,
    /// Uploads.
    pub ingest: Ingest,
    /// The spool.
    pub spool: Spool,
    /// The journal.
    pub journal: Journal,
    /// Watchers.
    pub streams: Streams,
    /// How often and how much.
    pub rates: Arc<Rates>,
    /// When the process started.
    pub started: SystemTime,
}

impl Sources {
    /// The text of all metrics. Looks at files, so it blocks; what cannot be found out now is left out.
    pub fn text(&self) -> String {
        let mut text = Text::default();
        let build = crate::telemetry::BUILD;
        let labels = [("version", build.version), ("commit", build.commit), ("target", build.target)];
        text.family(BUILD).sample(&[labels.as_slice(), &[("profile", build.profile)]].concat(), 1);
        text.one(READY, u64::from((self.ready)()));
        self.http(&mut text);
        self.uploads(&mut text);
        self.journal(&mut text);
        let watchers = self.streams.figures();
        text.one(WATCHERS, watchers.watchers);
        text.one(WATCHER_LAG, watchers.lag_events_worst);
        text.one(WATCHER_QUEUE, watchers.queue_bytes);
        text.one(ATTACHED, watchers.attached);
        text.one(EVICTIONS, watchers.evictions);
        text.one(REPLAYS, watchers.replays);
        process(&mut text, self.started);
        text.0
    }

    fn http(&self, text: &mut Text) {
        let (open, accepted, refused) = self.traffic.connections();
        text.one(CONNECTIONS, open);
        let mut family = text.family(ACCEPTED);
        family.sample(&[("outcome", "accepted")], accepted);
        family.sample(&[("outcome", "refused")], refused);
        let mut family = text.family(REQUESTS);
        for answered in self.traffic.requests() {
            let labels = [("operation", answered.operation), ("method", answered.method), ("status", answered.class)];
            family.sample(&labels, answered.requests);
        }
        let mut family = text.family(DURATIONS);
        for (operation, seen) in self.traffic.durations() {
            family.histogram(&[("operation", operation)], &seen);
        }
        let (received, sent) = self.traffic.bytes();
        text.one(HTTP_RECEIVED, received);
        text.one(HTTP_SENT, sent);
        let mut family = text.family(REFUSALS);
        for (policy, refusals) in self.rates.refused() {
            family.sample(&[("policy", policy.name())], refusals);
        }
        family.sample(&[("policy", "client-kept-bytes")], self.ingest.client_full());
        text.one(TRACKED, self.rates.tracked() as u64);
    }

    fn uploads(&self, text: &mut Text) {
        let figures = self.ingest.figures();
        text.one(RUNNING, self.ingest.running());
        text.one(BEGUN, figures.begun.get());
        let mut family = text.family(ENDED);
        for (outcome, count) in [
            ("done", &figures.done),
            ("failed", &figures.failed),
            ("cancelled", &figures.cancelled),
            ("interrupted", &figures.interrupted),
        ] {
            family.sample(&[("outcome", outcome)], count.get());
        }
        text.one(EXPIRED, figures.expired.get());
        text.one(ROWS, figures.rows.get());
        text.one(PROBLEMS, figures.problems.get());
        text.one(RECEIVED, figures.received_bytes.get());
        text.one(READ, figures.read_bytes.get());
        text.maybe(SPOOL, self.spool.kept_bytes().ok());
        text.maybe(DISK_FREE, self.spool.free_bytes().ok());
    }

    fn journal(&self, text: &mut Text) {
        let Ok(figures) = self.journal.figures() else { return };
        text.one(JOURNAL_BYTES, figures.file_bytes);
        text.one(JOURNAL_QUEUE, figures.queue_bytes);
        text.one(JOURNAL_ENTRIES, figures.entries);
        text.family(JOURNAL_COMMITS).histogram(&[], &figures.commits);
        text.one(JOURNAL_FAILURES, figures.failures);
    }
}

fn process(text: &mut Text, started: SystemTime) {
    let since = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    text.one(START, since.as_secs());
    let Process { cpu, memory_bytes, descriptors, threads } = Process::now();
    text.family(CPU).sample(&[], format_args!("{}.{:02}", cpu.as_secs(), cpu.subsec_millis() / 10));
    text.maybe(MEMORY, memory_bytes);
    text.maybe(DESCRIPTORS, descriptors);
    text.maybe(THREADS, threads);
}

/// The text in the making.
#[derive(Default)]
struct Text(String);

/// The samples of one metric.
struct Family<'t>(&'t mut String, Metric);

impl Text {
    fn family(&mut self, metric: Metric) -> Family<'_> {
        let Metric { name, kind, help, .. } = metric;
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str());
        Family(&mut self.0, metric)
    }

    fn one(&mut self, metric: Metric, value: u64) {
        self.family(metric).sample(&[], value);
    }

    fn maybe(&mut self, metric: Metric, value: Option<u64>) {
        if let Some(value) = value {
            self.one(metric, value);
        }
    }
}

impl Family<'_> {
    fn sample(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        debug_assert!(labels.iter().map(|(name, _)| *name).eq(self.1.labels.iter().copied()));
        self.line("", labels, value);
    }

    fn histogram(&mut self, labels: &[(&str, &str)], seen: &DurationsSeen) {
        let bounds = BOUNDS_MS.map(|ms| format!("{}", std::time::Duration::from_millis(ms).as_secs_f64()));
        for (bound, up_to) in bounds.iter().map(String::as_str).chain(["+Inf"]).zip(seen.up_to) {
            self.line("_bucket", &[labels, &[("le", bound)]].concat(), up_to);
        }
        self.line("_sum", labels, seen.sum.as_secs_f64());
        self.line("_count", labels, seen.count());
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let Self(text, Metric { name, .. }) = self;
        let _ = write!(text, "{name}{suffix}");
        // Their values are words of this program: there is nothing in them to be escaped.
        for (place, (label, value)) in labels.iter().enumerate() {
            let _ = write!(text, "{}{label}=\"{value}\"", if place == 0 { "{" } else { "," });
        }
        let _ = writeln!(text, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

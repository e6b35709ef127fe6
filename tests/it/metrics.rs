//! What `/metrics` says is what happened, and what the document says of it.

use crate::client::Request;
use crate::files::people;
use crate::patience::until;
use crate::server::Server;
use rowcast::metrics::{CATALOGUE, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// One scrape: the value of each sample, by its name and labels as they stand in the text.
#[derive(Debug)]
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    async fn of(server: &Server) -> Self {
        let answer = server.get("/metrics").await;
        assert_eq!((answer.status(), answer.header("cache-control")), (200, Some("no-store")));
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        Self::parse(answer.text())
    }

    /// By the rules of the exposition format 0.0.4, and by those that a catalogue sets.
    fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends as well");
        let mut samples = BTreeMap::new();
        let mut family = None;
        let mut seen = BTreeSet::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect("a help has a text");
                let metric = CATALOGUE.iter().find(|metric| metric.name == name).expect("it is in the catalogue");
                assert_eq!(help, metric.help);
                assert!(seen.insert(name), "{name} comes twice");
                family = Some(metric);
                continue;
            }
            let metric = family.expect("a help comes first");
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                assert_eq!(kind, format!("{} {}", metric.name, metric.kind.as_str()));
                continue;
            }
            let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
            let (name, labels) = match series.split_once('{') {
                Some((name, labels)) => (name, labels.strip_suffix('}').expect("labels are closed")),
                None => (series, ""),
            };
            let suffix = name.strip_prefix(metric.name).unwrap_or_else(|| panic!("{name} stands under {metric:?}"));
            let suffixes: &[&str] = if metric.kind == Kind::Histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.contains(&suffix), "{line}");
            let names: Vec<_> = labels.split(',').filter(|label| !label.is_empty()).map(label_name).collect();
            let mut expected = metric.labels.to_vec();
            expected.extend((suffix == "_bucket").then_some("le"));
            assert_eq!(names, expected, "{line}");
            let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
            assert!(samples.insert(series.to_owned(), value).is_none(), "{series} comes twice");
        }
        let scrape = Self(samples);
        scrape.assert_histograms_are_whole();
        scrape
    }

    /// Buckets only rise, and the last holds all.
    fn assert_histograms_are_whole(&self) {
        for (series, count) in self.0.iter().filter(|(series, _)| series.contains("_seconds_count")) {
            let (name, labels) = series.split_once("_count").expect("it is in there");
            let labels = labels.trim_start_matches('{').trim_end_matches('}');
            let comma = if labels.is_empty() { "" } else { "," };
            let bucket = |le: &str| self.0[&format!("{name}_bucket{{{labels}{comma}le=\"{le}\"}}")];
            let bounds = ["0.001", "0.005", "0.01", "0.05", "0.1", "0.5", "1", "5", "10", "60", "+Inf"].map(bucket);
            assert!(bounds.is_sorted(), "{series}: {bounds:?}");
            assert_eq!(bounds[10], *count, "{series}");
        }
    }

    fn get(&self, series: &str) -> f64 {
        *self.0.get(series).unwrap_or_else(|| panic!("no {series} among {:?}", self.0.keys()))
    }
}

/// A label's name; its value has to need no escapes.
fn label_name(label: &str) -> &str {
    let (name, value) = label.split_once('=').expect("a label has a value");
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect("it is quoted");
    assert!(!value.contains(['"', '\\', '\n']), "{label}");
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_those_of_what_was_uploaded_and_watched() {
    let server = Server::start().await;
    let before = Scrape::of(&server).await;
    assert_eq!((before.get("rowcast_ready"), before.get("rowcast_rows_total")), (1.0, 0.0));
    let mut watcher = server.watch("me").await;
    let csv = people(200);
    let bytes = csv.len() as f64;
    server.uploaded("me", csv).await;
    server.uploaded_strictly("me", "a,b\n1,2\n3\n").await;
    server.upload("you", vec![b'x'; 4000]).await.problem(422, "header-too-long");
    watcher.until(|event| event.is_stage("done")).await;

    let mut sending = server.begin_strictly("they").await;
    sending.send("a,b\n1,2\n").await;
    server.newest("they", |upload| upload["rows"] == 1).await;
    let during = Scrape::of(&server).await;
    assert_eq!(during.get("rowcast_uploads_running"), 1.0);
    assert_eq!(during.get("rowcast_watchers"), 1.0);
    assert_eq!(during.get("rowcast_rows_total"), 203.0);
    assert!(during.get("rowcast_connections") >= 3.0);
    drop(sending);
    server.newest("they", |upload| upload["stage"] == "interrupted").await;

    let after = until("the interrupted upload is counted", async || {
        let scrape = Scrape::of(&server).await;
        (scrape.get("rowcast_uploads_running") == 0.0).then_some(scrape)
    })
    .await;
    let ended = |outcome: &str| after.get(&format!("rowcast_uploads_ended_total{{outcome=\"{outcome}\"}}"));
    assert_eq!(["done", "failed", "cancelled", "interrupted"].map(ended), [2.0, 1.0, 0.0, 1.0]);
    assert_eq!(after.get("rowcast_uploads_begun_total"), 4.0);
    assert_eq!(after.get("rowcast_rows_total"), 203.0);
    assert!(after.get("rowcast_problems_total") >= 1.0);
    let received = bytes + 10.0 + 4000.0 + 8.0;
    assert_eq!(after.get("rowcast_received_bytes_total"), received);
    assert_eq!(after.get("rowcast_spool_bytes"), received);
    assert!(after.get("rowcast_read_bytes_total") >= bytes + 10.0);
    assert!(after.get("rowcast_journal_entries_total") >= 4.0);
    assert!(after.get("rowcast_journal_commit_duration_seconds_count") >= 4.0);
    assert!(after.get("rowcast_journal_bytes") > 10_000.0 && after.get("rowcast_disk_free_bytes") > 0.0);
    let uploads =
        |status| format!("rowcast_http_requests_total{{operation=\"upload\",method=\"POST\",status=\"{status}\"}}");
    // That of the sender who left may have been answered as well.
    assert!(after.get(&uploads("2xx")) == 2.0 && after.get(&uploads("4xx")) >= 1.0);
    assert_eq!(after.get("rowcast_http_request_duration_seconds_count{operation=\"watch\"}"), 1.0);
    assert!(after.get("process_resident_memory_bytes") > 1e6 && after.get("process_open_fds") > 3.0);
    // Nothing rises but what only rises may.
    for metric in CATALOGUE.iter().filter(|metric| metric.kind == Kind::Counter) {
        for (series, value) in before.0.iter().filter(|(series, _)| series.starts_with(metric.name)) {
            assert!(after.get(series) >= *value, "{series}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_falls_behind_is_seen() {
    let server = Server::start().await;
    // It reads nothing: its batches wait, then it is left to the journal.
    let mut stalled = server.connect().await;
    stalled.send_head(&Request::get("/sse/me")).await;
    stalled.head().await;
    server.uploaded("me", people(20_000)).await;
    let scrape = Scrape::of(&server).await;
    assert!(scrape.get("rowcast_watcher_lag_worst_events") > 100.0, "{scrape:?}");
    assert!(scrape.get("rowcast_watcher_evictions_total") >= 1.0, "{scrape:?}");
    drop(stalled);
    until("it is gone", async || (Scrape::of(&server).await.get("rowcast_watchers") == 0.0).then_some(())).await;
    let mut again = server.watch_from_start("me").await;
    again.until(|event| event.is_stage("done")).await;
    assert!(Scrape::of(&server).await.get("rowcast_replays_total") >= 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_told_before_a_restart_are_not_counted_again() {
    let server = Server::start().await;
    let mut sending = server.begin_strictly("me").await;
    sending.send("a,b\n1,2\n").await;
    server.newest("me", |upload| upload["rows"] == 1).await;
    let server = server.restart().await;
    let scrape = Scrape::of(&server).await;
    assert_eq!((scrape.get("rowcast_rows_total"), scrape.get("rowcast_uploads_begun_total")), (0.0, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_calls_a_thing_is_no_label() {
    let server = Server::start().await;
    server.uploaded("secret-client", "a\n1\n").await;
    for target in ["/secret-path", "/uploads/secret-upload", "/sse/secret-client?events=secret-kind"] {
        server.get(target).await;
    }
    server.ask(&Request::new("SECRET", "/livez")).await;
    let text = server.get("/metrics").await;
    assert!(!text.text().to_lowercase().contains("secret"), "{}", text.text());
    let series = text.text().lines().filter(|line| !line.starts_with('#')).count();
    assert!(series < 500, "{series} series");
}

#[test]
fn the_document_is_the_catalogue() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let document = std::fs::read_to_string(path).expect("the document");
    let rows: Vec<_> =
        document.lines().filter(|line| line.starts_with("| `rowcast_") || line.starts_with("| `process_")).collect();
    let expected: Vec<_> = CATALOGUE
        .iter()
        .map(|metric| {
            let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            format!("| `{}` | {} | {} | {} |", metric.name, metric.kind.as_str(), labels.join(" "), metric.help)
        })
        .collect();
    assert_eq!(rows, expected);
    for metric in CATALOGUE {
        let rises = metric.name.ends_with("_total");
        assert_eq!(rises, metric.kind == Kind::Counter, "{}", metric.name);
        assert!(metric.help.ends_with('.') && metric.name.is_ascii(), "{}", metric.name);
    }
}

//! What became of a file, taken home: rows however they are kept, the good ones and the rejected ones.

use crate::client::{Connection, Request};
use crate::files::{mixed, wrong};
use crate::patience::{soon, until};
#[cfg(target_os = "linux")]
use crate::program::Program;
use crate::server::Server;
use crate::watcher::{Event, Watcher};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;

pub async fn with_mixed(records: u64) -> (Server, String) {
    let server = Server::limited(|limits| limits.problems_max = 10_000).await;
    let upload = server.uploaded_strictly("me", mixed(records)).await;
    assert_eq!(upload["rows"], records);
    let id = upload["id"].as_str().expect("an id").to_owned();
    (server, id)
}

pub async fn announced(server: &Server) -> Vec<Event> {
    server.watch_from_start("me").await.until_end().await
}

/// The data of the row events by number, without the upload: what pages and NDJSON give, byte for byte.
fn rows_of(events: &[Event]) -> BTreeMap<u64, String> {
    let rows = events.iter().filter(|event| event.is("row"));
    rows.map(|event| {
        let number = event.data["row"].as_u64().expect("a number");
        (number, format!("{{{}", event.block.data.split_once(',').expect("members").1))
    })
    .collect()
}

pub fn parsed(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv);
    let records = reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect());
    records.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_from_any_number_hold_the_rows_as_they_were_announced() {
    let (server, id) = with_mixed(150).await;
    let rows = rows_of(&announced(&server).await);
    assert_eq!(rows.len(), 150 - 150 / 9 - usize::from(150 % 9 >= 6), "those over the limit have none");
    let mut server = server;
    for _ in 0..2 {
        for from in 1..=151 {
            for limit in [1, 2, 7, 100] {
                let page = server.get(&format!("/uploads/{id}/rows?from={from}&limit={limit}")).await;
                let found: Vec<&str> = rows.range(from..from + limit).map(|(_, json)| json.as_str()).collect();
                let text = page.text();
                let expected = format!("\"from\":{from},\"rows\":[{}],\"next\":", found.join(","));
                assert!(text.contains(&expected), "{expected} is not in {text}");
                assert_eq!(page.ok(200)["next"].as_u64(), (from + limit <= 150).then_some(from + limit));
            }
        }
        server = server.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_hold_every_announced_row_in_order() {
    let (server, id) = with_mixed(1_200).await;
    let rows = rows_of(&announced(&server).await);
    let lines: String = rows.values().map(|json| format!("{json}\n")).collect();
    assert!(server.get(&format!("/uploads/{id}/rows.ndjson")).await.text() == lines, "NDJSON differs from the events");
    let mut expected = vec![["id", "name", "note"].map(str::to_owned).to_vec()];
    for json in rows.values() {
        let row: Value = serde_json::from_str(json).expect("a row");
        let cells = ["id", "name", "note"].map(|name| row["data"][name].as_str().unwrap_or_default().to_owned());
        let extra = row["extra"].as_array().into_iter().flatten().map(|cell| cell.as_str().expect("text").to_owned());
        expected.push(cells.into_iter().chain(extra).collect());
    }
    let csv = server.get(&format!("/uploads/{id}/rows.csv")).await;
    assert!(parsed(&csv.body) == expected, "CSV differs from the events");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_wrong_need_no_file_any_more() {
    let server = Server::start().await;
    let upload = server.uploaded_strictly("me", "a,b\n1\n2,x,\"q\"\"\"\n").await;
    let id = upload["id"].as_str().expect("an id");
    let told = async || -> Vec<String> { announced(&server).await.into_iter().map(|event| event.block.text).collect() };
    let before = told().await;
    File::options().write(true).open(server.spooled(id)).expect("its bytes").set_len(0).expect("no bytes");
    let after = told().await;
    assert_eq!(after, before);
    assert_eq!(server.get(&format!("/uploads/{id}/rows.csv")).await.text(), "a,b\r\n1,\r\n2,x,\"q\"\"\"\r\n");
    assert_eq!(server.get(&format!("/uploads/{id}/rows?from=2")).await.ok(200)["rows"][0]["extra"], json!(["q\""]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_comes_back_after_any_event_and_gets_the_rest_with_rows_and_without() {
    let (server, _) = with_mixed(60).await;
    let all = announced(&server).await;
    for event in all.iter().filter(|event| event.block.id.is_some()) {
        if event.is_end() {
            continue;
        }
        let id = event.block.id.as_deref().expect("an id");
        let rest = server.watch_after("me", id).await.until_end().await;
        let later =
            |of: &[Event]| -> Vec<_> { of.iter().filter_map(|event| Some((event.n()?, event.data.clone()))).collect() };
        let n = event.n().expect("a number");
        let expected: Vec<_> = later(&all).into_iter().filter(|(other, _)| *other > n).collect();
        assert_eq!(later(&rest), expected, "after {id}");
        let target = format!("/sse/me?events=problem,stage&last_event_id={id}");
        let few = Watcher::attach(&server, &target).await.until_end().await;
        let wanted: Vec<_> = rest.into_iter().filter(|event| event.is("problem") || event.is("stage")).collect();
        assert_eq!(later(&few), later(&wanted), "problems after {id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_and_accepted_together_are_all_records_each_where_it_belongs() {
    let (server, id) = with_mixed(400).await;
    let get = async |rest: &str| server.get(&format!("/uploads/{id}/{rest}")).await;
    let accepted = get("accepted.csv").await;
    assert_eq!(accepted.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(accepted.header("content-disposition"), Some("attachment; filename=\"upload-accepted.csv\""));
    let accepted = parsed(&accepted.body);
    assert_eq!(accepted[0], ["id", "name", "note"]);
    let good: Vec<u64> = accepted[1..].iter().map(|row| row[0].parse().expect("a number")).collect();
    assert_eq!(good, (1..=400).filter(|n| wrong(*n).is_none()).collect::<Vec<_>>());

    let rejects = get("rejects.csv").await;
    assert_eq!(rejects.header("content-disposition"), Some("attachment; filename=\"upload-rejects.csv\""));
    let rejects = parsed(&rejects.body);
    assert_eq!(rejects[0], ["id", "name", "note", "_line", "_codes", "_messages", "_extra", "_raw"]);
    let bad: Vec<u64> = (1..=400).filter(|n| wrong(*n).is_some()).collect();
    assert_eq!(rejects.len() - 1, bad.len());
    let problems = announced(&server).await.into_iter().filter(|event| event.is("problem"));
    let problems: BTreeMap<u64, Value> =
        problems.filter_map(|event| Some((event.data["row"].as_u64()?, event.data))).collect();
    for (row, n) in rejects[1..].iter().zip(bad) {
        let told = &problems[&n];
        assert_eq!(row.len(), 8, "{row:?}");
        assert_eq!((&row[4], row[3].parse().ok()), (&wrong(n).expect("a code").to_owned(), told["line"].as_u64()));
        assert_eq!((Some(&*row[5]), Some(&*row[7])), (told["message"].as_str(), told["raw"].as_str()), "{row:?}");
        assert_eq!(row[6], if n % 9 == 4 { r#"["c","\"d\""]"# } else { "" });
        let expected = match n % 9 {
            2 => [n.to_string(), "short".into(), String::new()],
            4 => [n.to_string(), "long".into(), "a, b".into()],
            5 => [n.to_string(), "\u{fffd}\u{fffd}".into(), "wrong bytes".into()],
            _ => [const { String::new() }; 3],
        };
        assert_eq!(row[..3], expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_stays_rejected_beyond_the_problems_that_are_told() {
    let server = Server::limited(|limits| limits.problems_max = 3).await;
    let csv: String = (1..=300).map(|n| if n % 3 == 0 { format!("{n}\n") } else { format!("{n},x\n") }).collect();
    let upload = server.uploaded_strictly("me", format!("a,b\n{csv}")).await;
    let id = upload["id"].as_str().expect("an id").to_owned();
    assert_eq!(upload["problems"], 100);
    let mut server = server;
    for _ in 0..2 {
        let rejects = parsed(&server.get(&format!("/uploads/{id}/rejects.csv")).await.body);
        let numbers: Vec<u64> = rejects[1..].iter().map(|row| row[0].parse().expect("a number")).collect();
        assert_eq!(numbers, (1..=100).map(|n| n * 3).collect::<Vec<_>>());
        assert_eq!(rejects[3][2..5], ["10", "missing-cell", "the record has 1 cell, 1 too few; expected 2"]);
        assert_eq!(rejects[4][2..], ["13", "missing-cell", "Cell missing", "", ""]);
        let accepted = parsed(&server.get(&format!("/uploads/{id}/accepted.csv")).await.body);
        assert_eq!(accepted.len() - 1, 200);
        assert!(accepted[1..].iter().all(|row| row[1] == "x"));
        // What is only counted is no event: numbers go on without a hole, and the toast that says so came once.
        let events = announced(&server).await;
        assert_eq!(events.iter().filter(|event| event.is("problem")).count(), 3);
        assert_eq!(events.iter().filter(|event| event.is("row")).count(), 300);
        server = server.restart().await;
    }
}

/// More than the kernel holds of an answer, so that most of it is still to be read when the file is gone.
const MANY: u64 = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn formulas_are_escaped_where_it_is_asked_and_stay_else() {
    let server = Server::start().await;
    let upload = server.uploaded_strictly("me", "=a,b\n\"=1+1\",-12.5\n\"@x\ty\"\n").await;
    let id = upload["id"].as_str().expect("an id");
    let get = async |rest: &str| server.get(&format!("/uploads/{id}/{rest}")).await.text().to_owned();
    for off in ["", "?escape_formulas=false"] {
        assert_eq!(get(&format!("rows.csv{off}")).await, "=a,b\r\n=1+1,-12.5\r\n@x\ty,\r\n");
    }
    let escaped = "\"'=a\",\"b\"\r\n\"'=1+1\",\"-12.5\"\r\n";
    assert_eq!(get("rows.csv?escape_formulas=true").await, format!("{escaped}\"'@x\ty\",\"\"\r\n"));
    assert_eq!(get("accepted.csv?escape_formulas=true").await, escaped);
    for (name, raw) in [("rejects.csv", "_raw"), ("problems.csv", "raw")] {
        let plain = parsed(get(name).await.as_bytes());
        let escaped = parsed(get(&format!("{name}?escape_formulas=true")).await.as_bytes());
        let at = plain[0].iter().position(|column| column == raw).expect("a column");
        assert!(plain[1][at].starts_with('"') || plain[1][at].starts_with('@'), "{plain:?}");
        for (plain, escaped) in plain.iter().flatten().zip(escaped.iter().flatten()) {
            let marked = if plain.starts_with(['=', '@']) { format!("'{plain}") } else { plain.clone() };
            assert_eq!(escaped, &marked, "{name}");
        }
    }
    let refused = server.get(&format!("/uploads/{id}/rows.csv?escape_formulas=maybe")).await;
    assert!(refused.problem(400, "bad-parameter")["detail"].as_str().expect("why").contains("escape_formulas"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_read_as_it_is_taken_and_never_passes_for_whole_when_it_is_not() {
    let server = Server::limited(|limits| limits.problems_max = 1 << 20).await;
    let csv: String = (1..=MANY).map(|n| format!("{n},{}\n{n}\n", "y".repeat(90))).collect();
    let upload = server.uploaded_strictly("me", format!("a,b\n{csv}")).await;
    let id = upload["id"].as_str().expect("an id");
    let mut taking = Vec::new();
    for name in ["rows.csv", "accepted.csv", "rejects.csv", "problems.csv"] {
        let mut connection = Connection::open_narrow(server.address).await;
        connection.send_head(&Request::get(&format!("/uploads/{id}/{name}"))).await;
        taking.push((name, connection.head().await, connection));
    }
    assert_eq!(server.ask(&Request::new("DELETE", &format!("/uploads/{id}"))).await.status(), 204);
    until("its events are gone", async || (server.get(&format!("/uploads/{id}")).await.status() == 404).then_some(()))
        .await;
    for (name, head, mut connection) in taking {
        assert_eq!((head.status, head.header("content-length")), (200, None), "{name}");
        let mut left = Connection::left(&head);
        let mut bytes = 0;
        let end = loop {
            match soon("the rest of the file", connection.piece(&mut left)).await {
                Ok(Some(piece)) => bytes += piece.len(),
                end => break end,
            }
        };
        assert!(end.is_err(), "{name} passes for whole after {bytes} bytes");
    }
}

/// The most memory that a program has had so far, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_download_takes_memory_for_a_few_batches_and_not_for_the_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let program = Program::start(dir.path());
    let text = "z".repeat(400);
    let csv: String = (1..=25_000).map(|n| format!("{n},{text}\n{n},{text},further\n")).collect();
    let size = csv.len();
    let upload = program.uploaded_strictly("me", format!("a,b\n{csv}")).await;
    assert_eq!((&upload["rows"], &upload["problems"]), (&json!(50_000), &json!(25_000)));
    let before = peak_kib(&program);
    for (name, least) in [("rows.csv", size), ("rows.ndjson", size), ("accepted.csv", size / 3), ("rejects.csv", size)]
    {
        let file = program.get(&format!("/uploads/{}/{name}", upload["id"].as_str().expect("an id"))).await;
        assert!(file.body.len() >= least, "{name} has {} bytes", file.body.len());
        let grown = peak_kib(&program) - before;
        assert!(grown < 6 << 10, "{name} of {} bytes took {grown} KiB", file.body.len());
    }
}

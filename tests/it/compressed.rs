//! Files that come compressed: read while they arrive, and counted by the bytes that were sent.

use crate::client::Request;
use crate::files::people;
use crate::form::Form;
use crate::program::Program;
use crate::server::Server;
use crate::watcher::{Event, rows};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;
use tempfile::TempDir;

/// A file as gzip has it.
pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

fn gzip_request(length: usize) -> Request {
    let request = Request::post("/upload/me?filename=people.csv").header("Content-Type", "text/csv");
    request.header("Content-Encoding", "gzip").header("Content-Length", &length.to_string())
}

fn id(upload: &Value) -> &str {
    upload["id"].as_str().expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gzip_body_is_read_while_it_arrives_and_percent_follows_its_own_bytes() {
    let server = Server::limited(|limits| {
        limits.progress_ms = 1;
        // The sender pauses until everything of the first half was told.
        limits.body_stall_ms_max = 30_000;
    })
    .await;
    let csv = people(6_000);
    let packed = gzip(&csv);
    assert!(packed.len() * 3 < csv.len(), "{} of {}", packed.len(), csv.len());
    let mut watcher = server.watch("me").await;
    let mut connection = server.connect().await;
    let request = gzip_request(packed.len());
    connection.send_head(&request).await;
    let (first, rest) = packed.split_at(packed.len() / 2);
    connection.send(first).await;
    // Nearly half of the rows come before the other half of the bytes, and the percent is not that of the text.
    let mut events = watcher.until(|event| event.is_row(2_500)).await;
    let half = |event: &Event| event.is("progress") && event.data["percent"].as_u64() >= Some(45);
    events.extend(watcher.until(half).await);
    for event in events.iter().filter(|event| event.is("progress")) {
        assert!(event.data["percent"].as_u64() <= Some(50), "{event:?}");
        assert_eq!(event.data["total_bytes"], json!(packed.len()));
        assert!(event.data["read_bytes"].as_u64() <= Some(first.len() as u64), "{event:?}");
    }
    connection.send(rest).await;
    let upload = connection.answer_to(&request).await.ok(201);
    events.extend(watcher.until_end().await);
    let told = rows(&events);
    let numbers: Vec<u64> = told.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=6_000).collect::<Vec<_>>());
    assert_eq!(told[2].1, &json!({"name": "Person 3", "zip": "00003", "note": "said \"3\", twice"}));
    assert_eq!((&upload["reading"]["compression"], &upload["problems"]), (&json!("gzip"), &json!(0)));
    for counted in ["received_bytes", "read_bytes", "total_bytes"] {
        assert_eq!(upload[counted], json!(packed.len()), "{counted}");
    }
    let export = server.get(&format!("/uploads/{}/rows.csv", id(&upload))).await;
    assert!(export.text().replace("\r\n", "\n").into_bytes() == csv, "the rows are those of the file");
    // Replayed, it is the same.
    let mut again = server.watch_from_start("me").await;
    again.until_end().await;
    again.ledger.assert_agrees(&watcher.ledger);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gzip_file_in_a_form_is_known_by_its_first_bytes() {
    let server = Server::start().await;
    let csv = people(800);
    let packed = gzip(&csv);
    let mut watcher = server.watch("me").await;
    let upload = server.ask(&Form::new().file("people.csv.gz", &packed).to("/upload/me")).await.ok(201);
    let events = watcher.until_end().await;
    assert_eq!(rows(&events).len(), 800);
    let understood = events.iter().find(|event| event.is_stage("understood")).expect("it is told");
    assert_eq!(understood.data["reading"]["compression"], "gzip");
    assert_eq!((&upload["received_bytes"], &upload["percent"]), (&json!(packed.len()), &json!(100)));
    let plain = server.uploaded("other", csv).await;
    let export = async |upload: &Value| server.get(&format!("/uploads/{}/rows.csv", id(upload))).await.body;
    assert!(export(&upload).await == export(&plain).await, "compressed or not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_takes_nothing_back_of_a_compressed_file_and_goes_on_with_it() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = Program::start(dir.path());
    let csv = people(40_000);
    let packed = gzip(&csv);
    let (first, rest) = packed.split_at(packed.len() / 2);
    let mut watcher = program.watch("me").await;
    let mut connection = program.connect().await;
    connection.send_head(&gzip_request(packed.len())).await;
    connection.send(first).await;
    let seen = watcher.until(|event| event.is_row(15_000)).await;
    let upload = program.newest("me", |_| true).await;
    // More text was told of than there are bytes in the spool.
    assert!(first.len() < people(15_000).len());
    program.kill();

    let program = Program::start(dir.path());
    let broken = program.newest("me", |newest| newest["stage"] == "interrupted").await;
    assert_eq!(broken["id"], upload["id"]);
    let read = broken["read_bytes"].as_u64().expect("a number");
    assert!(read > 0 && read <= first.len() as u64, "{broken}");
    let mut again = program.watch_from_start("me").await;
    let told = again.until_end().await;
    assert!(told.iter().all(|event| !event.is("gap")), "nothing was lost");
    assert!(rows(&told).len() >= rows(&seen).len());
    let target = format!("/files/{}", id(&broken));
    let asked = program.ask(&Request::new("HEAD", &target).header("Tus-Resumable", "1.0.0")).await;
    assert_eq!(asked.header("upload-offset"), Some(first.len().to_string().as_str()));
    let piece = Request::new("PATCH", &target)
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", &first.len().to_string())
        .header("Upload-Length", &packed.len().to_string());
    let taken = program.ask(&piece.body("application/offset+octet-stream", rest)).await;
    assert_eq!(taken.status(), 204, "{taken:?}");
    let done = program.newest("me", |newest| newest["stage"] == "done").await;
    assert_eq!((&done["rows"], &done["problems"], &done["id"]), (&json!(40_000), &json!(0), &upload["id"]));
    let export = program.get(&format!("/uploads/{}/rows.csv", id(&done))).await;
    assert!(export.text().replace("\r\n", "\n").into_bytes() == csv, "no row is missing, none is doubled");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_a_compressed_file_lost_take_back_what_was_told_of_them() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = Program::with(dir.path(), &["--batch-bytes-max", "2KiB"]);
    let packed = gzip(&people(40_000));
    let mut watcher = program.watch("me").await;
    let mut connection = program.connect().await;
    connection.send_head(&gzip_request(packed.len())).await;
    connection.send(&packed[..packed.len() / 2]).await;
    watcher.until(|event| event.is_row(15_000)).await;
    let upload = program.newest("me", |_| true).await;
    program.kill();
    // With the power, the end of the file went.
    let spooled = dir.path().join("spool").join(format!("{}.csv", id(&upload)));
    let left = packed.len() as u64 / 4;
    std::fs::File::options().write(true).open(spooled).expect("its bytes").set_len(left).expect("fewer");
    let program = Program::start(dir.path());
    let broken = program.newest("me", |newest| newest["stage"] == "interrupted").await;
    assert_eq!((&broken["received_bytes"], &broken["id"]), (&json!(left), &upload["id"]));
    let mut again = program.watch_from_start("me").await;
    let told = again.until_end().await;
    let lost = told.iter().find(|event| event.is("gap")).expect("it is told");
    assert_eq!(lost.data["reason"], "lost");
    let kept: Vec<u64> = rows(&told).iter().map(|(number, _)| *number).collect();
    assert_eq!(kept, (1..=kept.len() as u64).collect::<Vec<_>>());
    assert!(kept.len() < 15_000, "{}", kept.len());
}

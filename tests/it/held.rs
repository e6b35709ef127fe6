//! Uploads that are held at `understood` until somebody has seen how they are read.

use crate::api::Api;
use crate::client::Request;
use crate::files::people;
use crate::patience::until;
use crate::program::Program;
use crate::server::Server;
use crate::watcher::{Event, Watcher};
use serde_json::{Value, json};
use tempfile::TempDir;

fn held(csv: impl Into<Vec<u8>>) -> Request {
    Request::post("/upload/me?hold=review").body("text/csv", csv)
}

/// One whose body comes in pieces.
fn holding() -> Request {
    Request::post("/upload/me?hold=review").header("Content-Type", "text/csv")
}

async fn done(api: &Api, id: &str) -> Value {
    until("the upload's end", async || Some(api.look(id).await).filter(|upload| upload["stage"] == "done")).await
}

fn next(id: &str) -> Request {
    Request::post(&format!("/uploads/{id}/next")).header("Content-Length", "0")
}

fn id(upload: &Value) -> &str {
    upload["id"].as_str().expect("an id")
}

fn stages(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter(|event| event.kind() == "stage")
        .map(|event| event.data["stage"].as_str().expect("one"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_file_is_read_is_told_before_it_is_read() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let upload = server.uploaded("me", people(3)).await;
    let events = watcher.until_end().await;
    assert_eq!(stages(&events), ["receiving", "understood", "reading", "done"]);
    let told = events.iter().find(|event| event.is_stage("understood")).expect("it is told");
    assert_eq!((&told.data["reading"], &told.data["columns"]), (&upload["reading"], &upload["columns"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_upload_tells_no_row_until_it_is_let_go_on() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let answer = server.ask(&held([b"a,a\n".to_vec(), b"1,2\n".repeat(200)].concat())).await;
    let upload = answer.ok(202);
    assert_eq!(answer.header("location"), Some(format!("/uploads/{}", id(&upload)).as_str()));
    assert_eq!((&upload["stage"], &upload["rows"], &upload["hold"]), (&json!("understood"), &json!(0), &json!(true)));
    assert_eq!((&upload["received_bytes"], &upload["columns"]), (&json!(804), &json!(["a", "a_2"])));
    assert!(upload["percent"].as_u64().is_some_and(|percent| percent < 5), "{upload}");
    // What is wrong with the header belongs to how it is read.
    let before = watcher.until(|event| event.kind() == "problem").await;
    assert_eq!(stages(&before), ["receiving", "understood"]);
    let reading = server.ask(&next(id(&upload))).await.ok(200);
    assert_eq!(reading["hold"], false);
    assert_ne!(reading["stage"], "understood");
    let after = watcher.until_end().await;
    assert_eq!(stages(&after), ["reading", "done"]);
    assert_eq!(after.iter().filter(|event| event.kind() == "row").count(), 200);
    assert_eq!(after.iter().filter(|event| event.kind() == "problem").count(), 0, "it was told before");
    server.ask(&next(id(&upload))).await.problem(409, "not-held");
    // Replayed, everything is as it was told.
    let mut again = server.watch_from_start("me").await;
    again.until_end().await;
    again.ledger.assert_agrees(&watcher.ledger);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_held_bytes_arrive_and_it_can_go_on_before_they_all_have() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin_as(&holding()).await;
    sending.send("a\n1\n").await;
    let event = watcher.until(|event| event.is_stage("understood")).await.pop().expect("the event");
    let upload = event.data["upload"].as_str().expect("an id").to_owned();
    sending.send("2\n3\n").await;
    let arrived = server.newest("me", |upload| upload["received_bytes"] == 8).await;
    assert_eq!((&arrived["rows"], &arrived["stage"]), (&json!(0), &json!("understood")));
    server.ask(&next(&upload)).await.ok(200);
    watcher.until(|event| event.is_row(3)).await;
    sending.send("4\n").await;
    let done = sending.finish().await.ok(201);
    assert_eq!((&done["rows"], &done["id"]), (&json!(4), &json!(upload)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_a_held_upload_hears_that_all_of_it_is_here() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let upload = server.ask(&held([b"a\n".to_vec(), b"1\n".repeat(200_000)].concat())).await.ok(202);
    let told = watcher.until(|event| event.is("progress") && event.data["received_bytes"] == 400_002).await;
    assert_eq!(told.last().map(|event| &event.data["upload"]), Some(&upload["id"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_upload_is_cancelled_or_deleted_and_then_not_let_go_on() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let upload = server.ask(&held("a\n1\n")).await.ok(202);
    let cancel = Request::post(&format!("/uploads/{}/cancel", id(&upload))).header("Content-Length", "0");
    let cancelled = server.ask(&cancel).await.ok(200);
    assert_eq!((&cancelled["stage"], &cancelled["rows"]), (&json!("cancelled"), &json!(0)));
    assert_eq!(stages(&watcher.until_end().await), ["receiving", "understood", "cancelled"]);
    server.ask(&next(id(&upload))).await.problem(409, "not-held");

    let other = server.ask(&held("a\n1\n")).await.ok(202);
    let target = format!("/uploads/{}", id(&other));
    assert_eq!(server.ask(&Request::new("DELETE", &target)).await.status(), 204);
    server.ask(&next(id(&other))).await.problem(404, "not-found");
    assert!(!server.spooled(id(&other)).exists());

    // While its bytes arrive as well.
    let mut sending = server.begin_as(&holding()).await;
    sending.send("a\n1\n").await;
    let waiting = server.newest("me", |upload| upload["stage"] == "understood").await;
    let cancel = Request::post(&format!("/uploads/{}/cancel", id(&waiting))).header("Content-Length", "0");
    assert_eq!(server.ask(&cancel).await.ok(200)["stage"], "cancelled");
    sending.answer().await.problem(409, "upload-cancelled");
    server.ask(&next("0199a5f3-9f40-7d2a-8000-000000000000")).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_a_header_is_held_with_names_by_place() {
    let server = Server::start().await;
    let csv: String = (1..=30).map(|n| format!("{n},2024-01-{:02},{n}.50\n", n % 28 + 1)).collect();
    let upload = server.ask(&held(csv)).await.ok(202);
    let names = json!(["col_0", "col_1", "col_2"]);
    assert_eq!((&upload["columns"], &upload["reading"]["columns"]), (&names, &names));
    assert_eq!((&upload["reading"]["header_rows"], &upload["rows"]), (&json!(0), &json!(0)));
    server.ask(&next(id(&upload))).await.ok(200);
    let done = done(&server, id(&upload)).await;
    assert_eq!((&done["rows"], &done["problems"], &done["columns"]), (&json!(30), &json!(0), &names));
    let export = server.get(&format!("/uploads/{}/rows.csv", id(&upload))).await;
    assert!(export.text().starts_with("col_0,col_1,col_2\r\n1,2024-01-02,1.50\r\n"), "{}", export.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn held_uploads_take_nobodys_place() {
    let server = Server::limited(|limits| limits.uploads_max = 2).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(server.ask(&held("a\n1\n2\n")).await.ok(202));
    }
    server.uploaded("me", "a\n1\n").await;
    for upload in &waiting {
        server.ask(&next(id(upload))).await.ok(200);
        done(&server, id(upload)).await;
    }
    // An empty file, and one whose header is all of it, can be held as well.
    for (csv, rows, problems) in [("", 0, 1), ("a,b", 0, 0), ("a,b\n", 0, 0)] {
        let upload = server.ask(&held(csv)).await.ok(202);
        server.ask(&next(id(&upload))).await.ok(200);
        let done = done(&server, id(&upload)).await;
        assert_eq!((&done["rows"], &done["problems"]), (&json!(rows), &json!(problems)), "{csv:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_upload_outlives_a_killed_server() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = Program::start(dir.path());
    let upload = program.ask(&held(people(300))).await.ok(202);
    let mut sending = program.begin_as(&holding()).await;
    sending.send("a\n1\n").await;
    let broken = program.newest("me", |newest| newest["stage"] == "understood" && newest["id"] != upload["id"]).await;
    program.kill();

    let program = Program::start(dir.path());
    assert_eq!(program.look(id(&upload)).await, upload, "it waits as it did");
    // Nobody knows the rest of the other one.
    let broken = program.newest("me", |newest| newest["id"] == broken["id"] && newest["stage"] == "interrupted").await;
    program.ask(&next(id(&broken))).await.problem(409, "not-held");
    program.ask(&next(id(&upload))).await.ok(200);
    let done = done(&program, id(&upload)).await;
    assert_eq!((&done["rows"], &done["reading"]), (&json!(300), &upload["reading"]));
    let mut watcher = Watcher::attach(&program, "/sse/me?from=start").await;
    watcher.until(|event| event.is_stage("done")).await;
}

//! Going on with what was interrupted, whatever interrupted it.

use super::{File, PIECE, ask};
use crate::files::people;
use crate::program::Program;
use crate::server::Server;
use crate::watcher::rows;
use serde_json::json;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_stays_away_leaves_an_interrupted_upload_and_may_come_back() {
    let server = Server::limited(|limits| limits.sender_absent_ms_max = 200).await;
    let mut watcher = server.watch("me").await;
    let csv = people(60);
    let file = File::begin(&server, "me", csv.len()).await;
    // It ends within a record.
    file.patched(0, &csv[..1_003]).await;
    let events = watcher.until(|event| event.is_stage("interrupted")).await;
    let end = &events.last().expect("its end").data;
    assert_eq!((&end["code"], &end["resume"]), (&json!("upload-interrupted"), &json!(file.path())));
    let toast = &events[events.len() - 2].data;
    assert!(toast["message"].as_str().is_some_and(|message| message.contains(&file.path())), "{toast}");
    let before = rows(&events).len() as u64;
    let upload = server.look(&file.id).await;
    assert_eq!((&upload["resume"], &upload["rows"]), (&json!(file.path()), &json!(before)));
    assert_eq!(file.offset().await, 1_003);
    assert_eq!(server.look(&file.id).await["stage"], "interrupted", "asking changes nothing");
    file.patched(1_003, &csv[1_003..]).await;
    let events = watcher.until_end().await;
    let stages: Vec<_> = events.iter().filter(|event| event.is("stage")).map(|event| &event.data["stage"]).collect();
    assert_eq!(stages, ["receiving", "reading", "done"]);
    let after = rows(&events);
    assert_eq!(after.first().map(|(number, _)| *number), Some(before + 1), "rows go on with the next number");
    assert_eq!(before + after.len() as u64, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_form_is_finished_by_declaring_its_length() {
    let server = Server::start().await;
    let csv = people(80);
    let form = crate::form::Form::new().file("people.csv", &csv);
    let body = form.bytes();
    let head = crate::client::Request::post("/upload/me").header("Content-Type", &form.content_type());
    let mut sending = server.send_sized(head, body.len()).await;
    sending.send(&body[..1_500]).await;
    let running = server.newest("me", |upload| upload["received_bytes"].as_u64() > Some(1_000)).await;
    drop(sending);
    let upload = server.newest("me", |upload| upload["stage"] == "interrupted").await;
    assert_eq!(upload["id"], running["id"]);
    let file = File::with_id(&server, upload["id"].as_str().expect("an id"));
    assert_eq!(upload["resume"], file.path());
    let told = file.head().await;
    assert_eq!((told.header("upload-defer-length"), told.header("upload-length")), (Some("1"), None));
    let at = file.offset().await;
    assert!(at > 1_000 && at < 1_500, "{at} bytes of the file, not of the form");
    let declares = file.piece(at).header("Upload-Length", &csv.len().to_string()).body(PIECE, &csv[at..]);
    assert_eq!(server.ask(&declares).await.status(), 204);
    let done = server.look(&file.id).await;
    assert_eq!((&done["stage"], &done["rows"], &done["problems"]), (&json!("done"), &json!(80), &json!(0)));
    let whole = server.uploaded("other", csv).await;
    let expected = server.get(&format!("/uploads/{}/rows.csv", whole["id"].as_str().expect("an id"))).await;
    assert_eq!(file.rows().await, expected.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_below_what_is_here_is_refused() {
    let server = Server::start().await;
    let mut sending = server.begin("me").await;
    sending.send("a\n1\n2\n").await;
    let running = server.newest("me", |upload| upload["received_bytes"] == 6).await;
    drop(sending);
    let file = File::with_id(&server, running["id"].as_str().expect("an id"));
    assert_eq!(file.offset().await, 6);
    let declares = file.piece(6).header("Upload-Length", "5").body(PIECE, "");
    server.ask(&declares).await.problem(400, "bad-parameter");
    // Its length may just be what is here: then the last record is complete as well.
    let declares = file.piece(6).header("Upload-Length", "6").body(PIECE, "");
    assert_eq!(server.ask(&declares).await.status(), 204);
    assert_eq!(server.look(&file.id).await["rows"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_before_a_break_is_kept() {
    let server = Server::start().await;
    let csv = people(1_000);
    let file = File::begin(&server, "me", csv.len()).await;
    let mut sending = file.sending(0, csv.len()).await;
    sending.send(&csv[..30_000]).await;
    drop(sending);
    // Looked at from outside: who asks with HEAD does not wait for what is still in the socket.
    crate::patience::until("the bytes before the break", async || {
        (server.look(&file.id).await["received_bytes"] == 30_000).then_some(())
    })
    .await;
    assert_eq!(file.offset().await, 30_000);
    // A piece that stalls is answered, and keeps its bytes too.
    let mut sending = file.sending(30_000, csv.len() - 30_000).await;
    sending.send(&csv[30_000..35_000]).await;
    let told = sending.answer().await.problem(408, "body-stalled");
    assert_eq!(told["resume"], file.path());
    assert_eq!(file.offset().await, 35_000);
    file.patched(35_000, &csv[35_000..]).await;
    assert_eq!(server.look(&file.id).await["rows"], 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_does_not_go_on() {
    let server = Server::start().await;
    let file = File::begin(&server, "me", 100).await;
    file.patched(0, b"a\n1\n").await;
    let cancelled = server.ask(&crate::client::Request::post(&format!("/uploads/{}/cancel", file.id))).await;
    assert_eq!(cancelled.ok(200)["stage"], "cancelled");
    assert_eq!(file.head().await.status(), 410);
    file.patch(4, b"2\n").await.problem(410, "upload-gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_no_byte_that_was_answered_and_no_stage_is_told_twice() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = Program::start(dir.path());
    let csv = people(5_000);
    let file = File::begin(&program, "me", csv.len()).await;
    let mut watcher = program.watch_from_start("me").await;
    file.patched(0, &csv[..100_000]).await;
    watcher.until(|event| event.is_row(1_000)).await;
    let mut sending = file.sending(100_000, csv.len() - 100_000).await;
    sending.send(&csv[100_000..120_000]).await;
    let seen = watcher.last_id();
    program.kill();

    let program = Program::start(dir.path());
    let file = File::with_id(&program, &file.id);
    let at = file.offset().await;
    assert!((100_000..=120_000).contains(&at), "{at}");
    file.patched(at, &csv[at..]).await;
    let mut on = program.watch_after("me", seen).await;
    let events = on.until_end().await;
    let stages: Vec<_> = events.iter().filter(|event| event.is("stage")).map(|event| &event.data["stage"]).collect();
    assert_eq!(stages, ["done"], "for its watchers nothing happened");
    assert_eq!(program.look(&file.id).await["rows"], 5_000);
    assert_eq!(
        program.ask(&ask("HEAD", &file.path())).await.header("upload-offset"),
        Some(csv.len().to_string().as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_received_whole_is_read_to_its_end_after_kill_9() {
    let dir = TempDir::new().expect("a temporary folder");
    let csv = people(120_000);
    for tus in [true, false] {
        let program = Program::start(dir.path());
        let client = if tus { "tus" } else { "form" };
        let mut watcher = program.watch(client).await;
        let asking = if tus {
            super::sized(client, csv.len()).body(PIECE, csv.clone())
        } else {
            crate::client::Request::post(&format!("/upload/{client}")).body("text/csv", csv.clone())
        };
        let mut connection = program.connect().await;
        connection.send_head(&asking).await;
        watcher.until(|event| event.is_row(1)).await;
        let running = program.newest(client, |upload| upload["received_bytes"] == csv.len()).await;
        program.kill();
        let program = Program::start(dir.path());
        let id = running["id"].as_str().expect("an id");
        let done = crate::patience::until("its last row", async || {
            let upload = program.look(id).await;
            (upload["stage"] == "done" || upload["stage"] == "interrupted").then_some(upload)
        })
        .await;
        if tus {
            assert_eq!((&done["stage"], &done["rows"]), (&json!("done"), &json!(120_000)));
        } else if done["stage"] == "done" {
            // Whether its end was seen before the kill is chance; if it was, nothing is missing.
            assert_eq!(done["rows"], 120_000);
        }
    }
}

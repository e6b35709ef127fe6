//! Stopping in good order, and starting again on what was left.

use crate::client::{Connection, Request};
use crate::files::people;
use crate::ledger::parts;
use crate::patience::until;
use crate::program::{Program, output};
use crate::server::Server;
use crate::watcher::{Event, Watcher};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_everything_in_good_order_within_five_seconds() {
    for signal in ["TERM", "INT"] {
        let dir = TempDir::new().expect("a temporary folder");
        let mut program = Program::start(dir.path());
        program.uploaded("me", people(100)).await;
        let mut watchers = Vec::new();
        for target in ["/sse/me?from=start", "/sse/me", "/sse/other", "/sse/me?events=progress"] {
            watchers.push(Watcher::attach(&program, target).await);
        }
        let mut sending = program.begin("me").await;
        sending.send("a\n1\n2\n3").await;
        watchers[1].until(|event| event.is_row(2)).await;
        let mut idle = program.connect().await;
        let begun = Instant::now();
        program.signal(signal);
        // Whoever sends is told, and that it was not its fault.
        sending.answer().await.problem(503, "server-stopping");
        for watcher in &mut watchers {
            watcher.rest().await;
            assert!(watcher.retry.is_some(), "when to come back");
        }
        assert!(idle.is_closed().await);
        assert_eq!(program.exited().code(), Some(0));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?} after SIG{signal}", begun.elapsed());
        assert!(TcpStream::connect(program.address).await.is_err(), "nothing listens any more");

        let program = Program::start(dir.path());
        let upload = program.newest("me", |upload| upload["stage"] == "interrupted").await;
        assert_eq!((&upload["rows"], &upload["failure"]["code"]), (&json!(2), &json!("server-stopping")));
        let mut again = program.watch_from_start("me").await;
        again.until_end().await;
        assert!(again.until_end().await.last().is_some_and(|event| event.is_stage("interrupted")));
        again.ledger.assert_agrees(&watchers[0].ledger);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_even_a_watcher_that_reads_nothing_holds_a_shutdown_up() {
    let dir = TempDir::new().expect("a temporary folder");
    let mut program = Program::start(dir.path());
    let stalled = Connection::open_narrow(program.address).await;
    let _stalled = Watcher::attach_over(stalled, &Request::get("/sse/me")).await.expect("a watcher");
    program.uploaded("me", people(30_000)).await;
    let mut sending = program.begin("me").await;
    sending.send(people(3)).await;
    let begun = Instant::now();
    program.terminate();
    assert_eq!(program.exited().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_stops_no_new_work_is_taken() {
    // A download that nobody reads keeps the stopping server for a while.
    let server = Server::limited(|limits| {
        limits.shutdown_ms_max = 3_000;
        limits.mock_rows_max = 10_000_000;
    })
    .await;
    let mut endless = server.connect().await;
    endless.send(format!("GET /csv?rows=10000000 HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes()).await;
    endless.head().await;
    server.begin_to_stop();
    until("a closed door", async || TcpStream::connect(server.address).await.is_err().then_some(())).await;
    drop(endless);
    drop(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_folder_is_refused() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = Program::start(dir.path());
    let folder = dir.path().to_str().expect("a plain name");
    let second = output(["serve", "--listen", "127.0.0.1:0", "--data-dir", folder]);
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && told.contains("another process uses the data folder"), "{told}");
    assert!(second.stdout.is_empty(), "it listens nowhere");
    program.uploaded("me", people(3)).await;
    // A process that was killed holds nothing.
    program.kill();
    drop(Program::start(dir.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_uploads_rows_problems_and_events_with_their_ids() {
    let server = Server::start().await;
    let csv = [people(150), b"ragged\n\nlast,1,2,3".to_vec()].concat();
    let upload = server.uploaded("me", csv).await;
    server.uploaded("other", "a\n1\n").await;
    let id = upload["id"].as_str().expect("an id").to_owned();
    let below =
        ["", "/rows", "/rows.csv", "/rows.ndjson", "/problems", "/problems.csv", "/accepted.csv", "/rejects.csv"];
    let targets = below.map(|rest| format!("/uploads/{id}{rest}"));
    let mut before = Vec::new();
    for target in targets.iter().map(String::as_str).chain(["/uploads"]) {
        before.push(server.get(target).await.body);
    }
    let mut watched = server.watch_from_start("me").await;
    watched.until_end().await;
    let mut server = server;
    for _ in 0..3 {
        server = server.restart().await;
        for (target, body) in targets.iter().map(String::as_str).chain(["/uploads"]).zip(&before) {
            assert!(server.get(target).await.body == *body, "{target}");
        }
        let mut again = server.watch_from_start("me").await;
        again.until_end().await;
        again.ledger.assert_same(&watched.ledger);
        assert_eq!(server.watch("me").await.opening, watched.last_id());
    }
}

/// Changes what the journal's file says of the run that wrote it.
fn edit(dir: &Path, sql: &str) {
    let db = rusqlite::Connection::open(dir.join("journal.db")).expect("the journal");
    db.execute_batch(sql).expect("an edit");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_every_start_numbers_go_on_under_an_epoch_of_its_own() {
    let dir = TempDir::new().expect("a temporary folder");
    let mut program = Program::start(dir.path());
    program.uploaded("me", people(10)).await;
    let mut told = program.watch_from_start("me").await;
    told.until_end().await;
    let mut epochs = vec![parts(told.last_id()).0];
    for end in ["kill", "terminate", "kill"] {
        if end == "kill" {
            program.kill();
        } else {
            program.terminate();
            assert!(program.exited().success());
        }
        program = Program::start(dir.path());
        // What is in the journal keeps the id that it was told under, and is gone on from.
        let mut watcher = program.watch_after("me", told.last_id()).await;
        assert_eq!(watcher.opening, told.last_id());
        program.uploaded("me", "a\n1\n").await;
        let next: Vec<Event> = watcher.until_end().await;
        let (epoch, n) = parts(next[0].block.id.as_deref().expect("an id"));
        assert_eq!(n, told.ledger.n() + 1, "the number goes on");
        assert!(!epochs.contains(&epoch), "a number that was told and lost must not be told again: {epochs:?}");
        epochs.push(epoch);
        let mut whole = program.watch_from_start("me").await;
        while whole.ledger.n() < watcher.ledger.n() {
            whole.event().await;
        }
        whole.ledger.assert_agrees(&told.ledger);
        told = whole;
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_with_a_reason() {
    let dir = TempDir::new().expect("a temporary folder");
    let serve = |folder: &Path| {
        let folder = folder.to_str().expect("a plain name").to_owned();
        let refused = output(["serve", "--listen", "127.0.0.1:0", "--data-dir", &folder]);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(told.contains("rowcast: ") && !told.contains("panicked"), "{told}");
        told
    };
    let file = dir.path().join("file");
    std::fs::write(&file, "no folder").expect("a file");
    assert!(serve(&file).contains("cannot use the data folder"));
    let other = dir.path().join("other");
    std::fs::create_dir(&other).expect("a folder");
    edit(&other, "PRAGMA user_version = 77");
    assert!(serve(&other).contains("format 77"));
    let torn = dir.path().join("torn");
    std::fs::create_dir(&torn).expect("a folder");
    std::fs::write(torn.join("journal.db"), "this is no database, whatever its name says. ".repeat(100))
        .expect("a file");
    assert!(serve(&torn).contains("journal"));
}

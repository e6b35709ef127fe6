//! `kill -9` takes back nothing that was shown, and nothing that was answered.

use crate::api::Api;
use crate::client::Request;
use crate::files::{people, people_from};
use crate::ledger::Ledger;
use crate::patience::{rounds, until};
use crate::program::Program;
use crate::watcher::{Event, Watcher};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// Small batches and little progress in between, so that there are many moments to be killed in.
const FLAGS: [&str; 4] = ["--batch-bytes-max", "2KiB", "--progress-ms", "1ms"];

fn start(dir: &Path) -> Program {
    Program::with(dir, &FLAGS)
}

/// Events among which the one is chosen that is seen last.
const MOMENTS: u64 = 1_500;

/// Some number up to `most`.
fn random(most: u64) -> u64 {
    u64::try_from(uuid::Uuid::new_v4().as_u128() % u128::from(most)).expect("it fits") + 1
}

/// Sends rows until the connection breaks; more than a watcher waits for before the kill, but not for ever more.
async fn send_rows(api: &Api, client: &str, pieces: u64) -> JoinHandle<()> {
    let mut sending = api.begin(client).await;
    tokio::spawn(async move {
        let mut sent = sending.try_send("name,zip,note\n").await;
        let mut first = 1;
        while sent.is_ok() && first < 3 * MOMENTS {
            sent = sending.try_send(people_from(first, first + pieces - 1)).await;
            first += pieces;
            tokio::task::yield_now().await;
        }
        assert!(sending.answer_or_cut().await.is_none(), "the process was killed");
    })
}

/// What was told before the end of the process stands in what is told after it, byte by byte.
#[track_caller]
fn assert_nothing_taken_back(before: &Ledger, after: &Ledger) {
    assert!(after.n() >= before.n(), "the log ends at {} now, {} was told", after.n(), before.n());
    for (n, block) in &before.blocks {
        assert_eq!(after.blocks.get(n), Some(block), "number {n} was told otherwise");
    }
}

async fn upload_of(api: &Api, client: &str, stage: &str) -> Value {
    api.newest(client, |upload| upload["stage"] == stage).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_watcher_saw_before_a_kill_is_told_again_byte_by_byte() {
    for round in 0..rounds(4) {
        let dir = TempDir::new().expect("a temporary folder");
        let program = start(dir.path());
        program.uploaded("me", people(50)).await;
        let mut watcher = program.watch_from_start("me").await;
        watcher.until_end().await;
        let sending = send_rows(&program, "me", random(60)).await;
        let moment = random(MOMENTS);
        watcher.until(move |event| event.n() >= Some(56 + moment)).await;
        program.kill();
        // What the kernel still held for the watcher was told as well.
        watcher.rest_or_break().await;
        sending.await.expect("the sender ends");

        let program = start(dir.path());
        let mut again = program.watch_from_start("me").await;
        again.until_end().await;
        let events = again.until_end().await;
        let end = events.last().expect("an end");
        assert!(end.is_stage("interrupted"), "round {round}: {end:?}");
        assert_nothing_taken_back(&watcher.ledger, &again.ledger);
        // Whoever comes back with its id is told exactly the rest.
        let mut back = program.watch_after("me", watcher.last_id()).await;
        assert_eq!(back.opening, watcher.last_id());
        back.until_end().await;
        assert_eq!(back.ledger.blocks.len() + watcher.ledger.blocks.len(), again.ledger.blocks.len());
        back.ledger.assert_agrees(&again.ledger);
        // Its rows are there: every whole record that had arrived.
        let upload = upload_of(&program, "me", "interrupted").await;
        assert_eq!((&upload["rows"], &upload["failure"]["code"]), (&end.data["rows"], &json!("upload-interrupted")));
        let id = upload["id"].as_str().expect("an id");
        let export = program.get(&format!("/uploads/{id}/rows.csv")).await;
        let rows = upload["rows"].as_u64().expect("a number");
        assert_eq!(export.text().replace("\r\n", "\n").into_bytes(), people(rows), "{rows} rows");
        let spooled = std::fs::read(dir.path().join("spool").join(format!("{id}.csv"))).expect("its bytes");
        assert!(spooled.starts_with(&people(rows)) && spooled.len() < people(rows + 1).len());
        // And the numbers go on.
        program.uploaded("me", "a\nnext\n").await;
        let next = back.until_end().await;
        assert_eq!(next[0].n(), Some(again.ledger.n() + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_side_by_side_survive_kills_again_and_again() {
    let dir = TempDir::new().expect("a temporary folder");
    let mut told: Vec<(&str, Ledger)> = Vec::new();
    for _ in 0..rounds(3) {
        let program = start(dir.path());
        let mut watchers = Vec::new();
        for client in ["one", "two"] {
            let moment = program.watch(client).await.ledger.n() + random(MOMENTS / 3);
            watchers.push((client, moment, program.watch_from_start(client).await));
        }
        let sending = [
            send_rows(&program, "one", 7).await,
            send_rows(&program, "one", 31).await,
            send_rows(&program, "two", 13).await,
        ];
        for (_, moment, watcher) in &mut watchers {
            watcher.until(|event| event.n() >= Some(*moment)).await;
        }
        program.kill();
        for (client, _, mut watcher) in watchers {
            watcher.rest_or_break().await;
            for (_, before) in told.iter().filter(|(other, _)| *other == client) {
                before.assert_agrees(&watcher.ledger);
            }
            told.push((client, watcher.ledger));
        }
        for sending in sending {
            sending.await.expect("the sender ends");
        }
    }
    let program = start(dir.path());
    until("an end of every upload", async || {
        let list = program.get("/uploads?limit=500").await.ok(200);
        let uploads = list["uploads"].as_array().expect("a list").clone();
        uploads.iter().all(|upload| upload["stage"] == "interrupted").then_some(())
    })
    .await;
    for client in ["one", "two"] {
        let mut whole = program.watch_from_start(client).await;
        let end = program.watch(client).await.ledger.n();
        while whole.ledger.n() < end {
            whole.event().await;
        }
        for (_, before) in told.iter().filter(|(other, _)| *other == client) {
            assert_nothing_taken_back(before, &whole.ledger);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_with_success_is_there_after_a_kill() {
    let dir = TempDir::new().expect("a temporary folder");
    for round in 1..=rounds(5) as u64 {
        let program = start(dir.path());
        let csv = people(100 * round);
        let upload = program.uploaded("me", csv.clone()).await;
        program.kill();
        let program = start(dir.path());
        let id = upload["id"].as_str().expect("an id");
        assert_eq!(program.look(id).await, upload);
        let export = program.get(&format!("/uploads/{id}/rows.csv")).await;
        assert!(export.text().replace("\r\n", "\n").into_bytes() == csv);
        let list = program.get("/uploads?client=me").await.ok(200);
        assert_eq!(list["uploads"].as_array().map(Vec::len), Some(usize::try_from(round).expect("it fits")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_always_comes_back_misses_nothing_and_gets_nothing_twice() {
    let dir = TempDir::new().expect("a temporary folder");
    let mut program = start(dir.path());
    let mut watcher = program.watch_from_start("me").await;
    let mut blocks = std::collections::BTreeMap::new();
    for round in 0..rounds(4) {
        let sending = send_rows(&program, "me", 1 + round as u64 * 5).await;
        let at = watcher.ledger.n();
        let moment = at + random(MOMENTS / 2);
        watcher.until(move |event| event.n() >= Some(moment)).await;
        program.kill();
        watcher.rest_or_break().await;
        sending.await.expect("the sender ends");
        for (n, block) in std::mem::take(&mut watcher.ledger.blocks) {
            assert!(blocks.insert(n, block).is_none(), "number {n} came twice");
        }
        program = start(dir.path());
        watcher = program.watch_after("me", watcher.last_id()).await;
    }
    watcher.until(Event::is_end).await;
    blocks.append(&mut watcher.ledger.blocks);
    assert_eq!(blocks.keys().copied().collect::<Vec<_>>(), (1..=watcher.ledger.n()).collect::<Vec<_>>());
    let mut whole: Watcher = program.watch_from_start("me").await;
    while whole.ledger.n() < watcher.ledger.n() {
        whole.event().await;
    }
    assert!(whole.ledger.blocks == blocks, "the same once more, from the start");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_was_answered_stays_one_after_a_kill() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = start(dir.path());
    let upload = program.uploaded("me", people(8_000)).await;
    program.uploaded("me", "a\nkept\n").await;
    let id = upload["id"].as_str().expect("an id");
    let deleted = program.ask(&Request::new("DELETE", &format!("/uploads/{id}"))).await;
    assert_eq!(deleted.status(), 204);
    // Its entries may still be there.
    program.kill();
    let program = start(dir.path());
    program.get(&format!("/uploads/{id}")).await.problem(404, "not-found");
    assert!(!dir.path().join("spool").join(format!("{id}.csv")).exists(), "its bytes are gone");
    let mut watcher = program.watch_from_start("me").await;
    let events = watcher.until_end().await;
    assert!(events.iter().filter(|event| event.is("gap")).all(|gap| gap.data["reason"] == "deleted"));
    assert_eq!(crate::watcher::rows(&events), [(1, &json!({"a": "kept"}))]);
}

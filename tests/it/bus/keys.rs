//! A publication under a key happens once.

use super::{named, publishing};
use crate::ledger::parts;
use crate::program::Program;
use crate::server::Server;
use serde_json::Value;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_under_the_same_key_is_published_once() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let keyed = |key: &str, name: &str, data: &str| publishing("me", name, data).header("Idempotency-Key", key);
    let first: Value = server.ask(&keyed("\"k-1\"", "order", "{\"a\":1}")).await.ok(201);
    // Blanks between tokens are none of the event.
    for (key, data) in [("k-1", "{\"a\":1}"), ("\"k-1\"", "{ \"a\" : 1 }")] {
        assert_eq!(server.ask(&keyed(key, "order", data)).await.ok(201), first);
    }
    for (name, data) in [("order", "{\"a\":2}"), ("order.x", "{\"a\":1}"), ("order", "{\"a\":1.0}")] {
        server.ask(&keyed("k-1", name, data)).await.problem(422, "idempotency-key-reused");
    }
    server.ask(&keyed("k-2", "order", "{\"a\":1}")).await.ok(201);
    // Of another client it is another key, and so is an upload's.
    server.ask(&publishing("you", "order", "7").header("Idempotency-Key", "k-1")).await.ok(201);
    let upload = crate::client::Request::post("/upload/me").body("text/csv", "a\n1\n").header("Idempotency-Key", "k-1");
    server.ask(&upload).await.ok(201);
    let told = watcher.until_end().await;
    assert_eq!(told.iter().filter(|event| event.is(&named("order"))).count(), 2);
    let long = "k".repeat(usize::try_from(server.limits().idempotency_key_bytes_max).expect("it fits") + 1);
    server.ask(&keyed(&long, "order", "1")).await.problem(400, "bad-parameter");
    server.ask(&keyed("", "order", "1")).await.problem(400, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_known_after_kill_9() {
    let dir = TempDir::new().expect("a folder");
    let request = publishing("me", "order", "1").header("Idempotency-Key", "k");
    let program = Program::start(dir.path());
    let first: Value = program.ask(&request).await.ok(201);
    program.kill();
    let program = Program::start(dir.path());
    assert_eq!(program.ask(&request).await.ok(201), first);
    let next: Value = program.ask(&publishing("me", "order", "1")).await.ok(201);
    assert_eq!(parts(next["id"].as_str().expect("an id")).1, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_ask_at_once_one_publishes() {
    let server = Server::start().await;
    let asking = (0..8).map(|_| {
        let api = *server;
        tokio::spawn(async move { api.ask(&publishing("me", "once", "1").header("Idempotency-Key", "k")).await })
    });
    let mut ids = Vec::new();
    for asked in asking.collect::<Vec<_>>() {
        let answer = asked.await.expect("an answer");
        match answer.status() {
            201 => ids.push(answer.ok(201)["id"].as_str().expect("an id").to_owned()),
            _ => {
                answer.problem(409, "idempotency-key-running");
            }
        }
    }
    assert!(!ids.is_empty() && ids.iter().all(|id| parts(id).1 == 1), "{ids:?}");
}

//! Rows come out while the file is still coming in.

use crate::client::{Connection, Request};
use crate::files::{people, person};
use crate::patience::rounds;
use crate::server::Server;
use crate::watcher::{Event, Watcher, kinds, rows};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_trickled_upload_arrive_before_its_body_ends() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin("me").await;
    sending.send("name,zip\nAna,01234\nBo").await;
    let first = watcher.until(|event| event.is_row(1)).await;
    assert_eq!(rows(&first), [(1, &json!({"name": "Ana", "zip": "01234"}))]);
    sending.send("b,9\n").await;
    watcher.until(|event| event.is_row(2)).await;
    sending.send("Cy,\"").await;
    sending.send("1\n2\"\n").await;
    let third = watcher.until(|event| event.is_row(3)).await;
    assert_eq!(rows(&third), [(3, &json!({"name": "Cy", "zip": "1\n2"}))]);
    assert_eq!(sending.finish().await.ok(201)["rows"], 3);
    assert_eq!(kinds(&watcher.until_end().await).last(), Some(&"stage"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_uploads_of_one_client_interleave_without_mixing() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let (mut one, mut two) = (server.begin("me").await, server.begin("me").await);
    one.send("a\n").await;
    two.send("b,c\n").await;
    for number in 1..=40 {
        one.send(format!("one {number}\n")).await;
        watcher.until(|event| event.is_row(number) && event.data["data"]["a"] == format!("one {number}")).await;
        two.send(format!("two,{number}\n")).await;
        watcher.until(|event| event.is_row(number) && event.data["data"]["c"] == format!("{number}")).await;
    }
    let (one, two) = (one.finish().await.ok(201), two.finish().await.ok(201));
    assert_eq!((&one["rows"], &one["columns"]), (&json!(40), &json!(["a"])));
    assert_eq!((&two["rows"], &two["columns"]), (&json!(40), &json!(["b", "c"])));
    let mut replayed = server.watch_from_start("me").await;
    replayed.until(Event::is_end).await;
    replayed.until(Event::is_end).await;
    watcher.until(Event::is_end).await;
    watcher.until(Event::is_end).await;
    watcher.ledger.assert_same(&replayed.ledger);
    assert_ne!(one["id"], two["id"]);
}

/// Rows that are far more than all buffers between a server and a watcher hold.
const MANY: u64 = 40_000;

/// Attaches by a connection whose kernel holds little, and reads nothing more.
async fn stalled_watcher(server: &Server) -> Watcher {
    let connection = Connection::open_narrow(server.address).await;
    let attached = Watcher::attach_over(connection, &Request::get("/sse/me")).await;
    attached.unwrap_or_else(|answer| panic!("{answer:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_reads_nothing_slows_no_upload_and_later_has_every_event() {
    let server = Server::limited(|limits| limits.watcher_stall_ms_max = 600_000).await;
    let csv = people(MANY);
    let begun = Instant::now();
    server.uploaded("nobody-watches", csv.clone()).await;
    let alone = begun.elapsed();
    let mut stalled = stalled_watcher(&server).await;
    let begun = Instant::now();
    let upload = server.uploaded("me", csv).await;
    let watched = begun.elapsed();
    // The answer came although the watcher has taken next to nothing; that it took no longer is only roughly measured.
    assert!(watched < alone * 4 + Duration::from_secs(2), "{watched:?} with a stalled watcher, {alone:?} without");
    assert_eq!(upload["rows"], MANY);
    let events = stalled.until_end().await;
    assert_eq!(events.iter().filter(|event| event.is("row")).count() as u64, MANY);
    let mut replayed = server.watch_from_start("me").await;
    replayed.until_end().await;
    stalled.ledger.assert_same(&replayed.ledger);
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_slow_and_fast_are_told_the_same() {
    const ROWS: u64 = 6_000;
    for round in 0..rounds(1) {
        let server = Server::limited(|limits| {
            limits.client_connections_max = 16;
            limits.watcher_queue_batches_max = 2 + round as u64;
        })
        .await;
        let mut watching = tokio::task::JoinSet::new();
        for number in 0..8u64 {
            let mut watcher = server.watch("me").await;
            watching.spawn(async move {
                let mut seen = 0u64;
                while !watcher.event().await.is_end() {
                    seen += 1;
                    // Some stop now and then, and fall behind by it.
                    if number > 0 && seen.is_multiple_of(number * 400) {
                        tokio::time::sleep(Duration::from_millis(number * 6)).await;
                    }
                }
                watcher.ledger
            });
        }
        let mut sending = server.begin("me").await;
        sending.send("name,zip,note\n").await;
        for numbers in (1..=ROWS).collect::<Vec<_>>().chunks(37) {
            sending.send(numbers.iter().flat_map(|number| person(*number)).collect::<Vec<_>>()).await;
        }
        sending.finish().await.ok(201);
        let ledgers = watching.join_all().await;
        for ledger in &ledgers {
            ledger.assert_same(&ledgers[0]);
            // Two toasts, four stages and a profile beside the rows.
            assert_eq!(ledger.blocks.len() as u64, ROWS + 7);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_comes_in_the_middle_goes_over_to_live_without_hole_or_double() {
    let server = Server::start().await;
    let mut sending = server.begin("me").await;
    sending.send("name,zip,note\n").await;
    let mut first = server.watch_from_start("me").await;
    let mut watchers = Vec::new();
    for number in 1..=900 {
        sending.send(person(number)).await;
        if number % 300 == 0 {
            watchers.push(server.watch_from_start("me").await);
        }
    }
    sending.finish().await.ok(201);
    first.until_end().await;
    for mut watcher in watchers {
        watcher.until_end().await;
        watcher.ledger.assert_same(&first.ledger);
    }
}

//! Progress is a state that is true: no id, never falls, never ahead of the rows, 100 once and right before the end.
//!
//! The ledger of every watcher in this suite holds all of that as it comes; here are the cases made for it.

use crate::client::Request;
use crate::files::{people, people_from};
use crate::form::Form;
use crate::patience::rounds;
use crate::server::Server;
use crate::watcher::{Event, Watcher};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The `percent` of each progress event.
fn percents(events: &[Event]) -> Vec<Option<u64>> {
    events.iter().filter(|event| event.is("progress")).map(|event| event.data["percent"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_follows_what_is_read_and_ends_with_one_100() {
    let server = Server::limited(|limits| limits.progress_ms = 1).await;
    let mut watcher = server.watch("me").await;
    let csv = people(2_000);
    let mut sending = server.begin_sized("me", csv.len()).await;
    let mut events = Vec::new();
    let mut sent = 0;
    for part in csv.chunks(csv.len() / 20 + 1) {
        sending.send(part).await;
        sent += part.len() as u64;
        // Half a row may wait for its rest.
        let wanted = (sent - 100.min(sent)) * 100 / csv.len() as u64;
        let told = move |event: &Event| event.is("progress") && event.data["percent"].as_u64() >= Some(wanted.min(99));
        events.extend(watcher.until(told).await);
    }
    sending.finish().await.ok(201);
    events.extend(watcher.until_end().await);
    let percents = percents(&events);
    assert!(percents.len() >= 20, "{percents:?}");
    assert_eq!(percents.iter().filter(|percent| **percent == Some(100)).count(), 1, "{percents:?}");
    assert!(percents.iter().all(Option::is_some), "the length was told: {percents:?}");
    let last = &events[events.len() - 2].data;
    assert_eq!((last["rows"].as_u64(), last["total_bytes"].as_u64()), (Some(2_000), Some(csv.len() as u64)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_length_percent_is_null_and_then_100_once() {
    let server = Server::limited(|limits| limits.progress_ms = 1).await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin("me").await;
    let mut events = Vec::new();
    sending.send("name,zip,note\n").await;
    for first in (1..=500).step_by(50) {
        sending.send(people_from(first, first + 49)).await;
        events.extend(watcher.until(|event| event.is("progress") && event.data["rows"] == first + 49).await);
    }
    assert!(percents(&events).iter().all(Option::is_none), "{:?}", percents(&events));
    let receiving = events.iter().find(|event| event.is_stage("receiving")).expect("its beginning");
    assert_eq!(receiving.data["total_bytes"], Value::Null);
    sending.finish().await.ok(201);
    let end = watcher.until_end().await;
    assert_eq!(percents(&end).last(), Some(&Some(100)));
    assert_eq!(percents(&end).iter().filter(|percent| **percent == Some(100)).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_estimated_too_low_makes_no_percent_fall() {
    // The form's end lacks its line break, so the estimate is two bytes short; of a file this small that is much.
    for _ in 0..rounds(5) {
        let server = Server::limited(|limits| limits.progress_ms = 1).await;
        let mut watcher = server.watch("me").await;
        let form = Form::with_boundary("b").file("tiny.csv", b"a\n1\n2\n3\n45");
        let mut body = form.bytes();
        body.truncate(body.len() - 2);
        let end = body.len() - b"5\r\n--b--".len();
        let head = Request::post("/upload/me").header("Content-Type", &form.content_type());
        let mut connection = server.connect().await;
        connection.send_head(&head.header("Content-Length", &body.len().to_string())).await;
        connection.send(&body[..end]).await;
        watcher.until(|event| event.is("progress") && event.data["rows"] == 3).await;
        connection.send(&body[end..]).await;
        let events = watcher.until_end().await;
        assert_eq!(events.last().map(|event| &event.data["total_bytes"]), Some(&10.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_attaches_is_told_how_far_unfinished_uploads_are() {
    let server = Server::start().await;
    let mut sending = server.begin_sized("me", 1000).await;
    sending.send("a\n1\n2\n3\n").await;
    let mut first = server.watch_from_start("me").await;
    first.until(|event| event.is("progress") && event.data["rows"] == 3).await;
    // Only states are asked for, from now on: the first event is the state as it is.
    let mut watcher = Watcher::attach(&server, "/sse/me?events=progress").await;
    let event = watcher.event().await;
    assert_eq!((event.kind(), event.data["rows"].as_u64()), ("progress", Some(3)));
    assert_eq!(event.data["percent"], 0);
    drop(sending);
    first.until_end().await;
    let mut late = server.watch("me").await;
    late.comment().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_at_most_once_an_interval() {
    const INTERVAL: Duration = Duration::from_millis(150);
    let server = Server::limited(|limits| limits.progress_ms = 150).await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin("me").await;
    let begun = Instant::now();
    sending.send("name,zip,note\n").await;
    let mut events = Vec::new();
    for number in 1..=120 {
        sending.send(people_from(number, number)).await;
        events.extend(watcher.until(|event| event.is_row(number)).await);
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    sending.finish().await.ok(201);
    events.extend(watcher.until_end().await);
    let took = begun.elapsed();
    let told = percents(&events).len() as u128;
    // One at once, one an interval, and the last.
    let most = took.as_millis() / INTERVAL.as_millis() + 2;
    assert!((3..=most).contains(&told), "{told} progress events within {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_whose_queue_was_full_is_told_the_latest_all_the_same() {
    // A batch fits when nothing else waits, and then the progress that comes with it does not.
    let server = Server::limited(|limits| {
        limits.watcher_queue_bytes_max = 1;
        limits.progress_ms = 0;
    })
    .await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin("me").await;
    sending.send("a\n").await;
    for number in 1..=20 {
        sending.send("x\n").await;
        watcher.until(|event| event.is("progress") && event.data["rows"] == number).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_attaches_while_an_upload_ends_is_told_no_progress_after_its_end() {
    let server = Server::limited(|limits| {
        limits.client_connections_max = 64;
        limits.connections_max = 200;
        limits.keep_alive_ms = 5;
        limits.progress_ms = 0;
    })
    .await;
    let api = *server;
    let uploading = tokio::spawn(async move {
        for _ in 0..rounds(40) {
            api.uploaded("me", "a\n1\n").await;
        }
    });
    while !uploading.is_finished() {
        // Its ledger knows which uploads have ended.
        let mut watcher = server.watch_from_start("me").await;
        while watcher.comments == 0 {
            watcher.step().await;
        }
    }
    uploading.await.expect("every upload went well");
}

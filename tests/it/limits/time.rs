//! How long anything may take.

use crate::client::{Connection, Request};
use crate::files::people;
use crate::patience::{soon, until};
use crate::server::Server;
use crate::watcher::Watcher;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_takes_longer_than_request_head_ms_max_is_not_waited_for() {
    let server = Server::limited(|limits| limits.request_head_ms_max = 300).await;
    let host = server.address;
    let mut waiting = tokio::task::JoinSet::new();
    for said in [
        "",
        "G",
        "GET /livez HTTP/1.1\r\n",
        &format!("GET /livez HTTP/1.1\r\nHost: {host}\r\nX: "),
        "PRI * HTTP/2.0\r\n",
    ] {
        let (api, said) = (*server, said.to_owned());
        waiting.spawn(async move {
            let mut connection = api.connect().await;
            let begun = Instant::now();
            connection.send(said.as_bytes()).await;
            let answer = connection.rest().await;
            let took = begun.elapsed();
            assert!(!answer.starts_with(b"HTTP/1.1 200"), "{said:?}");
            assert!(took >= Duration::from_millis(250) && took < Duration::from_secs(10), "{said:?} after {took:?}");
        });
    }
    // One that drips its head is not served for longer either.
    let mut dripping = server.connect().await;
    let begun = Instant::now();
    let head = format!("GET /livez HTTP/1.1\r\nHost: {host}\r\nX-Drip: {}", "x".repeat(1_000));
    let mut sent = 0;
    for byte in head.bytes() {
        if dripping.try_send(&[byte]).await.is_err() || begun.elapsed() > Duration::from_secs(5) {
            break;
        }
        sent += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(sent < head.len() && begun.elapsed() < Duration::from_secs(5), "{sent} bytes in {:?}", begun.elapsed());
    waiting.join_all().await;
    assert_eq!(server.get("/livez").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_pauses_for_body_stall_ms_max_is_408_and_its_upload_interrupted() {
    let server = Server::limited(|limits| limits.body_stall_ms_max = 250).await;
    let begun = Instant::now();
    let mut sending = server.begin_sized("me", 100).await;
    sending.send("a\n1\n2\n3").await;
    let told = sending.answer().await.problem(408, "body-stalled");
    assert!(begun.elapsed() >= Duration::from_millis(240));
    let upload = server.look(told["upload"].as_str().expect("the upload that it began")).await;
    assert_eq!((&upload["stage"], &upload["rows"]), (&json!("interrupted"), &json!(2)));
    // A slow one that moves is waited for.
    let mut sending = server.begin("me").await;
    sending.send("a\n").await;
    for number in 0..8 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        sending.send(format!("{number}\n")).await;
    }
    assert_eq!(sending.finish().await.ok(201)["rows"], 8);
    // A form that stalls before its file began nothing.
    let request = Request::post("/upload/me").header("Content-Type", "multipart/form-data; boundary=b");
    let mut sending = server.begin_as(&request).await;
    sending.send("--b\r\nContent-Dis").await;
    assert!(sending.answer().await.problem(408, "body-stalled").get("upload").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_brings_less_than_body_rate_bytes_min_is_408_however_it_moves() {
    let server = Server::limited(|limits| {
        limits.body_stall_ms_max = 400;
        limits.body_rate_bytes_min = 100;
    })
    .await;
    let mut slow = server.begin("me").await;
    slow.send("a\n").await;
    let begun = Instant::now();
    // It never pauses for as long as it may.
    while slow.try_send("1\n").await.is_ok() && begun.elapsed() < Duration::from_secs(2) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let told = slow.answer().await.problem(408, "body-stalled");
    assert_eq!(server.look(told["upload"].as_str().expect("its upload")).await["stage"], "interrupted");
    let mut quick = server.begin("me").await;
    quick.send("a\n").await;
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        quick.send("1\n".repeat(40)).await;
    }
    assert_eq!(quick.finish().await.ok(201)["rows"], 480);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_takes_longer_than_upload_ms_max_is_408_and_interrupted() {
    let server = Server::limited(|limits| limits.upload_ms_max = 400).await;
    let mut sending = server.begin("me").await;
    sending.send("a\n").await;
    let begun = Instant::now();
    let mut number = 0;
    // It never pauses.
    while sending.try_send(format!("{number}\n")).await.is_ok() && begun.elapsed() < Duration::from_millis(700) {
        number += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let told = sending.answer().await.problem(408, "upload-too-slow");
    let upload = server.look(told["upload"].as_str().expect("the upload that it began")).await;
    assert_eq!((&upload["stage"], &upload["failure"]["code"]), (&json!("interrupted"), &json!("upload-too-slow")));
    assert!(upload["rows"].as_u64() > Some(2), "{upload}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_takes_nothing_for_watcher_stall_ms_max_is_closed_and_may_come_back() {
    const ROWS: u64 = 15_000;
    let server = Server::limited(|limits| {
        limits.watcher_stall_ms_max = 500;
        limits.client_connections_max = 1;
    })
    .await;
    let connection = Connection::open_narrow(server.address).await;
    let mut stalled = Watcher::attach_over(connection, &Request::get("/sse/me")).await.expect("a watcher");
    server.uploaded("me", people(ROWS)).await;
    // Its place is free again although it is still there.
    let place = until("its place", async || Watcher::try_attach(&server, &Request::get("/sse/me")).await.ok()).await;
    drop(place);
    stalled.rest_or_break().await;
    assert!(stalled.broke_off, "it was cut");
    let back = Request::get("/sse/me").header("Last-Event-ID", stalled.last_id());
    let mut back = until("a place", async || Watcher::try_attach(&server, &back).await.ok()).await;
    back.until_end().await;
    // Two toasts, four stages and a profile beside the rows; which ones came before the cut and which after does not matter.
    assert_eq!((stalled.ledger.blocks.len() + back.ledger.blocks.len()) as u64, ROWS + 7);
    assert_eq!(back.ledger.n(), ROWS + 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_sender_pauses_is_read_by_what_is_there_after_settle_ms() {
    let server = Server::limited(|limits| {
        limits.settle_ms = 30;
        limits.body_stall_ms_max = 60_000;
    })
    .await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin("me").await;
    sending.send("a,b\n1,2\n").await;
    let events = watcher.until(|event| event.is_row(1)).await;
    assert!(events.iter().any(|event| event.is_stage("understood")), "before the rest of it, or its end");
    sending.send("3,4\n").await;
    assert_eq!(sending.finish().await.ok(201)["rows"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_broken_after_keep_alive_ms() {
    for keep_alive_ms in [60, 240] {
        let server = Server::limited(|limits| limits.keep_alive_ms = keep_alive_ms).await;
        let mut watcher = server.watch("me").await;
        watcher.comment().await;
        let begun = Instant::now();
        for _ in 0..3 {
            watcher.comment().await;
        }
        assert!(begun.elapsed() >= Duration::from_millis(3 * keep_alive_ms - 20), "{:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_waits_for_running_requests_no_longer_than_shutdown_ms_max() {
    let server = Server::limited(|limits| {
        limits.shutdown_ms_max = 500;
        limits.mock_rows_max = 10_000_000;
    })
    .await;
    let mut endless = server.connect().await;
    endless.send_head(&Request::get("/csv?rows=10000000")).await;
    let head = endless.head().await;
    let mut left = Connection::left(&head);
    endless.piece(&mut left).await.expect("it goes on");
    let begun = Instant::now();
    drop(soon("the stop", server.stop()).await);
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(450) && took < Duration::from_secs(4), "{took:?}");
    // Whoever downloads sees that it is cut, not a short file.
    while let Ok(piece) = endless.piece(&mut left).await {
        assert!(piece.is_some(), "a download that was cut looks whole");
    }
    // With nothing running it does not wait at all.
    let server = Server::limited(|limits| limits.shutdown_ms_max = 20_000).await;
    server.uploaded("me", people(10)).await;
    let _watcher = server.watch("me").await;
    let begun = Instant::now();
    drop(server.stop().await);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

//! A server that is told to stop says so before it does, and sends nobody away all at once.

use crate::client::Request;
use crate::patience::until;
use crate::server::Server;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn readiness_falls_first_and_requests_are_served_for_shutdown_grace_ms() {
    let grace = Duration::from_millis(1_500);
    let server = Server::limited(|limits| limits.shutdown_grace_ms = 1_500).await;
    let address = server.address;
    assert_eq!(server.get("/readyz").await.status(), 200);
    let told = Instant::now();
    server.begin_to_stop();
    until("it is not ready", async || (server.get("/readyz").await.status() == 503).then_some(())).await;
    let fell = told.elapsed();
    server.get("/readyz").await.problem(503, "shutting-down");
    assert!(server.get("/metrics").await.text().contains("\nrowcast_ready 0\n"));
    // All else is as before.
    assert_eq!(server.get("/livez").await.status(), 200);
    server.uploaded("me", "a,b\n1,2\n").await;
    let mut watcher = server.watch_from_start("me").await;
    watcher.until(|event| event.is_stage("done")).await;
    let served = told.elapsed();
    server.stop().await;
    let stopped = told.elapsed();
    assert!(fell < grace && stopped >= grace, "not ready after {fell:?}, stopped after {stopped:?}");
    println!("not ready after {fell:?}, served until {served:?}, stopped after {stopped:?}");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_are_told_to_come_back_at_different_times() {
    let server = Server::start().await;
    let mut watchers = Vec::new();
    for number in 0..16 {
        let mut connection = server.connect().await;
        connection.send_head(&Request::get(&format!("/sse/me-{number}"))).await;
        assert_eq!(connection.head().await.status, 200);
        watchers.push(connection);
    }
    server.begin_to_stop();
    let mut pauses_ms = Vec::new();
    for mut watcher in watchers {
        let text = String::from_utf8(watcher.rest().await).expect("events are UTF-8");
        let pause = text.lines().find_map(|line| line.strip_prefix("retry: ")).expect("when to come back");
        pauses_ms.push(pause.parse::<u64>().expect("milliseconds"));
    }
    server.stop().await;
    assert!(pauses_ms.iter().all(|pause| (500..=3_050).contains(pause)), "{pauses_ms:?}");
    // Sixteen draws from 256 are hardly ever this few.
    let different: BTreeSet<_> = pauses_ms.iter().collect();
    let (first, last) = (pauses_ms.iter().min().expect("some"), pauses_ms.iter().max().expect("some"));
    assert!(different.len() >= 8 && last - first >= 500, "{pauses_ms:?}");
}

//! Many connections: more than there may be, and some that come and go.

use crate::arena::{Arena, Outcome, status, tally};
use crate::client::{Connection, Request};
use crate::patience::{rounds, until};
use crate::raw::{self, exchange};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn half_open_connections() {
    let arena = Arena::open(
        "half a head on thousands of connections",
        &["--connections-max", "200", "--request-head-ms-max", "2s"],
    )
    .await;
    let (address, tried) = (arena.address, rounds(3_000));
    let done = Arc::new(AtomicUsize::new(0));
    let mut attacking = JoinSet::new();
    // Each of 600 comes again as soon as it is let go.
    for _ in 0..600 {
        let done = Arc::clone(&done);
        attacking.spawn(async move {
            let mut told = Vec::new();
            while done.fetch_add(1, Ordering::Relaxed) < tried {
                let Some(mut stream) = raw::open(address).await else { continue };
                let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nHost: ").await;
                let mut connection = Vec::new();
                let _ = crate::patience::soon(
                    "its end",
                    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut connection),
                )
                .await;
                told.push(status(&connection));
            }
            told
        });
    }
    // Somebody honest is told when to come again, and gets in while all of that goes on.
    until("a crowd", async || (done.load(Ordering::Relaxed) > 700).then_some(())).await;
    let mut refusals = 0;
    until("a place for somebody honest", async || {
        let question = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        match status(&exchange(address, question.as_bytes()).await).as_str() {
            "200" => Some(()),
            told => {
                assert!(matches!(told, "503" | "cut"), "{told}");
                refusals += 1;
                None
            }
        }
    })
    .await;
    let told: Vec<_> = attacking.join_all().await.into_iter().flatten().collect();
    arena.serves().await;
    let held = told.iter().filter(|told| *told != "503").count();
    assert!(held >= 200, "{}", tally(&told));
    let refused = format!("{}; somebody honest came in after {refusals} refusals", tally(&told));
    let outcome = Outcome { tried: format!("{} connections", told.len()), held: "200".into(), refused };
    arena.close(outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_that_come_and_go() {
    let arena = Arena::open("watchers that attach and leave at once", &[]).await;
    let (address, each) = (arena.address, rounds(60));
    let mut attacking = JoinSet::new();
    for worker in 0..8 {
        attacking.spawn(async move {
            for n in 0..each {
                let mut connection = Connection::open(address).await;
                let target = format!("/sse/storm-{}?from=start", (worker + n) % 5);
                connection.send_head(&Request::get(&target)).await;
                // Before its answer, within it, or behind it.
                if n % 3 > 0 {
                    let _ = connection.try_head().await;
                }
                if n % 3 > 1 {
                    connection.half_close().await;
                }
            }
        });
    }
    for n in 0..5 {
        let _ = arena.upload(&format!("storm-{n}"), crate::files::people(500)).await;
    }
    arena.serves().await;
    attacking.join_all().await;
    let attached = arena.metric("rowcast_watchers_attached_total").await;
    let outcome = Outcome {
        tried: format!("{} watchers", 8 * each),
        held: format!("{attached} attached"),
        refused: "none, or 429 beyond 64 of a client".into(),
    };
    arena.close(outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_are_cut() {
    let arena = Arena::open("uploads that are cut in the middle", &[]).await;
    let (address, each) = (arena.address, rounds(40));
    let mut attacking = JoinSet::new();
    for worker in 0..4 {
        attacking.spawn(async move {
            for n in 0..each {
                let mut stream = raw::open(address).await.expect("the server listens");
                let length = if n % 2 == 0 { "Content-Length: 1000000" } else { "Transfer-Encoding: chunked" };
                let head = format!(
                    "POST /upload/cut-{worker} HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/csv\r\n{length}\r\n\r\n"
                );
                let _ = stream.write_all(head.as_bytes()).await;
                let rows = "a,b\n1,2\n".repeat(1 + 200 * (n % 4));
                let body = if n % 2 == 0 { rows } else { format!("{:x}\r\n{rows}", rows.len()) };
                let _ = stream.write_all(body.as_bytes()).await;
                if n % 3 == 0 {
                    // A reset instead of an end.
                    let _ = stream.set_zero_linger();
                }
            }
        });
    }
    // Places may be taken; each is given back.
    until("a place", async || (arena.upload("honest", "a\n1\n").await.status() == 201).then_some(())).await;
    attacking.join_all().await;
    arena.is_quiet().await;
    arena.serves().await;
    let begun = arena.metric("rowcast_uploads_begun_total").await;
    let outcome = Outcome {
        tried: format!("{} uploads", 4 * each),
        held: format!("{begun} begun, 16 at once; their rows stay"),
        refused: "503 beyond".into(),
    };
    arena.close(outcome).await;
}

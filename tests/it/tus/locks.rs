//! Two requests for one file: the later one goes on.

use super::{File, PIECE, ask, beginning};
use crate::files::people;
use crate::patience::{soon, until};
use crate::server::Server;
use std::time::{Duration, Instant};

/// A file of which a request that nothing more comes from holds the first 500 bytes.
async fn held(server: &Server, csv: &[u8]) -> (File, crate::api::Sending) {
    let file = File::begin(server, "me", csv.len()).await;
    let mut sending = file.sending(0, csv.len()).await;
    sending.send(&csv[..500]).await;
    until("the bytes to arrive", async || (server.look(&file.id).await["received_bytes"] == 500).then_some(())).await;
    (file, sending)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_connection_locks_nobody_out() {
    let server = Server::limited(|limits| limits.body_stall_ms_max = 60_000).await;
    let csv = people(100);
    let (file, mut dead) = held(&server, &csv).await;
    let begun = Instant::now();
    assert_eq!(file.offset().await, 500);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    dead.answer().await.problem(423, "upload-locked");
    file.patched(500, &csv[500..]).await;
    assert_eq!(server.look(&file.id).await["rows"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_takes_over_from_one_that_is_still_arriving() {
    let server = Server::limited(|limits| limits.body_stall_ms_max = 60_000).await;
    let csv = people(100);
    let (file, mut dead) = held(&server, &csv).await;
    let taken = soon("taking over", file.patch(500, &csv[500..])).await;
    assert_eq!(taken.status(), 204, "{taken:?}");
    dead.answer().await.problem(423, "upload-locked");
    assert_eq!(server.look(&file.id).await["rows"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_send_the_same_piece_exactly_one_does() {
    let server = Server::start().await;
    let csv = people(2_000);
    let file = File::begin(&server, "me", csv.len()).await;
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (file, csv) = (File::with_id(&server, &file.id), csv.clone());
        senders.spawn(async move {
            loop {
                let head = file.head().await;
                if head.status() == 423 {
                    continue;
                }
                assert_eq!(head.status(), 200, "{head:?}");
                let at: usize = head.header("upload-offset").and_then(|at| at.parse().ok()).expect("an offset");
                let answer = file.patch(at, &csv[at..]).await;
                match answer.status() {
                    204 => break,
                    409 | 423 => {}
                    _ => panic!("{answer:?}"),
                }
            }
        });
    }
    soon("all of them to end", senders.join_all()).await;
    let whole = server.uploaded("other", csv).await;
    let expected = server.get(&format!("/uploads/{}/rows.csv", whole["id"].as_str().expect("an id"))).await;
    assert_eq!(file.rows().await, expected.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_of_one_request_is_taken_over_as_well() {
    let server = Server::limited(|limits| limits.body_stall_ms_max = 60_000).await;
    let csv = people(100);
    let mut dead = server.begin_sized("me", csv.len()).await;
    dead.send(&csv[..500]).await;
    let running = server.newest("me", |upload| upload["received_bytes"] == 500).await;
    let file = File::with_id(&server, running["id"].as_str().expect("an id"));
    assert_eq!(file.offset().await, 500);
    assert_eq!(server.look(&file.id).await["stage"], "interrupted");
    let declares = file.piece(500).header("Upload-Length", &csv.len().to_string());
    assert_eq!(server.ask(&declares.body(PIECE, &csv[500..])).await.status(), 204);
    assert_eq!(server.look(&file.id).await["rows"], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_stays_away_gives_its_place_to_another_and_comes_back() {
    let server = Server::limited(|limits| {
        limits.uploads_max = 2;
        limits.sender_absent_ms_max = 3_600_000;
    })
    .await;
    let csv = people(10);
    let mut files = Vec::new();
    for _ in 0..5 {
        let file = File::begin(&server, "me", csv.len()).await;
        file.patched(0, &csv[..100]).await;
        files.push(file);
    }
    assert_eq!(server.look(&files[0].id).await["stage"], "interrupted");
    for file in &files {
        assert_eq!(file.offset().await, 100);
        file.patched(100, &csv[100..]).await;
        assert_eq!(server.look(&file.id).await["rows"], 10);
    }
    // Where nobody is away there is no place.
    let first = server.ask(&beginning("me").header("Upload-Length", "5")).await;
    let second = server.ask(&beginning("me").header("Upload-Length", "5")).await;
    let (first, second) = (File::of(&server, &first), File::of(&server, &second));
    let (mut one, mut two) = (first.sending(0, 5).await, second.sending(0, 5).await);
    one.send("a\n").await;
    two.send("a\n").await;
    until("both to be sent", async || {
        let (a, b) = (server.look(&first.id).await, server.look(&second.id).await);
        (a["received_bytes"] == 2 && b["received_bytes"] == 2).then_some(())
    })
    .await;
    let refused = server.ask(&ask("POST", "/files").header("Upload-Length", "5")).await;
    assert!(refused.header("retry-after").is_some());
    refused.problem(503, "too-many-uploads");
}

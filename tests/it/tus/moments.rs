//! What happens at the worst moment, and what was answered before holds all the same.

use super::{File, PIECE, sized};
use crate::files::people;
use crate::patience::{soon, until};
use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Digest;

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_whose_end_is_told_late_is_taken_all_the_same() {
    let server = Server::limited(|limits| limits.body_stall_ms_max = 60_000).await;
    let csv = people(20);
    let file = File::begin(&server, "me", csv.len()).await;
    let mut sending = server.begin_as(&file.piece(0).header("Content-Type", PIECE)).await;
    sending.send(&csv).await;
    // Every byte of the file is there, though the body has not ended.
    let taken = soon("an answer", sending.answer()).await;
    assert_eq!(taken.status(), 204, "{taken:?}");
    assert_eq!(taken.header("upload-offset"), Some(csv.len().to_string().as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_received_whole_goes_on_to_its_end_after_a_stop() {
    let server = Server::start().await;
    let csv = people(200_000);
    let asking = sized("me", csv.len()).body(PIECE, csv.clone());
    let mut connection = server.connect().await;
    connection.send_head(&asking).await;
    let upload = server.newest("me", |upload| upload["received_bytes"] == csv.len()).await;
    let file = File::with_id(&server, upload["id"].as_str().expect("an id"));
    let server = server.restart().await;
    let file = File::with_id(&server, &file.id);
    // Nothing is left to be sent, so nobody sends anything.
    let done = until("its end", async || {
        let upload = server.look(&file.id).await;
        (upload["stage"] == "done").then_some(upload)
    })
    .await;
    assert_eq!(done["rows"], 200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_file_received_whole_makes_it_go_on() {
    let server = Server::limited(|limits| limits.sender_absent_ms_max = 1).await;
    let csv = people(50);
    let file = File::begin(&server, "me", csv.len()).await;
    file.patched(0, &csv[..500]).await;
    server.newest("me", |upload| upload["stage"] == "interrupted").await;
    // As when the disk was full behind the last byte.
    std::fs::write(server.spooled(&file.id), &csv).expect("its file");
    assert_eq!(file.offset().await, csv.len());
    let upload = server.newest("me", |upload| upload["stage"] == "done").await;
    assert_eq!(upload["rows"], 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_with_a_beginning_may_have_its_checksum_behind_it_as_well() {
    let server = Server::start().await;
    let csv = people(5);
    let announced = sized("me", csv.len()).header("Content-Type", PIECE).header("Trailer", "Upload-Checksum");
    for (bytes, status) in [(b"another".as_slice(), 460), (&csv, 201)] {
        let mut sending = server.begin_as(&announced).await;
        sending.send(&csv).await;
        let checksum = STANDARD.encode(sha1::Sha1::digest(bytes));
        let answer = sending.finish_with(&format!("Upload-Checksum: sha1 {checksum}\r\n")).await;
        assert_eq!(answer.status(), status, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_longer_than_is_taken_any_more_is_refused_and_not_a_bug() {
    let server = Server::start().await;
    let begun = server.ask(&super::beginning("me").header("Upload-Defer-Length", "1")).await;
    let file = File::of(&server, &begun);
    file.patched(0, &people(50)).await;
    let at = file.offset().await;
    let server = server.restart_with(|args| args.limits.0.body_bytes_max = 100).await;
    let file = File::with_id(&server, &file.id);
    file.patch(at, b"x").await.problem(413, "body-too-large");
    let mut sending = server.begin_as(&file.piece(at).header("Content-Type", PIECE)).await;
    sending.send("x").await;
    sending.finish().await.problem(413, "body-too-large");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_loses_a_place_for_a_file_that_cannot_go_on() {
    let server = Server::limited(|limits| {
        limits.uploads_max = 1;
        limits.sender_absent_ms_max = 3_600_000;
    })
    .await;
    let done = File::begin(&server, "me", 4).await;
    done.patched(0, b"a\n1\n").await;
    let waiting = File::begin(&server, "me", 100).await;
    done.patch(0, b"a").await.problem(409, "wrong-offset");
    let unknown = File::with_id(&server, "0199a5f3-9f40-7d2a-8000-000000000000");
    unknown.patch(0, b"a").await.problem(404, "not-found");
    assert_eq!(server.look(&waiting.id).await["stage"], "receiving");
}

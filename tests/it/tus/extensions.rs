//! What tus adds to its core.

use super::{File, PIECE, ask, beginning, sized};
use crate::client::Request;
use crate::files::people;
use crate::patience::until;
use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha1::Digest;

fn sha1(bytes: &[u8]) -> String {
    format!("sha1 {}", STANDARD.encode(sha1::Sha1::digest(bytes)))
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256 {}", STANDARD.encode(sha2::Sha256::digest(bytes)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_may_begin_with_its_first_bytes() {
    let server = Server::start().await;
    let csv = people(100);
    let begun = server.ask(&sized("me", csv.len()).body(PIECE, &csv[..1_000])).await;
    assert_eq!(begun.header("upload-offset"), Some("1000"));
    let file = File::of(&server, &begun);
    file.patched(1_000, &csv[1_000..]).await;
    assert_eq!(server.look(&file.id).await["rows"], 100);
    // Or come whole.
    let begun = server.ask(&sized("me", csv.len()).body(PIECE, csv.clone())).await;
    assert_eq!(server.look(&File::of(&server, &begun).id).await["stage"], "done");
    let wrong = sized("me", csv.len()).header("Upload-Checksum", &sha1(b"another"));
    server.ask(&wrong.body(PIECE, csv)).await.problem(460, "checksum-mismatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_may_be_declared_with_any_piece() {
    let server = Server::start().await;
    let csv = people(50);
    for with_last_bytes in [true, false] {
        let file = File::of(&server, &server.ask(&beginning("me").header("Upload-Defer-Length", "1")).await);
        assert_eq!(file.head().await.header("upload-defer-length"), Some("1"));
        let declaring = |offset: usize| file.piece(offset).header("Upload-Length", &csv.len().to_string());
        if with_last_bytes {
            file.patched(0, &csv[..700]).await;
            assert_eq!(server.ask(&declaring(700).body(PIECE, &csv[700..])).await.status(), 204);
        } else {
            file.patched(0, &csv).await;
            assert_eq!(server.ask(&declaring(csv.len()).body(PIECE, "")).await.status(), 204);
        }
        let upload = server.look(&file.id).await;
        assert_eq!((&upload["stage"], &upload["rows"]), (&json!("done"), &json!(50)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verified_piece_counts_whole_or_not_at_all() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let csv = people(400);
    let (first, rest) = csv.split_at(9_000);
    let file = File::begin(&server, "me", csv.len()).await;
    let wrong = file.piece(0).header("Upload-Checksum", &sha1(rest)).body(PIECE, first);
    server.ask(&wrong).await.problem(460, "checksum-mismatch");
    assert_eq!(file.offset().await, 0);
    // Its rows are announced only when it was verified.
    let mut sending = server
        .send_sized(file.piece(0).header("Content-Type", PIECE).header("Upload-Checksum", &sha1(first)), 9_000)
        .await;
    sending.send(&first[..8_000]).await;
    assert_eq!(server.look(&file.id).await["received_bytes"], 0);
    sending.send(&first[8_000..]).await;
    assert_eq!(sending.finish().await.status(), 204);
    watcher.until(|event| event.is_row(1)).await;
    // Half a piece is none.
    let mut sending = server
        .send_sized(
            file.piece(9_000).header("Content-Type", PIECE).header("Upload-Checksum", &sha256(rest)),
            rest.len(),
        )
        .await;
    sending.send(&rest[..100]).await;
    drop(sending);
    assert_eq!(file.offset().await, 9_000);
    let right = file.piece(9_000).header("Upload-Checksum", &sha256(rest)).body(PIECE, rest);
    assert_eq!(server.ask(&right).await.status(), 204);
    assert_eq!(server.look(&file.id).await["rows"], 400);
    for unknown in ["md5 kAFQmDzST7DWlj99KOF/cg==", "sha1", "sha1 x"] {
        let file = File::begin(&server, "me", 3).await;
        let request = file.piece(0).header("Upload-Checksum", unknown).body(PIECE, "a\n1");
        server.ask(&request).await.problem(400, "bad-parameter");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checksum_may_come_behind_its_piece() {
    let server = Server::start().await;
    let csv = people(20);
    let file = File::begin(&server, "me", csv.len()).await;
    let announced = file.piece(0).header("Content-Type", PIECE).header("Trailer", "Upload-Checksum");
    for (checksum, status) in [(Some(sha256(b"another")), 460), (None, 400), (Some(sha256(&csv)), 204)] {
        let mut sending = server.begin_as(&announced).await;
        sending.send(&csv).await;
        let trailer = checksum.map_or_else(String::new, |checksum| format!("Upload-Checksum: {checksum}\r\n"));
        let answer = sending.finish_with(&trailer).await;
        assert_eq!(answer.status(), status, "{answer:?}");
        let kept = if status == 204 { csv.len() } else { 0 };
        assert_eq!(file.offset().await, kept);
    }
    assert_eq!(server.look(&file.id).await["rows"], 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_kept_apart_and_put_together_in_their_order() {
    let server = Server::limited(|limits| limits.concat_parts_max = 3).await;
    let mut watcher = server.watch("me").await;
    let csv = people(300);
    let (first, second) = csv.split_at(5_003);
    let part = |length: usize| {
        ask("POST", "/files").header("Upload-Concat", "partial").header("Upload-Length", &length.to_string())
    };
    let a = File::of(&server, &server.ask(&part(first.len())).await);
    let b = File::of(&server, &server.ask(&part(second.len())).await);
    let together = |names: &[String]| beginning("me").header("Upload-Concat", &format!("final;{}", names.join(" ")));
    b.patched(0, second).await;
    a.patched(0, &first[..100]).await;
    server.ask(&together(&[a.path(), b.path()])).await.problem(409, "part-unfinished");
    a.patched(100, &first[100..]).await;
    assert_eq!((a.head().await.header("upload-concat"), a.offset().await), (Some("partial"), first.len()));
    assert_eq!(server.get(&format!("/uploads/{}", a.id)).await.status(), 404, "nobody sees a part");
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"], json!([]));

    let address = format!("http://{}{}", server.address, b.path());
    let begun = server.ask(&together(&[a.path(), address])).await;
    let file = File::of(&server, &begun);
    assert_eq!(server.look(&file.id).await["rows"], 300);
    let whole = server.uploaded("other", csv.clone()).await;
    let expected = server.get(&format!("/uploads/{}/rows.csv", whole["id"].as_str().expect("an id"))).await;
    assert_eq!(file.rows().await, expected.body);
    let events = watcher.until_end().await;
    assert_eq!(events.iter().filter(|event| event.is("row")).count(), 300);
    let head = file.head().await;
    assert_eq!(head.header("upload-concat"), Some(format!("final;{} {}", a.path(), b.path()).as_str()));
    assert_eq!(head.header("upload-offset"), Some(csv.len().to_string().as_str()));
    file.patch(csv.len(), b"").await.problem(403, "joined-file");
    // Who did not hear the answer asks again, and gets the same.
    let again = server.ask(&together(&[a.path(), b.path()])).await;
    assert_eq!(File::of(&server, &again).id, file.id);
    until("the parts to be let go", async || (a.head().await.status() == 410).then_some(())).await;

    server.ask(&together(&vec![a.path(); 4])).await.problem(400, "bad-parameter");
    server.ask(&together(&[b.path()])).await.problem(400, "bad-parameter");
    server.ask(&together(&[file.path()])).await.problem(400, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_given_up_is_gone() {
    let server = Server::start().await;
    let file = File::begin(&server, "me", 100).await;
    let mut watcher = server.watch("me").await;
    let mut sending = file.sending(0, 100).await;
    sending.send("a\n1\n2\n").await;
    watcher.until(|event| event.is_row(2)).await;
    assert_eq!(server.ask(&ask("DELETE", &file.path())).await.status(), 204);
    watcher.until(|event| event.is_stage("cancelled")).await;
    assert_eq!(file.head().await.status(), 410);
    file.patch(6, b"3").await.problem(410, "upload-gone");
    server.ask(&ask("DELETE", &file.path())).await.problem(410, "upload-gone");
    assert_eq!(server.get(&format!("/uploads/{}", file.id)).await.status(), 404);
    let done = server.uploaded("me", people(1)).await;
    let file = File::with_id(&server, done["id"].as_str().expect("an id"));
    assert_eq!(server.ask(&ask("DELETE", &file.path())).await.status(), 204);
    let part = ask("POST", "/files").header("Upload-Concat", "partial").header("Upload-Length", "5");
    let part = File::of(&server, &server.ask(&part).await);
    assert_eq!(server.ask(&ask("DELETE", &part.path())).await.status(), 204);
    assert_eq!(part.head().await.status(), 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_otherwise_is_gone_as_well() {
    let server = Server::start().await;
    let file = File::begin(&server, "me", 4).await;
    file.patched(0, b"a\n1\n").await;
    assert_eq!(server.ask(&Request::new("DELETE", &format!("/uploads/{}", file.id))).await.status(), 204);
    assert_eq!(file.head().await.status(), 410);
    let server = server.restart().await;
    assert_eq!(File::with_id(&server, &file.id).head().await.status(), 410, "it is still known after a restart");
}

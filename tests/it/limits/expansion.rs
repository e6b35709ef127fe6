//! What a compressed file may unpack to.

use crate::client::Request;
use crate::compressed::gzip;
use crate::files::people;
use crate::server::Server;
use serde_json::{Value, json};

fn packed(bytes: Vec<u8>) -> Request {
    Request::post("/upload/me").header("Content-Encoding", "gzip").body("text/csv", bytes)
}

/// Sends what is too much; its failure.
async fn refused(server: &Server, bytes: Vec<u8>) -> Value {
    let told = server.ask(&packed(bytes)).await.problem(413, "expansion-too-large");
    let upload = server.look(told["upload"].as_str().expect("the upload that it began")).await;
    assert_eq!((&upload["stage"], &upload["failure"]["code"]), (&json!("failed"), &json!("expansion-too-large")));
    upload
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_unpacks_to_more_than_expanded_bytes_max_fails_and_its_rows_stay() {
    let csv = people(4_000);
    let size = csv.len() as u64;
    let server = Server::limited(|limits| limits.expanded_bytes_max = size).await;
    assert_eq!(server.ask(&packed(gzip(&csv))).await.ok(201)["rows"], 4_000);
    let upload = refused(&server, gzip(&people(4_100))).await;
    assert!(upload["rows"].as_u64().is_some_and(|rows| (3_990..=4_000).contains(&rows)), "{upload}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_unpacks_to_more_than_expansion_ratio_max_times_its_size_fails() {
    // A row of zeros is packed to nearly nothing.
    let zeros = format!("a,b\n{}", format!("0,{}\n", "0".repeat(1_000)).repeat(500)).into_bytes();
    let bomb = gzip(&zeros);
    let ratio = (zeros.len() / bomb.len()) as u64;
    assert!(ratio > 100, "{ratio}");
    let server = Server::limited(|limits| {
        limits.expansion_ratio_max = 20;
        limits.expansion_free_bytes = 100_000;
    })
    .await;
    refused(&server, bomb.clone()).await;
    let server = Server::limited(|limits| {
        limits.expansion_ratio_max = 2 * ratio;
        limits.expansion_free_bytes = 100_000;
    })
    .await;
    assert_eq!(server.ask(&packed(bomb.clone())).await.ok(201)["rows"], 500);
    // Up to so many bytes nobody asks for the ratio.
    let size = zeros.len() as u64;
    let server = Server::limited(|limits| {
        limits.expansion_ratio_max = 20;
        limits.expansion_free_bytes = size;
    })
    .await;
    assert_eq!(server.ask(&packed(bomb)).await.ok(201)["rows"], 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_asks_for_more_than_decode_window_bytes_max_fails_with_what_to_do() {
    let server = Server::limited(|limits| limits.decode_window_bytes_max = 1 << 20).await;
    // A frame (RFC 8878) with a window of 2^(10 + 10) or 2^(10 + 11) bytes and one raw block, the last one.
    let frame = |log: u8| {
        let block = b"a\n1\n";
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3];
        frame.extend([1 | (block.len() as u8) << 3, 0, 0]);
        frame.extend(block);
        frame
    };
    assert_eq!(server.upload("me", frame(20)).await.ok(201)["rows"], 1);
    let told = server.upload("me", frame(21)).await.problem(413, "expansion-too-large");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("--long")), "{told}");
}

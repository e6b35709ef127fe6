//! Small files that unpack to large ones.

use crate::arena::{Arena, Outcome, tally};
use crate::client::Request;
use crate::patience::rounds;
use std::io::Write as _;
use tokio::task::JoinSet;

/// What the files would be.
const TEXT_BYTES: usize = 24 << 20;
const FLAGS: [&str; 4] = ["--expansion-ratio-max", "50", "--expansion-free-bytes", "256KiB"];

/// The same row again and again, which costs nothing to pack.
fn text() -> Vec<u8> {
    let row = format!("1,{}\n", "x".repeat(200));
    [b"a,b\n", row.repeat(TEXT_BYTES / row.len()).as_bytes()].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("it is packed");
    encoder.finish().expect("it is packed")
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_files_that_unpack_to_very_much() {
    let text = text();
    let packed = gzip(&text);
    let twice = gzip(&packed);
    // Many files in one, each of which says little.
    let members = gzip(&text[..1 << 20]).repeat(24);
    let zstd = zstd::bulk::compress(&text, 3).expect("it is packed");
    let (count, bytes) = (text.len() >> 20, packed.len());
    let files = [("gzip", packed), ("members", members), ("zstd", zstd), ("twice", twice)];
    let arena = Arena::open("compressed files that unpack to very much: gzip, zstd, gzip in gzip", &FLAGS).await;
    let (each, mut attacking) = (rounds(3), JoinSet::new());
    for n in 0..each {
        for (kind, file) in &files {
            let (api, client) = (**arena, format!("{kind}-{n}"));
            let request = Request::post(&format!("/upload/{client}")).body("text/csv", file.clone());
            attacking.spawn(async move { (client, api.ask(&request).await) });
        }
    }
    arena.serves().await;
    let mut told = Vec::new();
    for (client, answer) in attacking.join_all().await {
        told.push(format!("{} {}", answer.status(), answer.json()["code"].as_str().unwrap_or("taken as text")));
        if client.starts_with("twice") {
            // What is in it is no text, and is not unpacked again.
            assert_ne!(answer.status(), 413, "{answer:?}");
            continue;
        }
        let problem = answer.problem(413, "expansion-too-large");
        let upload = arena.look(problem["upload"].as_str().expect("the upload that it began")).await;
        assert!(upload["rows"].as_u64() >= Some(500), "the rows that were announced stay: {upload}");
    }
    let outcome = Outcome {
        tried: format!("{} files of {count} MiB, in {} KiB each", told.len(), bytes >> 10),
        held: "the rows before".into(),
        refused: tally(told),
    };
    arena.close(outcome).await;
}

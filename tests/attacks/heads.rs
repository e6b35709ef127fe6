//! Heads that are too long, in every direction.

use crate::arena::{Arena, Outcome, status, tally};
use crate::h2::{END_HEADERS, END_STREAM, HEADERS, Peer, RST_STREAM, field, frame, head};
use crate::patience::rounds;
use crate::raw::exchange;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn long_heads_and_many_fields() {
    let arena = Arena::open("heads of 1 MiB: a field, a path, names, 20,000 fields", &[]).await;
    let host = arena.address;
    let long = "x".repeat(1 << 20);
    let fields: String = (0..20_000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let many: String = (0..400).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let heads = [
        format!("GET /livez HTTP/1.1\r\nHost: {host}\r\nX-Long: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET /livez?{long} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n{long}: x\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"),
        // Within the bytes, and still too many.
        format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n{many}\r\n"),
        format!("{long} / HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\n\r\n", "a=b; ".repeat(100_000)),
        // A head that never ends.
        format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n{}", fields.repeat(4)),
    ];
    let (each, mut attacking) = (rounds(8), JoinSet::new());
    for _ in 0..each {
        for head in &heads {
            let head = head.clone();
            attacking.spawn(async move { status(&exchange(host, head.as_bytes()).await) });
        }
    }
    arena.serves().await;
    let told = attacking.join_all().await;
    assert!(told.iter().all(|told| matches!(told.as_str(), "431" | "414" | "400")), "{}", tally(&told));
    let outcome = Outcome { tried: format!("{} heads", told.len()), held: "none".into(), refused: tally(&told) };
    arena.close(outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunk_extensions_and_trailers() {
    let arena = Arena::open("chunks with extensions and trailers without an end", &["--body-stall-ms-max", "3s"]).await;
    let host = arena.address;
    let begin = format!(
        "POST /upload/me HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let bodies = [
        format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(1 << 20)),
        format!("{}\r\n", "0".repeat(1 << 20)),
        "1;x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\na\r\n".repeat(20_000),
        format!("1\r\na\r\n0\r\n{}\r\n", "X: y\r\n".repeat(100_000)),
        format!("1\r\na\r\n0\r\nX: {}\r\n\r\n", "y".repeat(1 << 20)),
    ];
    let (each, mut attacking) = (rounds(2), JoinSet::new());
    for _ in 0..each {
        for body in &bodies {
            let bytes = format!("{begin}{body}");
            attacking.spawn(async move { status(&exchange(host, bytes.as_bytes()).await) });
        }
    }
    arena.serves().await;
    let told = attacking.join_all().await;
    assert!(told.iter().all(|told| told == "cut" || told.starts_with('4')), "{}", tally(&told));
    let outcome = Outcome { tried: format!("{} uploads", told.len()), held: "none".into(), refused: tally(&told) };
    arena.close(outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_fields_over_http2() {
    let arena = Arena::open("HTTP/2: heads of 5,000 fields, in 300 KiB", &[]).await;
    let address = arena.address;
    let fields: Vec<u8> = (0..5_000).flat_map(|n| field(format!("x-{n}").as_bytes(), &[b'x'; 50])).collect::<Vec<u8>>();
    let block = [head("GET", "/livez", address), fields].concat();
    let (each, mut attacking) = (rounds(20), JoinSet::new());
    for _ in 0..each {
        let block = block.clone();
        attacking.spawn(async move {
            let mut peer = Peer::open(address, &[]).await;
            let (first, rest) = block.split_at(16_000);
            let mut bytes = frame(HEADERS, END_STREAM, 1, first);
            let pieces: Vec<_> = rest.chunks(16_000).collect();
            for (n, piece) in pieces.iter().enumerate() {
                let flags = if n + 1 == pieces.len() { END_HEADERS } else { 0 };
                bytes.extend(frame(crate::h2::CONTINUATION, flags, 1, piece));
            }
            peer.send(&bytes).await;
            match peer.heard().await {
                Some(frame) if frame.kind == HEADERS => "431",
                Some(frame) if frame.kind == RST_STREAM => "RST_STREAM",
                Some(_) => "GOAWAY",
                None => "cut",
            }
        });
    }
    arena.serves().await;
    let told = attacking.join_all().await;
    let outcome = Outcome { tried: format!("{each} heads"), held: "none".into(), refused: tally(&told) };
    // None of them reached anything that answers.
    assert!(!arena.get("/metrics").await.text().contains("operation=\"livez\",method=\"GET\",status=\"200\""));
    arena.close(outcome).await;
}

//! HTTP/2 frames by the thousand.

use crate::arena::{Arena, Outcome, tally};
use crate::h2::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, Peer, RST_STREAM, SETTINGS, field, frame,
    head, remembered,
};
use crate::patience::rounds;
use tokio::task::JoinSet;

/// Floods over that many connections at once while somebody honest is served; how much was sent, and how each ended.
async fn flood(arena: &Arena, connections: usize, first: &[u8], piece: &[u8], times: usize) -> (usize, String) {
    let mut flooding = JoinSet::new();
    for _ in 0..connections {
        let (address, first, piece) = (arena.address, first.to_vec(), piece.to_vec());
        flooding.spawn(async move {
            let mut peer = Peer::open(address, &[]).await;
            peer.send(&first).await;
            peer.flood(&piece, times).await
        });
    }
    arena.serves().await;
    let ended = flooding.join_all().await;
    (ended.iter().map(|(sent, _)| sent).sum(), tally(ended.into_iter().map(|(_, said)| said)))
}

/// HEADERS of a GET and their reset, for the streams from `first` on.
fn resets(arena: &Arena, first: u32, count: u32) -> Vec<u8> {
    let block = head("GET", "/uploads", arena.address);
    let streams = (0..count).map(|n| first + 2 * n);
    let pair = |stream| {
        [frame(HEADERS, END_HEADERS | END_STREAM, stream, &block), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
    };
    streams.flat_map(pair).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rapid_reset() {
    let arena = Arena::open("HTTP/2: requests that are reset at once (CVE-2023-44487)", &[]).await;
    let each = u32::try_from(rounds(5_000)).expect("it fits");
    let all = resets(&arena, 1, each);
    let (mut attacking, connections) = (JoinSet::new(), 8);
    for _ in 0..connections {
        let (address, all) = (arena.address, all.clone());
        attacking.spawn(async move { Peer::open(address, &[]).await.flood(&all, 1).await.1 });
    }
    arena.serves().await;
    let ended = attacking.join_all().await;
    assert!(ended.iter().all(|said| said == "GOAWAY: ENHANCE_YOUR_CALM"), "{ended:?}");
    let outcome = Outcome {
        tried: format!("{connections} connections × {each} requests"),
        held: "64 a connection".into(),
        refused: tally(ended),
    };
    arena.close(outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resets_one_at_a_time() {
    let arena = Arena::open("HTTP/2: the same, each when the one before is under way", &[]).await;
    let (count, mut peer) = (u32::try_from(rounds(1_500)).expect("it fits"), Peer::open(arena.address, &[]).await);
    let mut taken = 0;
    let pinged = async |peer: &mut Peer| {
        peer.send(&frame(PING, 0, 0, b"question")).await;
        loop {
            match peer.next().await {
                Some(frame) if frame.kind == PING && frame.flags & ACK != 0 => return true,
                Some(frame) if frame.kind != GOAWAY => {}
                _ => return false,
            }
        }
    };
    for n in 0..count {
        // An answered ping shows that the server has seen what came before it.
        let block = head("GET", "/csv?rows=1000000", arena.address);
        peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1 + 2 * n, &block)).await;
        if !pinged(&mut peer).await {
            break;
        }
        peer.send(&frame(RST_STREAM, 0, 1 + 2 * n, &[0, 0, 0, 8])).await;
        taken += 1;
        if n == count / 2 {
            arena.serves().await;
        }
    }
    drop(peer);
    let outcome = Outcome {
        tried: format!("{count} requests"),
        held: format!("{taken}, one after the other"),
        refused: "none; each costs what a request costs".into(),
    };
    arena.close(outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_pings() {
    let times = rounds(200);
    for (name, one) in [
        ("HTTP/2: SETTINGS by the thousand", frame(SETTINGS, 0, 0, &crate::h2::setting(4, 65_535))),
        ("HTTP/2: PING by the thousand", frame(PING, 0, 0, b"and pong")),
    ] {
        let arena = Arena::open(name, &[]).await;
        let (sent, refused) = flood(&arena, 4, &[], &one.repeat(500), times).await;
        arena.close(Outcome { tried: format!("{} frames", sent * 500), held: "none".into(), refused }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_nothing() {
    let arena = Arena::open("HTTP/2: a body of empty DATA frames", &["--body-stall-ms-max", "3s"]).await;
    let block = [head("POST", "/upload/empty", arena.address), field(b"content-type", b"text/csv")].concat();
    let first = frame(HEADERS, END_HEADERS, 1, &block);
    let empty = frame(DATA, 0, 1, b"").repeat(500);
    let (sent, refused) = flood(&arena, 4, &first, &empty, rounds(200)).await;
    arena.close(Outcome { tried: format!("{} frames", sent * 500), held: "4 uploads".into(), refused }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_go_on_and_on() {
    let arena = Arena::open("HTTP/2: CONTINUATION without an end (CVE-2024-27316)", &[]).await;
    let first = frame(HEADERS, END_STREAM, 1, &head("GET", "/livez", arena.address));
    let mut told = Vec::new();
    let mut tried = 0;
    // Frames of nothing; of a byte each; of a field each; of all that a frame may hold.
    let many: Vec<u8> = (0..300).flat_map(|n| field(format!("x-{n}").as_bytes(), &[b'x'; 40])).collect();
    for piece in [vec![], vec![0], field(b"x", b"y"), many] {
        let piece = frame(CONTINUATION, 0, 1, &piece).repeat(100);
        let (sent, said) = flood(&arena, 4, &first, &piece, rounds(200)).await;
        tried += sent * 100;
        assert!(said.contains("GOAWAY"), "{said}");
        told.push(said);
    }
    let refused = told.join("; ");
    arena.close(Outcome { tried: format!("{tried} frames"), held: "none".into(), refused }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_unpack_to_much() {
    let arena = Arena::open("HTTP/2: heads of one byte a field that unpack to 4 KB (HPACK bomb)", &[]).await;
    // The 62nd entry of the table is the one that was remembered last.
    let (long, times) = (remembered(b"x-long", &[b'x'; 3_900]), 12_000);
    let block = [head("GET", "/livez", arena.address), long, vec![0x80 | 62; times]].concat();
    let mut attacking = JoinSet::new();
    let requests = rounds(20);
    for _ in 0..8 {
        let (address, block) = (arena.address, block.clone());
        attacking.spawn(async move {
            let mut peer = Peer::open(address, &[]).await;
            let mut told = Vec::new();
            for n in 0..u32::try_from(requests).expect("it fits") {
                if !peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1 + 2 * n, &block)).await {
                    break;
                }
            }
            while told.len() < requests {
                match peer.heard().await {
                    // A field that is remembered, or literal, with the 8th name of the static table: ":status".
                    Some(frame) if frame.kind == HEADERS => {
                        let is_431 = frame.payload.windows(3).any(|window| window == b"431")
                            || frame.payload.windows(3).any(|window| window == [0x68, 0x0b, 0xff]);
                        told.push(if is_431 { "431".to_owned() } else { format!("{:02x?}", frame.payload) });
                    }
                    Some(frame) if frame.kind == RST_STREAM => told.push(format!("RST_STREAM {}", frame.code())),
                    Some(frame) if frame.kind == GOAWAY => told.push(crate::h2::goodbye(frame.code())),
                    Some(_) => {}
                    None => break,
                }
            }
            told
        });
    }
    arena.serves().await;
    let told: Vec<_> = attacking.join_all().await.into_iter().flatten().collect();
    assert!(!told.is_empty() && !told.iter().any(|told| told.contains("200")), "{told:?}");
    let (mib, refused) = ((8 * requests * times * 3_900) >> 20, tally(told));
    let tried = format!("{} heads, of {mib} MiB in all", 8 * requests);
    arena.close(Outcome { tried, held: "none".into(), refused }).await;
}

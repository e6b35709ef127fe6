//! HTTP/2 streams and connections that are kept open for nothing.

use crate::arena::{Arena, Outcome, tally};
use crate::h2::{
    CONTINUATION, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, Peer, RST_STREAM, SETTINGS, frame, goodbye, head,
    setting,
};
use crate::patience::{rounds, soon, until};
use crate::raw::drip;
use std::time::Duration;
use tokio::task::JoinSet;

/// SETTINGS_INITIAL_WINDOW_SIZE.
const WINDOW: u16 = 4;
/// Streams that the server takes at once on a connection.
const STREAMS: u32 = 64;

#[tokio::test(flavor = "multi_thread")]
async fn answers_without_a_window() {
    let arena = Arena::open(
        "HTTP/2: answers of which nothing is taken, with pings answered",
        &["--request-head-ms-max", "3s", "--watcher-stall-ms-max", "3s"],
    )
    .await;
    // More answers than there are threads for blocking work: whoever waits for a receiver must not hold one.
    let connections = rounds(5);
    let attached = async || arena.metric("rowcast_watchers_attached_total").await as usize;
    let before = attached().await;
    let mut attacking = JoinSet::new();
    for window in [0, 1] {
        for _ in 0..connections {
            let address = arena.address;
            attacking.spawn(async move {
                let mut peer = Peer::open(address, &setting(WINDOW, window)).await;
                for n in 0..STREAMS {
                    let path = if n % 8 > 0 { "/csv?rows=10000000" } else { "/sse/nobody?from=start" };
                    // Of one client only so many may watch.
                    let path = path.replace("nobody", &format!("nobody-{n}"));
                    peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1 + 2 * n, &head("GET", &path, address))).await;
                }
                // An answer is given up alone; one whose end lies in the window waits for the connection's.
                let mut resets = 0;
                while resets < STREAMS {
                    match peer.heard().await {
                        Some(frame) if frame.kind == RST_STREAM => resets += 1,
                        Some(frame) => assert!(frame.kind != GOAWAY || frame.code() == 0, "{frame:?}"),
                        None => break,
                    }
                }
                resets
            });
        }
    }
    let tried = 2 * connections * STREAMS as usize;
    until("all of them", async || (attached().await >= before + tried / 8).then_some(())).await;
    arena.serves().await;
    let ended = attacking.join_all().await;
    let resets: u32 = ended.iter().sum();
    assert!(resets as usize >= tried / 2, "{ended:?}");
    let outcome = Outcome {
        tried: format!("{tried} answers on {} connections", 2 * connections),
        held: tried.to_string(),
        refused: format!("{resets} × RST_STREAM, the rest with its connection"),
    };
    // Two pieces of an answer, one on its way and one behind it, and what makes them.
    arena.close_within(outcome, tried as u64 * 256).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_ask_nothing() {
    let arena = Arena::open(
        "HTTP/2: connections that ask nothing, or a head and no end of it",
        &["--request-head-ms-max", "3s", "--watcher-stall-ms-max", "3s"],
    )
    .await;
    let settings = frame(SETTINGS, 0, 0, &[]);
    let block = head("GET", "/livez", arena.address);
    let begun = [PREFACE, &settings, &frame(HEADERS, END_STREAM, 1, &block)].concat();
    // A frame of one byte that goes on with the head, again and again.
    let dripped = [begun.clone(), frame(CONTINUATION, 0, 1, &[0]).repeat(100)].concat();
    let half = [PREFACE, &settings[..5]].concat();
    let phases: Vec<(Vec<u8>, usize)> = vec![
        (PREFACE.to_vec(), 20),
        (PREFACE.to_vec(), PREFACE.len() - 1),
        (half.clone(), half.len()),
        (begun.clone(), begun.len() - 3),
        (dripped, begun.len()),
    ];
    let (each, mut slow) = (rounds(20), JoinSet::new());
    for _ in 0..each {
        for (bytes, at_once) in &phases {
            let (address, bytes, at_once) = (arena.address, bytes.clone(), *at_once);
            slow.spawn(async move {
                drip(address, &bytes, at_once, Duration::from_millis(150)).await;
                "cut".to_owned()
            });
        }
        let address = arena.address;
        slow.spawn(async move {
            // A proper one, which only never asks.
            let mut peer = Peer::open(address, &[]).await;
            let mut said = String::new();
            let listening = async {
                while let Some(frame) = peer.heard().await {
                    assert_eq!((frame.kind, frame.code()), (GOAWAY, 0), "{frame:?}");
                    said = goodbye(frame.code());
                }
            };
            soon("its end", listening).await;
            said
        });
    }
    let tried = each * (phases.len() + 1);
    until("all of them", async || (arena.metric("rowcast_connections").await > tried as u64 / 2).then_some(())).await;
    let held = arena.metric("rowcast_connections").await - 1;
    arena.serves().await;
    let refused = tally(slow.join_all().await);
    arena.close(Outcome { tried: format!("{tried} connections"), held: held.to_string(), refused }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_streams_than_there_may_be() {
    let arena = Arena::open("HTTP/2: more streams at once than a connection may have", &[]).await;
    let (mut peer, tried) = (Peer::open(arena.address, &[]).await, 400);
    for n in 0..tried {
        let block = head("GET", &format!("/sse/one-{n}"), arena.address);
        peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1 + 2 * n, &block)).await;
    }
    let mut refused = 0;
    while refused < tried - STREAMS {
        match peer.heard().await.expect("the connection goes on") {
            // REFUSED_STREAM
            frame if frame.kind == RST_STREAM && frame.code() == 7 => refused += 1,
            frame => assert_ne!(frame.kind, GOAWAY, "{frame:?}"),
        }
    }
    let watching = async || arena.metric("rowcast_watchers").await == u64::from(STREAMS);
    until("the others", async || watching().await.then_some(())).await;
    arena.serves().await;
    drop(peer);
    let outcome = Outcome {
        tried: format!("{tried} streams"),
        held: STREAMS.to_string(),
        refused: format!("{refused} × REFUSED_STREAM"),
    };
    arena.close(outcome).await;
}

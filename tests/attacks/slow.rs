//! Slowloris: whoever says little, and waits.

use crate::api::Sending;
use crate::arena::{Arena, Outcome, status, tally};
use crate::client::{Connection, Request};
use crate::files::people;
use crate::patience::{rounds, until};
use crate::raw::drip;
use std::time::Duration;
use tokio::task::JoinSet;

const PATIENCE: [&str; 6] =
    ["--request-head-ms-max", "3s", "--body-stall-ms-max", "3s", "--watcher-stall-ms-max", "3s"];
/// Between two bytes.
const PAUSE: Duration = Duration::from_millis(150);

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_come_byte_by_byte() {
    let arena = Arena::open("slow heads: nothing, and then a byte now and then", &PATIENCE).await;
    let head = format!("GET /livez HTTP/1.1\r\nHost: {}\r\nX-Slow: x", arena.address);
    let within = |text: &str| head.find(text).expect("it is in there");
    let phases = [0, 1, within(" HTTP"), within("Host"), within("X-Slow"), head.len()];
    let (each, mut slow) = (rounds(40), JoinSet::new());
    for _ in 0..each {
        for at_once in phases {
            let (address, head) = (arena.address, head.clone());
            slow.spawn(async move { drip(address, head.as_bytes(), at_once, PAUSE).await });
        }
    }
    let tried = each * phases.len();
    until("all of them", async || (arena.metric("rowcast_connections").await > tried as u64 / 2).then_some(())).await;
    let held = arena.metric("rowcast_connections").await - 1;
    arena.serves().await;
    let ends = slow.join_all().await;
    assert!(ends.iter().all(|answer| !answer.starts_with(b"HTTP/1.1 2")));
    let refused = tally(ends.iter().map(|answer| status(answer)));
    arena.close(Outcome { tried: format!("{tried} connections"), held: held.to_string(), refused }).await;
}

fn upload_of(form: bool, client: &str) -> Request {
    let request = Request::post(&format!("/upload/{client}"));
    request.header("Content-Type", if form { "multipart/form-data; boundary=b" } else { "text/csv" })
}

/// Begins a file by tus, and a piece of it.
async fn piece(arena: &Arena, client: &str) -> Sending {
    use base64::Engine;
    let client = base64::engine::general_purpose::STANDARD.encode(client);
    let tus = |method: &str, target: &str| Request::new(method, target).header("Tus-Resumable", "1.0.0");
    let begun = tus("POST", "/files").header("Upload-Metadata", &format!("client {client}"));
    let begun = arena.ask(&begun.header("Upload-Length", "1000000")).await;
    assert_eq!(begun.status(), 201);
    let request = tus("PATCH", begun.header("location").expect("a place"))
        .header("Content-Type", "application/offset+octet-stream")
        .header("Upload-Offset", "0");
    arena.begin_as(&request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_trickle() {
    let arena = Arena::open("slow bodies: a form, a raw one, a piece by tus", &PATIENCE).await;
    let mut slow = Vec::new();
    for n in 0..4 {
        let client = format!("slow-{n}");
        let mut form = arena.begin_as(&upload_of(true, &client)).await;
        form.send("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\na,b\n").await;
        slow.push(form);
        slow.push(arena.begin_as(&upload_of(false, &client)).await);
        slow.push(piece(&arena, &client).await);
    }
    until("all of them", async || (arena.metric("rowcast_uploads_running").await == 12).then_some(())).await;
    // They go on for longer than a pause may be.
    for byte in b"1,2\n3,4\n5,6\n7,8\n9,10\n11,12\n13,14\n15,16\n17,18\n" {
        for sending in &mut slow {
            sending.send([*byte]).await;
        }
        tokio::time::sleep(PAUSE / 2).await;
    }
    arena.serves().await;
    assert_eq!(arena.metric("rowcast_uploads_running").await, 12);
    // And now they say nothing.
    let mut told = Vec::new();
    for mut sending in slow {
        told.push(sending.answer_or_cut().await.map_or("cut".to_owned(), |answer| answer.status().to_string()));
    }
    assert!(told.iter().all(|told| told == "408"), "{told:?}");
    until("their places", async || (arena.metric("rowcast_uploads_running").await == 0).then_some(())).await;
    let outcome = Outcome { tried: "12 uploads".into(), held: "12 while they moved".into(), refused: tally(told) };
    arena.close(outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_place_for_uploads_taken() {
    let arena = Arena::open("slow bodies in every place for uploads", &PATIENCE).await;
    let upload = arena.uploaded("earlier", people(10)).await;
    let mut slow = Vec::new();
    for n in 0..16 {
        let mut sending = arena.begin(&format!("slow-{n}")).await;
        sending.send("a,b\n").await;
        slow.push(sending);
    }
    until("all of them", async || (arena.metric("rowcast_uploads_running").await == 16).then_some(())).await;
    let mut refused = Vec::new();
    for n in 0..8 {
        let answer = arena.upload(&format!("late-{n}"), people(10)).await;
        answer.problem(503, "too-many-uploads");
        refused.push(answer.status());
    }
    // Whoever does not upload notices nothing.
    let rows = format!("/uploads/{}/rows.csv", upload["id"].as_str().expect("an id"));
    assert_eq!((arena.get("/readyz").await.status(), arena.get(&rows).await.status()), (200, 200));
    arena.watch("earlier").await;
    // They stall, and somebody honest takes the first place that is free.
    let free = async || (arena.metric("rowcast_uploads_running").await < 16).then_some(());
    until("a place", free).await;
    arena.serves().await;
    let outcome =
        Outcome { tried: "24 uploads".into(), held: "16, until they stalled".into(), refused: tally(refused) };
    drop(slow);
    arena.close(outcome).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads() {
    let arena = Arena::open("answers that are never read: events, downloads, mock files", &PATIENCE).await;
    let upload = arena.uploaded("big", people(40_000)).await;
    let id = upload["id"].as_str().expect("an id");
    arena.gauge().reset_peak();
    let (each, mut silent) = (rounds(12), Vec::new());
    for n in 0..each {
        // Of one client only so many may watch.
        let events = if n < 48 { "/sse/big?from=start".to_owned() } else { "/csv?rows=9000000".to_owned() };
        let rows = format!("/uploads/{id}/rows.csv");
        for target in [&events, &rows, &rows.replace(".csv", ".ndjson"), "/csv?rows=10000000&seed=1"] {
            let mut connection = Connection::open_narrow(arena.address).await;
            connection.send_head(&Request::get(target)).await;
            silent.push(connection);
        }
    }
    let tried = silent.len() as u64;
    until("all of them", async || (arena.metric("rowcast_connections").await > tried / 2).then_some(())).await;
    let held = arena.metric("rowcast_connections").await - 1;
    arena.serves().await;
    // They are still there, and still read nothing.
    until("the end of them", async || (arena.metric("rowcast_connections").await == 1).then_some(())).await;
    let outcome =
        Outcome { tried: format!("{tried} answers"), held: held.to_string(), refused: format!("{tried} × cut") };
    drop(silent);
    arena.close(outcome).await;
}

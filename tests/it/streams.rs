//! What a stream does besides telling events: it filters, ends when asked, keeps itself alive, and says when to come back.

use crate::client::Request;
use crate::files::people;
use crate::ledger::parts;
use crate::patience::until;
use crate::server::Server;
use crate::watcher::{Event, Watcher, kinds, rows};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_lets_only_its_kinds_through_and_ids_keep_up_all_the_same() {
    let server = Server::start().await;
    let mut whole = server.watch("me").await;
    let mut live = Watcher::attach(&server, "/sse/me?events=toast,stage").await;
    server.uploaded_strictly("me", [people(400), b"ragged\n".to_vec()].concat()).await;
    whole.until_end().await;
    let events = live.until_end().await;
    assert_eq!(kinds(&events), ["stage", "toast", "stage", "stage", "toast", "stage"]);
    assert_eq!(live.last_id(), whole.last_id());
    live.ledger.assert_agrees(&whole.ledger);
    for (wanted, expected) in [
        ("row", &["row"][..]),
        ("row,problem", &["row", "problem"]),
        ("problem", &["problem"]),
        ("%20problem%20,,", &["problem"]),
        ("progress", &["progress"]),
        ("profile", &["profile"]),
        ("row,problem,profile,toast,stage,progress", &["row", "problem", "profile", "toast", "progress", "stage"]),
    ] {
        let mut replayed = Watcher::attach(&server, &format!("/sse/me?from=start&until=done&events={wanted}")).await;
        let events = replayed.rest().await;
        let found: std::collections::BTreeSet<_> = kinds(&events).into_iter().collect();
        assert_eq!(found, expected.iter().copied().collect(), "{wanted}");
        // Whatever was passed over, the watcher can come back to the very end.
        assert_eq!(replayed.last_id(), whole.last_id(), "{wanted}");
        if wanted.starts_with("row") {
            assert_eq!(rows(&events).len(), 401);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_watcher_that_sees_nothing_still_learns_where_it_is() {
    // Its sender waits until there was silence.
    let server = Server::limited(|limits| limits.body_stall_ms_max = 30_000).await;
    let mut watcher = Watcher::attach(&server, "/sse/me?events=problem").await;
    let mut sending = server.begin("me").await;
    sending.send(people(100)).await;
    // Comments come in silence, so everything before one was taken in.
    until("an id beyond the rows", async || {
        watcher.comment().await;
        (watcher.ledger.n() >= 105).then_some(())
    })
    .await;
    let mut back = server.watch_after("me", watcher.last_id()).await;
    sending.send("Cy,1,last\n").await;
    assert_eq!(rows(&back.until(|event| event.is("row")).await).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn until_done_ends_with_the_next_upload_that_ends_and_a_reconnect_is_over() {
    let server = Server::start().await;
    server.uploaded("me", "a\nbefore\n").await;
    let mut watcher = Watcher::attach(&server, "/sse/me?until=done").await;
    server.uploaded("me", "a\n1\n").await;
    server.uploaded("me", "a\nafter\n").await;
    let events = watcher.rest().await;
    assert!(events.last().is_some_and(Event::is_end) && rows(&events).len() == 1, "{:?}", kinds(&events));
    // Browsers come back by themselves, and are told that it was all.
    let again = Request::get("/sse/me?until=done").header("Last-Event-ID", watcher.last_id());
    let Err(over) = Watcher::try_attach(&server, &again).await else { panic!("it goes on") };
    assert_eq!((over.status(), over.body.len()), (204, 0));
    // Whoever gives the same id by hand asks for what comes next.
    let by_hand = format!("/sse/me?until=done&last_event_id={}", watcher.last_id());
    assert_eq!(rows(&Watcher::attach(&server, &by_hand).await.rest().await)[0].1["a"], "after");
    // One that was cut before the end is not over.
    let (epoch, n) = parts(watcher.last_id());
    let cut = Request::get("/sse/me?until=done").header("Last-Event-ID", &format!("{epoch}-{}", n - 1));
    assert!(Watcher::attach_with(&server, &cut).await.rest().await.last().is_some_and(Event::is_end));
}

#[tokio::test(flavor = "multi_thread")]
async fn until_done_ends_however_the_upload_ends() {
    let server = Server::start().await;
    for (end, level) in [("interrupted", "warning"), ("cancelled", "info"), ("failed", "error"), ("done", "success")] {
        let mut watcher = Watcher::attach(&server, "/sse/me?until=done").await;
        let mut sending = server.begin("me").await;
        sending.send("a\n1\n").await;
        let upload = watcher.until(|event| event.is_row(1)).await[0].data["upload"].clone();
        let upload = upload.as_str().expect("an id");
        match end {
            "interrupted" => drop(sending),
            "done" => drop(sending.finish().await.ok(201)),
            "cancelled" => drop(server.ask(&Request::post(&format!("/uploads/{upload}/cancel"))).await.ok(200)),
            _ => {
                // More bytes than any file may have.
                let chunk = vec![b'1'; 1 << 20];
                while sending.try_send(&chunk).await.is_ok() && server.look(upload).await["stage"] == "reading" {}
            }
        }
        let events = watcher.rest().await;
        assert!(events.last().is_some_and(|event| event.is_stage(end)), "{end}: {:?}", events.last());
        // Each end is told to people as well, in the tone that fits it.
        let toast = &events.iter().rfind(|event| event.is("toast")).expect("a toast").data;
        assert!(toast["message"].as_str().is_some_and(|text| text.contains("upload.csv")), "{toast}");
        assert_eq!(toast["level"], level, "{end}: {toast}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_nothing_happens_on_is_kept_alive() {
    let server = Server::limited(|limits| limits.keep_alive_ms = 100).await;
    let mut watcher = server.watch("me").await;
    let begun = Instant::now();
    for _ in 0..3 {
        watcher.comment().await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(290), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_leaves_gives_its_place_back_at_once() {
    let server = Server::limited(|limits| {
        limits.client_connections_max = 1;
        limits.keep_alive_ms = 3_600_000;
    })
    .await;
    let first = server.watch("me").await;
    let second = Watcher::try_attach(&server, &Request::get("/sse/me")).await;
    second.err().expect("a refusal").problem(429, "too-many-watchers");
    drop(first);
    // Nothing is said on the stream meanwhile by which the server could notice.
    until("a free place", async || Watcher::try_attach(&server, &Request::get("/sse/me")).await.ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn head_never_takes_a_place() {
    let server = Server::limited(|limits| limits.client_connections_max = 1).await;
    for _ in 0..5 {
        let answer = server.ask(&Request::new("HEAD", "/sse/me?from=start")).await;
        assert_eq!((answer.status(), answer.header("content-type")), (200, Some("text/event-stream")));
    }
    server.watch("me").await;
    server.ask(&Request::new("HEAD", "/sse/.me")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_tells_watchers_when_to_come_back_and_ends_their_streams_cleanly() {
    let server = Server::start().await;
    server.uploaded("me", people(10)).await;
    let mut watchers = Vec::new();
    for target in ["/sse/me", "/sse/me?from=start", "/sse/me?events=toast", "/sse/other?until=done"] {
        watchers.push(Watcher::attach(&server, target).await);
    }
    let mut sending = server.begin("me").await;
    sending.send("a\n1\n2\n").await;
    watchers[0].until(|event| event.is_row(2)).await;
    server.begin_to_stop();
    let mut retries = Vec::new();
    for watcher in &mut watchers {
        watcher.rest().await;
        let retry = watcher.retry.expect("when to come back");
        assert!((100..60_000).contains(&retry), "{retry} ms");
        retries.push(retry);
    }
    retries.dedup();
    assert!(retries.len() > 1, "everybody would come back at the same time: {retries:?}");
    sending.answer().await.problem(503, "server-stopping");
    let dir = server.stop().await;
    // And back they come: nothing was missed.
    let server = Server::on(dir, |_| {}).await;
    let mut whole = server.watch_from_start("me").await;
    whole.until_end().await;
    assert!(whole.until_end().await.last().is_some_and(|event| event.is_stage("interrupted")));
    let mut back = server.watch_after("me", watchers[0].last_id()).await;
    while back.ledger.n() < whole.ledger.n() {
        back.event().await;
    }
    assert_eq!(back.last_id(), whole.last_id());
}

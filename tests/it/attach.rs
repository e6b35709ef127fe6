//! Where a watcher begins: after an id, at the start, or now; and nothing is missing or doubled from there.

use crate::api::STRICTLY;
use crate::client::Request;
use crate::files::people;
use crate::ledger::parts;
use crate::server::Server;
use crate::watcher::{Event, Watcher, kinds, rows};
use serde_json::json;

/// A server with one finished upload of three rows, and the ids of its events.
async fn with_an_upload() -> (Server, Vec<String>) {
    let server = Server::limited(|limits| limits.client_connections_max = 64).await;
    server.uploaded("me", "a\n1\n2\n3\n").await;
    let events = server.watch_from_start("me").await.until_end().await;
    let ids = events.iter().filter_map(|event| event.block.id.clone()).collect();
    (server, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_told_in_this_order_and_these_words() {
    let server = Server::start().await;
    let target = format!("/upload/me?filename=people.csv&{STRICTLY}");
    let upload = server.ask(&Request::post(&target).body("text/csv", "name,zip\nAna,01234\nBob\n")).await.ok(201);
    let mut watcher = server.watch_from_start("me").await;
    let events = watcher.until_end().await;
    assert_eq!(
        kinds(&events),
        ["stage", "toast", "stage", "profile", "stage", "row", "row", "problem", "toast", "progress", "stage"]
    );
    let id = &upload["id"];
    let reading = &upload["reading"];
    assert_eq!((&reading["delimiter"], &reading["columns"]), (&json!(","), &json!(["name", "zip"])));
    let seconds = &events[10].data["seconds"];
    assert!(seconds.as_f64().is_some_and(|seconds| (0.0..60.0).contains(&seconds)), "{seconds}");
    let expected = [
        json!({"upload": id, "stage": "receiving", "filename": "people.csv", "total_bytes": 23}),
        json!({"upload": id, "level": "info", "message": "Receiving people.csv."}),
        json!({"upload": id, "stage": "understood", "filename": "people.csv", "columns": ["name", "zip"], "reading": reading}),
        json!({"upload": id, "columns": upload["profile"]}),
        json!({"upload": id, "stage": "reading", "filename": "people.csv", "columns": ["name", "zip"], "reading": reading}),
        json!({"upload": id, "row": 1, "data": {"name": "Ana", "zip": "01234"}}),
        json!({"upload": id, "row": 2, "data": {"name": "Bob", "zip": null}}),
        json!({"upload": id, "row": 2, "line": 3, "byte": 19, "column": "zip", "code": "missing-cell", "severity": "error",
               "message": "the record has 1 cell, 1 too few; expected 2", "raw": "Bob"}),
        json!({"upload": id, "level": "warning", "message": events[8].data["message"]}),
        json!({"upload": id, "percent": 100, "received_bytes": 23, "read_bytes": 23, "total_bytes": 23, "rows": 2,
               "problems": 1, "problems_by_code": {"missing-cell": 1}}),
        json!({"upload": id, "stage": "done", "filename": "people.csv", "rows": 2, "problems": 1,
               "problems_by_code": {"missing-cell": 1}, "received_bytes": 23, "read_bytes": 23, "total_bytes": 23,
               "seconds": seconds}),
    ];
    for (event, expected) in events.iter().zip(&expected) {
        assert_eq!(&event.data, expected);
    }
    let toast = events[8].data["message"].as_str().unwrap_or_default();
    assert!(
        toast.starts_with("Done. 2 rows read from people.csv in ") && toast.ends_with(", 1 problem found."),
        "{toast}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_has_the_headers_that_keep_it_a_stream() {
    let server = Server::start().await;
    let watcher = server.watch("me").await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store, no-transform"),
        ("x-accel-buffering", "no"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(watcher.head.header(name), Some(value), "{name}");
    }
    assert_eq!(watcher.head.header("content-length"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_opens_with_the_id_to_come_back_with() {
    let server = Server::start().await;
    let unborn = server.watch("me").await;
    assert_eq!(parts(&unborn.opening).1, 0, "nothing has happened yet");
    let id = unborn.opening.clone();
    drop(unborn);
    server.uploaded("me", "a\n1\n").await;
    // The connection was lost before its first event: coming back with the opening id misses nothing.
    let mut back = server.watch_after("me", &id).await;
    assert_eq!(back.until_end().await.first().and_then(Event::n), Some(1));
    assert_eq!(server.watch("me").await.opening, back.last_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn now_means_nothing_of_before() {
    let (server, ids) = with_an_upload().await;
    let mut watcher = server.watch("me").await;
    assert_eq!(Some(&watcher.opening), ids.last());
    server.uploaded("me", "b\nlater\n").await;
    let events = watcher.until_end().await;
    assert_eq!(events[0].n(), Some(ids.len() as u64 + 1));
    assert_eq!(rows(&events), [(1, &json!({"b": "later"}))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_start_means_everything_that_is_kept() {
    let (server, ids) = with_an_upload().await;
    let mut watcher = server.watch_from_start("me").await;
    assert_eq!(parts(&watcher.opening).1, 0);
    let events = watcher.until_end().await;
    let told: Vec<_> = events.iter().filter_map(|event| event.block.id.clone()).collect();
    assert_eq!(told, ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_id_comes_the_next_one() {
    let (server, ids) = with_an_upload().await;
    for (place, id) in ids.iter().enumerate().take(ids.len() - 1) {
        let mut watcher = server.watch_after("me", id).await;
        assert_eq!(&watcher.opening, id);
        assert_eq!(watcher.head.header("newest-event-id"), ids.last().map(String::as_str));
        let told: Vec<_> = watcher.until_end().await.into_iter().filter_map(|event| event.block.id).collect();
        assert_eq!(told, ids[place + 1..], "after {id}");
    }
    let mut last = server.watch_after("me", ids.last().expect("an id")).await;
    last.comment().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_in_the_query_counts_and_the_header_before_it() {
    let (server, ids) = with_an_upload().await;
    let (third, fifth) = (&ids[2], &ids[4]);
    let asked = |target: String, header: Option<String>| {
        let request = Request::get(&target);
        header.map_or(request.clone(), |id| request.header("Last-Event-ID", &id))
    };
    for (query, header, opening) in [
        (format!("last_event_id={third}"), None, third),
        (format!("last_event_id={third}&from=start"), None, third),
        (format!("last_event_id={third}"), Some(fifth.clone()), fifth),
        ("from=start".to_owned(), Some(fifth.clone()), fifth),
        // What is empty was not given: a browser's first connection, a form's empty field.
        (format!("last_event_id={third}"), Some(String::new()), third),
        (String::from("last_event_id="), None, ids.last().expect("an id")),
    ] {
        let watcher = Watcher::attach_with(&server, &asked(format!("/sse/me?{query}"), header.clone())).await;
        assert_eq!(&watcher.opening, opening, "{query} {header:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_told_only_their_own() {
    let server = Server::start().await;
    let mut other = server.watch("other").await;
    let mut mine = server.watch("Other").await;
    server.uploaded("me", people(50)).await;
    server.uploaded("Other", "a\nmine\n").await;
    let events = mine.until_end().await;
    assert_eq!((rows(&events).len(), events[0].n()), (1, Some(1)));
    other.comment().await;
    assert_eq!(other.ledger.n(), 0, "names differ by their case");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_place_of_a_long_log_can_be_come_back_to() {
    let server = Server::limited(|limits| limits.client_connections_max = 64).await;
    server.uploaded("me", people(700)).await;
    let mut whole = server.watch_from_start("me").await;
    whole.until_end().await;
    let epoch = parts(whole.last_id()).0;
    for n in (0..whole.ledger.n()).step_by(61) {
        let mut watcher = server.watch_after("me", &format!("{epoch}-{n}")).await;
        watcher.until_end().await;
        assert_eq!(watcher.ledger.blocks.len() as u64, whole.ledger.n() - n);
        watcher.ledger.assert_agrees(&whole.ledger);
    }
}

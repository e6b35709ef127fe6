//! Line breaks and NUL in every place that a request has: nothing that the server writes is split by them.

use crate::arena::{Arena, Outcome, status, tally};
use crate::client::Request;
use crate::form::Form;
use crate::h2::{END_HEADERS, END_STREAM, GOAWAY, HEADERS, Peer, RST_STREAM, field, frame, head};
use crate::patience::until;
use crate::raw::exchange;
use crate::watcher::Watcher;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What would be a header, an event, a line of a log, each on its own.
const FORGED: &str = "x\r\nSet-Cookie: forged=1\r\n\r\n\nevent: forged\ndata: forged\nid: 7\n\n\0\rforged\u{85}forged\u{2028}forged\u{1b}[31mforged";
/// How it begins on a line where it was not kept in its place.
const SIGNS: [&str; 4] = ["Set-Cookie", "event: forged", "data: forged", "forged"];

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Says it in every place, and answers with the statuses.
async fn say_it(arena: &Arena) -> Vec<String> {
    let escaped = percent(FORGED);
    let mut told = Vec::new();
    let mut ask = async |request: Request| {
        let answer = arena.ask(&request).await;
        assert_eq!(answer.header("set-cookie"), None, "{answer:?}");
        told.push(answer.status().to_string());
        answer
    };
    // In paths and queries, escaped.
    for target in [
        format!("/{escaped}"),
        format!("/sse/{escaped}"),
        format!("/uploads/{escaped}"),
        format!("/problems/{escaped}"),
        format!("/files/{escaped}"),
        format!("/samples/{escaped}"),
        format!("/uploads?client={escaped}"),
        format!("/uploads?before={escaped}"),
        format!("/csv?columns={escaped}"),
        format!("/csv?seed={escaped}&rows=1"),
        format!("/sse/split?events={escaped}"),
        format!("/sse/split?until={escaped}"),
    ] {
        ask(Request::get(&target)).await;
    }
    ask(Request::new("HEAD", &format!("/sse/split?ticket={escaped}"))).await;
    let csv = "a,b\n1,2\n";
    for name in ["filename", "delimiter", "quote", "encoding", "columns", "comment", "nulls", "hold", FORGED] {
        let target = format!("/upload/split?{}={escaped}", percent(name));
        ask(Request::post(&target).body("text/csv", csv)).await;
    }
    // In names, values and file names of forms, as they are.
    let part = format!("Content-Disposition: form-data; name=\"{FORGED}\"\r\n");
    for form in [
        Form::new().file(FORGED, csv.as_bytes()),
        Form::new().text("filename", FORGED).file("a.csv", csv.as_bytes()),
        Form::new().text(FORGED, "x").file("a.csv", csv.as_bytes()),
        Form::new().text("delimiter", FORGED).file("a.csv", csv.as_bytes()),
        Form::new().part(&part, b"x").file("a.csv", csv.as_bytes()),
        Form::new().file(&FORGED.replace("\r\n", "%0D%0A"), csv.as_bytes()),
    ] {
        ask(form.to("/upload/split")).await;
    }
    // In events that somebody publishes, in their names and what they say.
    for event in [json!({"event": FORGED, "data": 1}), json!({"event": "x.note", "data": {FORGED: FORGED}})] {
        ask(Request::post("/sse/split").body("application/json", event.to_string())).await;
        ask(Request::post("/sse?clients=split").body("application/json", event.to_string())).await;
    }
    // In metadata of tus, in its names and values.
    let encoded = STANDARD.encode(FORGED);
    for metadata in [
        format!("client {},filename {encoded}", STANDARD.encode("split")),
        format!("client {},filetype {encoded}", STANDARD.encode("split")),
        format!("client {encoded}"),
        format!("client {},x%0d%0ay {encoded}", STANDARD.encode("split")),
    ] {
        let tus = Request::post("/files").header("Tus-Resumable", "1.0.0").header("Upload-Metadata", &metadata);
        ask(tus.header("Upload-Length", "0")).await;
    }
    // In headers, escaped.
    for name in
        ["Idempotency-Key", "traceparent", "tracestate", "Content-Digest", "Origin", "Cookie", "X-Forwarded-For"]
    {
        ask(Request::post("/upload/split").header(name, &escaped).body("text/csv", csv)).await;
        ask(Request::get("/uploads").header(name, &escaped)).await;
    }
    // In headers as they are, which no server may take.
    let host = arena.address;
    for name in ["Last-Event-ID", "Idempotency-Key", "Upload-Metadata", "traceparent", "X", "Content-Type"] {
        for byte in ["\0", "\r", "\n\n", "\r\n\r\n\r\n"] {
            let bytes = format!(
                "GET /uploads HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{name}: x{byte}forged: 1\r\n\r\n"
            );
            let answer = exchange(host, bytes.as_bytes()).await;
            let mut lines = answer.split(|byte| matches!(byte, b'\n' | b'\r'));
            assert!(!lines.any(|line| line.to_ascii_lowercase().starts_with(b"set-cookie")));
            told.push(status(&answer));
        }
    }
    // The same by HTTP/2, whose fields have lengths and no line ends.
    for (name, value) in [
        (&b"last-event-id"[..], FORGED),
        (b"idempotency-key", FORGED),
        (b"x\r\nforged", "x"),
        (b"x\0", "x"),
        (b":path", "/\r\nforged"),
        (b":authority", "localhost\r\nforged"),
    ] {
        let mut peer = Peer::open(host, &[]).await;
        let block = [head("GET", "/uploads", host), field(name, value.as_bytes())].concat();
        peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)).await;
        told.push(match peer.heard().await {
            Some(frame) if frame.kind == RST_STREAM => "RST_STREAM".into(),
            Some(frame) if frame.kind == GOAWAY => "GOAWAY".into(),
            None => "cut".into(),
            Some(frame) => panic!("{name:?} was answered: {frame:?}"),
        });
    }
    // A stream that begins after an id that is none repeats it, in its place.
    let mut watcher = Watcher::attach(arena, &format!("/sse/split?last_event_id={escaped}")).await;
    let gap = watcher.event().await;
    let from = gap.data["from"].as_str().expect("an id");
    assert!(from.starts_with("x\r\nSet-Cookie") && FORGED.starts_with(from), "{from:?}");
    assert_eq!(gap.data["reason"], "unknown-epoch");
    told
}

/// No event, and no line of an event, but the server's own. The reading watcher holds every line to the rules.
async fn is_not_split(arena: &Arena) {
    arena.upload("split", "a,b\nlast,one\n").await;
    let mut watcher = arena.watch_from_start("split").await;
    loop {
        let event = watcher.event().await;
        assert!(
            ["row", "problem", "progress", "toast", "stage", "profile", "x.note"].contains(&event.kind()),
            "{event:?}"
        );
        if event.is("row") && event.data["data"]["a"] == "last" {
            return;
        }
    }
}

/// The access log, once it tells of this path.
async fn log(arena: &Arena) -> String {
    arena.get("/the-last-one").await;
    until("the whole log", async || arena.log().contains("the-last-one").then_some(())).await;
    arena.log()
}

#[tokio::test(flavor = "multi_thread")]
async fn line_breaks_everywhere_with_logs_for_people() {
    let flags = ["--log", "info,access=info,audit=info"];
    let arena = Arena::open("CR, LF, NUL and ESC in every parameter; logs as text", &flags).await;
    let told = say_it(&arena).await;
    is_not_split(&arena).await;
    arena.serves().await;
    for line in log(&arena).await.split(['\n', '\r', '\u{85}', '\u{2028}', '\x0b', '\x0c']) {
        // "2026-…Z  INFO …"
        let is_line = line.is_empty() || line.starts_with("20") && line.as_bytes().get(10) == Some(&b'T');
        assert!(is_line && !SIGNS.iter().any(|sign| line.starts_with(sign)), "{line:?}");
        assert!(!line.contains(['\0', '\u{1b}']), "{line:?}");
    }
    let tried = format!("{} requests", told.len());
    arena.close(Outcome { tried, held: "no line, header or event split".into(), refused: tally(told) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn line_breaks_everywhere_with_logs_for_machines() {
    let flags = ["--log", "info,access=info,audit=info", "--log-format", "json"];
    let arena = Arena::open("CR, LF, NUL and ESC in every parameter; logs as JSON", &flags).await;
    let told = say_it(&arena).await;
    is_not_split(&arena).await;
    arena.serves().await;
    for line in log(&arena).await.split_terminator('\n') {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        assert!(line["timestamp"].is_string(), "{line}");
    }
    let tried = format!("{} requests", told.len());
    arena.close(Outcome { tried, held: "no line, header or event split".into(), refused: tally(told) }).await;
}

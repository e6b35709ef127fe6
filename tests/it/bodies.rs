//! How bodies arrive: whole or in pieces, with a length or without, asked for or not, wanted or not.

use crate::client::{Connection, Request};
use crate::files::people;
use crate::form::Form;
use crate::patience::soon;
use crate::server::Server;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_raw_body_is_the_file_and_the_query_names_it() {
    let server = Server::start().await;
    for (query, name) in [
        ("", "upload.csv"),
        ("?filename=people.csv", "people.csv"),
        ("?filename=", "upload.csv"),
        ("?filename=..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("?filename=a%0d%0aSet-Cookie:%20x.csv", "aSet-Cookie: x.csv"),
        ("?filename=%E2%82%AC%20rates.csv", "€ rates.csv"),
        ("?other=1&filename=a%26b.csv", "a&b.csv"),
    ] {
        let answer = server.ask(&Request::post(&format!("/upload/me{query}")).body("text/csv", "a\n1\n")).await;
        assert_eq!(answer.ok(201)["filename"], name, "{query}");
    }
    let long = format!("/upload/me?filename={}", "x".repeat(5_000));
    let upload = server.ask(&Request::post(&long).body("text/csv", "a\n1\n")).await.ok(201);
    assert!(upload["filename"].as_str().is_some_and(|name| name.len() <= 255), "{upload}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_of_any_size_make_the_same_file() {
    // From how much a file is understood depends on its sender's pauses alone.
    let server = Server::limited(|limits| limits.settle_ms = 60_000).await;
    let csv = people(120);
    let whole = server.uploaded("whole", csv.clone()).await;
    for size in [1, 2, 3, 7, 64, 1_000, csv.len()] {
        let mut sending = server.begin("pieces").await;
        for piece in csv.chunks(size) {
            sending.send(piece).await;
        }
        let upload = sending.finish().await.ok(201);
        for member in ["rows", "problems", "received_bytes", "read_bytes", "total_bytes", "columns", "reading"] {
            assert_eq!(upload[member], whole[member], "{member} in pieces of {size}");
        }
        let export =
            |upload: &serde_json::Value| format!("/uploads/{}/rows.csv", upload["id"].as_str().expect("an id"));
        assert!(server.get(&export(&upload)).await.body == server.get(&export(&whole)).await.body, "pieces of {size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_is_a_file_without_a_header() {
    let server = Server::start().await;
    for body in ["", "\n\n\r\n", "\u{feff}"] {
        let upload = server.uploaded("me", body).await;
        assert_eq!((&upload["rows"], &upload["columns"], &upload["percent"]), (&json!(0), &json!([]), &json!(100)));
        assert_eq!(upload["problems_by_code"]["blank-header"], 1, "{body:?}");
    }
    assert_eq!(server.begin("me").await.finish().await.ok(201)["rows"], 0);
}

fn asking(length: usize) -> Request {
    let request = Request::post("/upload/me").header("Content-Length", &length.to_string());
    request.header("Expect", "100-continue")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_asks_first_is_told_to_go_on_or_why_not() {
    let server = Server::start().await;
    let csv = people(50);
    let mut connection = server.connect().await;
    let request = asking(csv.len()).header("Content-Type", "text/csv");
    connection.send_head(&request).await;
    assert_eq!(connection.head().await.status, 100);
    connection.send(&csv).await;
    assert_eq!(connection.answer_to(&request).await.ok(201)["rows"], 50);

    // Everything that can be refused before the body is, and nobody sends it for nothing.
    let too_long = usize::try_from(server.limits().body_bytes_max).expect("it fits") + 1;
    for (request, status, code) in [
        (asking(5).header("Content-Type", "application/json"), 415, "unsupported-media-type"),
        (asking(5).header("Content-Type", "multipart/form-data"), 400, "bad-multipart"),
        (asking(too_long).header("Content-Type", "text/csv"), 413, "body-too-large"),
        (asking(5).header("Content-Type", "text/csv").header("Sec-Fetch-Site", "cross-site"), 403, "cross-site"),
        (asking(5).header("Content-Type", "text/csv").header("Host", "evil.example"), 421, "misdirected-host"),
    ] {
        let mut connection = server.connect().await;
        connection.send_head(&request).await;
        connection.answer_to(&request).await.problem(status, code);
        assert!(connection.is_closed().await, "the body will not come: {code}");
    }
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_a_sender_that_reads_only_after_sending_everything() {
    let server = Server::start().await;
    let head = |content_type: &str, length: usize| {
        let request = Request::post("/upload/me").header("Content-Type", content_type);
        request.header("Content-Length", &length.to_string())
    };
    // Below and beyond the largest file.
    let (fits, large) = (7 << 20, 12 << 20);
    let text = Form::with_boundary("b").text("x", &"y".repeat(100)).unended();
    for (content_type, length, begin, status, code) in [
        ("application/json", large, &b""[..], 415, "unsupported-media-type"),
        ("text/csv", large, b"", 413, "body-too-large"),
        ("multipart/form-data; boundary=b", fits, b"no form", 400, "bad-multipart"),
        ("multipart/form-data; boundary=b", fits, &text, 413, "fields-too-large"),
    ] {
        let request = head(content_type, length);
        let mut connection = server.connect().await;
        connection.send_head(&request).await;
        connection.send(begin).await;
        let chunk = vec![b'x'; 1 << 20];
        let mut left = length - begin.len();
        while left > 0 {
            let size = left.min(chunk.len());
            connection.send(&chunk[..size]).await;
            left -= size;
        }
        connection.answer_to(&request).await.problem(status, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_leaves_its_rows() {
    let server = Server::start().await;
    for sized in [true, false] {
        let mut watcher = server.watch("me").await;
        let mut sending = if sized { server.begin_sized("me", 100).await } else { server.begin("me").await };
        sending.send("a,b\n1,2\n3,4\n5,").await;
        watcher.until(|event| event.is_row(2)).await;
        drop(sending);
        let end = watcher.until_end().await;
        assert!(end.last().is_some_and(|event| event.is_stage("interrupted")), "{end:?}");
        let upload = server.newest("me", |upload| upload["stage"] == "interrupted").await;
        let rows = server.get(&format!("/uploads/{}/rows", upload["id"].as_str().expect("an id"))).await.ok(200);
        assert_eq!(rows["rows"][1]["data"], json!({"a": "3", "b": "4"}));
        assert_eq!((&rows["total"], &upload["received_bytes"]), (&json!(2), &json!(14)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_whose_chunks_are_broken_is_an_interrupted_upload() {
    let server = Server::start().await;
    for broken in ["zz\r\n", "-1\r\n", "5\r\n123", "ffffffffffffffffff\r\n", "3\r\n1\n2X\r\n"] {
        let request = Request::post("/upload/me").header("Content-Type", "text/csv");
        let request = request.header("Transfer-Encoding", "chunked");
        let mut connection = server.connect().await;
        connection.send_head(&request).await;
        connection.send(b"4\r\na\n1\n\r\n").await;
        connection.send(broken.as_bytes()).await;
        connection.half_close().await;
        if let Ok(head) = connection.try_head().await {
            assert_eq!(head.status, 400, "{broken:?}");
        }
        let upload = server.newest("me", |upload| upload["stage"] == "interrupted").await;
        assert!(upload["rows"].as_u64() <= Some(2), "{upload}");
        let target = format!("/uploads/{}", upload["id"].as_str().expect("an id"));
        assert_eq!(server.ask(&Request::new("DELETE", &target)).await.status(), 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_serves_one_request_after_the_other_also_after_an_upload() {
    let server = Server::start().await;
    let mut connection = Connection::open(server.address).await;
    for number in 1..=5 {
        let answer = connection.ask(&Form::new().file("a.csv", &people(number)).to("/upload/me")).await;
        assert_eq!(answer.ok(201)["rows"], number);
        connection
            .ask(&Request::post("/upload/me").body("application/json", "{}"))
            .await
            .problem(415, "unsupported-media-type");
        assert_eq!(connection.ask(&Request::get("/csv?rows=2")).await.text().lines().count(), 3);
        assert_eq!(connection.ask(&Request::new("HEAD", "/csv?rows=2")).await.status(), 200);
        connection.ask(&Request::get("/nothing")).await.problem(404, "not-found");
    }
    // Two requests in one go (RFC 9112, section 9.3.2) are answered in their order.
    let host = server.address;
    let two = format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n\r\nGET /nothing HTTP/1.1\r\nHost: {host}\r\n\r\n");
    connection.send(two.as_bytes()).await;
    assert_eq!(connection.answer_to(&Request::get("/livez")).await.status(), 200);
    soon("the second answer", connection.answer_to(&Request::get("/nothing"))).await.problem(404, "not-found");
}

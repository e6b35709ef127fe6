//! What a request may be, and how many there may be.

use crate::client::Request;
use crate::form::Form;
use crate::patience::until;
use crate::server::Server;
use crate::watcher::Watcher;

/// A form with a part whose head, its empty line included, has that many bytes.
fn with_part_head(length: u64) -> Form {
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n";
    let rest = usize::try_from(length).expect("it fits") - head.len() - "X: \r\n\r\n".len();
    Form::new().part(&format!("{head}X: {}\r\n", "x".repeat(rest)), b"a\n1\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_head_over_multipart_head_bytes_max_is_431() {
    let server = Server::start().await;
    let max = server.limits().multipart_head_bytes_max;
    assert_eq!(server.ask(&with_part_head(max).to("/upload/me")).await.ok(201)["rows"], 1);
    server.ask(&with_part_head(max + 1).to("/upload/me")).await.problem(431, "part-head-too-long");
    // One that never ends is not waited for.
    let endless = Form::with_boundary("b");
    let request = Request::post("/upload/me").header("Content-Type", &endless.content_type());
    let mut sending = server.begin_as(&request).await;
    sending.send(format!("--b\r\nX: {}", "x".repeat(2_000))).await;
    sending.answer().await.problem(431, "part-head-too-long");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_fields_over_multipart_text_bytes_max_are_413() {
    let server = Server::start().await;
    let max = usize::try_from(server.limits().multipart_text_bytes_max).expect("it fits");
    let with = |bytes: usize| Form::new().text("a", &"x".repeat(max / 2)).text("b", &"x".repeat(bytes - max / 2));
    assert_eq!(server.ask(&with(max).file("a.csv", b"a\n1\n").to("/upload/me")).await.ok(201)["rows"], 1);
    let refused = server.ask(&with(max + 1).file("a.csv", b"a\n1\n").to("/upload/me")).await;
    assert!(refused.problem(413, "fields-too-large").get("upload").is_none(), "nothing was begun");
    let after = Form::new().file("a.csv", b"a\n1\n").text("a", &"x".repeat(max + 1));
    server.ask(&after.to("/upload/me")).await.problem(413, "fields-too-large");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_multipart_parts_max_is_400() {
    let server = Server::start().await;
    let max = server.limits().multipart_parts_max;
    let with = |parts: u64| (1..parts).fold(Form::new(), |form, _| form.text("a", "b")).file("a.csv", b"a\n1\n");
    assert_eq!(server.ask(&with(max).to("/upload/me")).await.ok(201)["rows"], 1);
    server.ask(&with(max + 1).to("/upload/me")).await.problem(400, "too-many-parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_over_request_head_bytes_max_is_431() {
    let server = Server::start().await;
    let max = usize::try_from(server.limits().request_head_bytes_max).expect("it fits");
    let with = |bytes: usize| Request::get("/livez").header("X-Long", &"x".repeat(bytes));
    assert_eq!(server.ask(&with(max / 2)).await.status(), 200);
    let mut connection = server.connect().await;
    connection.send_head(&with(max)).await;
    assert_eq!(connection.head().await.status, 431);
    assert_eq!(server.get(&format!("/csv?columns={}", "x".repeat(max))).await.status(), 431, "a long target too");
    assert_eq!(server.get("/livez").await.status(), 200, "the others are served");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_over_connections_max_is_503_and_the_next_one_fits() {
    let server = Server::limited(|limits| limits.connections_max = 3).await;
    let mut watchers = Vec::new();
    for client in ["a", "b", "c"] {
        watchers.push(server.watch(client).await);
    }
    let mut refused = server.connect().await;
    refused.ask(&Request::get("/livez")).await.problem(503, "too-many-connections");
    assert!(refused.is_closed().await);
    // It is told to an uploader that has not read yet, too.
    server.upload("me", vec![b'x'; 10_000]).await.problem(503, "too-many-connections");
    watchers.pop();
    until("a free connection", async || (server.get("/livez").await.status() == 200).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_over_client_connections_max_is_429_and_other_clients_are_not_concerned() {
    let server = Server::start().await;
    let mut watchers = Vec::new();
    for _ in 0..server.limits().client_connections_max {
        watchers.push(server.watch("me").await);
    }
    let refused = Watcher::try_attach(&server, &Request::get("/sse/me?from=start")).await.err().expect("a refusal");
    refused.problem(429, "too-many-watchers");
    server.watch("other").await;
    // The ones that are there go on.
    server.uploaded("me", "a\n1\n").await;
    for watcher in &mut watchers {
        watcher.until_end().await;
    }
    watchers.pop();
    until("a free place", async || Watcher::try_attach(&server, &Request::get("/sse/me")).await.ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_over_uploads_max_is_503_and_waits_for_nobody() {
    let server = Server::start().await;
    let mut running = Vec::new();
    for number in 0..server.limits().uploads_max {
        let client = format!("client-{number}");
        let mut sending = server.begin(&client).await;
        sending.send("a\n1\n").await;
        server.newest(&client, |upload| upload["rows"] == 1).await;
        running.push(sending);
    }
    let told = server.upload("me", "a\n1\n").await.problem(503, "too-many-uploads");
    assert!(told.get("upload").is_none());
    assert_eq!(server.get("/uploads?client=me").await.ok(200)["uploads"].as_array().map(Vec::len), Some(0));
    running.pop().expect("one").finish().await.ok(201);
    assert_eq!(server.uploaded("me", "a\n1\n").await["rows"], 1);
    drop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_over_page_rows_max_is_refused_not_cut() {
    let server = Server::limited(|limits| limits.page_rows_max = 7).await;
    let upload = server.uploaded_strictly("me", format!("a,b\n{}", "ragged\n".repeat(20))).await;
    let of = |rest: &str| format!("/uploads/{}/{rest}", upload["id"].as_str().expect("an id"));
    for (path, list) in [("rows", "rows"), ("problems", "problems")] {
        let page = server.get(&of(&format!("{path}?limit=7"))).await.ok(200);
        assert_eq!(page[list].as_array().map(Vec::len), Some(7));
        let unsaid = server.get(&of(path)).await.ok(200);
        assert_eq!(unsaid[list].as_array().map(Vec::len), Some(7), "as many as there may be");
        server.get(&of(&format!("{path}?limit=8"))).await.problem(400, "bad-parameter");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mock_over_mock_rows_max_is_refused() {
    let server = Server::limited(|limits| limits.mock_rows_max = 50).await;
    assert_eq!(server.get("/csv?rows=50").await.text().lines().count(), 51);
    let told = server.get("/csv?rows=51").await.problem(400, "bad-parameter");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("51") && detail.contains("50")), "{told}");
}

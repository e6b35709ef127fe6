//! Quotas of clients: uploads a day, and bytes that they keep.

use super::{refused, tus_create, upload};
use crate::client::Request;
use crate::files::people;
use crate::server::Server;
use serde_json::{Value, json};

const PIECE: &str = "application/offset+octet-stream";

fn id(upload: &Value) -> &str {
    upload["id"].as_str().expect("an id")
}

fn reread(upload: &Value) -> Request {
    Request::post(&format!("/uploads/{}/reread", id(upload))).header("Content-Length", "0")
}

fn tus(method: &str, target: &str) -> Request {
    Request::new(method, target).header("Tus-Resumable", "1.0.0")
}

fn piece(path: &str, offset: usize, bytes: &[u8]) -> Request {
    tus("PATCH", path).header("Upload-Offset", &offset.to_string()).body(PIECE, bytes)
}

/// Begins a file for `me`; where it is.
async fn begin(server: &Server, more: &[(&str, &str)]) -> String {
    let request = tus("POST", "/files").header("Upload-Metadata", "client bWU=").header("Content-Length", "0");
    let request = more.iter().fold(request, |request, (name, value)| request.header(name, value));
    let answer = server.ask(&request).await;
    assert_eq!(answer.status(), 201, "{answer:?}");
    let location = answer.header("location").expect("where it is");
    location[location.find("/files/").expect("a path")..].to_owned()
}

async fn full(server: &Server, request: &Request) -> Value {
    let answer = server.ask(request).await;
    let problem = answer.problem(507, "client-full");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("'me' keeps")), "{problem}");
    assert!(answer.header("retry-after").is_some());
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_client_uploads_per_day_max_uploads() {
    let server = Server::limited(|limits| limits.client_uploads_per_day_max = 3).await;
    let keyed = upload("me").header("Idempotency-Key", "\"one\"");
    let first = server.ask(&keyed).await.ok(201);
    for _ in 0..3 {
        assert_eq!(server.ask(&keyed).await.ok(201)["id"], first["id"], "the same upload again is none");
    }
    assert_eq!(server.ask(&tus_create("me")).await.status(), 201);
    for _ in 0..3 {
        let part = tus("POST", "/files").header("Upload-Concat", "partial").header("Upload-Length", "4");
        let part = part.header("Upload-Metadata", "client bWU=").header("Content-Length", "0");
        assert_eq!(server.ask(&part).await.status(), 201, "a part is no upload");
        server.ask(&reread(&first)).await.ok(201);
    }
    server.ask(&upload("me")).await.ok(201);
    let over = server.ask(&upload("me")).await;
    refused(&over, "client-uploads-used-up", "client-uploads");
    assert!(over.json().get("upload").is_none(), "nothing was begun");
    refused(&server.ask(&tus_create("me")).await, "client-uploads-used-up", "client-uploads");
    server.ask(&keyed).await.ok(201);
    server.ask(&upload("you")).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_keeps_client_kept_bytes_max_and_no_byte_more() {
    let csv = people(100);
    let bytes = csv.len() as u64;
    let server = Server::limited(|limits| limits.client_kept_bytes_max = 2 * bytes).await;
    let first = server.uploaded("me", csv.clone()).await;
    let mut larger = csv.clone();
    larger.extend_from_slice(b"x");
    let refused = full(&server, &Request::post("/upload/me").body("text/csv", larger)).await;
    assert!(refused.get("upload").is_none(), "it was refused by its length: {refused}");
    server.uploaded("you", csv.clone()).await;
    // Nobody said how long this one is.
    let mut sending = server.begin("me").await;
    sending.send(&csv).await;
    server.newest("me", |upload| upload["received_bytes"] == bytes).await;
    sending.send("one more\n").await;
    let problem = sending.answer().await.problem(507, "client-full");
    let interrupted = server.look(problem["upload"].as_str().expect("the upload that it began")).await;
    assert_eq!((&interrupted["stage"], &interrupted["received_bytes"]), (&json!("interrupted"), &json!(bytes)));
    assert_eq!(interrupted["failure"]["code"], "client-full");
    // Going on with it takes room too; when some was made, it does.
    let resume = problem["resume"].as_str().expect("where it goes on").to_owned();
    let offset = csv.len();
    let last = piece(&resume, offset, b"1,2\n").header("Upload-Length", &(offset + 4).to_string());
    full(&server, &last).await;
    server.ask(&Request::new("DELETE", &format!("/uploads/{}", id(&first)))).await;
    assert_eq!(server.ask(&last).await.status(), 204);
    assert_eq!(server.look(id(&interrupted)).await["stage"], "done");
    // A restart finds what is kept.
    let server = server.restart().await;
    full(&server, &Request::post("/upload/me").body("text/csv", csv.clone())).await;
    server.uploaded("me", &csv[..csv.len() - 4]).await;
    full(&server, &upload("me")).await;
    let metrics = server.get("/metrics").await;
    assert!(
        metrics.text().contains("rowcast_rate_refusals_total{policy=\"client-kept-bytes\"} 2"),
        "{}",
        metrics.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn resumable_files_are_held_to_it_at_their_beginning_and_with_every_piece() {
    let server = Server::limited(|limits| limits.client_kept_bytes_max = 1_000).await;
    let too_long = tus("POST", "/files").header("Upload-Metadata", "client bWU=").header("Upload-Length", "1001");
    full(&server, &too_long.header("Content-Length", "0")).await;
    let open = begin(&server, &[("Upload-Defer-Length", "1")]).await;
    let rows = "abcdefg\n".repeat(100);
    assert_eq!(server.ask(&piece(&open, 0, rows.as_bytes())).await.status(), 204);
    let problem = full(&server, &piece(&open, 800, &rows.as_bytes()[..400])).await;
    assert_eq!(problem["resume"], open.as_str());
    // One that is verified first as well.
    let checked =
        piece(&open, 800, &rows.as_bytes()[..400]).header("Upload-Checksum", "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    full(&server, &checked).await;
    let standing = server.ask(&tus("HEAD", &open)).await;
    assert_eq!(standing.header("upload-offset"), Some("800"), "nothing of them was kept");
    let whole = piece(&open, 800, &rows.as_bytes()[..200]).header("Upload-Length", "1000");
    assert_eq!(server.ask(&whole).await.status(), 204);
    // A part counts for the client that it names.
    let part = tus("POST", "/files").header("Upload-Concat", "partial").header("Upload-Length", "1");
    full(&server, &part.header("Upload-Metadata", "client bWU=").header("Content-Length", "0")).await;
    assert_eq!(server.ask(&tus("DELETE", &open)).await.status(), 204);
    server.uploaded("me", rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reread_keeps_the_same_bytes_until_both_are_gone() {
    let server = Server::limited(|limits| limits.client_kept_bytes_max = 1_000).await;
    let rows = "abcdefg\n".repeat(100);
    let first = server.uploaded("me", rows.clone()).await;
    let second = server.ask(&reread(&first)).await.ok(201);
    let delete = async |upload: &Value| server.ask(&Request::new("DELETE", &format!("/uploads/{}", id(upload)))).await;
    assert_eq!(delete(&first).await.status(), 204);
    full(&server, &Request::post("/upload/me").body("text/csv", rows.clone())).await;
    let server = server.restart().await;
    full(&server, &Request::post("/upload/me").body("text/csv", rows.clone())).await;
    assert_eq!(server.ask(&Request::new("DELETE", &format!("/uploads/{}", id(&second)))).await.status(), 204);
    server.uploaded("me", rows).await;
}

//! `Content-Digest` and `Repr-Digest`: what arrived is what was sent, or it is no upload.

use crate::client::Request;
use crate::files::people;
use crate::form::Form;
use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256, Sha512};

fn sha_256(content: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(content)))
}

fn sha_512(content: &[u8]) -> String {
    format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(content)))
}

fn raw(csv: &[u8]) -> Request {
    Request::post("/upload/me").body("text/csv", csv)
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_is_as_its_digest_says_is_uploaded() {
    let server = Server::start().await;
    let csv = people(30);
    let form = Form::new().text("note", "x").file("a.csv", &csv).text("after", "y");
    for field in ["Content-Digest", "Repr-Digest"] {
        for digest in [
            sha_256(&csv),
            sha_512(&csv),
            format!("{}, {}", sha_512(&csv), sha_256(&csv)),
            // What is not known here is passed over, also when it is alone.
            format!("md5=:AAAA:, {};q=1", sha_256(&csv)),
            "unixsum=:AAAA:".into(),
            String::new(),
        ] {
            assert_eq!(server.ask(&raw(&csv).header(field, &digest)).await.ok(201)["rows"], 30, "{digest}");
        }
        for digest in [sha_256(&form.bytes()), sha_512(&form.bytes())] {
            assert_eq!(server.ask(&form.to("/upload/me").header(field, &digest)).await.ok(201)["rows"], 30);
        }
    }
    let both = raw(&csv).header("Content-Digest", &sha_256(&csv)).header("Repr-Digest", &sha_512(&csv));
    server.ask(&both).await.ok(201);
    let two_lines = raw(&csv).header("Content-Digest", &sha_256(&csv)).header("Content-Digest", &sha_512(&csv));
    server.ask(&two_lines).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_differs_from_any_digest_fails() {
    let server = Server::start().await;
    let csv = people(30);
    let form = Form::new().file("a.csv", &csv);
    let (right, wrong) = (sha_256(&csv), sha_256(b"other"));
    let cases = [
        raw(&csv).header("Content-Digest", &wrong),
        raw(&csv).header("Repr-Digest", &wrong),
        raw(&csv).header("Content-Digest", &right).header("Repr-Digest", &wrong),
        raw(&csv).header("Content-Digest", &format!("{right}, {}", sha_512(b"other"))),
        raw(&csv).header("Content-Digest", &right).header("Content-Digest", &wrong),
        // Of a form it is of the whole body, not of the file.
        form.to("/upload/me").header("Content-Digest", &right),
    ];
    for (number, request) in cases.iter().enumerate() {
        let told = server.ask(request).await.problem(400, "digest-mismatch");
        let upload = server.look(told["upload"].as_str().expect("the upload is named")).await;
        assert_eq!((&upload["stage"], &upload["failure"]["code"]), (&json!("failed"), &json!("digest-mismatch")));
        assert_eq!(upload["failure"]["message"], told["detail"], "case {number}");
    }
    // Behind the closing delimiter everything counts as well.
    let whole = form.bytes();
    let longer = [&whole[..], b"epilogue"].concat();
    let request = form.bytes_to("/upload/me", longer.clone()).header("Content-Digest", &sha_256(&longer));
    server.ask(&request).await.ok(201);
    let request = form.bytes_to("/upload/me", longer).header("Content-Digest", &sha_256(&whole));
    server.ask(&request).await.problem(400, "digest-mismatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_announced_stay_readable_when_the_digest_differs() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let request = Request::post("/upload/me").header("Content-Type", "text/csv");
    let mut sending = server.begin_as(&request.header("Content-Digest", &sha_512(b"a\n1\n2\n3\n"))).await;
    sending.send("a\n1\n2\n").await;
    watcher.until(|event| event.is_row(2)).await;
    sending.send("4\n").await;
    watcher.until(|event| event.is_row(3)).await;
    let told = sending.finish().await.problem(400, "digest-mismatch");
    let end = watcher.until_end().await;
    assert!(end.last().is_some_and(|event| event.is_stage("failed") && event.data["code"] == "digest-mismatch"));
    let id = told["upload"].as_str().expect("an id");
    let page = server.get(&format!("/uploads/{id}/rows")).await.ok(200);
    assert_eq!((&page["total"], &page["rows"][2]["data"]), (&json!(3), &json!({"a": "4"})));
    let server = server.restart().await;
    assert_eq!(server.look(id).await["stage"], "failed");
    assert_eq!(server.get(&format!("/uploads/{id}/rows")).await.ok(200), page);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_cannot_be_read_is_refused_before_anything_begins() {
    let server = Server::start().await;
    let short = format!("sha-256=:{}:", STANDARD.encode([0; 31]));
    for field in ["Content-Digest", "Repr-Digest"] {
        for digest in ["sha-256", "sha-256=abc", "sha-256=\"YQ==\"", "sha-256=:Y*:", "SHA-256=:YQ==:", "md5=1,", &short]
        {
            let told = server.ask(&raw(b"a\n1\n").header(field, digest)).await.problem(400, "bad-parameter");
            assert!(told["detail"].as_str().is_some_and(|detail| detail.starts_with(field)), "{told}");
        }
    }
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_behind_its_file_is_not_taken_for_checked() {
    let server = Server::start().await;
    let form = Form::new().file("a.csv", b"a\n1\n").text("after", "x");
    let request = Request::post("/upload/me").header("Content-Type", &form.content_type());
    let mut sending = server.begin_as(&request.header("Content-Digest", &sha_256(&form.bytes()))).await;
    sending.send(form.unended()).await;
    server.newest("me", |upload| upload["rows"] == 1).await;
    sending.half_close().await;
    server.newest("me", |upload| upload["stage"] == "interrupted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_may_follow_the_content_where_that_was_announced() {
    let server = Server::start().await;
    let csv = people(30);
    let ask = async |announced: &str, trailer: &str| {
        let request = Request::post("/upload/me").header("Content-Type", "text/csv").header("Trailer", announced);
        let mut sending = server.begin_as(&request).await;
        sending.send(&csv).await;
        sending.finish_with(trailer).await
    };
    for name in ["Content-Digest", "Repr-Digest"] {
        for digest in [sha_256(&csv), sha_512(&csv)] {
            ask(&format!("X-Other, {name}"), &format!("{name}: {digest}\r\n")).await.ok(201);
        }
        let wrong = format!("{name}: {}\r\n", sha_512(b"other"));
        ask(name, &wrong).await.problem(400, "digest-mismatch");
        ask(name, &format!("{name}: sha-256=abc\r\n")).await.problem(400, "digest-mismatch");
        // A trailer that was not announced may be passed over (RFC 9110, section 6.5.1), and is.
        ask("X-Other", &wrong).await.ok(201);
        ask("X-Other", &format!("{name}: sha-256=abc\r\n")).await.ok(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_changed_on_their_way_leave_the_key_free_for_the_right_ones() {
    let server = Server::start().await;
    let sent = |csv: &[u8]| raw(csv).header("Idempotency-Key", "k").header("Content-Digest", &sha_256(b"a\n1\n"));
    server.ask(&sent(b"a\n2\n")).await.problem(400, "digest-mismatch");
    let first = server.ask(&sent(b"a\n1\n")).await;
    first.ok(201);
    assert_eq!(server.ask(&sent(b"a\n1\n")).await.text(), first.text());
    // A repeated request that was changed on its way is told so; it began nothing.
    let told = server.ask(&sent(b"a\n3\n")).await.problem(400, "digest-mismatch");
    assert!(told.get("upload").is_none());
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"].as_array().map(Vec::len), Some(2));
}

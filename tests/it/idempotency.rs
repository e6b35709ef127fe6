//! `Idempotency-Key`: a request made twice uploads once, whatever happened in between.

use crate::answer::Answer;
use crate::api::Api;
use crate::client::Request;
use crate::files::people;
use crate::form::Form;
use crate::patience::until;
use crate::program::Program;
use crate::server::Server;
use serde_json::json;
use tempfile::TempDir;

const KEY: &str = "Idempotency-Key";

fn form(boundary: &str) -> Form {
    Form::with_boundary(boundary).text("note", "first").file("people.csv", &people(40)).text("after", "x")
}

fn raw(csv: impl Into<Vec<u8>>) -> Request {
    Request::post("/upload/me").body("text/csv", csv)
}

async fn count(api: &Api) -> usize {
    api.get("/uploads").await.ok(200)["uploads"].as_array().expect("a list").len()
}

#[track_caller]
fn assert_same(first: &Answer, again: &Answer) {
    assert_eq!(first.text(), again.text());
    for name in ["content-type", "location"] {
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
    assert_eq!(first.status(), again.status());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_is_answered_as_the_first_time_and_uploads_nothing() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let first = server.ask(&form("one").to("/upload/me").header(KEY, "\"k-1\"")).await;
    let upload = first.ok(201);
    assert_eq!(first.header("location"), Some(format!("/uploads/{}", upload["id"].as_str().expect("an id")).as_str()));
    watcher.until_end().await;
    for (boundary, key) in [("one", "\"k-1\""), ("another-boundary", "\"k-1\""), ("third", "k-1")] {
        assert_same(&first, &server.ask(&form(boundary).to("/upload/me").header(KEY, key)).await);
    }
    // However it is cut.
    let mut sending = server
        .begin_as(&Request::post("/upload/me").header("Content-Type", &form("b").content_type()).header(KEY, "k-1"))
        .await;
    for piece in form("b").bytes().chunks(7) {
        sending.send(piece).await;
    }
    assert_same(&first, &sending.finish().await);
    assert_eq!(count(&server).await, 1);
    // Nobody was told anything.
    server.uploaded("me", "a\n1\n").await;
    let next = watcher.event().await;
    assert!(next.data["upload"] != upload["id"], "{next:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_one_request_of_one_client() {
    let server = Server::start().await;
    let first = server.ask(&form("one").to("/upload/me").header(KEY, "k")).await;
    first.ok(201);
    let whole = people(40);
    let mut changed = whole.clone();
    *changed.last_mut().expect("a byte") = b' ';
    let others = [
        Form::new().text("note", "first").file("people.csv", &changed).text("after", "x"),
        Form::new().text("note", "first").file("people.csv", &whole[..whole.len() - 1]).text("after", "x"),
        Form::new().text("note", "first").file("people.csv", &people(41)).text("after", "x"),
        Form::new().text("note", "first").file("people.csv", b"").text("after", "x"),
        Form::new().text("note", "first").file("other.csv", &whole).text("after", "x"),
        Form::new().text("note", "other").file("people.csv", &whole).text("after", "x"),
        Form::new().text("other", "first").file("people.csv", &whole).text("after", "x"),
        Form::new().text("note", "first").file("people.csv", &whole).text("after", "y"),
        Form::new().text("note", "first").file("people.csv", &whole),
        Form::new().file("people.csv", &whole).text("after", "x"),
    ];
    for other in others {
        let refused = server.ask(&other.to("/upload/me").header(KEY, "k")).await;
        assert!(refused.problem(422, "idempotency-key-reused").get("upload").is_none());
    }
    let named = server.ask(&form("one").to("/upload/me?filename=other.csv").header(KEY, "k")).await;
    named.problem(422, "idempotency-key-reused");
    // A form that is broken is that, and no other request.
    let broken = Form::new().text("note", "first");
    server.ask(&broken.to("/upload/me").header(KEY, "k")).await.problem(400, "missing-file");
    assert_eq!(count(&server).await, 1);
    assert_same(&first, &server.ask(&form("two").to("/upload/me").header(KEY, "k")).await);
    // Another client's key of the same name is another key, and without a key all is as ever.
    server.ask(&form("one").to("/upload/you").header(KEY, "k")).await.ok(201);
    server.ask(&form("one").to("/upload/me")).await.ok(201);
    assert_eq!(count(&server).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_first_request_runs_the_second_is_told_so() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let request = Request::post("/upload/me").header("Content-Type", "text/csv").header(KEY, "k");
    let mut sending = server.begin_as(&request).await;
    sending.send("a\n1\n").await;
    watcher.until(|event| event.is_row(1)).await;
    let told = server.ask(&raw("a\n1\n2\n").header(KEY, "k")).await;
    told.problem(409, "idempotency-key-running");
    assert!(told.header("retry-after").is_some(), "when to come back");
    sending.send("2\n").await;
    let first = sending.finish().await;
    first.ok(201);
    assert_same(&first, &server.ask(&raw("a\n1\n2\n").header(KEY, "k")).await);
    assert_eq!(count(&server).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_exactly_one_uploads() {
    let server = Server::limited(|limits| limits.uploads_max = 10).await;
    for round in 0..10 {
        let request = form("b").to(&format!("/upload/c{round}")).header(KEY, "k");
        let api = Api { address: server.address };
        let asking: Vec<_> = (0..6)
            .map(|_| {
                let request = request.clone();
                tokio::spawn(async move { api.ask(&request).await })
            })
            .collect();
        let mut uploaded: Vec<Answer> = Vec::new();
        for asking in asking {
            let answer = asking.await.expect("an answer");
            if answer.status() == 201 {
                uploaded.push(answer);
            } else {
                answer.problem(409, "idempotency-key-running");
            }
        }
        let first = uploaded.first().expect("one uploaded");
        uploaded.iter().for_each(|other| assert_same(first, other));
        assert_same(first, &server.ask(&request).await);
        let list = server.get(&format!("/uploads?client=c{round}")).await.ok(200);
        assert_eq!(list["uploads"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_upload_frees_its_key() {
    let server = Server::start().await;
    let request = Request::post("/upload/me").header("Content-Type", "text/csv").header(KEY, "k");
    let mut sending = server.begin_as(&request).await;
    sending.send("a\n1\n").await;
    server.newest("me", |upload| upload["rows"] == 1).await;
    drop(sending);
    let interrupted = server.newest("me", |upload| upload["stage"] == "interrupted").await;
    let uploaded = server.ask(&raw("a\n1\n2\n").header(KEY, "k")).await.ok(201);
    assert_ne!(uploaded["id"], interrupted["id"]);
    // Also where the form breaks off behind its file: without its end nobody knows whether it is the same.
    let whole = form("b").bytes();
    let request = Request::post("/upload/me").header("Content-Type", &form("b").content_type()).header(KEY, "form");
    let mut sending = server.begin_as(&request).await;
    sending.send(&whole[..whole.len() - 8]).await;
    server.newest("me", |upload| upload["rows"] == 40).await;
    sending.half_close().await;
    let interrupted = server.newest("me", |upload| upload["stage"] == "interrupted").await;
    let uploaded = server.ask(&form("b").to("/upload/me").header(KEY, "form")).await.ok(201);
    assert_ne!(uploaded["id"], interrupted["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_or_expired_upload_frees_its_key() {
    let server = Server::start().await;
    let upload = server.ask(&raw("a\n1\n").header(KEY, "k")).await.ok(201);
    let id = upload["id"].as_str().expect("an id");
    assert_eq!(server.ask(&Request::new("DELETE", &format!("/uploads/{id}"))).await.status(), 204);
    // Now it may also be used for something else.
    let second = server.ask(&raw("b\n2\n").header(KEY, "k")).await.ok(201);
    assert_ne!(second["id"], upload["id"]);
    let server = server.restart_with(|args| args.keep = std::time::Duration::ZERO).await;
    until("everything expired", async || (count(&server).await == 0).then_some(())).await;
    let third = server.ask(&raw("c\n3\n").header(KEY, "k")).await.ok(201);
    assert_ne!(third["id"], second["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_answered_again_where_the_same_file_would_fail_again() {
    let server = Server::start().await;
    let wide = crate::files::columns(server.limits().columns_max + 1);
    let first = server.ask(&raw(format!("{wide}\n1\n")).header(KEY, "wide")).await;
    first.problem(422, "too-many-columns");
    assert_same(&first, &server.ask(&raw(format!("{wide}\n1\n")).header(KEY, "wide")).await);
    server.ask(&raw(format!("x{wide}\n1\n")).header(KEY, "wide")).await.problem(422, "idempotency-key-reused");

    // Cancelled in the middle: of the file only its beginning is known.
    let request = Request::post("/upload/me").header("Content-Type", "text/csv").header(KEY, "cancelled");
    let mut sending = server.begin_as(&request).await;
    sending.send("a\n1\n").await;
    let running = server.newest("me", |upload| upload["rows"] == 1).await;
    let id = running["id"].as_str().expect("an id");
    assert_eq!(server.ask(&Request::post(&format!("/uploads/{id}/cancel"))).await.status(), 200);
    let first = sending.answer().await;
    assert_eq!(first.problem(409, "upload-cancelled")["upload"], id);
    let server = server.restart().await;
    for again in ["a\n1\n", "a\n1\n2\n3\n"] {
        assert_same(&first, &server.ask(&raw(again).header(KEY, "cancelled")).await);
    }
    for other in ["a\n2\n2\n", "a\n1", ""] {
        server.ask(&raw(other).header(KEY, "cancelled")).await.problem(422, "idempotency-key-reused");
    }
    assert_eq!(count(&server).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_before_there_is_an_upload_leaves_the_key_free() {
    let server = Server::limited(|limits| limits.uploads_max = 1).await;
    let mut running = server.begin("other").await;
    running.send("a\n1\n").await;
    server.newest("other", |upload| upload["rows"] == 1).await;
    server.ask(&raw("a\n1\n").header(KEY, "k")).await.problem(503, "too-many-uploads");
    running.finish().await.ok(201);
    server.ask(&raw("a\n1\n").header(KEY, "k")).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_outlives_restarts_and_kill_9() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = Program::start(dir.path());
    let first = program.ask(&form("one").to("/upload/me").header(KEY, "k")).await;
    first.ok(201);
    let request = Request::post("/upload/me").header("Content-Type", "text/csv").header(KEY, "killed");
    let mut sending = program.begin_as(&request).await;
    sending.send("a\n1\n").await;
    program.newest("me", |upload| upload["rows"] == 1).await;
    program.kill();

    let mut program = Program::start(dir.path());
    assert_same(&first, &program.ask(&form("two").to("/upload/me").header(KEY, "k")).await);
    program.ask(&raw("a\n1\n").header(KEY, "k")).await.problem(422, "idempotency-key-reused");
    // The other request never arrived whole: it is made again.
    program.newest("me", |upload| upload["stage"] == "interrupted").await;
    let killed = program.ask(&raw("a\n1\n2\n").header(KEY, "killed")).await;
    assert_eq!(killed.ok(201)["rows"], 2);
    program.terminate();
    assert!(program.exited().success());

    let program = Program::start(dir.path());
    assert_same(&first, &program.ask(&form("three").to("/upload/me").header(KEY, "k")).await);
    assert_same(&killed, &program.ask(&raw("a\n1\n2\n").header(KEY, "killed")).await);
    assert_eq!(count(&program).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_could_not_be_known_again_is_none() {
    let server = Server::start().await;
    let journal = rusqlite::Connection::open(server.data_dir().join("journal.db")).expect("the journal");
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON keys BEGIN SELECT raise(ABORT, 'as on a failing disk'); END";
    journal.execute_batch(refuse).expect("a trigger");
    let told = server.ask(&raw("a\n1\n").header(KEY, "k")).await.problem(500, "storage-failed");
    assert_eq!(server.look(told["upload"].as_str().expect("an id")).await["stage"], "failed");
    journal.execute_batch("DROP TRIGGER refuse").expect("no trigger");
    let first = server.ask(&raw("a\n1\n").header(KEY, "k")).await;
    first.ok(201);
    assert_same(&first, &server.ask(&raw("a\n1\n").header(KEY, "k")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_a_short_string_or_400() {
    let server = Server::start().await;
    let max = usize::try_from(server.limits().idempotency_key_bytes_max).expect("it fits");
    for key in ["k".repeat(max), format!("\"{}\"", "k".repeat(max)), "\"with, a comma\"".into()] {
        server.ask(&raw("a\n1\n").header(KEY, &key)).await.ok(201);
    }
    let told = server.ask(&raw("a\n1\n").header(KEY, &"k".repeat(max + 1))).await.problem(400, "bad-parameter");
    let detail = json!(format!("Idempotency-Key: it has {} bytes; it may have {max}", max + 1));
    assert_eq!(told["detail"], detail);
    for key in ["", "\"\"", "\"open", "a b", "a, b", "k\u{e9}", "\"k\u{e9}\"", "a;b"] {
        server.ask(&raw("a\n1\n").header(KEY, key)).await.problem(400, "bad-parameter");
    }
    server.ask(&raw("a\n1\n").header(KEY, "a").header(KEY, "b")).await.problem(400, "bad-parameter");
    assert_eq!(count(&server).await, 2, "the first two are the same key");
}

//! Reading again what was uploaded, with other options: the bytes are shared, and nothing is sent.

use crate::api::Api;
use crate::client::Request;
use crate::files::people;
use crate::patience::until;
use crate::program::Program;
use crate::server::Server;
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt;
use tempfile::TempDir;

fn reread(upload: &Value, query: &str) -> Request {
    Request::post(&format!("/uploads/{}/reread{query}", id(upload))).header("Content-Length", "0")
}

fn id(upload: &Value) -> &str {
    upload["id"].as_str().expect("an id")
}

async fn delete(api: &Api, upload: &Value) {
    assert_eq!(api.ask(&Request::new("DELETE", &format!("/uploads/{}", id(upload)))).await.status(), 204);
}

async fn exported(api: &Api, upload: &Value) -> Vec<u8> {
    api.get(&format!("/uploads/{}/rows.csv", id(upload))).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reread_shares_the_bytes_and_outlives_what_it_reads() {
    let server = Server::start().await;
    let csv = people(300);
    let first = server.ask(&Request::post("/upload/me?filename=p.csv").body("text/csv", csv.clone())).await.ok(201);
    let answer = server.ask(&reread(&first, "?delimiter=comma&null_values=NA,-")).await;
    let second = answer.ok(201);
    assert_eq!(answer.header("location"), Some(format!("/uploads/{}", id(&second)).as_str()));
    assert_eq!(
        (&second["source"], &second["client"], &second["filename"], &second["stage"], &second["rows"]),
        (&first["id"], &json!("me"), &json!("p.csv"), &json!("done"), &json!(300))
    );
    assert_eq!(second["options"], json!({"delimiter": ",", "null_values": ["NA", "-"]}));
    assert_eq!((&second["received_bytes"], &second["total_bytes"]), (&json!(csv.len()), &json!(csv.len())));
    let third = server.ask(&reread(&second, "")).await.ok(201);
    assert_eq!((&third["source"], &third["options"]), (&second["id"], &json!({})), "a reread of a reread, by itself");
    let inode = |upload: &Value| std::fs::metadata(server.spooled(id(upload))).expect("a file").ino();
    assert!(inode(&first) == inode(&second) && inode(&second) == inode(&third), "one file");

    let before = exported(&server, &first).await;
    delete(&server, &first).await;
    assert_eq!(exported(&server, &second).await, before);
    let server = server.restart().await;
    assert_eq!(server.look(id(&second)).await, second);
    delete(&server, &third).await;
    assert_eq!(exported(&server, &second).await, before, "whichever goes first");
    let fourth = server.ask(&reread(&second, "")).await.ok(201);
    delete(&server, &second).await;
    assert_eq!(exported(&server, &fourth).await, before);
    delete(&server, &fourth).await;
    let left = std::fs::read_dir(server.data_dir().join("spool")).expect("the spool").count();
    assert_eq!(left, 0, "the bytes go with the last");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_over_can_be_read_again_and_what_runs_cannot() {
    let server = Server::start().await;
    let mut sending = server.begin("me").await;
    sending.send("a\n1\n2\n").await;
    let running = server.newest("me", |upload| upload["rows"] == 2).await;
    server.ask(&reread(&running, "")).await.problem(409, "upload-running");
    let cancel = Request::post(&format!("/uploads/{}/cancel", id(&running))).header("Content-Length", "0");
    server.ask(&cancel).await.ok(200);
    sending.answer().await;
    let of_cancelled = server.ask(&reread(&running, "")).await.ok(201);
    assert_eq!((&of_cancelled["rows"], &of_cancelled["received_bytes"]), (&json!(2), &json!(6)));

    let mut sending = server.begin("me").await;
    sending.send("b\n1\n").await;
    server.newest("me", |upload| upload["rows"] == 1 && upload["columns"] == json!(["b"])).await;
    drop(sending);
    let interrupted = server.newest("me", |upload| upload["stage"] == "interrupted").await;
    let of_interrupted = server.ask(&reread(&interrupted, "")).await.ok(201);
    // Its source gets more bytes; it has what it had.
    let piece = Request::new("PATCH", &format!("/files/{}", id(&interrupted)))
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", "4")
        .header("Upload-Length", "8")
        .body("application/offset+octet-stream", "2\n3\n");
    assert_eq!(server.ask(&piece).await.status(), 204);
    assert_eq!(server.look(id(&interrupted)).await["rows"], 3);
    let again = server.ask(&reread(&of_interrupted, "")).await.ok(201);
    for upload in [&of_interrupted, &again] {
        assert_eq!((&upload["rows"], &upload["received_bytes"]), (&json!(1), &json!(4)));
        assert_eq!(exported(&server, upload).await, b"b\r\n1\r\n");
    }
    // It takes no bytes of its own.
    let piece = Request::new("PATCH", &format!("/files/{}", id(&again)))
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Offset", "4")
        .body("application/offset+octet-stream", "2\n");
    let refused = server.ask(&piece).await;
    assert!(matches!(refused.status(), 403 | 409), "{refused:?}");

    let failed = server.upload("me", "a,".repeat(65) + "a\n").await.problem(422, "too-many-columns");
    let failed = server.look(failed["upload"].as_str().expect("an id")).await;
    let told = server.ask(&reread(&failed, "")).await.problem(422, "too-many-columns");
    assert_ne!(told["upload"], failed["id"], "the new one failed as well");
    server.ask(&reread(&json!({"id": "0199a5f3-9f40-7d2a-8000-000000000000"}), "")).await.problem(404, "not-found");
    let wrong = server.ask(&reread(&again, "?quote=ab")).await.problem(400, "bad-parameter");
    assert_eq!(wrong["detail"], "quote: it is 'ab'; expected one ASCII character, or none");
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_bytes_count_once_towards_what_is_kept() {
    let csv = people(400);
    let server = Server::start().await;
    let oldest = server.uploaded("me", csv.clone()).await;
    let first = server.uploaded("me", csv.clone()).await;
    for _ in 0..3 {
        server.ask(&reread(&first, "")).await.ok(201);
    }
    // Room for one and a half: only the oldest has to go.
    let keep = csv.len() as u64 * 3 / 2;
    let server = server.restart_with(|args| args.keep_bytes = keep).await;
    let target = format!("/uploads/{}", id(&oldest));
    until("the oldest one's end", async || (server.get(&target).await.status() == 404).then_some(())).await;
    let server = server.restart().await;
    let listed = server.get("/uploads").await.ok(200)["uploads"].as_array().expect("a list").len();
    assert_eq!(listed, 4, "their bytes count once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_reread_waits_over_a_killed_server_and_its_source_can_go() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = Program::start(dir.path());
    let first = program.uploaded("me", people(200)).await;
    let held = program.ask(&reread(&first, "?hold=review")).await.ok(202);
    assert_eq!((&held["stage"], &held["source"], &held["rows"]), (&json!("understood"), &first["id"], &json!(0)));
    delete(&program, &first).await;
    program.kill();

    let program = Program::start(dir.path());
    assert_eq!(program.look(id(&held)).await, held);
    let next = Request::post(&format!("/uploads/{}/next", id(&held))).header("Content-Length", "0");
    program.ask(&next).await.ok(200);
    let done = program.newest("me", |upload| upload["stage"] == "done").await;
    assert_eq!((&done["id"], &done["rows"]), (&held["id"], &json!(200)));
}

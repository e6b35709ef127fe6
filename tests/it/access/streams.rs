//! What a key gave ends with it, without anybody asking.

use super::{Guarded, Keys, by, upload};
use crate::client::Request;
use crate::patience::until;
use crate::program::Program;
use crate::server::Server;
use crate::watcher::Watcher;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_taken_out_ends_streams_and_requests_and_nobody_elses() {
    let (guarded, [alice, bob]) =
        Guarded::with(["sub=alice roles=uploader clients=*", "sub=bob roles=viewer clients=*"]).await;
    let server = &guarded.server;
    let watch = |key: &str| by(key, Request::get("/sse/me"));
    let mut hers = Watcher::attach_with(server, &watch(&alice)).await;
    let mut his = Watcher::attach_with(server, &watch(&bob)).await;
    let mut held = server.connect().await;
    assert_eq!(held.ask(&by(&alice, Request::get("/uploads"))).await.status(), 200);
    let before = Instant::now();
    guarded.keys.revoke("alice");
    assert!(hers.rest().await.is_empty() && !hers.broke_off);
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    // On a connection that was good before, too.
    held.ask(&by(&alice, Request::get("/uploads"))).await.problem(401, "invalid-token");
    server.ask(&watch(&alice)).await.problem(401, "invalid-token");
    his.comment().await;
    // And what is put in works.
    let carol = guarded.keys.add("sub=carol roles=uploader clients=me");
    until("the new key", async || (server.ask(&by(&carol, upload("me"))).await.status() == 201).then_some(())).await;
    assert!(his.until_end().await.iter().any(|event| event.is_row(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_loses_its_right_loses_its_stream() {
    let (guarded, [_]) = Guarded::with(["sub=root roles=admin"]).await;
    let key = rowcast::access::new_key().expect("a key");
    let digest = rowcast::access::KeyDigest::of(&key).expect("a key");
    let write = |rest: &str| {
        std::fs::write(guarded.keys.file(), format!("sha256:{digest} sub=a roles={rest}\n")).expect("keys")
    };
    write("viewer clients=me");
    let server = &guarded.server;
    let watch = by(&key, Request::get("/sse/me"));
    let mut watcher = until("the key", async || Watcher::try_attach(server, &watch).await.ok()).await;
    write("publisher clients=me");
    assert!(watcher.rest().await.is_empty());
    server.ask(&watch).await.problem(403, "forbidden");
    // Nonsense in the file changes nothing.
    std::fs::write(guarded.keys.file(), "nonsense\n").expect("keys");
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.ask(&watch).await.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_key_expires() {
    let keys = Keys::new();
    let soon = humantime::format_rfc3339_seconds(SystemTime::now() + Duration::from_secs(3));
    let key = keys.add(&format!("sub=alice roles=viewer clients=me expires={soon}"));
    let server = Server::with(|args| keys.asked_for(args)).await;
    let mut watcher = Watcher::attach_with(&server, &by(&key, Request::get("/sse/me"))).await;
    assert!(watcher.rest().await.is_empty());
    server.ask(&by(&key, Request::get("/sse/me"))).await.problem(401, "token-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_logged_or_repeated() {
    let keys = Keys::new();
    let key = keys.add("sub=alice roles=uploader clients=*");
    let dir = TempDir::new().expect("a folder");
    let file = keys.file();
    let flags =
        ["--log", "trace", "--auth", "token", "--auth-keys", file.to_str().expect("a name"), "--keys-poll-ms", "50ms"];
    let mut program = Program::with(dir.path(), &flags);
    let secret = key.strip_prefix("rct_").expect("a key");
    let session = program.ask(&by(&key, Request::post("/session"))).await;
    let cookie = super::cookie(&session);
    let asked = Request::post("/tickets").body("application/json", r#"{"client":"me"}"#).header("Cookie", &cookie);
    let ticket = program.ask(&asked).await.ok(201)["ticket"].as_str().expect("a ticket").to_owned();
    for request in [
        by(&key, Request::get("/nothing")),
        by(&key, Request::get(&format!("/uploads?client={key}"))),
        by(&format!("{key}x"), Request::get("/uploads")),
        Request::get(&format!("/sse/me?events=nothing&ticket={ticket}")),
        Request::get(&format!("/sse/me?ticket={ticket}x")),
        Request::get("/uploads").header("Cookie", &format!("{cookie}x")),
        by(&key, upload("me")),
    ] {
        let answer = program.ask(&request).await;
        for hidden in [secret, &ticket[6..], &cookie[20..]] {
            assert!(!answer.text().contains(hidden), "{answer:?}");
        }
    }
    std::fs::write(&file, format!("{key} sub=alice\n")).expect("keys");
    until("a word about the file", async || program.log().contains("roles is missing").then_some(())).await;
    program.terminate();
    assert!(program.exited().success());
    for hidden in [secret, &ticket[6..], &cookie[20..]] {
        assert!(!program.log().contains(hidden), "{}", program.log());
    }
    // Nor kept: of the key only its digest was ever on the disk, in the file of keys.
    for entry in std::fs::read_dir(dir.path()).expect("the folder") {
        let path = entry.expect("an entry").path();
        let content = std::fs::read(&path).unwrap_or_default();
        assert!(!content.windows(secret.len()).any(|text| text == secret.as_bytes()), "{}", path.display());
    }
}

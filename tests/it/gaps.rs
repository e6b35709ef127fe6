//! What a watcher cannot have is told by a gap, with its reason; what is kept follows.

use crate::files::people;
use crate::ledger::parts;
use crate::patience::until;
use crate::server::Server;
use crate::watcher::{Event, Watcher, rows};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

/// A server that many watchers in a row attach to, faster than the ones before are missed.
async fn server() -> Server {
    Server::limited(|limits| limits.client_connections_max = 64).await
}

/// The gap that the stream begins with.
async fn first_gap(watcher: &mut Watcher) -> Event {
    let event = watcher.event().await;
    assert_eq!(event.kind(), "gap", "{event:?}");
    event
}

async fn delete(server: &Server, upload: &Value) {
    let target = format!("/uploads/{}", upload["id"].as_str().expect("an id"));
    let answer = server.ask(&crate::client::Request::new("DELETE", &target)).await;
    assert_eq!((answer.status(), answer.body.len()), (204, 0));
}

/// Copies a folder of data.
fn copy(from: &std::path::Path) -> TempDir {
    let to = TempDir::new().expect("a temporary folder");
    std::fs::create_dir(to.path().join("spool")).expect("a folder");
    for name in ["", "spool"] {
        for entry in std::fs::read_dir(from.join(name)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let name = std::path::Path::new(name).join(path.file_name().expect("a name"));
                std::fs::copy(&path, to.path().join(name)).expect("a copy");
            }
        }
    }
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_upload_leaves_a_gap_and_the_rest_follows() {
    let server = server().await;
    let first = server.uploaded("me", "a\nfirst\n").await;
    let second = server.uploaded("me", people(300)).await;
    server.uploaded("me", "a\nthird\n").await;
    let mut before = server.watch_from_start("me").await;
    before.until_end().await;
    let end_of_first = before.last_id().to_owned();
    before.until_end().await;
    let end_of_second = before.last_id().to_owned();
    before.until_end().await;
    delete(&server, &second).await;

    // While the entries are being taken out they may be a gap each; together they are the whole upload.
    let mut watcher = server.watch_after("me", &end_of_first).await;
    let events = watcher.until_end().await;
    let gaps: Vec<_> = events.iter().filter(|event| event.is("gap")).collect();
    let mut at = parts(&end_of_first).1;
    for gap in &gaps {
        assert_eq!(
            (parts(gap.data["from"].as_str().expect("an id")).1, &gap.data["reason"]),
            (at + 1, &json!("deleted"))
        );
        at = gap.n().expect("a gap has an id");
    }
    assert_eq!(at, parts(&end_of_second).1);
    assert_eq!(rows(&events), [(1, &json!({"a": "third"}))]);
    watcher.ledger.assert_agrees(&before.ledger);
    until("one gap for all of it", async || {
        let mut watcher = server.watch_after("me", &end_of_first).await;
        let gap = first_gap(&mut watcher).await;
        let next = format!("{}-{}", parts(&end_of_first).0, parts(&end_of_first).1 + 1);
        (gap.data == json!({"from": next, "to": end_of_second, "reason": "deleted"})).then_some(())
    })
    .await;
    // From within the gap only the rest of it is missing.
    let inside = format!("{}-{}", parts(&end_of_first).0, parts(&end_of_first).1 + 100);
    let mut watcher = server.watch_after("me", &inside).await;
    let gap = first_gap(&mut watcher).await;
    assert_eq!((&gap.data["to"], &gap.data["reason"]), (&json!(end_of_second), &json!("deleted")));
    assert_eq!(parts(gap.data["from"].as_str().expect("an id")).1, parts(&inside).1 + 1);
    watcher.until_end().await;

    delete(&server, &first).await;
    let mut watcher = server.watch_from_start("me").await;
    let events = watcher.until_end().await;
    assert!(events.iter().filter(|event| event.is("gap")).all(|gap| gap.data["reason"] == "deleted"));
    watcher.ledger.assert_agrees(&before.ledger);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_told_so_and_replay_goes_on_with_what_is_kept() {
    let server = Server::start().await;
    let old = server.uploaded("me", people(20)).await;
    let mut watcher = server.watch_from_start("me").await;
    watcher.until_end().await;
    let (middle, end) = (format!("{}-9", parts(&watcher.opening).0), watcher.last_id().to_owned());
    // By size: the older one goes, the younger one has room.
    let kept = "a\nkept\n";
    server.uploaded("me", kept).await;
    let server = server.restart_with(|args| args.keep_bytes = kept.len() as u64).await;
    let target = format!("/uploads/{}", old["id"].as_str().expect("an id"));
    until("the old upload's end", async || (server.get(&target).await.status() == 404).then_some(())).await;
    let mut watcher = server.watch_after("me", &middle).await;
    let gap = first_gap(&mut watcher).await;
    assert_eq!((&gap.data["to"], &gap.data["reason"]), (&json!(end), &json!("expired")));
    assert_eq!(rows(&watcher.until_end().await), [(1, &json!({"a": "kept"}))]);
    // By age: nothing is young enough.
    let server = server.restart_with(|args| args.keep = Duration::from_millis(1)).await;
    until("an empty list", async || {
        server.get("/uploads?client=me").await.ok(200)["uploads"].as_array().expect("a list").is_empty().then_some(())
    })
    .await;
    let mut watcher = server.watch_after("me", &middle).await;
    assert_eq!(first_gap(&mut watcher).await.data["reason"], "expired");
    server.uploaded("me", "a\nnew\n").await;
    assert_eq!(rows(&watcher.until_end().await), [(1, &json!({"a": "new"}))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_nobody_is_an_unknown_epoch_and_everything_kept_follows() {
    let server = server().await;
    server.uploaded("me", "a\n1\n").await;
    for id in ["zzzzzzzz-3", "nonsense", "-", "42", "zzzzzzzz-99999999999999999999999", "%00", "' OR 1=1 --"] {
        let mut watcher = server.watch_after("me", id).await;
        let gap = first_gap(&mut watcher).await;
        assert_eq!(gap.data, json!({"from": id, "to": watcher.opening, "reason": "unknown-epoch"}));
        assert_eq!(watcher.until_end().await[0].n(), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_not_given_yet_is_ahead() {
    let server = Server::start().await;
    server.uploaded("me", "a\n1\n").await;
    let epoch = parts(&server.watch("me").await.opening).0;
    let id = format!("{epoch}-1000");
    let mut watcher = server.watch_after("me", &id).await;
    assert_eq!(first_gap(&mut watcher).await.data, json!({"from": id, "to": watcher.opening, "reason": "ahead"}));
    assert_eq!(watcher.until_end().await[0].n(), Some(1));
    // The same for a client of whom nothing is kept.
    let mut watcher = server.watch_after("unborn", &id).await;
    assert_eq!(first_gap(&mut watcher).await.data["reason"], "ahead");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restored_backup_does_not_know_is_lost() {
    let server = Server::start().await;
    server.uploaded("me", "a\nbefore\n").await;
    let mut watcher = server.watch_from_start("me").await;
    watcher.until_end().await;
    let known = watcher.last_id().to_owned();
    let dir = server.stop().await;
    let backup = copy(dir.path());
    let server = Server::on(dir, |_| {}).await;
    let mut watcher = server.watch_after("me", &known).await;
    server.uploaded("me", "a\nforgotten\n").await;
    watcher.until_end().await;
    let forgotten = watcher.last_id().to_owned();
    drop(server.stop().await);

    let server = Server::on(backup, |_| {}).await;
    assert_eq!(server.watch("me").await.opening, known, "what it does know keeps its epoch");
    let mut watcher = server.watch_after("me", &forgotten).await;
    let reason = "unknown-epoch"; // It was given after the backup was made.
    assert_eq!(first_gap(&mut watcher).await.data["reason"], reason);
    assert_eq!(rows(&watcher.until_end().await), [(1, &json!({"a": "before"}))]);
    // The numbers go on under a new epoch, and an id of the old one is none of theirs.
    server.uploaded("me", "a\nafter\n").await;
    let next = &watcher.until_end().await[0];
    let (epoch, n) = parts(next.block.id.as_deref().expect("an id"));
    assert!(epoch != parts(&known).0 && n == parts(&known).1 + 1, "{next:?}");
    let mut watcher = server.watch_after("me", &forgotten).await;
    assert_eq!(first_gap(&mut watcher).await.data["reason"], reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_whose_bytes_are_gone_are_lost_and_nothing_else_takes_their_place() {
    let server = Server::start().await;
    let torn = server.uploaded("me", people(400)).await;
    server.uploaded("me", "a\nwhole\n").await;
    let mut before = server.watch_from_start("me").await;
    before.until_end().await;
    before.until_end().await;
    let file = server.spooled(torn["id"].as_str().expect("an id"));
    let mut bytes = std::fs::read(&file).expect("its bytes");
    bytes[9_000] ^= 1;
    std::fs::write(&file, bytes).expect("its bytes");
    let mut watcher = server.watch_from_start("me").await;
    let mut events = watcher.until_end().await;
    events.extend(watcher.until_end().await);
    let gaps: Vec<_> = events.iter().filter(|event| event.is("gap")).collect();
    assert_eq!(gaps.len(), 1, "one batch is hurt: {gaps:?}");
    assert_eq!(gaps[0].data["reason"], "lost");
    assert!(rows(&events).len() > 300);
    watcher.ledger.assert_agrees(&before.ledger);
}

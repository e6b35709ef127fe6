//! A disk that takes no more: the upload fails and says so, the server lives on, and when there is room it works again.

use crate::answer::Answer;
use crate::api::{Api, Sending};
use crate::client::Request;
use crate::files::{people, people_from};
use crate::ledger::parts;
use crate::patience::until;
use crate::program::{PROGRAM, Program};
use crate::server::Server;
use crate::small_disk::SmallDisk;
use crate::watcher::{Event, kinds, rows};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Sends rows without end until it is told to stop.
async fn send_until_refused(sending: &mut Sending) -> Answer {
    for first in (1..).step_by(2_000) {
        if sending.try_send(people_from(first, first + 1_999)).await.is_err() {
            break;
        }
        // Far more than is read and thrown away behind an answer.
        assert!(first < 6_000_000, "the disk takes everything");
    }
    sending.answer().await
}

/// Uploads far too much, and holds what comes of it to what was promised; answers with the upload.
async fn fails_clearly(api: &Api, status: u16, code: &str, stage: &str) -> Value {
    let mut watcher = api.watch("me").await;
    let mut sending = api.begin("me").await;
    sending.send("name,zip,note\n").await;
    let told = send_until_refused(&mut sending).await.problem(status, code);
    let events = watcher.until_end().await;
    let end = &events.last().expect("its end").data;
    assert_eq!((&end["stage"], &end["code"]), (&json!(stage), &json!(code)));
    let toast = &events[events.len() - 2];
    assert_eq!((toast.kind(), &toast.data["level"]), ("toast", &json!("error")), "{:?}", kinds(&events));
    let upload = api.look(told["upload"].as_str().expect("the upload that it began")).await;
    assert_eq!((&upload["stage"], &upload["failure"]["code"]), (&json!(stage), &json!(code)));
    // The rows that were announced stay.
    let announced = rows(&events).len() as u64;
    assert!(announced > 100, "{announced} rows");
    let page = api.get(&format!("/uploads/{}/rows?from={announced}", upload["id"].as_str().expect("an id"))).await;
    assert_eq!(page.ok(200)["total"], announced);
    upload
}

/// Whatever needs no room works.
async fn lives_on(api: &Api) {
    for target in ["/livez", "/uploads", "/csv?rows=100", "/docs", "/openapi.json"] {
        assert_eq!(api.get(target).await.status(), 200, "{target}");
    }
    api.watch("somebody").await;
}

async fn delete(api: &Api, upload: &Value) {
    let target = format!("/uploads/{}", upload["id"].as_str().expect("an id"));
    assert_eq!(api.ask(&Request::new("DELETE", &target)).await.status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_leave_disk_free_bytes_min_free() {
    let server = Server::limited(|limits| limits.disk_free_bytes_min = 1 << 60).await;
    let mut watcher = server.watch("me").await;
    let refused = server.upload("me", people(10)).await;
    let told = refused.problem(507, "disk-full");
    assert!(refused.header("retry-after").is_some(), "waiting may help");
    assert!(watcher.until_end().await.last().is_some_and(|event| event.data["code"] == "disk-full"));
    assert_eq!(server.look(told["upload"].as_str().expect("an upload")).await["stage"], "interrupted");
    lives_on(&server).await;
    let server = server.restart_with(|args| args.limits.0.disk_free_bytes_min = 0).await;
    assert_eq!(server.uploaded("me", people(10)).await["rows"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_fails_the_upload_and_room_again_heals() {
    let Some(disk) = SmallDisk::mount(8) else { return };
    let program = Program::with(&disk.data(), &["--disk-free-bytes-min", "1MiB"]);
    let kept = program.uploaded("me", people(100)).await;
    let failed = fails_clearly(&program, 507, "disk-full", "interrupted").await;
    lives_on(&program).await;
    let page = program.get(&format!("/uploads/{}/rows", kept["id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!(page["total"], 100);
    program.upload("me", vec![b'x'; 200_000]).await.problem(507, "disk-full");
    // Deleting works on a full disk, and makes room.
    delete(&program, &failed).await;
    assert_eq!(program.uploaded("me", people(1_000)).await["rows"], 1_000);
    let mut before = program.watch_from_start("me").await;
    before.until(|event| event.is_stage("done") && event.data["rows"] == 1_000).await;
    program.kill();
    let program = Program::with(&disk.data(), &["--disk-free-bytes-min", "1MiB"]);
    let mut after = program.watch_from_start("me").await;
    after.until(|event| event.is_stage("done") && event.data["rows"] == 1_000).await;
    after.ledger.assert_agrees(&before.ledger);
    assert_eq!(after.last_id(), before.last_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_somebody_else_fills_takes_nothing_back_that_was_told() {
    let Some(disk) = SmallDisk::mount(12) else { return };
    let mut program = Program::with(&disk.data(), &["--disk-free-bytes-min", "0"]);
    program.uploaded("me", people(100)).await;
    let mut watcher = program.watch_from_start("me").await;
    watcher.until_end().await;
    let mut sending = program.begin("me").await;
    sending.send(people(500)).await;
    watcher.until(|event| event.is_row(500)).await;
    // Not a byte is left, for the journal neither.
    disk.fill();
    let refused = send_until_refused(&mut sending).await;
    assert!(matches!(refused.status(), 500 | 507), "{refused:?}");
    refused.problem(refused.status(), if refused.status() == 507 { "disk-full" } else { "storage-failed" });
    assert!(program.is_running());
    lives_on(&program).await;
    assert!(matches!(program.upload("me", people(10)).await.status(), 500 | 507));
    disk.empty();
    until("an upload that works again", async || {
        (program.upload("me", people(20)).await.status() == 201).then_some(())
    })
    .await;
    watcher.until(|event| event.is_stage("done") && event.data["rows"] == 20).await;
    // What was told is what is told again, and the broken upload is over at the latest after a restart.
    program.kill();
    let program = Program::with(&disk.data(), &["--disk-free-bytes-min", "0"]);
    let mut after = program.watch_from_start("me").await;
    while after.ledger.n() < watcher.ledger.n() {
        after.event().await;
    }
    after.ledger.assert_same(&watcher.ledger);
    until("an end of every upload", async || {
        let list = program.get("/uploads?client=me").await.ok(200);
        let mut stages = list["uploads"].as_array().expect("a list").iter().map(|upload| upload["stage"].clone());
        (!stages.any(|stage| stage == "reading" || stage == "understood" || stage == "receiving")).then_some(())
    })
    .await;
    let uploaded = program.uploaded("me", people(5)).await;
    let events = after.until(|event| event.is_stage("done") && event.data["upload"] == uploaded["id"]).await;
    assert!(events.iter().any(Event::is_end));
}

/// The program under a limit for the size of each file, as `ulimit -f` sets it.
fn with_small_files(dir: &Path, blocks: u32) -> Program {
    let mut shell = Command::new("sh");
    // Else the kernel ends whoever passes it.
    shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
    shell.args([PROGRAM, "serve", "--log", "info", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir);
    Program::run(shell)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_for_another_reason_fails_the_upload_clearly_too() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = with_small_files(dir.path(), 2_048);
    let failed = fails_clearly(&program, 500, "storage-failed", "failed").await;
    // What the system said of it, and where, is in the log and nowhere else.
    assert!(!failed.to_string().contains(dir.path().to_str().expect("a plain name")), "{failed}");
    lives_on(&program).await;
    delete(&program, &failed).await;
    assert_eq!(program.uploaded("me", people(1_000)).await["rows"], 1_000);
    let mut watcher = program.watch_from_start("me").await;
    let events = watcher.until_end().await;
    assert!(events.iter().any(|event| event.is("gap")) && rows(&events).len() == 1_000);
    let end = parts(watcher.last_id()).1;
    program.terminate();
    let mut program = program;
    assert!(program.exited().success());
    let program = with_small_files(dir.path(), 2_048);
    let again = program.watch("me").await;
    assert_eq!(parts(&again.opening).1, end);
}

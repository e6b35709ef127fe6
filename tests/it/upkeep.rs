//! What an operator does with a data folder: look at it, let go of what nobody needs, copy it while it is used.

use crate::cli::text;
use crate::client::Request;
use crate::files::people;
use crate::program::{Program, output};
use crate::server::Server;
use crate::watcher::rows;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

fn run(command: &str, dir: &Path, more: &[&str]) -> Output {
    let dir = dir.to_str().expect("a plain path");
    output([command, "--data-dir", dir].iter().chain(more))
}

/// What lies in a folder, but for the index of a log, which is made by looking at it.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in [dir.to_path_buf(), dir.join("spool")] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(dir).expect("it lies below").display().to_string();
            if path.is_file() && !name.ends_with("-shm") {
                found.insert(name, std::fs::read(&path).expect("its bytes"));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn check_finds_a_folder_well_and_changes_nothing() {
    let server = Server::start().await;
    server.uploaded("me", people(50)).await;
    server.uploaded("me", people(5)).await;
    let beside = run("check", server.data_dir(), &[]);
    assert!(beside.status.success(), "{beside:?}");
    assert!(text(&beside.stdout).contains("note   a server uses it now"), "{beside:?}");
    let dir = server.stop().await;
    let before = contents(dir.path());
    let checked = run("check", dir.path(), &["--keep", "3h"]);
    let said = text(&checked.stdout);
    assert!(checked.status.success(), "{said}");
    assert!(said.contains("the journal is whole; it lists 2 uploads") && !said.contains("WRONG"), "{said}");
    assert!(
        said.contains("keep = \"3h\"  # flag\n") && said.contains("keep-bytes = \"100GiB\"  # default\n"),
        "{said}"
    );
    assert_eq!(contents(dir.path()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_of_a_killed_server_changes_nothing_either() {
    let dir = TempDir::new().expect("a folder");
    let program = Program::start(dir.path());
    program.uploaded("me", people(50)).await;
    program.kill();
    let before = contents(dir.path());
    let checked = run("check", dir.path(), &[]);
    assert!(checked.status.success(), "{checked:?}");
    assert_eq!(contents(dir.path()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_what_is_wrong_by_its_status() {
    let nowhere = TempDir::new().expect("a folder");
    let fresh = run("check", &nowhere.path().join("not/yet"), &[]);
    assert!(fresh.status.success() && text(&fresh.stdout).contains("will be made"), "{fresh:?}");
    assert!(!nowhere.path().join("not").exists());
    let public = run("check", &nowhere.path().join("not"), &["--listen", "0.0.0.0:1"]);
    assert_eq!(public.status.code(), Some(1), "{public:?}");
    assert_eq!(run("check", nowhere.path(), &["--keep", "soon"]).status.code(), Some(2));

    let server = Server::start().await;
    let (lost, cut) = (server.uploaded("me", people(5)).await, server.uploaded("me", people(5)).await);
    let file = |upload: &serde_json::Value| server.spooled(upload["id"].as_str().expect("an id"));
    let (lost_file, cut_file) = (file(&lost), file(&cut));
    let dir = server.stop().await;
    let little = run("check", dir.path(), &["--disk-free-bytes-min", "1000TiB"]);
    assert!(little.status.code() == Some(1) && text(&little.stdout).contains("WRONG"), "{little:?}");
    std::fs::remove_file(lost_file).expect("it was there");
    std::fs::write(cut_file, "name").expect("it was there");
    let checked = run("check", dir.path(), &[]);
    let said = text(&checked.stdout);
    assert_eq!(checked.status.code(), Some(1), "{said}");
    for (upload, what) in [(&lost, "its file is missing"), (&cut, "its file is shorter")] {
        let id = upload["id"].as_str().expect("an id");
        assert!(said.contains(&format!("WRONG  upload {id}: {what}")), "{said}");
    }
    let journal = dir.path().join("journal.db");
    let mut bytes = std::fs::read(&journal).expect("the journal");
    let middle = bytes.len() / 2;
    bytes[2_048..middle].fill(0x5a);
    std::fs::write(&journal, bytes).expect("the journal");
    assert_eq!(run("check", dir.path(), &[]).status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn gc_lets_go_of_what_it_said_before_and_of_nothing_else() {
    let server = Server::start().await;
    let old = server.uploaded("me", people(500)).await["id"].as_str().expect("an id").to_owned();
    let young = server.uploaded("me", people(500)).await["id"].as_str().expect("an id").to_owned();
    let busy = run("gc", server.data_dir(), &[]);
    assert!(!busy.status.success() && text(&busy.stderr).contains("another process"), "{busy:?}");
    let dir = server.stop().await;
    let orphan = "0199a5f3-9f40-7d2a-8000-00000000abcd";
    std::fs::write(dir.path().join(format!("spool/{orphan}.csv")), "a\n1\n").expect("a file");

    let before = contents(dir.path());
    let room_for_one = (people(500).len() + 100).to_string();
    let flags = ["--keep-bytes", room_for_one.as_str()];
    let foreseen = run("gc", dir.path(), &[&flags[..], &["--dry-run"]].concat());
    assert!(foreseen.status.success(), "{foreseen:?}");
    assert_eq!(contents(dir.path()), before);
    let said = text(&foreseen.stdout).replace("would let go of", "let go of");
    assert!(said.contains(&old) && said.contains(orphan) && !said.contains(&young), "{said}");

    let done = run("gc", dir.path(), &flags);
    assert!(done.status.success(), "{done:?}");
    assert!(text(&done.stdout).starts_with(&said), "{}\nbut it said\n{said}", text(&done.stdout));
    assert!(contents(dir.path())["journal.db"].len() < before["journal.db"].len(), "the room is given back");
    let again = run("gc", dir.path(), &flags);
    assert_eq!(text(&again.stdout), "0 B given back\n");

    let server = Server::on(dir, |_| {}).await;
    server.get(&format!("/uploads/{old}")).await.problem(404, "not-found");
    assert_eq!(server.get(&format!("/uploads/{young}/rows?limit=1")).await.status(), 200);
    let events = server.watch_from_start("me").await.until(|event| event.is_stage("done")).await;
    assert!(events[0].is("gap") && rows(&events).len() == 500, "what is gone is a gap");
    assert!(run("check", server.data_dir(), &[]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_it_is_used_starts_with_all_rows_and_old_ids_are_answered_for() {
    let server = Server::start().await;
    let done = server.uploaded("me", people(300)).await;
    let mut watcher = server.watch_from_start("me").await;
    watcher.until(|event| event.is_stage("done")).await;
    let kept_id = watcher.last_id().to_owned();
    let mut sending = server.begin_strictly("they").await;
    sending.send("a,b\n1,2\n").await;
    let running = server.newest("they", |upload| upload["rows"] == 1).await;

    let copy = TempDir::new().expect("a folder");
    let to = copy.path().join("copy");
    let made = run("backup", server.data_dir(), &[to.to_str().expect("a plain path")]);
    assert!(made.status.success(), "{made:?}");
    assert!(text(&made.stdout).contains("2 uploads; 1 files shared, 1 copied"), "{made:?}");
    let again = run("backup", server.data_dir(), &[to.to_str().expect("a plain path")]);
    assert!(!again.status.success() && text(&again.stderr).contains("is not empty"), "{again:?}");

    // The original goes on, and nothing of that reaches the copy.
    sending.send("3,4\n").await;
    sending.finish().await.ok(201);
    server.uploaded("me", people(3)).await;
    watcher.until(|event| event.is_stage("done")).await;
    let later_id = watcher.last_id().to_owned();
    assert!(run("check", &to, &[]).status.success());
    let original = server;

    // Its own folder, as it would be on another machine.
    let restored = Program::start(&to);
    let id = done["id"].as_str().expect("an id");
    assert_eq!(restored.look(id).await["rows"], 300);
    let rows_of = async |target: &str| restored.get(target).await.body;
    let of_original = original.get(&format!("/uploads/{id}/rows.csv")).await.body;
    assert_eq!(rows_of(&format!("/uploads/{id}/rows.csv")).await, of_original);
    let interrupted = restored.newest("they", |upload| upload["stage"] == "interrupted" && upload["rows"] == 1).await;
    assert_eq!(interrupted["id"], running["id"]);

    let upload = restored.uploaded("me", "a\n1\n").await;
    let next = restored.watch_after("me", &kept_id).await.until(|event| event.is_stage("done")).await;
    assert!(!next[0].is("gap") && next.iter().all(|event| event.data["upload"] == upload["id"]), "{next:?}");
    let after = restored.watch_after("me", &later_id).await.until(|event| event.is_stage("done")).await;
    assert!(after[0].is("gap"), "its event is in no journal here: {:?}", after[0]);

    // Nor does what is deleted in the copy touch the original.
    restored.ask(&Request::new("DELETE", &format!("/uploads/{id}"))).await;
    assert_eq!(original.get(&format!("/uploads/{id}/rows.csv")).await.body, of_original);
    let of_running = running["id"].as_str().expect("an id");
    assert_eq!(original.look(of_running).await["rows"], 2);
}

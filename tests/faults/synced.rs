//! What is answered with success is on disk before: the system's own record of the program's calls says in which order it
//! wrote, synced and answered. (A killed process loses nothing that it wrote, so that alone would show nothing.)

use crate::api::Api;
use crate::client::Request;
use crate::dice::Dice;
use crate::form::Form;
use crate::patience::until_blocking;
use crate::program::{PROGRAM, Program};
use crate::sample::{Sample, strictly};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// One call of the program, in the order of their beginnings.
#[derive(Debug)]
struct Call {
    name: String,
    /// What it was done to.
    path: String,
    /// Its arguments, as far as they are recorded.
    said: String,
    /// Lines of the record at which it began, and at which it was done.
    began: usize,
    done: usize,
}

/// Reads what strace recorded, with calls that others interrupted put together again.
fn calls(record: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut under_way: HashMap<&str, usize> = HashMap::new();
    for (number, line) in record.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            if let Some(call) = under_way.remove(thread) {
                calls[call].done = number;
            }
            continue;
        }
        let Some((name, arguments)) = rest.split_once('(') else { continue };
        let path = arguments.split_once('<').and_then(|(_, path)| path.split_once('>')).map_or("", |(path, _)| path);
        if rest.ends_with("<unfinished ...>") {
            under_way.insert(thread, calls.len());
        }
        let (name, path, said) = (name.to_owned(), path.to_owned(), arguments.to_owned());
        calls.push(Call { name, path, said, began: number, done: number });
    }
    // One that never came to its end is done after everything else.
    for call in under_way.into_values() {
        calls[call].done = usize::MAX;
    }
    calls
}

impl Call {
    fn is_write_to(&self, path: &str) -> bool {
        self.name.contains("write") && self.path.ends_with(path)
    }

    fn is_sync_of(&self, path: &str) -> bool {
        matches!(&*self.name, "fsync" | "fdatasync") && self.path.ends_with(path)
    }

    /// Whether it tells a client of a success.
    fn is_answer(&self, head: &str) -> bool {
        self.said.contains(head) && !self.path.starts_with('/')
    }
}

/// Asserts that everything written to the file before the answer was synced between.
fn assert_synced_before(answer: &Call, calls: &[Call], path: &str) {
    let writes = calls.iter().filter(|call| call.is_write_to(path) && call.began < answer.began);
    let last = writes.max_by_key(|call| call.done).unwrap_or_else(|| panic!("nothing was written to {path}"));
    let synced = calls.iter().any(|call| call.is_sync_of(path) && call.began > last.done && call.done < answer.began);
    assert!(synced, "{path} was written to ({last:?}), and not synced before {answer:?}");
}

/// The program, with its calls recorded into the file. None where nothing records them.
fn recorded(dir: &Path, record: &Path) -> Option<Program> {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stdin(Stdio::null()).output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        println!("synced: skipped, strace is not there or may not look");
        return None;
    }
    let mut command = Command::new("strace");
    // The program stays this process's own child, so that it can be told to stop.
    command.args([
        "-D",
        "-f",
        "-y",
        "-s",
        "64",
        "-e",
        "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync",
    ]);
    command.arg("-o").arg(record).arg(PROGRAM);
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data-dir"]).arg(dir);
    Some(Program::run(command))
}

/// Creates an upload by tus, and sends it in so many pieces; answers with its id.
async fn send_in_pieces(api: &Api, sample: &Sample, pieces: usize) -> String {
    let metadata = format!("client {},filename {}", BASE64_STANDARD.encode("me"), BASE64_STANDARD.encode("a.csv"));
    let begin = Request::post("/files")
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Metadata", &metadata)
        .header("Upload-Length", &sample.len().to_string())
        .header("Content-Length", "0");
    let begun = api.ask(&begin).await;
    assert_eq!(begun.status(), 201, "{begun:?}");
    let id = begun.header("location").and_then(|path| path.rsplit('/').next()).expect("where it is").to_owned();
    let mut at = 0;
    for piece in sample.bytes.chunks(sample.bytes.len() / pieces + 1) {
        let patch = Request::new("PATCH", &format!("/files/{id}"))
            .header("Tus-Resumable", "1.0.0")
            .header("Upload-Offset", &at.to_string())
            .body("application/offset+octet-stream", piece);
        let answer = api.ask(&patch).await;
        at += piece.len();
        assert_eq!((answer.status(), answer.header("upload-offset")), (204, Some(&*at.to_string())), "{answer:?}");
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn every_success_is_answered_after_files_and_journal_are_synced() {
    const PIECES: usize = 5;
    let mut dice = Dice::of("synced");
    let dir = TempDir::new().expect("a temporary folder");
    let record = dir.path().join("record");
    let data = dir.path().join("data");
    let Some(mut program) = recorded(&data, &record) else { return };
    let sample = Sample::some(&mut dice, 1_000);
    let whole =
        program.ask(&Form::new().file("a.csv", &sample.bytes).to(&format!("/upload/me?{}", strictly()))).await.ok(201);
    let whole = whole["id"].as_str().expect("an id").to_owned();
    let pieces = send_in_pieces(&program, &sample, PIECES).await;
    program.terminate();
    assert!(program.exited().success());
    let record = until_blocking("the end of the record", || {
        std::fs::read_to_string(&record).ok().filter(|record| record.contains("+++ exited with"))
    });
    let calls = calls(&record);
    let answers = |head: &str| calls.iter().filter(|call| call.is_answer(head)).collect::<Vec<_>>();
    let created = answers("HTTP/1.1 201");
    assert_eq!(created.len(), 2, "an upload, and the beginning of another");
    let continued = answers("HTTP/1.1 204");
    assert_eq!(continued.len(), PIECES);
    // The whole upload: its file, the file's name, and the journal.
    let (log, file) = ("journal.db-wal", format!("spool/{whole}.csv"));
    assert_synced_before(created[0], &calls, &file);
    assert_synced_before(created[0], &calls, log);
    let named = |answer: &Call| {
        let writes = calls.iter().find(|call| call.is_write_to(&file)).expect("a write");
        calls.iter().any(|call| call.is_sync_of("/spool") && call.began > writes.began && call.done < answer.began)
    };
    assert!(named(created[0]), "the folder is synced too, else the file has no name");
    // The one in pieces: that it was begun, each piece, and its end with the journal.
    assert_synced_before(created[1], &calls, log);
    for answer in &continued {
        assert_synced_before(answer, &calls, &format!("spool/{pieces}.csv"));
    }
    assert_synced_before(continued[PIECES - 1], &calls, log);
    let syncs = calls.iter().filter(|call| call.name.ends_with("sync")).count();
    println!(
        "synced: 1 upload whole and 1 in {PIECES} pieces, {} calls, {syncs} syncs, each success after its own",
        calls.len()
    );
}

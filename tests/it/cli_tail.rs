//! `rowcast tail`: a client's events in a shell.

use crate::command::Running;
use crate::files::people;
use crate::patience::until_blocking;
use crate::program::{PROGRAM, Program, clear_environment, output};
use crate::proxy::Proxy;
use crate::server::Server;
use serde_json::{Value, json};
use std::io::Read;
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn parsed(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_objects_with_every_column_and_nothing_else_is_written() {
    let server = Server::start().await;
    server.uploaded_strictly("me", "zip,name\n01234,\"Ana \"\"the first\"\"\"\n99\n1,b,c\n").await;
    for url in [format!("http://{}/me", server.address), format!("http://{}/sse/me/", server.address)] {
        let tail = Running::start(&["tail", &url, "--rows", "--from-start", "--until-done"]);
        let (status, said, told) = tail.ended().await;
        assert!(status.success() && told.is_empty(), "{told}");
        let columns_in_order = r#"{"zip":"01234","name":"Ana \"the first\""}"#;
        assert_eq!(said[0], columns_in_order);
        assert_eq!(parsed(&said[1..]), [json!({"zip": "99", "name": null}), json!({"zip": "1", "name": "b"})]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_a_line_of_json_with_its_id() {
    let server = Server::start().await;
    server.uploaded("me", [people(300), b"ragged\n".to_vec()].concat()).await;
    let mut watcher = server.watch_from_start("me").await;
    let durable: Vec<_> = watcher.until_end().await.into_iter().filter(|event| !event.is("progress")).collect();
    let url = format!("http://{}/me", server.address);
    let tail = Running::start(&["tail", &url, "--ndjson", "--from-start", "--until-done"]);
    let (status, said, _) = tail.ended().await;
    assert!(status.success());
    let (progress, said): (Vec<_>, Vec<_>) = parsed(&said).into_iter().partition(|line| line["event"] == "progress");
    assert!(
        progress.iter().all(|line| line["id"].is_null())
            && progress.last().is_some_and(|line| line["data"]["percent"] == 100)
    );
    assert_eq!(said.len(), durable.len());
    for (line, event) in said.iter().zip(&durable) {
        assert_eq!((line["event"].as_str(), &line["data"]), (Some(event.kind()), &event.data));
        assert_eq!(line["id"].as_str(), event.block.id.as_deref());
    }
    // On from any place, and only some kinds.
    let after = said[100]["id"].as_str().expect("an id");
    let tail = Running::start(&["tail", &url, "--ndjson", "--last-event-id", after, "--until-done", "--events", "row"]);
    let (status, rest, _) = tail.ended().await;
    let rows: Vec<_> = said[101..].iter().filter(|line| line["event"] == "row").cloned().collect();
    assert!(status.success() && parsed(&rest) == rows, "{rest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_lines_that_their_terminal_does_not_obey() {
    let server = Server::start().await;
    server.uploaded_strictly("me", "name,note\nAna,\x1b[2Jgone\nBo\n").await;
    let url = format!("http://{}/me", server.address);
    let (status, said, _) = Running::start(&["tail", &url, "--from-start", "--until-done"]).ended().await;
    assert!(status.success());
    let all = said.join("\n");
    assert!(!all.contains('\x1b') && !all.contains("% "), "{all}");
    for line in [
        "name=Ana  note=\\u{1b}[2Jgone",
        "name=Bo  note=(missing)",
        "(missing-cell)",
        "done, 2 rows, 1 problem",
        "warning: Done.",
    ] {
        assert!(all.contains(line), "{line}: {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_written_while_the_file_still_arrives() {
    let server = Server::start().await;
    let url = format!("http://{}/me", server.address);
    let tail = Running::start(&["tail", &url, "--rows", "--from-start"]);
    let mut sending = server.begin("me").await;
    sending.send("a\nfirst\n").await;
    tail.until_said("first").await;
    sending.send("second\n").await;
    tail.until_said("second").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_connections_and_a_restart_neither_lose_nor_double_anything() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = Program::start(dir.path());
    let proxy = Proxy::to(program.address).await;
    let tail = Running::start(&["tail", &format!("http://{}/me", proxy.address), "--ndjson", "--from-start"]);
    program.uploaded("me", people(500)).await;
    tail.until_said("\"row\":500").await;
    proxy.cut();
    program.uploaded("me", people(700)).await;
    tail.until_said("\"row\":700").await;
    proxy.lead_to(None);
    program.kill();
    tail.until_told("trying again").await;
    let program = Program::start(dir.path());
    program.uploaded("me", people(900)).await;
    proxy.lead_to(Some(program.address));
    tail.until_said("\"row\":900").await;
    tail.until_told("connected again").await;
    let numbers: Vec<u64> =
        parsed(&tail.said()).iter().filter_map(|line| line["id"].as_str()?.split_once('-')?.1.parse().ok()).collect();
    let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
    assert_eq!(numbers, expected);
    assert!(!tail.told().contains("missing"), "{}", tail.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_no_longer_is_told() {
    let server = Server::start().await;
    let upload = server.uploaded("me", people(20)).await;
    let id = upload["id"].as_str().expect("an id");
    assert_eq!(server.ask(&crate::client::Request::new("DELETE", &format!("/uploads/{id}"))).await.status(), 204);
    let tail = Running::start(&["tail", &format!("http://{}/me", server.address), "--rows", "--from-start"]);
    tail.until_told("events are missing, from ").await;
    assert!(tail.told().contains(": deleted") && tail.said().is_empty(), "{}", tail.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_says_how_the_upload_ended() {
    let server = Server::start().await;
    let url = format!("http://{}/me", server.address);
    let tail = Running::start(&["tail", &url, "--rows", "--from-start", "--until-done"]);
    let mut sending = server.begin("me").await;
    sending.send("a\n1\n").await;
    tail.until_said("1").await;
    let upload = server.newest("me", |upload| upload["rows"] == 1).await;
    let cancel = format!("/uploads/{}/cancel", upload["id"].as_str().expect("an id"));
    server.ask(&crate::client::Request::post(&cancel)).await.ok(200);
    let (status, said, _) = tail.ended().await;
    assert_eq!((status.code(), said.len()), (Some(1), 1));
    // Nobody there, nobody of ours there, and nonsense.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let text = format!("http://{}/nothing/me", server.address);
    let gone = format!("http://{free}/me");
    for args in [
        &["tail", &gone][..],
        &["tail", &text],
        &["tail"],
        &["tail", "me"],
        &["tail", &url, "--rows", "--ndjson"],
        &["tail", &url, "--events", "shoes"],
        &["tail", &url, "--last-event-id", "x"],
    ] {
        let refused = tokio::task::block_in_place(|| output(args));
        assert!(
            refused.status.code() == Some(2) && refused.stdout.is_empty() && !refused.stderr.is_empty(),
            "{args:?}: {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_had_enough_ends_it_even_in_silence() {
    let server = Server::start().await;
    server.uploaded("me", people(50)).await;
    let mut command = Command::new(PROGRAM);
    clear_environment(&mut command);
    command.args(["tail", &format!("http://{}/me", server.address), "--rows", "--from-start"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut stdout = child.stdout.take().expect("its output");
    stdout.read_exact(&mut [0; 20]).expect("its beginning");
    drop(stdout);
    let status =
        tokio::task::block_in_place(|| until_blocking("its end", || child.try_wait().expect("it can be waited for")));
    let mut told = String::new();
    child.stderr.take().expect("its errors").read_to_string(&mut told).expect("text");
    assert!(status.success() && told.is_empty(), "{status}: {told}");
}

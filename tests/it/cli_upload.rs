//! `rowcast upload` against the real server.

use crate::command::Running;
use crate::files::people;
use crate::patience::until;
use crate::program::{Program, output};
use crate::proxy::Proxy;
use crate::server::Server;
use crate::watcher::{Event, rows};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;

fn parsed(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// Files of that content, one after the other.
fn files(contents: &[&[u8]]) -> (TempDir, Vec<String>) {
    let dir = TempDir::new().expect("a temporary folder");
    let write = |(number, content): (usize, &&[u8])| {
        let path: PathBuf = dir.path().join(format!("{number}.csv"));
        std::fs::write(&path, content).expect("a file");
        path.to_str().expect("a plain path").to_owned()
    };
    let paths = contents.iter().enumerate().map(write).collect();
    (dir, paths)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_one_after_the_other_and_each_gets_its_line() {
    let server = Server::start().await;
    let (_dir, paths) = files(&[&people(5_000), b"a,b\n1\n2,3,4\n\n5,6\n", b""]);
    let url = format!("http://{}/", server.address);
    let args = [
        "upload",
        &paths[0],
        &paths[1],
        &paths[2],
        "--to",
        &url,
        "--client",
        "me",
        "--problems-shown",
        "2",
        "--repair=off",
    ];
    let (status, said, told) = Running::start(&[&args[..], &["--json"]].concat()).ended().await;
    assert_eq!(status.code(), Some(0), "{told}");
    let lines = parsed(&said);
    let counts: Vec<_> =
        lines.iter().map(|line| (line["ok"].clone(), line["rows"].clone(), line["problems"].clone())).collect();
    let expected =
        [(json!(true), json!(5_000), json!(0)), (json!(true), json!(3), json!(3)), (json!(true), json!(0), json!(1))];
    assert_eq!(counts, expected);
    for (line, path) in lines.iter().zip(&paths) {
        assert_eq!((&line["file"], &line["client"], &line["stage"]), (&json!(path), &json!("me"), &json!("done")));
        let upload = server.look(line["upload"].as_str().expect("an id")).await;
        assert_eq!(
            (&upload["problems_by_code"], &upload["received_bytes"]),
            (&line["problems_by_code"], &line["bytes"])
        );
    }
    // Problems as they come, up to a number of each file, and then how many more.
    let of_second: Vec<_> = told.lines().filter(|line| line.starts_with("1.csv: ")).collect();
    let codes = ["(missing-cell)", "(extra-cell)", "1 more problem"];
    assert!(of_second.len() == 3 && of_second.iter().zip(codes).all(|(line, code)| line.ends_with(code)), "{told}");
    // For people: where it is, and whom to watch.
    let (status, said, told) = Running::start(&["upload", &paths[0], "--to", &url]).ended().await;
    let client = told.lines().find_map(|line| line.strip_prefix("client ")?.split(';').next()).expect("a new client");
    let upload = server.newest(client, |upload| upload["stage"] == "done").await;
    assert!(status.success() && said[0].starts_with("0.csv: 5,000 rows, 0 problems, "), "{said:?}");
    assert!(said[0].ends_with(&format!("{url}uploads/{}", upload["id"].as_str().expect("an id"))), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_again_and_again_is_read_once() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let proxy = Proxy::to(server.address).await;
    let csv = people(60_000);
    let (_dir, paths) = files(&[&csv]);
    proxy.cut_after(700_000);
    let url = format!("http://{}", proxy.address);
    let upload = Running::start(&["upload", &paths[0], "--to", &url, "--client", "me", "--json"]);
    watcher.until(|event| event.is("row")).await;
    upload.until_told("going on after").await;
    proxy.cut_after(500_000);
    let (status, said, told) = upload.ended().await;
    let line = &parsed(&said)[0];
    assert_eq!((status.code(), &line["rows"]), (Some(0), &json!(60_000)), "{told}");
    assert!(told.contains("trying again in "), "{told}");
    let id = line["upload"].as_str().expect("an id");
    assert!(std::fs::read(server.spooled(id)).expect("its bytes") == csv);
    // The watcher's ledger holds that no row came twice or not at all.
    let mut again = server.watch_from_start("me").await;
    let events = again.until(|event| event.is_stage("done")).await;
    assert_eq!(rows(&events).len(), 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_starts_again_goes_on_where_it_was() {
    let dir = TempDir::new().expect("a temporary folder");
    let program = Program::start(dir.path());
    let proxy = Proxy::to(program.address).await;
    let url = format!("http://{}", proxy.address);
    let mut upload = Running::start_with(&["upload", "-", "--to", &url, "--client", "me", "--json"], Stdio::piped());
    let mut input = upload.input();
    let csv = people(40_000);
    input.write_all(&csv[..1_000_000]).expect("it reads");
    program.newest("me", |upload| upload["rows"].as_u64() > Some(1_000)).await;
    proxy.lead_to(None);
    program.kill();
    upload.until_told("trying again in ").await;
    let program = Program::start(dir.path());
    proxy.lead_to(Some(program.address));
    input.write_all(&csv[1_000_000..]).expect("it reads");
    drop(input);
    let (status, said, told) = upload.ended().await;
    assert_eq!((status.code(), &parsed(&said)[0]["rows"]), (Some(0), &json!(40_000)), "{told}");
    let mut again = program.watch_from_start("me").await;
    let events = again.until(|event| event.is_stage("done")).await;
    let numbers: Vec<u64> = rows(&events).iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=40_000).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_announced_while_standard_input_is_still_open() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let url = format!("http://{}", server.address);
    let mut upload =
        Running::start_with(&["upload", "-", "--to", &url, "--client", "me", "--filename", "b.csv"], Stdio::piped());
    let mut input = upload.input();
    input.write_all(b"a\n1\n").expect("it reads");
    watcher.until(|event| event.is_row(1)).await;
    input.write_all(b"2\n").expect("it reads");
    watcher.until(|event| event.is_row(2)).await;
    drop(input);
    let (status, said, _) = upload.ended().await;
    assert!(status.success() && said[0].starts_with("b.csv: 2 rows, "), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_somebody_cancels_or_that_is_too_large_ends_with_1() {
    let server = Server::limited(|limits| limits.body_bytes_max = 100_000).await;
    let url = format!("http://{}", server.address);
    let mut upload = Running::start_with(&["upload", "-", "--to", &url, "--client", "me", "--json"], Stdio::piped());
    let mut input = upload.input();
    input.write_all(b"a\n1\n").expect("it reads");
    let id = server.newest("me", |upload| upload["rows"] == 1).await["id"].as_str().expect("an id").to_owned();
    server.ask(&crate::client::Request::post(&format!("/uploads/{id}/cancel"))).await.ok(200);
    let (status, said, told) = upload.ended().await;
    let line = &parsed(&said)[0];
    assert_eq!((status.code(), &line["stage"], &line["rows"]), (Some(1), &json!("cancelled"), &json!(1)), "{told}");
    assert_eq!(line["failure"]["code"], "upload-cancelled");
    // The next file is sent all the same.
    let (_dir, paths) = files(&[&people(10_000), b"a\n1\n"]);
    let (status, said, told) = Running::start(&["upload", &paths[0], &paths[1], "--to", &url, "--json"]).ended().await;
    let lines = parsed(&said);
    assert_eq!((status.code(), &lines[0]["failure"]["code"]), (Some(1), &json!("body-too-large")), "{told}");
    assert_eq!(lines[1]["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ctrl_c_the_same_file_goes_on_with_resume() {
    let server = Server::start().await;
    let proxy = Proxy::to(server.address).await;
    let csv = people(40_000);
    let (_dir, paths) = files(&[&csv]);
    let url = format!("http://{}", proxy.address);
    proxy.cut_after(800_000);
    let upload = Running::start(&["upload", &paths[0], "--to", &url, "--client", "me"]);
    upload.until_told("trying again in ").await;
    proxy.lead_to(None);
    upload.signal("INT");
    let (status, _, told) = upload.ended().await;
    assert_eq!(status.code(), Some(130), "{told}");
    let hint = told.lines().find_map(|line| line.split_once("Go on with: rowcast ")).expect("how to go on").1;
    proxy.lead_to(Some(server.address));
    assert!(hint.contains(" --client me "), "{hint}");
    // The upload knows its client.
    let words: Vec<_> = hint.split(' ').filter(|word| !["--client", "me"].contains(word)).collect();
    let (status, said, told) = Running::start(&words).ended().await;
    assert!(status.success() && said[0].starts_with("0.csv: 40,000 rows, 0 problems"), "{said:?} {told}");
    let ended = until("the end", async || {
        let uploads = server.get("/uploads?client=me").await.ok(200);
        (uploads["uploads"][0]["stage"] == "done").then_some(uploads)
    });
    assert_eq!(ended.await["uploads"].as_array().map(Vec::len), Some(1), "it is the same upload");
    let mut watcher = server.watch_from_start("me").await;
    assert!(watcher.until(|event| event.is_stage("done")).await.last().is_some_and(Event::is_end));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_told_before_anything_is_sent() {
    let server = Server::start().await;
    let url = format!("http://{}", server.address);
    let dir = TempDir::new().expect("a temporary folder");
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "a\n1\n").expect("a file");
    let (good, folder) = (path.to_str().expect("a plain path"), dir.path().to_str().expect("a plain path"));
    let missing = format!("{good}.gone");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let nobody = format!("http://{free}");
    for args in [
        &["upload", "--to", &url][..],
        &["upload", good, &missing, "--to", &url],
        &["upload", folder, "--to", &url],
        &["upload", good, "--to", "shoes"],
        &["upload", good, "--to", &url, "--client", "a/b"],
        &["upload", good, good, "--to", &url, "--filename", "b.csv"],
        &["upload", "-", "-", "--to", &url],
        &["upload", "-", "--to", &url, "--resume", crate::stand_in::ID],
        &["upload", good, "--to", &url, "--resume", "17"],
        &["upload", good, "--to", &url, "--chunk-bytes", "0"],
    ] {
        let refused = tokio::task::block_in_place(|| output(args));
        assert!(
            refused.status.code() == Some(2) && refused.stdout.is_empty() && !refused.stderr.is_empty(),
            "{args:?}: {refused:?}"
        );
    }
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"], Value::Array(Vec::new()));
    // Nobody there: every file gets its line all the same.
    let (status, said, told) = Running::start(&["upload", good, good, "--to", &nobody, "--json"]).ended().await;
    let codes: Vec<_> = parsed(&said).iter().map(|line| line["failure"]["code"].clone()).collect();
    assert_eq!((status.code(), codes), (Some(2), vec!["unreachable".into(), "not-begun".into()]), "{told}");
    assert!(told.contains("cannot reach"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_to_be_looked_at_is_sent_and_how_to_go_on_is_told() {
    let server = Server::start().await;
    let (_dir, paths) = files(&[&people(3)]);
    let url = format!("http://{}", server.address);
    let args = ["upload", &paths[0], "--to", &url, "--client", "me", "--hold", "review"];
    let (status, said, told) = Running::start(&args).ended().await;
    assert!(status.success(), "{told}");
    let upload = server.newest("me", |upload| upload["stage"] == "understood").await;
    let at = format!("{url}/uploads/{}", upload["id"].as_str().expect("an id"));
    assert!(said[0].starts_with("0.csv: held for review, ") && said[0].ends_with(&at), "{said:?}");
    assert!(told.lines().any(|line| line == format!("curl -X POST {at}/next")), "{told}");
    let (_, said, _) = Running::start(&[&args[..], &["--json"]].concat()).ended().await;
    let line = &parsed(&said)[0];
    assert_eq!((&line["ok"], &line["stage"], &line["rows"]), (&json!(true), &json!("understood"), &json!(0)));
}

//! `rowcast upload` against everything that can go wrong on the way.

use crate::command::Running;
use crate::files::people;
use crate::patience::until;
use crate::proxy::Proxy;
use crate::stand_in::{Fault, ID, StandIn};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;

/// A folder with one file in it.
fn file(content: &[u8]) -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a temporary folder");
    let path = dir.path().join("people and more.csv");
    std::fs::write(&path, content).expect("a file");
    (dir, path)
}

/// Uploads this to the stand-in: status, what scripts read, what people read.
async fn uploaded(to: &StandIn, content: &[u8], flags: &[&str]) -> (Option<i32>, Value, String) {
    let (_dir, path) = file(content);
    let path = path.to_str().expect("a plain path");
    let url = to.url();
    let args = [&["upload", path, "--to", &url, "--client", "me", "--json"], flags].concat();
    let (status, said, told) = Running::start(&args).ended().await;
    assert_eq!(said.len(), 1, "{said:?}: {told}");
    (status.code(), serde_json::from_str(&said[0]).expect("a line of JSON"), told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_one_request_of_known_length() {
    let server = StandIn::start().await;
    let csv = people(20_000);
    let (status, line, told) = uploaded(&server, &csv, &["--filename", "Ärger.csv"]).await;
    assert_eq!((status, &line["ok"], &line["rows"]), (Some(0), &Value::Bool(true), &7.into()), "{told}");
    assert!(server.file() == csv);
    let created = &server.asked("POST")[0];
    assert_eq!(created.header("upload-length"), Some(csv.len().to_string().as_str()));
    assert_eq!(created.header("upload-metadata"), Some("client bWU=,filename w4RyZ2VyLmNzdg=="));
    let sent = server.asked("PATCH");
    assert_eq!((sent.len(), sent[0].header("content-length")), (1, Some(csv.len().to_string().as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_passes_is_waited_out_and_no_byte_is_lost_or_doubled() {
    let csv = people(30_000);
    for faults in [
        &[("PATCH", Fault::CutAfter(500_000)), ("PATCH", Fault::CutAfter(1)), ("PATCH", Fault::CutAfter(300_001))][..],
        &[("PATCH", Fault::Refuse(423, "upload-locked")), ("PATCH", Fault::Refuse(409, "wrong-offset"))],
        &[("PATCH", Fault::Refuse(503, "shutting-down")), ("HEAD", Fault::Refuse(500, "storage-failed"))],
        &[("PATCH", Fault::Refuse(507, "disk-full")), ("PATCH", Fault::Refuse(408, "body-stalled"))],
        &[("PATCH", Fault::Mute)],
        &[("POST", Fault::Refuse(503, "too-many-uploads")), ("HEAD", Fault::Mute), ("PATCH", Fault::CutAfter(0))],
    ] {
        let server =
            faults.iter().fold(StandIn::start().await, |server, (method, fault)| server.failing(method, fault.clone()));
        let (status, line, told) = uploaded(&server, &csv, &[]).await;
        assert_eq!((status, &line["ok"]), (Some(0), &Value::Bool(true)), "{faults:?}: {told}");
        assert!(server.file() == csv, "{faults:?}");
        assert!(told.contains("trying again in "), "{faults:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_cut_is_waited_for() {
    let csv = people(30_000);
    let server = StandIn::start().await;
    let proxy = Proxy::to(server.address).await;
    proxy.cut_after(600_000);
    let (_dir, path) = file(&csv);
    let url = format!("http://{}", proxy.address);
    let args = ["upload", path.to_str().expect("a plain path"), "--to", &url, "--client", "me"];
    let (status, said, told) = Running::start(&args).ended().await;
    assert!(status.success() && server.file() == csv && told.contains("going on after "), "{told}");
    assert!(said[0].starts_with("people and more.csv: 7 rows, 0 problems, ") && said.len() == 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_is_told_at_once() {
    for (method, status, code) in
        [("POST", 413, "body-too-large"), ("PATCH", 410, "upload-gone"), ("PATCH", 415, "wrong-type")]
    {
        let server = StandIn::start().await.failing(method, Fault::Refuse(status, code));
        let (exit, line, told) = uploaded(&server, &people(10), &[]).await;
        assert_eq!((exit, line["failure"]["code"].as_str()), (Some(1), Some(code)), "{told}");
        assert!(told.contains(&format!("the stand-in says {code}")) && !told.contains("trying again"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_can_be_bounded() {
    let server = StandIn::start().await;
    let csv = people(1_000);
    let (status, _, told) = uploaded(&server, &csv, &["--chunk-bytes", "16KiB"]).await;
    assert!(status == Some(0) && server.file() == csv, "{told}");
    let sizes: Vec<_> = server.asked("PATCH").iter().map(|asked| asked.body.len()).collect();
    assert!(sizes.len() > 1 && sizes[..sizes.len() - 1].iter().all(|size| *size == 16 << 10), "{sizes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_given_up_can_be_taken_up_again() {
    let csv = people(20_000);
    let (_dir, path) = file(&csv);
    let path = path.to_str().expect("a plain path");
    let mut server = StandIn::start().await.failing("PATCH", Fault::CutAfter(400_000));
    for _ in 0..50 {
        server = server.failing("PATCH", Fault::Refuse(503, "shutting-down"));
    }
    let url = server.url();
    let args = ["upload", path, "--to", &url, "--client", "me"];
    let (status, said, told) = Running::start(&[&args[..], &["--give-up-after", "1s"]].concat()).ended().await;
    assert!(status.code() == Some(1) && said.is_empty(), "{told}");
    let hint = told.lines().find_map(|line| line.split_once("Go on with: rowcast ")).expect("how to go on").1;
    assert!(told.contains("400,000 bytes of it are safe"), "{told}");
    server.heal();
    let words = hint.replace('\'', "").replace(path, "PATH");
    let words: Vec<_> = words.split(' ').map(|word| if word == "PATH" { path } else { word }).collect();
    assert!(words.ends_with(&["--resume", ID]), "{words:?}");
    // Another file is not taken for it.
    let (_other, shorter) = file(b"a\n1\n");
    let shorter = shorter.to_str().expect("a plain path");
    let (status, _, told) = Running::start(&["upload", shorter, "--to", &url, "--resume", ID]).ended().await;
    assert!(status.code() == Some(1) && told.contains("another file"), "{told}");
    let (status, said, told) = Running::start(&words).ended().await;
    assert!(status.success() && server.file() == csv && said.len() == 1, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_the_upload_and_says_how_to_go_on() {
    let csv = people(20_000);
    let (_dir, path) = file(&csv);
    let path = path.to_str().expect("a plain path");
    let mut server = StandIn::start().await.failing("PATCH", Fault::CutAfter(100_000));
    for _ in 0..50 {
        server = server.failing("PATCH", Fault::Refuse(423, "upload-locked"));
    }
    let upload = Running::start(&["upload", path, "--to", &server.url(), "--client", "me", "--json"]);
    upload.until_told("423 upload-locked").await;
    upload.signal("INT");
    let (status, said, told) = upload.ended().await;
    let line: Value = serde_json::from_str(&said[0]).expect("a line of JSON");
    assert_eq!((status.code(), &line["can_resume"], &line["upload"]), (Some(130), &Value::Bool(true), &ID.into()));
    assert!(told.contains(&format!("--resume {ID}")) && told.contains(&format!("'{path}'")), "{told}");
    assert!(server.asked("DELETE").is_empty() && server.asked("POST").len() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_on_the_way_is_never_completed() {
    let csv = people(20_000);
    for longer in [true, false] {
        let (_dir, path) = file(&csv);
        // It cannot be known how much of it was read before; so there is always a rest to be sent.
        let mut server = StandIn::start().await.failing("PATCH", Fault::CutAfter(100_000));
        for _ in 0..50 {
            server = server.failing("PATCH", Fault::Refuse(423, "upload-locked"));
        }
        let upload = Running::start(&["upload", path.to_str().expect("a plain path"), "--to", &server.url(), "--json"]);
        upload.until_told("423 upload-locked").await;
        let changed = if longer { [&csv[..], b"one,more,row\n"].concat() } else { [&b"x"[..], &csv[1..]].concat() };
        std::fs::write(&path, changed).expect("it can be changed");
        server.heal();
        let (status, said, told) = upload.ended().await;
        assert_eq!(status.code(), Some(1), "{told}");
        assert!(told.contains("the file changed while it was sent") && said[0].contains("\"ok\":false"), "{told}");
        assert!(server.file().len() < csv.len(), "nobody takes it for whole");
        assert!(server.asked("POST").iter().any(|asked| asked.path.ends_with("/cancel")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_input_is_sent_as_it_comes_and_again_when_a_connection_breaks() {
    let csv = people(10_000);
    let server =
        StandIn::start().await.failing("PATCH", Fault::CutAfter(50_000)).failing("PATCH", Fault::Refuse(503, "x"));
    let args = ["upload", "-", "--to", &server.url(), "--client", "me", "--json", "--chunk-bytes", "64KiB"];
    let mut upload = Running::start_with(&args, Stdio::piped());
    let mut input = upload.input();
    input.write_all(&csv[..200_000]).expect("it reads");
    until("the beginning", async || (server.file().len() > 60_000).then_some(())).await;
    assert!(upload.is_running());
    input.write_all(&csv[200_000..]).expect("it reads");
    drop(input);
    let (status, said, told) = upload.ended().await;
    assert!(status.success() && server.file() == csv, "{told}");
    let line: Value = serde_json::from_str(&said[0]).expect("a line of JSON");
    assert_eq!((&line["file"], &line["bytes"]), (&"-".into(), &csv.len().into()));
    let created = &server.asked("POST")[0];
    assert_eq!((created.header("upload-defer-length"), created.header("upload-length")), (Some("1"), None));
    let declared: Vec<_> =
        server.asked("PATCH").iter().filter_map(|asked| asked.header("upload-length").map(str::to_owned)).collect();
    assert_eq!(declared, [csv.len().to_string()]);
}

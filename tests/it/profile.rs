//! What a file's columns hold: told once, before its rows, and told again to whoever asks.

use crate::server::Server;
use crate::watcher::{Watcher, kinds};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_told_of_once_between_how_it_is_read_and_its_rows() {
    let server = Server::start().await;
    let mut csv = String::from("id,joined,paid,note\n");
    for n in 1..=40 {
        let note = if n % 4 == 0 { String::new() } else { format!("remark number {n}") };
        csv += &format!("{n},2024-01-{:02},{},{note}\n", n % 28 + 1, n % 2 == 0);
    }
    let mut watcher = server.watch("me").await;
    let upload = server.uploaded("me", csv).await;
    let mut events = watcher.until_end().await;
    events.retain(|event| !event.is("progress"));
    assert_eq!(kinds(&events)[..6], ["stage", "toast", "stage", "profile", "stage", "row"]);
    assert_eq!(events.iter().filter(|event| event.is("profile")).count(), 1);
    let told = &events[3];
    assert!(told.n().is_some(), "it is kept, and has a number");
    assert_eq!((&told.data["upload"], &told.data["columns"]), (&upload["id"], &upload["profile"]));
    let columns = told.data["columns"].as_array().expect("columns");
    let of = |member: &str| -> Vec<&Value> { columns.iter().map(|column| &column[member]).collect() };
    assert_eq!(of("name"), ["id", "joined", "paid", "note"]);
    assert_eq!(of("type"), ["integer", "date", "boolean", "text"]);
    assert_eq!(of("rows"), [40, 40, 40, 40]);
    assert_eq!(of("nulls"), [0, 0, 0, 10]);
    assert_eq!(of("distinct"), [40, 28, 2, 30]);
    assert_eq!((&columns[0]["min"], &columns[0]["max"]), (&json!("1"), &json!("40")), "by number, not as text");
    assert_eq!(columns[1]["date_format"], "YYYY-MM-DD");
    assert!(columns[3]["examples"].as_array().is_some_and(|examples| examples.contains(&json!("remark number 1"))));
    // The status has it while it is there, also after a restart; and a stream of nothing else.
    let server = server.restart().await;
    assert_eq!(server.look(upload["id"].as_str().expect("an id")).await["profile"], upload["profile"]);
    let mut only = Watcher::attach(&server, "/sse/me?from=start&until=done&events=profile").await;
    let again = only.rest().await;
    assert_eq!(again.len(), 1);
    assert_eq!((&again[0].data, again[0].n()), (&told.data, told.n()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_columns_has_no_profile() {
    let server = Server::start().await;
    let upload = server.uploaded("me", "").await;
    assert_eq!(upload["profile"], json!([]));
    let events = server.watch_from_start("me").await.until_end().await;
    assert!(events.iter().all(|event| !event.is("profile")));
}

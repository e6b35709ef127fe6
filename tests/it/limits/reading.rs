//! What a file may hold.

use crate::files::{columns, people};
use crate::form::Form;
use crate::server::Server;
use crate::watcher::rows;
use serde_json::{Value, json};

/// As many characters as that.
fn text(length: u64) -> String {
    "x".repeat(usize::try_from(length).expect("it fits"))
}

async fn problems(server: &Server, upload: &Value) -> Vec<Value> {
    let target = format!("/uploads/{}/problems", upload["id"].as_str().expect("an id"));
    server.get(&target).await.ok(200)["problems"].as_array().expect("problems").clone()
}

async fn stage(server: &Server, refusal: &Value) -> Value {
    server.look(refusal["upload"].as_str().expect("the upload that it began")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_over_body_bytes_max_is_413_and_its_rows_stay() {
    let server = Server::limited(|limits| limits.body_bytes_max = 1000).await;
    let fits = people(1_000)[..1000].to_vec();
    let rows = server.uploaded("me", fits.clone()).await["rows"].as_u64().expect("a number");
    let too_long = [fits.clone(), b"x".to_vec()].concat();
    // Its length alone says so: nothing is begun.
    let told = server.upload("me", too_long.clone()).await.problem(413, "body-too-large");
    assert!(
        told.get("upload").is_none() && told["detail"].as_str().is_some_and(|text| text.contains("1000")),
        "{told}"
    );
    // Without a length it shows while it comes.
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin("me").await;
    sending.send(&fits).await;
    watcher.until(|event| event.is_row(rows - 1)).await;
    sending.send("x").await;
    let told = sending.answer().await.problem(413, "body-too-large");
    let upload = stage(&server, &told).await;
    assert_eq!((&upload["stage"], &upload["failure"]["code"]), (&json!("failed"), &json!("body-too-large")));
    assert_eq!(upload["rows"], rows - 1, "the last one was not over");
    let end = watcher.until_end().await;
    let toast = &end[end.len() - 2].data;
    assert_eq!(toast["level"], "error");
    assert!(toast["message"].as_str().is_some_and(|text| text.contains("1,000 bytes")), "{toast}");
    // In a form what stands around the file does not count.
    let form = Form::new().text("a", "b").file("a.csv", &fits);
    assert_eq!(server.ask(&form.to("/upload/me")).await.ok(201)["rows"], rows);
    let form = Form::new().text("a", "b").file("a.csv", &too_long);
    server.ask(&form.to("/upload/me")).await.problem(413, "body-too-large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_over_record_bytes_max_is_a_problem_and_uses_its_number_up() {
    let server = Server::start().await;
    let max = server.limits().record_bytes_max;
    // Three cells, each far below the limit of one.
    let record = |length: u64| format!("{},{},{}", text(1500), text(1500), text(length - 3002));
    let csv = format!("a,b,c\n1,2,3\n{}\n4,5,6\n{}\n{}", record(max), record(max + 1), record(max + 1));
    let upload = server.uploaded_strictly("me", csv).await;
    assert_eq!((&upload["rows"], &upload["problems_by_code"]), (&json!(5), &json!({"record-too-long": 2})));
    let events = server.watch_from_start("me").await.until_end().await;
    let numbers: Vec<_> = rows(&events).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let told = problems(&server, &upload).await;
    assert_eq!((&told[0]["row"], &told[0]["line"]), (&json!(4), &json!(5)));
    assert_eq!(told[0]["message"], format!("the record has {} bytes; expected at most {max}", max + 1));
    // A quote that is never closed costs its own line alone, however far the next quote is.
    let csv = format!("a,b\n1,2\n\"3,4\n{}", "5,6\n".repeat(2_000));
    let upload = server.uploaded_strictly("me", csv).await;
    assert_eq!(upload["rows"], 2_002);
    assert_eq!(upload["problems_by_code"], json!({"missing-cell": 1, "unclosed-quote": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_over_field_bytes_max_is_a_problem_and_its_record_is_not_kept() {
    let server = Server::start().await;
    let max = server.limits().field_bytes_max;
    let csv = format!("a,b\n1,{}\n2,{}\n3,ok\n", text(max), text(max + 1));
    let upload = server.uploaded_strictly("me", csv).await;
    assert_eq!((&upload["rows"], &upload["problems_by_code"]), (&json!(3), &json!({"field-too-long": 1})));
    let told = problems(&server, &upload).await;
    assert_eq!((&told[0]["row"], &told[0]["column"], &told[0]["line"]), (&json!(2), &json!("b"), &json!(3)));
    let page = server.get(&format!("/uploads/{}/rows", upload["id"].as_str().expect("an id"))).await.ok(200);
    let numbers: Vec<_> = page["rows"].as_array().expect("rows").iter().map(|row| row["row"].clone()).collect();
    assert_eq!(numbers, [1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_over_header_record_bytes_max_is_422() {
    let server = Server::start().await;
    let max = server.limits().header_record_bytes_max;
    for end in ["\n", "\r\n", "\r"] {
        let upload = server.uploaded("me", format!("{}{end}1\n", text(max))).await;
        assert_eq!(upload["rows"], 1, "{end:?}");
    }
    // Nobody says how long a first line without an end may get, nor blank lines before one.
    let endless = "x".repeat(100_000);
    for csv in [format!("{}\n1\n", text(max + 1)), endless, "\n".repeat(100_000)] {
        let told = server.upload("me", csv).await.problem(422, "header-too-long");
        let upload = stage(&server, &told).await;
        assert_eq!((&upload["stage"], &upload["rows"]), (&json!("failed"), &json!(0)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_columns_max_is_422_in_the_header_and_a_problem_in_a_record() {
    let server = Server::start().await;
    let max = server.limits().columns_max;
    assert_eq!(server.uploaded_strictly("me", columns(max) + "\n1\n").await["rows"], 1);
    let told = server.upload("me", columns(max + 1) + "\n1\n").await.problem(422, "too-many-columns");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains(&format!("at most {max}"))), "{told}");
    assert_eq!(stage(&server, &told).await["stage"], "failed");
    let csv = format!("a\n{}{}\n{}\nlast\n", "1\n".repeat(9), columns(max), columns(max + 1));
    let upload = server.uploaded_strictly("me", csv).await;
    assert_eq!(upload["problems_by_code"], json!({"extra-cell": 1, "too-many-cells": 1}));
    let told = problems(&server, &upload).await;
    assert_eq!((&told[1]["row"], &told[1]["code"]), (&json!(11), &json!("too-many-cells")));
    assert_eq!(upload["rows"], 12, "its number is used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_quotes_at_most_raw_bytes_max_and_says_when_it_is_cut() {
    let server = Server::start().await;
    let max = server.limits().raw_bytes_max;
    let csv = format!("a,b\n{}\n{}\n{}é\n", text(max), text(max + 1), text(max - 1));
    let upload = server.uploaded_strictly("me", csv).await;
    let told = problems(&server, &upload).await;
    assert_eq!((told[0]["raw"].as_str(), told[0].get("raw_cut")), (Some(text(max).as_str()), None));
    assert_eq!((told[1]["raw"].as_str(), &told[1]["raw_cut"]), (Some(text(max).as_str()), &json!(true)));
    assert_eq!((told[2]["raw"].as_str(), &told[2]["raw_cut"]), (Some(text(max - 1).as_str()), &json!(true)));
    // What is said of a cut one is as long, and the row itself is whole.
    let events = server.watch_from_start("me").await.until_end().await;
    assert_eq!(rows(&events)[2].1["a"], text(max - 1) + "é");
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_problems_max_problems_are_only_counted_and_a_toast_says_so_once() {
    let server = Server::limited(|limits| limits.problems_max = 10).await;
    let upload = server
        .uploaded_strictly("me", format!("a,b\n{}{}{}", "1,2\n".repeat(9), "ragged\n".repeat(9), "\n1,2,3\n".repeat(8)))
        .await;
    assert_eq!(upload["problems"], 25);
    assert_eq!(upload["problems_by_code"], json!({"missing-cell": 9, "blank-row": 8, "extra-cell": 8}));
    let events = server.watch_from_start("me").await.until_end().await;
    assert_eq!(events.iter().filter(|event| event.is("problem")).count(), 10);
    assert_eq!(rows(&events).len(), 26, "rows are told all the same");
    let said = events.iter().filter(|event| event.is("toast") && event.data["level"] == "warning");
    let said: Vec<_> = said.map(|event| event.data["message"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(said.len() == 2 && said[0].contains("10 problems") && said[1].contains("25 problems"), "{said:?}");
    assert_eq!(problems(&server, &upload).await.len(), 10);
    let at_the_limit = server.uploaded_strictly("other", format!("a,b\n{}", "ragged\n".repeat(10))).await;
    assert_eq!(at_the_limit["problems"], 10);
    let events = server.watch_from_start("other").await.until_end().await;
    assert_eq!(events.iter().filter(|event| event.is("toast")).count(), 2, "there is nothing to say");
}

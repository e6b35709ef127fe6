//! Rows and problems read back: by page, and whole. What went in comes out, and no cell changes.

use crate::client::Request;
use crate::files::people;
use crate::patience::until;
use crate::server::Server;
use serde_json::{Value, json};

async fn upload(server: &Server, csv: impl Into<Vec<u8>>) -> String {
    server.uploaded("me", csv).await["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_rows_follow_each_other_without_hole_or_double() {
    let server = Server::start().await;
    let id = upload(&server, people(257)).await;
    let mut numbers = Vec::new();
    let mut from = Some(1);
    while let Some(at) = from {
        let page = server.get(&format!("/uploads/{id}/rows?from={at}&limit=50")).await.ok(200);
        assert_eq!((&page["upload"], &page["from"], &page["total"]), (&json!(id), &json!(at), &json!(257)));
        assert_eq!(page["columns"], json!(["name", "zip", "note"]));
        for row in page["rows"].as_array().expect("rows") {
            let number = row["row"].as_u64().expect("a number");
            assert_eq!(row["data"]["zip"], format!("{number:05}"));
            numbers.push(number);
        }
        from = page["next"].as_u64();
        assert_eq!(from, (at + 50 <= 257).then_some(at + 50));
    }
    assert_eq!(numbers, (1..=257).collect::<Vec<_>>());
    // A page anywhere, and beyond the end.
    let page = server.get(&format!("/uploads/{id}/rows?from=203&limit=2")).await.ok(200);
    let note = "\"said \"\"203\"\", twice\"".trim_matches('"').replace("\"\"", "\"");
    assert_eq!(page["rows"][0], json!({"row": 203, "data": {"name": "Person 203", "zip": "00203", "note": note}}));
    assert_eq!(page["next"], 205);
    // One row is left behind this page, and it is still to come.
    assert_eq!(server.get(&format!("/uploads/{id}/rows?from=207&limit=50")).await.ok(200)["next"], 257);
    for from in [258, 1_000_000, i64::MAX as u64] {
        let page = server.get(&format!("/uploads/{id}/rows?from={from}")).await.ok(200);
        assert_eq!((&page["rows"], &page["next"], &page["total"]), (&json!([]), &Value::Null, &json!(257)));
    }
    assert_eq!(server.get(&format!("/uploads/{id}/rows")).await.ok(200)["rows"].as_array().map(Vec::len), Some(100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_keeps_the_order_of_the_columns_and_every_kind_of_cell() {
    let server = Server::start().await;
    let csv = "z,2019,a\n01,\"q\"\"\",\"two\nlines\"\n1\n1,2,3,4,\n";
    let upload = server.uploaded_strictly("me", csv).await;
    let id = upload["id"].as_str().expect("an id");
    let page = server.get(&format!("/uploads/{id}/rows")).await;
    let expected = format!(
        r#"{{"upload":"{id}","columns":["z","2019","a"],"from":1,"rows":[{{"row":1,"data":{{"z":"01","2019":"q\"","a":"two\nlines"}}}},{{"row":2,"data":{{"z":"1","2019":null,"a":null}}}},{{"row":3,"data":{{"z":"1","2019":"2","a":"3"}},"extra":["4",""]}}],"next":null,"total":3}}"#
    );
    assert_eq!(page.text(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_are_the_whole_file_again() {
    let server = Server::start().await;
    let csv = people(1_500);
    let post = Request::post("/upload/me?filename=Grüße.2026.csv".replace("üß", "%C3%BC%C3%9F").as_str());
    let upload = server.ask(&post.body("text/csv", csv.clone())).await.ok(201);
    let id = upload["id"].as_str().expect("an id");
    assert_eq!(upload["filename"], "Grüße.2026.csv");

    let export = server.get(&format!("/uploads/{id}/rows.csv")).await;
    assert_eq!(export.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    let name = export.header("content-disposition").expect("a name");
    assert!(name.starts_with("attachment; filename=\"Gr__e.2026-rows.csv\""), "{name}");
    assert!(name.ends_with("filename*=UTF-8''Gr%C3%BC%C3%9Fe.2026-rows.csv"), "{name}");
    // The file has LF at the ends of records, the export CRLF; within cells nothing changes.
    assert_eq!(parsed(&export.body), parsed(&csv));
    assert_eq!(export.text().matches("\r\n").count(), 1_501);

    let export = server.get(&format!("/uploads/{id}/rows.ndjson")).await;
    assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
    assert!(export.header("content-disposition").is_some_and(|name| name.contains("-rows.ndjson")));
    let records = parsed(&csv);
    for (number, line) in export.text().lines().enumerate() {
        let row: Value = serde_json::from_str(line).expect("a line is a document");
        let cells = &records[number + 1];
        let data = json!({"name": cells[0], "zip": cells[1], "note": cells[2]});
        assert_eq!(row, json!({"row": number + 1, "data": data}));
    }
    assert_eq!(export.text().lines().count(), 1_500);
}

fn parsed(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv);
    let records = reader.records().map(|record| record.expect("a record").iter().map(str::to_owned).collect());
    records.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_a_clean_rfc_4180_file_is_that_file() {
    let server = Server::start().await;
    for name in ["customers.csv", "quotes.csv"] {
        let mut csv =
            std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)).expect("it");
        let id = upload(&server, csv.clone()).await;
        let export = server.get(&format!("/uploads/{id}/rows.csv")).await;
        if !csv.ends_with(b"\r\n") {
            csv.extend_from_slice(b"\r\n");
        }
        assert_eq!(parsed(&export.body), parsed(&csv), "{name}");
        if name == "customers.csv" {
            assert!(export.body == csv, "byte for byte");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_upload_can_be_read_as_far_as_it_was_announced() {
    let server = Server::start().await;
    let mut watcher = server.watch("me").await;
    let mut sending = server.begin_strictly("me").await;
    let early = server.newest("me", |_| true).await;
    let of = |rest: &str| format!("/uploads/{}{rest}", early["id"].as_str().expect("an id"));
    // Nothing is known yet, and that is no error.
    let page = server.get(&of("/rows")).await.ok(200);
    assert_eq!((&page["columns"], &page["rows"], &page["total"]), (&json!([]), &json!([]), &json!(0)));
    assert_eq!(server.get(&of("/rows.csv")).await.body, b"");
    assert_eq!(server.get(&of("/rows.ndjson")).await.body, b"");
    assert_eq!(server.get(&of("/problems")).await.ok(200)["total"], 0);
    sending.send("a,b\n1,2\n3\n4,").await;
    watcher.until(|event| event.is("problem")).await;
    until("two rows", async || (server.get(&of("/rows")).await.ok(200)["total"] == 2).then_some(())).await;
    assert_eq!(server.get(&of("/rows.csv")).await.text(), "a,b\r\n1,2\r\n3,\r\n");
    assert_eq!(server.get(&of("/problems")).await.ok(200)["total"], 1);
    sending.send("5\n").await;
    assert_eq!(sending.finish().await.ok(201)["rows"], 3);
    assert_eq!(server.get(&of("/rows.csv")).await.text(), "a,b\r\n1,2\r\n3,\r\n4,5\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_problems_follow_each_other_and_are_what_was_told() {
    let server = Server::start().await;
    let csv: String = (1..=150).map(|n| if n % 2 == 0 { format!("{n}\n") } else { format!("{n},x\n") }).collect();
    let id = upload(&server, format!("a,b\n{csv}")).await;
    let mut told: Vec<Value> = Vec::new();
    for event in server.watch_from_start("me").await.until_end().await {
        if event.is("problem") {
            let mut problem = event.data.clone();
            problem.as_object_mut().expect("an object").remove("upload");
            told.push(problem);
        }
    }
    assert_eq!(told.len(), 75);
    let (mut problems, mut from) = (Vec::new(), Some(0));
    while let Some(at) = from {
        let page = server.get(&format!("/uploads/{id}/problems?from={at}&limit=20")).await.ok(200);
        assert_eq!((&page["upload"], &page["from"], &page["total"]), (&json!(id), &json!(at), &json!(75)));
        problems.extend(page["problems"].as_array().expect("problems").clone());
        from = page["next"].as_u64();
    }
    assert_eq!(problems, told);
    let page = server.get(&format!("/uploads/{id}/problems?from=33&limit=2")).await.ok(200);
    assert_eq!(page["problems"], json!(told[33..35]));
    let beyond = server.get(&format!("/uploads/{id}/problems?from=75")).await.ok(200);
    assert_eq!((&beyond["problems"], &beyond["next"]), (&json!([]), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_can_be_asked_for_by_their_numbers() {
    let server = Server::start().await;
    // Literals among the spans, over many entries.
    let csv = (1..=30_000).fold(String::from("name,zip\n"), |mut csv, row| {
        csv.push_str(&if row % 1_000 == 7 { format!("only {row}\n") } else { format!("Person {row},{row:05}\n") });
        csv
    });
    let id = upload(&server, csv).await;
    let asked = [1, 7, 8, 1_007, 1_008, 12_345, 29_007, 30_000, 30_001, 1_000_000];
    let list = asked.map(|number: u64| number.to_string()).join(",");
    let page = server.get(&format!("/uploads/{id}/rows?numbers={list}")).await.ok(200);
    let found = page["rows"].as_array().expect("rows");
    let numbers = found.iter().map(|row| row["row"].as_u64().expect("a number")).collect::<Vec<_>>();
    assert_eq!(numbers, asked[..8]);
    for row in found {
        let number = row["row"].as_u64().expect("a number");
        let one = server.get(&format!("/uploads/{id}/rows?from={number}&limit=1")).await.ok(200);
        assert_eq!(&one["rows"][0], row);
    }
    assert_eq!((&page["from"], &page["next"], &page["total"]), (&json!(1), &Value::Null, &json!(30_000)));
    for bad in ["numbers=2,1", "numbers=", "numbers=0", "numbers=5&from=1", "numbers=5&limit=1"] {
        let refused = server.get(&format!("/uploads/{id}/rows?{bad}")).await.problem(400, "bad-parameter");
        assert!(refused["detail"].as_str().expect("a reason").contains("numbers"), "{bad}: {refused}");
    }
}

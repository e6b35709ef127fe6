//! The sample files read as data/README.md says.

use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;

async fn upload(server: &Server, name: &str) -> Value {
    let csv = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)).expect("the sample");
    server.uploaded("me", csv).await
}

/// All rows of an upload, in order.
async fn rows(server: &Server, upload: &Value) -> Vec<Value> {
    let target = format!("/uploads/{}/rows.ndjson", upload["id"].as_str().expect("an id"));
    let export = server.get(&target).await;
    export.text().lines().map(|line| serde_json::from_str(line).expect("a line is a row")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_have_the_rows_and_the_problems_that_their_readme_tells() {
    let server = Server::start().await;
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/README.md");
    let readme = std::fs::read_to_string(readme).expect("the readme");
    for (name, expected) in [("customers.csv", 200), ("orders-messy.csv", 99), ("quotes.csv", 27), ("unicode.csv", 36)]
    {
        assert!(readme.contains(&format!("| `{name}` | {expected} |")), "{name}");
        let upload = upload(&server, name).await;
        assert_eq!((&upload["stage"], &upload["rows"]), (&json!("done"), &json!(expected)), "{name}");
        let problems = match name {
            "orders-messy.csv" => 13,
            "quotes.csv" => 2,
            _ => 0,
        };
        assert_eq!(upload["problems"], problems, "{name}: {}", upload["problems_by_code"]);
        assert_eq!(upload["reading"]["byte_order_mark"], name == "unicode.csv");
        assert_eq!(rows(&server, &upload).await.len(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_messy_one_is_told_of_fault_by_fault() {
    let server = Server::start().await;
    let upload = upload(&server, "orders-messy.csv").await;
    let target = format!("/uploads/{}/problems", upload["id"].as_str().expect("an id"));
    let page = server.get(&target).await.ok(200);
    let told: Vec<(Option<u64>, &str)> = page["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .map(|problem| (problem["row"].as_u64(), problem["code"].as_str().expect("a code")))
        .collect();
    // By the readme's table; what is wrong in a cell's meaning needs a schema.
    let expected = [
        (Some(4), "missing-cell"),
        (Some(9), "extra-cell"),
        (None, "blank-row"),
        (Some(17), "encoding-error"),
        (Some(31), "suspicious-record"),
        (Some(36), "suspicious-record"),
        (Some(40), "missing-cell"),
        (None, "blank-row"),
        (None, "blank-row"),
        (None, "repeated-header"),
        (Some(70), "other-delimiter"),
        (Some(76), "doubled-delimiter"),
        (Some(91), "encoding-error"),
    ];
    assert_eq!(told, expected);
    let rows = rows(&server, &upload).await;
    for (place, row) in rows.iter().enumerate() {
        let number = place as u64 + 1;
        assert_eq!(row["row"], number);
        // Record 66 is the header once more, and no row; 83 is 82 once more.
        let record = if number < 66 { number } else { number + 1 };
        if record != 83 {
            assert_eq!(row["data"]["order_id"], (10_000 + record).to_string(), "{row}");
        }
    }
    let cells = |record: usize| rows[record - if record < 66 { 1 } else { 2 }]["data"].clone();
    let quoted = |record: usize| cells(record).to_string();
    assert!(quoted(54).contains("\\n"), "a line break in a quoted cell: {}", quoted(54));
    assert!(quoted(17).contains('\u{fffd}') && quoted(92).contains('\u{fffd}'));
    // What was repaired reads as it was meant.
    assert_eq!((&cells(71)["item"], &cells(71)["paid"]), (&json!("Desk lamp"), &json!("true")));
    assert_eq!((&cells(31)["item"], &cells(77)["paid"]), (&json!("Shelf 24\" wide"), &json!("false")));
    assert_eq!((&cells(9)["paid"], &rows[8]["extra"]), (&json!("true"), &json!(["gift wrap"])));
    assert!(rows.iter().all(|row| row.get("extra").is_none() || row["row"] == 9));
    assert_eq!(cells(83), cells(82));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clean_ones_lose_no_character() {
    let server = Server::start().await;
    for name in ["customers.csv", "quotes.csv", "unicode.csv"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let columns: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        let upload = upload(&server, name).await;
        assert_eq!(upload["columns"], json!(columns), "{name}");
        for (row, record) in rows(&server, &upload).await.iter().zip(reader.records()) {
            let record = record.expect("a record");
            for (column, cell) in columns.iter().zip(&record) {
                assert_eq!(row["data"][column], cell, "{name}, {row}");
            }
        }
    }
}

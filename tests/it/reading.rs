//! Files as they come: what is read of them, row by row, and what is said to be wrong.

use crate::server::Server;
use crate::watcher::Event;
use serde_json::{Value, json};

/// A file, its columns, its rows (cells, and further ones as `extra`), and its problems (row, line, code).
struct Case {
    csv: &'static [u8],
    columns: Value,
    rows: Value,
    problems: Value,
}

fn cases() -> Vec<Case> {
    let case = |csv, columns, rows, problems| Case { csv, columns, rows, problems };
    vec![
        case(b"a,b\n1,2\n", json!(["a", "b"]), json!([["1", "2"]]), json!([])),
        case(b"a,b\r\n1,2\r\n3,4", json!(["a", "b"]), json!([["1", "2"], ["3", "4"]]), json!([])),
        case(b"a,b\r1,2\r3,4\r", json!(["a", "b"]), json!([["1", "2"], ["3", "4"]]), json!([])),
        case(b"\xef\xbb\xbfa,b\n1,2\n", json!(["a", "b"]), json!([["1", "2"]]), json!([])),
        case(
            b"a\n\"x\"\"y\"\n\"1,2\"\n\"l1\r\nl2\"\n\"\"\n",
            json!(["a"]),
            json!([["x\"y"], ["1,2"], ["l1\r\nl2"], [""]]),
            json!([]),
        ),
        case(b"zip\n01234\n 7 \n1e3\n", json!(["zip"]), json!([["01234"], [" 7 "], ["1e3"]]), json!([])),
        case(
            b"a,a,,b,a\n1,2,3,4,5\n",
            json!(["a", "a_2", "column_3", "b", "a_3"]),
            json!([["1", "2", "3", "4", "5"]]),
            json!([[null, 1, "duplicate-label"], [null, 1, "blank-label"], [null, 1, "duplicate-label"]]),
        ),
        case(
            b"a,b\n1\n2,3,4,\n5,6\n",
            json!(["a", "b"]),
            json!([["1", null], ["2", "3", "4", ""], ["5", "6"]]),
            json!([[1, 2, "missing-cell"], [2, 3, "extra-cell"]]),
        ),
        case(
            b"\n\na\n1\n\r\n\n2\n\n",
            json!(["a"]),
            json!([["1"], ["2"]]),
            json!([
                [null, 1, "blank-row"],
                [null, 2, "blank-row"],
                [null, 5, "blank-row"],
                [null, 6, "blank-row"],
                [null, 8, "blank-row"]
            ]),
        ),
        case(
            b"a,b\n\xff,ok\n\xc3\xa9,\xe2\x82\n",
            json!(["a", "b"]),
            json!([["\u{fffd}", "ok"], ["é", "\u{fffd}"]]),
            json!([[1, 2, "encoding-error"], [2, 3, "encoding-error"]]),
        ),
        case(
            b"a,b\n1,2\n\"never closed,3\n4,5\n",
            json!(["a", "b"]),
            json!([["1", "2"], ["never closed,3", null], ["4", "5"]]),
            json!([[2, 3, "missing-cell"], [2, 3, "unclosed-quote"]]),
        ),
        case(b"a,b\n", json!(["a", "b"]), json!([]), json!([])),
        case(b"a,b", json!(["a", "b"]), json!([]), json!([])),
        case(b"a\n\0\n", json!(["a"]), json!([["\0"]]), json!([])),
    ]
}

fn rows(events: &[Event], columns: &Value) -> Value {
    let rows = events.iter().filter(|event| event.is("row"));
    let cells = rows.map(|event| {
        let names = columns.as_array().expect("columns").iter();
        let mut cells: Vec<Value> =
            names.map(|name| event.data["data"][name.as_str().expect("a name")].clone()).collect();
        cells.extend(event.data["extra"].as_array().into_iter().flatten().cloned());
        Value::Array(cells)
    });
    cells.collect()
}

fn problems(events: &[Event]) -> Value {
    let problems = events.iter().filter(|event| event.is("problem")).map(|event| &event.data);
    problems.map(|data| json!([data["row"], data["line"], data["code"]])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_file_is_read_the_same_whole_and_byte_by_byte() {
    let server = Server::limited(|limits| limits.client_connections_max = 64).await;
    for Case { csv, columns, rows: expected, problems: wrong } in cases() {
        let shown = String::from_utf8_lossy(csv);
        for piece in [csv.len(), 1] {
            let mut watcher = server.watch("me").await;
            let mut sending = server.begin_strictly("me").await;
            for bytes in csv.chunks(piece) {
                sending.send(bytes).await;
            }
            let upload = sending.finish().await.ok(201);
            let events = watcher.until_end().await;
            assert_eq!(upload["columns"], columns, "{shown:?}");
            assert_eq!(rows(&events, &columns), expected, "{shown:?}");
            assert_eq!(problems(&events), wrong, "{shown:?}");
            assert_eq!(upload["problems"], wrong.as_array().map_or(0, Vec::len));
            // What a problem points at is there in the file.
            for event in events.iter().filter(|event| event.is("problem") && event.data["raw"] != "") {
                let byte = usize::try_from(event.data["byte"].as_u64().expect("an offset")).expect("it fits");
                let raw = event.data["raw"].as_str().expect("a text");
                let first = raw.bytes().next().expect("a byte");
                assert!(csv[byte] == first || raw.starts_with("\\x"), "{shown:?}: {event:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_follows_its_row_and_says_all_about_it() {
    let server = Server::start().await;
    server.uploaded_strictly("me", "name,zip\nAna,1\nBob\nCy,2,3\n").await;
    let mut watcher = server.watch_from_start("me").await;
    let events = watcher.until_end().await;
    let place = |wanted: &dyn Fn(&Event) -> bool| events.iter().position(wanted).expect("it was told");
    let missing = place(&|event| event.data["code"] == "missing-cell");
    let extra = place(&|event| event.data["code"] == "extra-cell");
    assert!(events[missing - 1].is_row(2) && events[extra - 1].is_row(3));
    let told = &events[missing].data;
    let members: Vec<_> = told.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(members, ["byte", "code", "column", "line", "message", "raw", "row", "severity", "upload"]);
    assert_eq!((&told["column"], &told["severity"], &told["raw"]), (&json!("zip"), &json!("error"), &json!("Bob")));
    assert_eq!(events[extra].data["column"], Value::Null);
    assert_eq!(events[extra - 1].data["extra"], json!(["3"]));
}

//! What is said of how a file is to be read: in a query, a form, metadata or flags, and what is refused of it.

use crate::client::Request;
use crate::command::Running;
use crate::compressed::gzip;
use crate::form::Form;
use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Everything that can be said; a value that means something else in an address stands as such.
const SAID: [(&str, &str, &str); 12] = [
    ("delimiter", "||", "%7C%7C"),
    ("quote", "'", "%27"),
    ("escape", "backslash", "backslash"),
    ("encoding", "latin1", "latin1"),
    ("header_rows", "2", "2"),
    ("skip_rows", "3", "3"),
    ("comment", "#", "%23"),
    ("null_values", "NA,-", "NA,-"),
    ("trim", "true", "true"),
    ("decimal", ",", ","),
    ("repair", "report", "report"),
    ("hold", "review", "review"),
];

fn understood() -> Value {
    json!({
        "delimiter": "||", "quote": "'", "escape": "backslash", "encoding": "windows-1252", "header_rows": 2, "skip_rows": 3,
        "comment": "#", "null_values": ["NA", "-"], "trim": true, "decimal": ",", "repair": "report",
    })
}

/// What a request is refused with, as far as it is about this.
const REFUSED: [(&str, &str, &str); 12] = [
    ("delimiter", "abc", "expected one or two characters"),
    ("quote", "ab", "expected one ASCII character, or none"),
    ("escape", "caret", "expected doubled or backslash"),
    ("encoding", "klingon", "expected a label of the WHATWG Encoding Standard"),
    ("header", "yes", "expected true or false"),
    ("header_rows", "99", "expected a whole number from 0 to 16"),
    ("skip_rows", "x", "expected a whole number"),
    ("comment", "//", "expected one ASCII character"),
    ("trim", "1", "expected true or false"),
    ("decimal", ";", "expected . or ,"),
    ("repair", "maybe", "expected off, report or fix"),
    ("hold", "yes", "expected review"),
];

fn raw(query: &str) -> Request {
    Request::post(&format!("/upload/me{query}")).body("text/csv", "a,b\n1,2\n")
}

fn tus(pairs: &[(&str, &str)]) -> Request {
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).collect();
    let metadata = format!("client {},{}", STANDARD.encode("me"), pairs.join(","));
    Request::post("/files")
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Metadata", &metadata)
        .header("Upload-Length", "8")
        .body("application/offset+octet-stream", "a,b\n1,2\n")
}

fn form(fields: &[(&str, &str)]) -> Request {
    let form = fields.iter().fold(Form::new(), |form, (name, value)| form.text(name, value));
    let form = form.file("a.csv", b"a,b\n1,2\n");
    Request::post("/upload/me").body(&form.content_type(), form.bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_said_in_every_way_and_is_shown() {
    let server = Server::limited(|limits| limits.multipart_parts_max = 20).await;
    let query: Vec<_> = SAID.iter().map(|(name, _, value)| format!("{name}={value}")).collect();
    let pairs: Vec<_> = SAID.iter().map(|(name, value, _)| (*name, *value)).collect();
    let by_query = server.ask(&raw(&format!("?{}", query.join("&")))).await.ok(202);
    let by_form = server.ask(&form(&pairs)).await.ok(202);
    assert_eq!(server.ask(&tus(&pairs)).await.status(), 201);
    let by_metadata = server.newest("me", |upload| upload["stage"] == "understood").await;
    for upload in [by_query, by_form, by_metadata] {
        assert_eq!((&upload["options"], &upload["hold"]), (&understood(), &json!(true)));
        assert_eq!(server.look(upload["id"].as_str().expect("an id")).await, upload);
    }
    // What was said stands after a restart.
    let server = server.restart().await;
    assert_eq!(server.get("/uploads?limit=1").await.ok(200)["uploads"][0]["options"], understood());
    let plain = server.ask(&raw("?delimiter=&null_values=")).await.ok(201);
    assert_eq!((&plain["options"], &plain["hold"]), (&json!({}), &json!(false)), "an empty field says nothing");
    let twice = server.ask(&raw("?null_values=NA&null_values=-,x&header=false")).await.ok(201);
    assert_eq!(twice["options"], json!({"null_values": ["NA", "-", "x"], "header_rows": 0}));
    let form = Form::new().text("delimiter", "tab").text("quote", "none").file("a.csv", b"a;b\n");
    let both = Request::post("/upload/me?delimiter=semicolon").body(&form.content_type(), form.bytes());
    let both = server.ask(&both).await.ok(201);
    assert_eq!(both["options"], json!({"delimiter": ";", "quote": "none"}), "the query goes before a field");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_by_its_name_before_anything_begins() {
    let server = Server::start().await;
    for (name, value, expected) in REFUSED {
        let found = format!("{name}: it is '{value}'; {expected}");
        for request in [raw(&format!("?{name}={value}")), form(&[(name, value)]), tus(&[(name, value)])] {
            let problem = server.ask(&request).await.problem(400, "bad-parameter");
            let detail = problem["detail"].as_str().expect("a sentence");
            assert!(detail.contains(&found), "{detail}");
        }
    }
    for (query, found) in [
        ("delimiter=%27&quote=%27", "quote: it is '\\'', which is in the delimiter"),
        ("header=false&header_rows=2", "header: it is false, but header_rows is 2"),
        ("quote=none&escape=doubled", "escape: nothing is to be escaped"),
        ("quote=%23&comment=%23", "comment: it is '#', which is the quote as well"),
    ] {
        let problem = server.ask(&raw(&format!("?{query}"))).await.problem(400, "bad-parameter");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(found)), "{problem}");
    }
    // The two of a contradiction may come by different ways.
    let form = Form::new().text("quote", ";").file("a.csv", b"a\n");
    let request = Request::post("/upload/me?delimiter=semicolon").body(&form.content_type(), form.bytes());
    let problem = server.ask(&request).await.problem(400, "bad-parameter");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.starts_with("quote: ")), "{problem}");
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"], json!([]), "nothing was begun");
    // Said too late, it would only seem to have been heard.
    let late = Form::new().file("a.csv", b"a\n1\n").text("delimiter", ";");
    let late = Request::post("/upload/me").body(&late.content_type(), late.bytes());
    let problem = server.ask(&late).await.problem(400, "bad-parameter");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("before the file")), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_encoding_is_taken_from_the_file_and_refused_where_it_is_none_of_ours() {
    let server = Server::start().await;
    let packed = Request::post("/upload/me").header("Content-Encoding", "gzip").body("text/csv", gzip(b"a,b\n1,2\n"));
    let whole = server.ask(&packed).await.ok(201);
    assert_eq!(whole["options"], json!({"compression": "gzip"}));
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv.zst\"\r\nContent-Encoding: zstd\r\n";
    let part = Form::new().part(head, &zstd::encode_all(&b"a\n1\n"[..], 1).expect("memory"));
    let part = server.ask(&Request::post("/upload/me").body(&part.content_type(), part.bytes())).await.ok(201);
    assert_eq!(part["options"], json!({"compression": "zstd"}));
    // What is none is told, and not taken for text.
    let broken = server.ask(&raw("").header("Content-Encoding", "gzip")).await.problem(422, "corrupt-compression");
    assert!(broken["detail"].as_str().is_some_and(|detail| detail.contains("said to be gzip")), "{broken}");
    let refused = server.ask(&raw("").header("Content-Encoding", "br")).await.problem(415, "unsupported-media-type");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("gzip, zstd")), "{refused}");
    let form = form(&[]).header("Content-Encoding", "gzip");
    let refused = server.ask(&form).await.problem(415, "unsupported-media-type");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("its part named 'file'")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_that_says_otherwise_is_another_request() {
    let server = Server::start().await;
    let keyed = |query: &str| raw(query).header("Idempotency-Key", "k-1");
    let first = server.ask(&keyed("?delimiter=comma&hold=review")).await.ok(202);
    assert_eq!(server.ask(&keyed("?delimiter=comma&hold=review")).await.ok(202)["id"], first["id"]);
    for other in ["?delimiter=tab&hold=review", "?delimiter=comma", ""] {
        server.ask(&keyed(other)).await.problem(422, "idempotency-key-reused");
    }
    let encoded = keyed("?delimiter=comma&hold=review").header("Content-Encoding", "gzip");
    server.ask(&encoded).await.problem(422, "idempotency-key-reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_it_with_flags() {
    let server = Server::start().await;
    let dir = tempfile::TempDir::new().expect("a temporary folder");
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "a,b\n1,2\n").expect("a file");
    let url = format!("http://{}/", server.address);
    let upload = ["upload", path.to_str().expect("a plain path"), "--to", &url, "--client", "me"];
    let flags: Vec<String> = SAID
        .iter()
        .filter(|(name, ..)| *name != "hold")
        .map(|(name, value, _)| format!("--{}={value}", name.replace('_', "-")))
        .collect();
    let args: Vec<&str> = upload.iter().copied().chain(flags.iter().map(String::as_str)).collect();
    let (status, _, told) = Running::start(&args).ended().await;
    assert_eq!(status.code(), Some(0), "{told}");
    let done = server.newest("me", |upload| upload["stage"] == "done").await;
    assert_eq!(done["options"], understood());
    for (flag, found) in [
        ("--trim=1", "it is '1'; expected true or false"),
        ("--header-rows=99", "it is '99'; expected a whole number from 0 to 16"),
    ] {
        let (status, _, told) = Running::start(&[&upload[..], &[flag]].concat()).ended().await;
        assert_eq!(status.code(), Some(2), "{told}");
        assert!(told.contains(found), "{told}");
    }
    let contradiction = ["--header=false", "--header-rows=2"];
    let (status, _, told) = Running::start(&[&upload[..], &contradiction].concat()).ended().await;
    assert_eq!(status.code(), Some(2), "{told}");
    assert!(told.contains("header: it is false, but header_rows is 2"), "{told}");
}

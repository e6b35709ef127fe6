//! Forms: the file is read as it comes, whatever stands around it; what is no proper form is refused and says why.

use crate::client::Request;
use crate::files::people;
use crate::form::Form;
use crate::patience::rounds;
use crate::server::Server;
use crate::watcher::rows;
use serde_json::{Value, json};

async fn sent(server: &Server, form: &Form) -> Value {
    server.ask(&form.to("/upload/me")).await.ok(201)
}

async fn bytes(server: &Server, upload: &Value) -> Vec<u8> {
    std::fs::read(server.spooled(upload["id"].as_str().expect("an id"))).expect("its bytes")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_a_file_is_that_file() {
    let server = Server::start().await;
    let csv = people(300);
    let upload = sent(&server, &Form::new().file("people.csv", &csv)).await;
    assert_eq!((&upload["filename"], &upload["rows"]), (&json!("people.csv"), &json!(300)));
    assert_eq!((&upload["received_bytes"], &upload["total_bytes"]), (&json!(csv.len()), &json!(csv.len())));
    assert!(bytes(&server, &upload).await == csv);
    // An empty file is a file.
    let empty = sent(&server, &Form::new().file("empty.csv", b"")).await;
    assert_eq!((&empty["rows"], &empty["problems_by_code"]), (&json!(0), &json!({"blank-header": 1})));
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_may_stand_before_and_after_the_file() {
    let server = Server::start().await;
    let form = Form::new().text("token", "abc").text("note", "").text("note", "ü\r\n--").file("a.csv", b"a\n1\n");
    assert_eq!(sent(&server, &form.clone().text("after", "x")).await["rows"], 1);
    // A browser sends an empty file field for a second input that was left empty.
    let empty =
        "Content-Disposition: form-data; name=\"other\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n";
    assert_eq!(sent(&server, &Form::new().part(empty, b"").file("a.csv", b"a\n1\n")).await["rows"], 1);
    assert_eq!(bytes(&server, &sent(&server, &form).await).await, b"a\n1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_a_boundary_is_content_until_it_is_one() {
    let server = Server::start().await;
    let tricky = b"a\r\n--\r\n--b\r\n--bound\r\n-bound--\r\n\r\n--boun\r\r\n--bounx\r\n".to_vec();
    let form = Form::with_boundary("bounD'()+_,-./:=? d").file("a.csv", &tricky);
    let quoted = "multipart/form-data; charset=utf-8; boundary=\"bounD'()+_,-./:=? d\"";
    let body = form.bytes();
    let upload = server.ask(&Request::post("/upload/me").body(quoted, body.clone())).await.ok(201);
    assert_eq!(bytes(&server, &upload).await, tricky);
    // The same however the network cuts it: byte by byte around the end, and at random places with `--long`.
    for cut in (body.len() - 40..body.len()).step_by(40 / rounds(5).min(40)) {
        let request = Request::post("/upload/me").header("Content-Type", quoted);
        let mut sending = server.begin_as(&request).await;
        sending.send(&body[..cut]).await;
        sending.send(&body[cut..]).await;
        let upload = sending.finish().await.ok(201);
        assert_eq!(bytes(&server, &upload).await, tricky, "cut at {cut}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_may_be_written_in_every_way_that_senders_do() {
    let server = Server::start().await;
    for (head, filename) in [
        ("Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n", "a.csv"),
        ("content-disposition:form-data;name=file;filename=a.csv\r\n", "a.csv"),
        ("CONTENT-DISPOSITION: form-data; filename=\"a.csv\"; NAME=\"file\"\r\n", "a.csv"),
        ("Content-Type: text/csv\r\nX-Other: 1\r\nContent-Disposition: form-data; name=\"file\"\r\n", "upload.csv"),
        ("Content-Disposition: form-data; name=\"file\"; filename=\"a;b=\\\"c\\\".csv\"\r\n", "a;b=\"c\".csv"),
        ("Content-Disposition: form-data; name=\"file\"; filename=\"say %22hi%22.csv\"\r\n", "say \"hi\".csv"),
        ("Content-Disposition: form-data; name=\"file\"; filename=\"C:\\Users\\ana\\a.csv\"\r\n", "a.csv"),
        ("Content-Disposition: form-data; name=\"file\"; filename=\"../../etc/passwd\"\r\n", "passwd"),
        ("Content-Disposition: form-data; name=\"file\"; filename=\"..\"\r\n", "upload.csv"),
        ("Content-Disposition: form-data; name=\"file\"; filename=\"ü\u{202e}x.csv\"\r\n", "üx.csv"),
        ("Content-Disposition: form-data; name=\"file\"; filename=\"\"\r\n", "upload.csv"),
        ("Content-Disposition: form-data;\r\n name=\"file\"; filename=\"folded.csv\"\r\n", "folded.csv"),
    ] {
        let upload = sent(&server, &Form::new().part(head, b"a\n1\n")).await;
        assert_eq!((upload["filename"].as_str(), &upload["rows"]), (Some(filename), &json!(1)), "{head}");
    }
    // The name in the query goes before the one in the form.
    let form = Form::new().file("in-form.csv", b"a\n1\n");
    let upload = server.ask(&form.to("/upload/me?filename=in-query.csv")).await.ok(201);
    assert_eq!(upload["filename"], "in-query.csv");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_before_the_first_boundary_and_after_the_last_mean_nothing() {
    let server = Server::start().await;
    let form = Form::with_boundary("b").file("a.csv", b"a\n1\n");
    for (before, after) in [("", ""), ("\r\n", "\r\n"), ("This is a message in parts.\r\n", "\r\nbye\r\n--b\r\n")] {
        let body = [before.as_bytes(), &form.bytes(), after.as_bytes()].concat();
        let answer = server.ask(&form.bytes_to("/upload/me", body)).await;
        assert_eq!(answer.ok(201)["rows"], 1, "{before:?} {after:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_a_file_is_refused_before_an_upload_begins() {
    let server = Server::start().await;
    let misnamed = Form::new().part("Content-Disposition: form-data; name=\"csv\"; filename=\"a.csv\"\r\n", b"a\n1\n");
    for (form, named) in [
        (Form::new(), "'file'"),
        (Form::new().text("a", "b"), "'file'"),
        (Form::new().text("files", "b").part("", b"x"), "'file'"),
        (misnamed, "'csv'"),
    ] {
        let told = server.ask(&form.to("/upload/me")).await.problem(400, "missing-file");
        assert!(told["detail"].as_str().is_some_and(|detail| detail.contains(named)), "{told}");
        assert!(told.get("upload").is_none(), "{told}");
    }
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_proper_form_is_refused_and_says_why() {
    let server = Server::start().await;
    for content_type in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"a \"",
        &format!("multipart/form-data; boundary={}", "x".repeat(71)),
    ] {
        let request = Request::post("/upload/me").body(content_type, "--\r\n");
        server.ask(&request).await.problem(400, "bad-multipart");
    }
    let form = Form::with_boundary("b");
    for body in [
        "",
        "--",
        "--b",
        "--b\r\n",
        "--b\r\nContent-Disp",
        "--b-\r\n\r\n",
        "--bx\r\n\r\nx\r\n--b--",
        "--b\n\nx\n--b--",
        "a,b\n1,2\n",
    ] {
        server.ask(&form.bytes_to("/upload/me", body.into())).await.problem(400, "bad-multipart");
    }
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"], json!([]), "none of them began an upload");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_closing_boundary_is_missing_is_interrupted_not_done() {
    let server = Server::start().await;
    let form = Form::with_boundary("b").file("a.csv", b"a\n1\n2");
    let whole = form.bytes();
    let end_of_file = whole.len() - b"\r\n--b--\r\n".len();
    for cut in [end_of_file - 1, end_of_file, end_of_file + 1, end_of_file + 4] {
        let mut watcher = server.watch("me").await;
        let told = server.ask(&form.bytes_to("/upload/me", whole[..cut].to_vec())).await.problem(400, "bad-multipart");
        let upload = server.look(told["upload"].as_str().expect("the upload that it began")).await;
        assert_eq!((&upload["stage"], &upload["rows"]), (&json!("interrupted"), &json!(1)), "cut at {cut}");
        assert_eq!(rows(&watcher.until_end().await).len(), 1, "a record without its end may go on");
    }
    // With its delimiter the file is complete, even when the form's very end is lost.
    for cut in [end_of_file + 5, end_of_file + 6, whole.len() - 2, whole.len()] {
        let answer = server.ask(&form.bytes_to("/upload/me", whole[..cut].to_vec())).await;
        assert_eq!(answer.ok(201)["rows"], 2, "cut at {cut}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_file_is_refused_and_the_first_is_not_called_done() {
    let server = Server::start().await;
    let form = Form::new().file("a.csv", b"a\n1\n").file("b.csv", b"b\n2\n");
    let told = server.ask(&form.to("/upload/me")).await.problem(400, "bad-multipart");
    let upload = told["upload"].as_str().expect("the upload that it began");
    let upload = server.newest("me", |newest| newest["id"] == upload && newest["stage"] != "reading").await;
    assert_eq!(upload["stage"], "interrupted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_whose_sender_goes_away_leaves_what_came() {
    let server = Server::start().await;
    let form = Form::with_boundary("b").file("a.csv", b"a\n1\n2\n3");
    let body = form.bytes();
    let request = Request::post("/upload/me").header("Content-Type", &form.content_type());
    for sent in [3, 30, body.len() - 10, body.len() - 7] {
        let mut watcher = server.watch("me").await;
        let mut sending = server.begin_as(&request).await;
        sending.send(&body[..sent]).await;
        let begun = sent > 80;
        if begun {
            watcher.until(|event| event.is_row(2)).await;
        }
        drop(sending);
        if begun {
            assert!(
                watcher.until_end().await.last().is_some_and(|event| event.is_stage("interrupted")),
                "{sent} bytes"
            );
        } else {
            watcher.comment().await;
        }
    }
    assert_eq!(server.get("/uploads").await.ok(200)["uploads"].as_array().map(Vec::len), Some(2));
}

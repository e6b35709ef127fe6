//! Uploads through the routes, in every form that senders use and in forms that they should not.

use super::*;
use futures_util::StreamExt;

const FORM: &[(&str, &str)] = &[("content-type", "multipart/form-data; boundary=x")];

fn part(head: &str, data: &str) -> String {
    format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{data}\r\n")
}

fn file(data: &str) -> String {
    part("name=\"file\"; filename=\"people.csv\"", data)
}

async fn json(response: Response) -> Value {
    response.into_body().into_json().await.unwrap()
}

/// The upload when it runs no more: its job notes the end after its sender was answered.
async fn settled(site: &Site, uri: &str) -> Value {
    let running = async {
        loop {
            let upload = json(site.get(uri).await).await;
            if !matches!(upload["stage"].as_str(), Some("receiving" | "understood" | "reading")) {
                break upload;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), running).await.expect("the upload runs for ever")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_and_a_raw_body_give_the_same_upload() {
    let site = Site::new();
    let csv = "name,zip\r\nAna,01234\r\nBob\r\nCid,56789\r\n";
    let form = part("name=note", "hi") + &file(csv) + &part("name=after", "ho") + "--x--\r\nepilogue";
    let length = form.len().to_string();
    let headers = [FORM[0], ("content-length", &length)];
    for (uri, headers, body) in
        [("/upload/me", headers.as_slice(), form), ("/upload/me?filename=dir/people.csv", CSV, csv.to_owned())]
    {
        let response = site.ask_with("POST", uri, headers, body).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let location = response.header("location").unwrap().to_owned();
        let upload = json(response).await;
        assert_eq!(location, format!("/uploads/{}", upload["id"].as_str().unwrap()));
        for (member, value) in [
            ("client", "me".into()),
            ("filename", "people.csv".into()),
            ("stage", "done".into()),
            ("percent", 100.into()),
            ("received_bytes", csv.len().into()),
            ("total_bytes", csv.len().into()),
            ("rows", 3.into()),
            ("problems", 1.into()),
            ("columns", serde_json::json!(["name", "zip"])),
            ("failure", Value::Null),
        ] {
            assert_eq!(upload[member], value, "{member} by {uri}");
        }
        let found = site.get(&location).await;
        let tag = found.header("etag").unwrap().to_owned();
        assert_eq!(json(found).await, upload);
        let again = site.ask_with("GET", &location, &[("if-none-match", &tag)], ()).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_not_as_it_should_be_is_refused_and_says_why() {
    let long = "x".repeat(2000);
    let cases: [(String, u16, &str, bool); 11] = [
        (part("name=note", "hi") + "--x--", 400, "missing-file", false),
        (part("name=data; filename=a.csv", "a") + "--x--", 400, "missing-file", false),
        ("--x--".into(), 400, "missing-file", false),
        (String::new(), 400, "bad-multipart", false),
        ("a,b\n".repeat(1000), 400, "bad-multipart", false),
        (part("name=note", "").repeat(9) + &file("a\n") + "--x--", 400, "too-many-parts", false),
        (part("name=note", &long) + &file("a\n") + "--x--", 413, "fields-too-large", false),
        (part(&format!("name={long}"), "") + "--x--", 431, "part-head-too-long", false),
        ("--x\r\nContent-Disposition: form-data; name=file\r\n\r\na\n1\n".into(), 400, "bad-multipart", true),
        (file("a\n1\n") + &file("b\n2\n") + "--x--", 400, "bad-multipart", true),
        (file("a\n1\n") + &part("name=note", &long) + "--x--", 413, "fields-too-large", true),
    ];
    for (body, status, code, began) in cases {
        let site = Site::new();
        let shown = body.chars().take(60).collect::<String>();
        let (got_status, got_code, problem) = problem_of(site.ask_with("POST", "/upload/me", FORM, body).await).await;
        assert_eq!((got_status, got_code.as_str()), (status, code), "{shown}: {problem}");
        assert_eq!(problem["upload"].is_string(), began, "{shown}");
        match problem["upload"].as_str() {
            Some(id) => assert_eq!(settled(&site, &format!("/uploads/{id}")).await["stage"], "interrupted", "{shown}"),
            None => assert_eq!(json(site.get("/uploads").await).await["uploads"], serde_json::json!([]), "{shown}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_whose_delimiter_was_seen_is_complete() {
    let site = Site::new();
    let body = file("a\n1\n") + "--x";
    let response = site.ask_with("POST", "/upload/me", FORM, body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(json(response).await["rows"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_or_stalls_interrupts_its_upload_and_says_which() {
    for (kind, status, code) in [
        (std::io::ErrorKind::TimedOut, 408, "body-stalled"),
        (std::io::ErrorKind::ConnectionReset, 400, "upload-interrupted"),
    ] {
        let site = Site::new();
        let chunks = [Ok("a\n1\n"), Err(std::io::Error::from(kind))];
        let body = Body::from_bytes_stream(futures_util::stream::iter(chunks));
        let (got_status, got_code, problem) = problem_of(site.ask_with("POST", "/upload/me", CSV, body).await).await;
        assert_eq!((got_status, got_code.as_str()), (status, code));
        let uri = format!("/uploads/{}", problem["upload"].as_str().unwrap());
        let upload = settled(&site, &uri).await;
        assert_eq!(upload["stage"], "interrupted");
        assert_eq!(upload["failure"]["code"], "upload-interrupted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_by_its_own_account_is_refused_unread() {
    let site = Site::new();
    let length = (Limits::for_tests().body_bytes_max + 1).to_string();
    let unread = Body::from_bytes_stream(futures_util::stream::once(async {
        panic!("the body was read");
        #[allow(unreachable_code)]
        Ok::<&str, std::io::Error>("")
    }));
    let headers = [CSV[0], ("content-length", length.as_str())];
    let (status, code, problem) = problem_of(site.ask_with("POST", "/upload/me", &headers, unread).await).await;
    assert_eq!((status, code.as_str(), problem.get("upload")), (413, "body-too-large", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_on_uploads_are_told_apart() {
    let site = Site::new();
    let upload = json(site.ask_with("POST", "/upload/me", CSV, "a\n1\n").await).await;
    let uri = format!("/uploads/{}", upload["id"].as_str().unwrap());
    let cancelled = problem_of(site.ask_with("POST", &format!("{uri}/cancel"), &[], ()).await).await;
    assert_eq!((cancelled.0, cancelled.1.as_str()), (409, "not-running"));
    assert_eq!(site.ask_with("DELETE", &uri, &[], ()).await.status(), StatusCode::NO_CONTENT);
    for (method, uri) in [("GET", uri.clone()), ("DELETE", uri.clone()), ("GET", format!("{uri}/rows"))] {
        let (status, code, _) = problem_of(site.ask_with(method, &uri, &[], ()).await).await;
        assert_eq!((status, code.as_str()), (404, "not-found"), "{method} {uri}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_goes_on_where_its_page_ended() {
    let site = Site::new();
    let mut made = Vec::new();
    for client in ["a", "b", "a"] {
        let upload = json(site.ask_with("POST", &format!("/upload/{client}"), CSV, "x\n").await).await;
        made.insert(0, upload["id"].clone());
    }
    let ids = |page: &Value| -> Vec<Value> {
        page["uploads"].as_array().unwrap().iter().map(|upload| upload["id"].clone()).collect()
    };
    let first = json(site.get("/uploads?limit=2").await).await;
    assert_eq!((ids(&first), &first["next"]), (made[..2].to_vec(), &made[1]));
    let second = json(site.get(&format!("/uploads?limit=2&before={}", made[1].as_str().unwrap())).await).await;
    assert_eq!((ids(&second), &second["next"]), (made[2..].to_vec(), &Value::Null));
    let of_a = json(site.get("/uploads?client=a").await).await;
    assert_eq!(ids(&of_a), [made[0].clone(), made[2].clone()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_come_back_in_pages_and_as_files() {
    let site = Site::new();
    let uri = "/upload/me?filename=Gr%C3%BC%C3%9Fe.csv";
    let upload = json(site.ask_with("POST", uri, CSV, "a,b\n1,2\n3\n4,5\n").await).await;
    let uri = format!("/uploads/{}", upload["id"].as_str().unwrap());
    let rows = json(site.get(&format!("{uri}/rows?from=2&limit=1")).await).await;
    assert_eq!((&rows["from"], &rows["rows"][0]["data"]["b"], &rows["total"]), (&2.into(), &Value::Null, &3.into()));
    let problems = json(site.get(&format!("{uri}/problems")).await).await;
    assert_eq!(problems["problems"][0]["code"], "missing-cell");
    for (ending, content_type, lines) in
        [("csv", "text/csv; charset=utf-8; header=present", 4), ("ndjson", "application/x-ndjson", 3)]
    {
        let export = site.get(&format!("{uri}/rows.{ending}")).await;
        assert_eq!(export.header("content-type"), Some(content_type));
        let name = format!("filename*=UTF-8''Gr%C3%BC%C3%9Fe-rows.{ending}");
        assert!(export.header("content-disposition").unwrap().ends_with(&name));
        assert_eq!(export.into_body().into_string().await.unwrap().lines().count(), lines);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_is_streamed_to_and_one_too_many_is_refused() {
    let site = Site::new();
    let mut watching = Vec::new();
    for _ in 0..Limits::for_tests().client_connections_max {
        let response = site.get("/sse/me?from=start").await;
        assert_eq!(response.header("content-type"), Some("text/event-stream"));
        assert_eq!(response.header("cache-control"), Some("no-store, no-transform"));
        watching.push(response.into_body().into_bytes_stream().boxed());
    }
    let refused = site.get("/sse/me").await;
    assert!(refused.header("retry-after").is_some());
    let (status, code, _) = problem_of(refused).await;
    assert_eq!((status, code.as_str()), (429, "too-many-watchers"));

    let upload = json(site.ask_with("POST", "/upload/me", CSV, "a\n1\n").await).await;
    let reading = async {
        let mut seen = String::new();
        while !seen.contains("\"stage\":\"done\"") {
            let chunk = watching[0].next().await.expect("the stream ended").unwrap();
            seen.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        seen
    };
    let seen = tokio::time::timeout(std::time::Duration::from_secs(20), reading).await.expect("the end never came");
    assert!(seen.starts_with("id: ") && seen.contains(upload["id"].as_str().unwrap()), "{seen}");
}

//! What stands around the operations, and the document that describes them. (The services have their own tests; what
//! they do together is tested over real connections.)

use super::*;
use crate::access::Mode;
use crate::http::code::Code;
use crate::journal::Journal;
use crate::spool::Spool;
use poem::endpoint::BoxEndpoint;
use poem::http::{StatusCode, header};
use poem::{Body, EndpointExt, Request};
use poem_openapi::types::Example;
use serde_json::Value;

/// All routes over services of their own, on a folder that goes away with them.
struct Site {
    endpoint: BoxEndpoint<'static>,
    health: Health,
    _folder: tempfile::TempDir,
}

/// Services on a folder of their own.
fn services(folder: &std::path::Path) -> Services {
    let limits = Arc::new(Limits::for_tests());
    let spool = Spool::open(&folder.join("spool"), 0).unwrap();
    let journal = Journal::open(&folder.join("journal.db"), limits.journal_queue_bytes_max).unwrap();
    let streams = Streams::new(journal.clone(), spool.clone(), Arc::clone(&limits));
    Services {
        ingest: Ingest::new(journal.clone(), spool.clone(), streams.clone(), Arc::clone(&limits)),
        rows: Rows::new(journal, spool, Arc::clone(&limits)),
        streams,
        limits,
        health: Health::default(),
        static_dir: None,
        allowed_hosts: vec![],
        allowed_origins: vec![],
        trusted_proxies: vec![],
        rates: Arc::new(crate::rates::Rates::new(&Limits::for_tests())),
        keep_ms: 86_400_000,
        access: Arc::new(Access::open(Mode::None, folder, &Limits::for_tests()).unwrap()),
        changes: watch::Sender::new(()),
        traffic: traffic(),
        metrics: Arc::new(String::new),
        stats: Arc::new(StatsDocument::example),
    }
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let services = services(folder.path());
        let health = services.health.clone();
        Self { endpoint: endpoint(services).boxed(), health, _folder: folder }
    }

    async fn ask_with(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
        let mut request = Request::builder().method(method.parse().unwrap()).uri_str(uri).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.endpoint.call(request.body(body)).await.unwrap()
    }

    async fn get(&self, uri: &str) -> Response {
        self.ask_with("GET", uri, &[], ()).await
    }
}

const CSV: &[(&str, &str)] = &[("content-type", "text/csv")];

/// One request to a site of its own.
async fn ask(method: &str, uri: &str, headers: &[(&str, &str)]) -> Response {
    Site::new().ask_with(method, uri, headers, ()).await
}

async fn problem_of(response: Response) -> (u16, String, Value) {
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    let status = response.status().as_u16();
    let body: Value = response.into_body().into_json().await.unwrap();
    assert_eq!(body["status"], status);
    let code = body["code"].as_str().unwrap().to_owned();
    assert_eq!(body["type"], format!("/problems/{code}"));
    (status, code, body)
}

#[tokio::test]
async fn every_refusal_before_a_handler_is_a_problem() {
    type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], u16, &'static str);
    let cases: [Case; 14] = [
        ("GET", "/nothing/here", &[], 404, "not-found"),
        ("GET", "/problems/nothing", &[], 404, "not-found"),
        ("GET", "/uploads/", &[], 404, "not-found"),
        ("PUT", "/uploads", &[], 405, "method-not-allowed"),
        ("GET", "/upload/me", &[], 405, "method-not-allowed"),
        ("GET", "/sse/a%20b", &[], 400, "bad-parameter"),
        ("GET", "/sse/me?events=rows", &[], 400, "bad-parameter"),
        ("GET", "/sse/me?from=end", &[], 400, "bad-parameter"),
        ("GET", "/uploads/7", &[], 400, "bad-parameter"),
        ("GET", "/uploads?limit=0", &[], 400, "bad-parameter"),
        ("GET", "/csv?rows=10001", &[], 400, "bad-parameter"),
        ("POST", "/upload/me", &[("content-type", "application/json")], 415, "unsupported-media-type"),
        (
            "POST",
            "/upload/me",
            &[("content-type", "text/csv"), ("content-encoding", "br")],
            415,
            "unsupported-media-type",
        ),
        ("POST", "/upload/me", &[("sec-fetch-site", "cross-site")], 403, "cross-site"),
    ];
    for (method, uri, headers, status, code) in cases {
        let (got_status, got_code, body) = problem_of(ask(method, uri, headers).await).await;
        assert_eq!((got_status, got_code.as_str()), (status, code), "{method} {uri}: {body}");
        assert_eq!(body["instance"], uri.split('?').next().unwrap());
    }
}

#[tokio::test]
async fn a_problem_says_what_was_expected() {
    for (uri, part) in [
        ("/sse/-a", "client: a client name is a letter or digit"),
        ("/uploads/7", "id: an upload's id is a UUID"),
        ("/uploads?limit=x", "limit: "),
        ("/uploads?limit=501", "limit: it is 501, but it can be from 1 to 500"),
        ("/csv?columns=name,shoe", "columns: "),
        ("/csv?messy=2", "messy is 2"),
    ] {
        let (_, _, body) = problem_of(ask("GET", uri, &[]).await).await;
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.starts_with(part), "{uri}: {detail}");
    }
}

#[tokio::test]
async fn another_method_is_told_which_there_are() {
    for (method, uri, allow) in [
        ("PUT", "/uploads/0199a5f3-9f40-7d2a-8000-000000000000", "GET, DELETE, HEAD, OPTIONS"),
        ("GET", "/upload/me", "POST, OPTIONS"),
        ("HEAD", "/upload/me", "POST, OPTIONS"),
        ("PUT", "/sse/me", "GET, POST, HEAD, OPTIONS"),
        ("POST", "/samples/customers.csv", "GET, HEAD, OPTIONS"),
    ] {
        let response = ask(method, uri, &[]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{uri}");
        assert_eq!(response.header(header::ALLOW), Some(allow), "{uri}");
    }
    let options = ask("OPTIONS", "/csv", &[]).await;
    assert_eq!((options.status(), options.header(header::ALLOW)), (StatusCode::NO_CONTENT, Some("GET, HEAD, OPTIONS")));
}

#[tokio::test]
async fn a_foreign_host_is_not_served() {
    let request = Request::builder().uri_str("/livez").header("host", "evil.example").finish();
    let (status, code, _) = problem_of(Site::new().endpoint.call(request).await.unwrap()).await;
    assert_eq!((status, code.as_str()), (421, "misdirected-host"));
}

#[tokio::test]
async fn head_is_get_without_its_body_and_never_attaches() {
    for uri in ["/", "/openapi.json", "/samples/customers.csv"] {
        let get = ask("GET", uri, &[]).await;
        let head = ask("HEAD", uri, &[]).await;
        assert_eq!(head.status(), get.status());
        assert_eq!(head.header("content-type"), get.header("content-type"));
        let length = head.header("content-length").unwrap().to_owned();
        assert_eq!(length, get.into_body().into_bytes().await.unwrap().len().to_string());
        assert!(head.into_body().is_empty());
    }
    // More than may watch a client, and none of them does.
    let site = Site::new();
    for _ in 0..=Limits::for_tests().client_connections_max {
        let kept = site.ask_with("HEAD", "/sse/me", &[], ()).await;
        assert_eq!(kept.status(), StatusCode::OK);
    }
    let head = site.ask_with("HEAD", "/sse/me", &[], ()).await;
    assert_eq!((head.status(), head.header("content-type")), (StatusCode::OK, Some("text/event-stream")));
    assert_eq!(head.header("cache-control"), Some("no-store, no-transform"));
    assert_eq!(head.header("x-accel-buffering"), Some("no"));
    assert_eq!(ask("HEAD", "/sse/a%20b", &[]).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_panic_is_an_internal_error_without_its_message() {
    struct Panics;
    impl Endpoint for Panics {
        type Output = Response;
        async fn call(&self, _: Request) -> poem::Result<Response> {
            panic!("secret")
        }
    }
    let addresses = Addresses::of::<Api>();
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate(Arc::new(services(folder.path())));
    let site = site::Site { operations: Panics, addresses, ui: Ui::default(), guard: Guard::default(), gate };
    let request = Request::builder().uri_str("/livez").header("host", "localhost").finish();
    let (status, code, body) = problem_of(site.call(request).await.unwrap()).await;
    assert_eq!((status, code.as_str()), (500, "internal-error"));
    assert!(!body.to_string().contains("secret"));
}

#[tokio::test]
async fn health_tells_readiness_from_life() {
    let site = Site::new();
    assert_eq!(site.get("/readyz").await.status(), StatusCode::OK);
    site.health.shutting_down();
    let (status, code, _) = problem_of(site.get("/readyz").await).await;
    assert_eq!((status, code.as_str()), (503, "shutting-down"));
    let (status, code, _) = problem_of(site.ask_with("POST", "/upload/me", CSV, "a\n1\n").await).await;
    assert_eq!((status, code.as_str()), (503, "shutting-down"));
    assert_eq!(site.get("/livez").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_protective_headers() {
    for uri in ["/", "/docs", "/openapi.json", "/nothing", "/samples/customers.csv", "/problems/missing-cell"] {
        let response = ask("GET", uri, &[("accept", "text/html")]).await;
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{uri}");
        assert_eq!(response.header("referrer-policy"), Some("no-referrer"), "{uri}");
        let policy = response.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{uri}");
        assert!(response.header("cache-control").is_some(), "{uri}");
    }
}

#[tokio::test]
async fn documents_are_not_sent_twice() {
    for uri in ["/openapi.json", "/docs", "/samples/customers.csv"] {
        let tag = ask("GET", uri, &[]).await.header("etag").unwrap().to_owned();
        let again = ask("GET", uri, &[("if-none-match", &tag)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{uri}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        assert_eq!(again.header("cache-control"), Some("no-cache"));
    }
}

#[tokio::test]
async fn a_code_is_explained_to_people_and_programs() {
    let json = ask("GET", "/problems/disk-full", &[]).await;
    let body: Value = json.into_body().into_json().await.unwrap();
    assert_eq!((body["status"].as_u64(), body["code"].as_str()), (Some(507), Some("disk-full")));
    let html = ask("GET", "/problems/missing-cell", &[("accept", "text/html")]).await;
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(html.into_body().into_string().await.unwrap().contains("<code>missing-cell</code>"));
}

#[tokio::test]
async fn a_made_up_file_is_a_download() {
    let response = ask("GET", "/csv?rows=2&columns=name,email", &[]).await;
    assert_eq!(response.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert!(response.header("content-disposition").unwrap().starts_with("attachment; filename=\"mock-2"));
    let csv = response.into_body().into_string().await.unwrap();
    assert_eq!(csv.lines().count(), 3);
    assert!(csv.starts_with("name,email\r\n"));
}

mod document;
mod uploads;

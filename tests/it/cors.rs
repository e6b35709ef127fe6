//! Pages of other sites (Fetch standard, CORS protocol): what a listed origin may ask and read, and that no other one may.

use crate::answer::Answer;
use crate::client::Request;
use crate::server::Server;
use crate::watcher::Watcher;
use serde_json::Value;
use std::collections::BTreeSet;

const APP: &str = "https://app.example";

async fn open_to_app() -> Server {
    Server::with(|args| args.allow_origin = vec![APP.into()]).await
}

const STRANGER: &str = "https://evil.example";

/// A preflight, but for its origin.
fn preflight(target: &str, method: &str) -> Request {
    Request::new("OPTIONS", target).header("Access-Control-Request-Method", method)
}

fn from(origin: &str, request: &Request) -> Request {
    request.clone().header("Origin", origin)
}

/// The names in a header that lists some, in lower case.
fn names(answer: &Answer, header: &str) -> BTreeSet<String> {
    let list = answer.header(header).unwrap_or_else(|| panic!("no {header}"));
    list.split(',').map(|name| name.trim().to_ascii_lowercase()).collect()
}

/// Every method, header of requests and header of answers in the document.
async fn described(server: &Server) -> [BTreeSet<String>; 3] {
    let document = server.get("/openapi.json").await.ok(200);
    let [mut methods, mut asked, mut told] = [const { BTreeSet::new() }; 3];
    for path in document["paths"].as_object().expect("paths").values() {
        for (method, operation) in path.as_object().expect("operations") {
            methods.insert(method.to_owned());
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let headers = parameters.filter(|parameter| parameter["in"] == "header");
            asked.extend(headers.filter_map(|header| header["name"].as_str()).map(str::to_ascii_lowercase));
            let answers = operation["responses"].as_object().expect("answers").values();
            told.extend(
                answers
                    .filter_map(|answer| answer["headers"].as_object())
                    .flat_map(|headers| headers.keys().map(|name| name.to_ascii_lowercase())),
            );
        }
    }
    [methods, asked, told]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_origin_may_use_everything_that_the_document_describes() {
    let server = open_to_app().await;
    let [methods, asked, mut told] = described(&server).await;
    assert!(methods.len() > 4 && asked.len() > 8 && told.len() > 12, "{methods:?} {asked:?} {told:?}");
    let allowed = server.ask(&from(APP, &preflight("/files", "PATCH"))).await;
    let missing = |all: &BTreeSet<String>, known: BTreeSet<String>| all.difference(&known).cloned().collect::<Vec<_>>();
    assert_eq!(missing(&methods, names(&allowed, "access-control-allow-methods")), [""; 0]);
    let headers = names(&allowed, "access-control-allow-headers");
    assert_eq!(missing(&asked, headers.clone()), [""; 0]);
    // And those that stand at no single operation.
    for header in ["authorization", "content-type", "last-event-id", "tus-resumable", "if-none-match", "traceparent"] {
        assert!(headers.contains(header), "{header}");
    }
    let exposed = names(&server.ask(&from(APP, &Request::get("/uploads"))).await, "access-control-expose-headers");
    assert!(told.remove("set-cookie"), "which no page may read");
    assert_eq!(missing(&told, exposed.clone()), [""; 0]);
    for header in
        ["ratelimit", "ratelimit-policy", "retry-after", "www-authenticate", "tus-resumable", "allow", "location"]
    {
        assert!(exposed.contains(header), "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_is_answered_for_listed_origins_and_kept_for_a_while() {
    let server = open_to_app().await;
    // Whatever the address: what is wrong with it is the request's own answer.
    for (target, method) in
        [("/upload/me", "POST"), ("/files/x", "PATCH"), ("/uploads/x", "DELETE"), ("/nothing", "GET")]
    {
        let asked = preflight(target, method).header("Access-Control-Request-Headers", "authorization");
        let told = server.ask(&from(APP, &asked)).await;
        assert_eq!(told.status(), 204, "{target}");
        assert_eq!(told.header("access-control-allow-origin"), Some(APP));
        assert_eq!(told.header("access-control-allow-credentials"), Some("true"));
        let seconds: u32 = told.header("access-control-max-age").expect("how long").parse().expect("a number");
        assert!((60..=7200).contains(&seconds), "{seconds}");
        assert_eq!(told.header("access-control-allow-private-network"), None);
    }
    let private = preflight("/sse/me", "GET").header("Access-Control-Request-Private-Network", "true");
    let told = server.ask(&from(APP, &private)).await;
    assert_eq!(told.header("access-control-allow-private-network"), Some("true"));
    let refused = server.ask(&from(STRANGER, &private)).await;
    for header in
        ["allow-origin", "allow-methods", "allow-headers", "allow-credentials", "max-age", "allow-private-network"]
    {
        assert_eq!(refused.header(&format!("access-control-{header}")), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_that_it_differs_by_origin_and_lets_the_listed_one_read_it() {
    let server = open_to_app().await;
    let id = server.uploaded("me", "a\n1\n").await["id"].as_str().expect("an id").to_owned();
    let upload = format!("/uploads/{id}");
    let tag = server.get("/client.js").await.header("etag").expect("a tag").to_owned();
    let csv = |body: &str| Request::post("/upload/me").body("text/csv", body);
    let asked = [
        (200, Request::get("/")),
        (200, Request::get(&upload)),
        (200, Request::get(&format!("{upload}/rows.csv"))),
        (200, Request::new("HEAD", "/sse/me")),
        (200, Request::get("/client.js")),
        (304, Request::get("/client.js").header("If-None-Match", &tag)),
        (201, csv("a\n1\n")),
        (204, Request::new("OPTIONS", "/files")),
        (204, Request::new("OPTIONS", "/uploads")),
        (400, Request::get("/uploads?limit=0")),
        (404, Request::get("/nothing")),
        (405, Request::new("PATCH", "/uploads")),
        (409, Request::post(&format!("{upload}/cancel"))),
        (412, Request::new("HEAD", &format!("/files/{id}"))),
        (415, Request::post("/upload/me").body("image/png", "x")),
        (204, preflight("/files", "PATCH")),
        (204, Request::new("DELETE", &upload)),
    ];
    for (status, request) in asked {
        let changes = !matches!(request.method(), "GET" | "HEAD" | "OPTIONS");
        for origin in [Some(STRANGER), None, Some(APP)] {
            if changes && origin.is_none() {
                // It would change the same a second time.
                continue;
            }
            let answer = server.ask(&origin.map_or_else(|| request.clone(), |origin| from(origin, &request))).await;
            let expected = if changes && origin == Some(STRANGER) { 403 } else { status };
            assert_eq!(answer.status(), expected, "{origin:?} {request:?}");
            assert!(names(&answer, "vary").contains("origin"), "{origin:?} {request:?}");
            let listed = origin.filter(|origin| *origin == APP);
            assert_eq!(answer.header("access-control-allow-origin"), listed, "{request:?}");
            assert_eq!(answer.header("access-control-allow-credentials").is_some(), listed.is_some(), "{request:?}");
            assert_eq!(answer.header("access-control-expose-headers").is_some(), listed.is_some(), "{request:?}");
            if request.method() != "OPTIONS" {
                let policy = if listed.is_some() { "cross-origin" } else { "same-origin" };
                assert_eq!(answer.header("cross-origin-resource-policy"), Some(policy), "{request:?}");
            }
        }
    }
    let watcher = Watcher::attach_with(&server, &from(APP, &Request::get("/sse/me"))).await;
    assert_eq!(watcher.head.header("access-control-allow-origin"), Some(APP));
    assert!(watcher.head.header("vary").is_some_and(|vary| vary.contains("Origin")));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_origin_is_listed_no_answer_speaks_of_any() {
    let server = Server::start().await;
    for request in [Request::get("/uploads"), preflight("/files", "PATCH")] {
        let answer = server.ask(&from(APP, &request)).await;
        assert!((200..300).contains(&answer.status()));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert!(answer.header("vary").is_none_or(|vary| !vary.contains("Origin")));
    }
    // Its own pages need none of this.
    let own = format!("http://{}", server.address);
    let sent = from(&own, &Request::post("/upload/me")).header("Sec-Fetch-Site", "same-origin");
    let done: Value = server.ask(&sent.body("text/csv", "a\n1\n")).await.ok(201);
    assert_eq!(done["rows"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_module_for_pages_is_served_as_it_is_written_and_listed_origins_may_import_it() {
    let server = open_to_app().await;
    for (path, content_type) in
        [("/client.js", "text/javascript; charset=utf-8"), ("/client.d.ts", "text/plain; charset=utf-8")]
    {
        let written = std::fs::read(format!("{}/static{path}", env!("CARGO_MANIFEST_DIR"))).expect("it is there");
        let served = server.ask(&from(APP, &Request::get(path))).await;
        assert_eq!((served.status(), served.header("content-type")), (200, Some(content_type)));
        assert!(served.body == written, "{path} is not served as it is written");
        assert_eq!(served.header("cache-control"), Some("no-cache"));
        let packed = server.ask(&Request::get(path).header("Accept-Encoding", "br")).await;
        assert_eq!(packed.header("content-encoding"), Some("br"));
        println!("{path}: {} bytes, {} sent", written.len(), packed.body.len());
        assert!(packed.body.len() < 8 << 10, "{path}: {} bytes are sent", packed.body.len());
    }
}

//! Pages of other sites: by a list of origins, with credentials, and never by chance.

use super::{Keys, by, upload};
use crate::client::Request;
use crate::server::Server;
use crate::watcher::Watcher;

const APP: &str = "https://app.example";

#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_page_signs_its_requests_and_reads_the_answers() {
    let keys = Keys::new();
    let key = keys.add("sub=alice roles=uploader clients=me");
    let server = Server::with(|args| {
        keys.asked_for(args);
        args.allow_origin = vec![APP.into()];
    })
    .await;
    let from = |request: Request| request.header("Origin", APP).header("Sec-Fetch-Site", "cross-site");
    let preflight = Request::new("OPTIONS", "/upload/me")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization");
    let told = server.ask(&from(preflight)).await;
    assert_eq!((told.status(), told.header("access-control-allow-credentials")), (204, Some("true")));
    assert!(told.header("access-control-allow-headers").is_some_and(|headers| headers.contains("Authorization")));
    let answer = server.ask(&from(by(&key, upload("me")))).await;
    answer.ok(201);
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (Some(APP), Some("Origin")));
    let exposed = answer.header("access-control-expose-headers").expect("headers");
    for header in [
        "Location",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "WWW-Authenticate",
        "Upload-Offset",
        "Newest-Event-ID",
    ] {
        assert!(exposed.split(", ").any(|exposed| exposed == header), "{header} is not in {exposed}");
    }
    // A refusal is read as well, else the page would never know.
    let refused = server.ask(&from(upload("me"))).await;
    refused.problem(401, "unauthenticated");
    assert_eq!(refused.header("access-control-allow-origin"), Some(APP));
    let ticket = from(by(&key, Request::post("/tickets"))).body("application/json", r#"{"client":"me"}"#);
    let ticket = server.ask(&ticket).await.ok(201)["ticket"].as_str().expect("a ticket").to_owned();
    let mut watcher =
        Watcher::attach_with(&server, &from(Request::get(&format!("/sse/me?from=start&ticket={ticket}")))).await;
    assert_eq!(watcher.head.header("access-control-allow-origin"), Some(APP));
    assert!(watcher.until_end().await.iter().any(|event| event.is_row(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_differ_by_origin_and_say_so_to_caches() {
    let server = Server::with(|args| args.allow_origin = vec![APP.into()]).await;
    for origin in [None, Some(APP), Some("https://evil.example"), Some("null")] {
        let asked = Request::get("/").header("Accept", "text/html");
        let asked = origin.map_or(asked.clone(), |origin| asked.header("Origin", origin));
        let answer = server.ask(&asked).await;
        assert_eq!(answer.status(), 200, "the same origin always works, and others are shown nothing by their browser");
        assert!(answer.header("vary").is_some_and(|vary| vary.ends_with(", Origin")), "{origin:?}");
        let allowed = origin.filter(|origin| *origin == APP);
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
        assert_eq!(answer.header("access-control-allow-credentials"), allowed.map(|_| "true"));
    }
    let closed = Server::start().await;
    assert_eq!(closed.ask(&Request::get("/uploads").header("Origin", APP)).await.header("vary"), None);
}

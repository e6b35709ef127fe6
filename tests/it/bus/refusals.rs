//! What cannot be published, and who may not.

use super::{publish, published, publishing};
use crate::access::{Guarded, by};
use crate::client::Request;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn names_of_the_servers_own_and_what_is_no_event_are_refused_with_a_reason() {
    let server = Server::start().await;
    let ask = async |body: &str| {
        let request = Request::post("/sse/me").body("application/json", body);
        server.ask(&request).await.problem(400, "bad-parameter")["detail"].as_str().expect("a detail").to_owned()
    };
    for own in
        ["row", "problem", "progress", "toast", "stage", "profile", "gap", "published", "system", "presence", "Row"]
    {
        let told = ask(&format!("{{\"event\":\"{own}\",\"data\":1}}")).await;
        assert!(told.starts_with(&format!("event: '{own}' is what this server calls")), "{told}");
    }
    assert!(ask(r#"{"event":"error","data":1}"#).await.contains("browsers"));
    for (body, why) in [
        (r#"{"event":"1a","data":1}"#, "event: a name is a letter"),
        (r#"{"event":"a","data":}"#, "body: "),
        (r#"{"event":"a"}"#, "missing field `data`"),
        (r#"{"event":"a","data":1,"id":"x"}"#, "unknown field `id`"),
        ("", "body: "),
        ("{\"event\":\"a\",\"data\":\"\n\"}", "body: "),
    ] {
        let told = ask(body).await;
        assert!(told.contains(why), "{body}: {told}");
    }
    server.ask(&publishing("me%2f", "a", "1")).await.problem(400, "bad-parameter");
    assert_eq!(server.watch("me").await.ledger.n(), 0, "nothing of it was published");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_beyond_the_limit_is_refused_and_at_the_limit_it_is_not() {
    let server = Server::start().await;
    let max = usize::try_from(server.limits().published_bytes_max).expect("it fits");
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    published(&server, "me", "large", &text(max)).await;
    publish(&server, "me", "large", &text(max + 1)).await.problem(413, "event-too-large");
    publish(&server, "me", "large", &text(max + 64 * 1024)).await.problem(413, "event-too-large");
    // What is not sent to watchers does not count.
    published(&server, "me", "large", &format!("[{}1]", " ".repeat(max))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_role_publisher_at_that_client() {
    let (guarded, [publisher, admin, uploader, viewer]) = Guarded::with([
        "sub=p roles=publisher clients=orders-*",
        "sub=a roles=admin clients=*",
        "sub=u roles=uploader clients=*",
        "sub=v roles=viewer clients=*",
    ])
    .await;
    let server = &guarded.server;
    let request = publishing("orders-1", "a", "1");
    server.ask(&request).await.problem(401, "unauthenticated");
    for key in [&publisher, &admin] {
        server.ask(&by(key, request.clone())).await.ok(201);
    }
    for key in [&uploader, &viewer] {
        let refused = server.ask(&by(key, request.clone())).await.problem(403, "forbidden");
        assert!(refused["detail"].as_str().is_some_and(|told| told.contains("publisher or admin")), "{refused}");
    }
    server.ask(&by(&publisher, publishing("me", "a", "1"))).await.problem(403, "forbidden");
    let ticket = Request::post("/tickets").body("application/json", r#"{"client":"orders-1"}"#);
    let ticket = server.ask(&by(&viewer, ticket)).await.ok(201)["ticket"].as_str().expect("a ticket").to_owned();
    let body = r#"{"event":"a","data":1}"#;
    let shown = Request::post(&format!("/sse/orders-1?ticket={ticket}")).body("application/json", body);
    let refused = server.ask(&shown).await;
    assert!(matches!(refused.status(), 401 | 403), "a ticket is good for watching alone: {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_publishes_nothing() {
    let server = Server::start().await;
    let request =
        publishing("me", "a", "1").header("Sec-Fetch-Site", "cross-site").header("Origin", "https://x.example");
    server.ask(&request).await.problem(403, "cross-site");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_takes_no_number() {
    let server = Server::limited(|limits| limits.disk_free_bytes_min = u64::MAX / 2).await;
    publish(&server, "me", "a", "1").await.problem(507, "disk-full");
    assert_eq!(server.watch("me").await.ledger.n(), 0);
}

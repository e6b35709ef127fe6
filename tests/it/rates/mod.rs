//! How often and how much: what each policy allows, what it answers beyond that, and whom it leaves alone.

mod bytes;
mod credentials;
mod proxies;
mod quotas;

use crate::access::{Keys, by};
use crate::answer::Answer;
use crate::client::Request;
use crate::form::Form;
use crate::server::Server;
use crate::watcher::Watcher;
use rowcast::config::ServeArgs;
use rowcast::domain::Limits;

/// Settings of a server to which requests come by a proxy on this machine.
fn behind_proxy(args: &mut ServeArgs) {
    args.trusted_proxy = vec!["127.0.0.0/8".parse().expect("a network")];
}

/// A server behind a proxy with these limits.
async fn limited(change: impl FnOnce(&mut Limits)) -> Server {
    Server::with(|args| {
        behind_proxy(args);
        change(&mut args.limits.0);
    })
    .await
}

/// The request as the proxy passes it on for that address.
fn from(address: &str, request: Request) -> Request {
    request.header("X-Forwarded-For", address)
}

fn upload(client: &str) -> Request {
    Request::post(&format!("/upload/{client}")).body("text/csv", "a\n1\n")
}

fn tus_create(client: &str) -> Request {
    use base64::Engine;
    let client = base64::engine::general_purpose::STANDARD.encode(client);
    Request::post("/files")
        .header("Tus-Resumable", "1.0.0")
        .header("Upload-Length", "4")
        .header("Upload-Metadata", &format!("client {client}"))
        .header("Content-Length", "0")
}

/// What `RateLimit` and `RateLimit-Policy` say: the policy, what is left, in how many seconds it is whole, and the whole of it
/// with its window. Both are read by the rules of Structured Fields (RFC 9651), not by those of who wrote them.
fn standing(answer: &Answer) -> (String, u64, u64, u64, u64) {
    let read = |name: &str, first: &str, second: &str| -> (String, u64, u64) {
        let field = answer.header(name).unwrap_or_else(|| panic!("no {name}: {answer:?}"));
        let (policy, rest) = field.strip_prefix('"').and_then(|rest| rest.split_once('"')).expect("a string");
        assert!(policy.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{field}");
        let mut numbers = [None; 2];
        for parameter in rest.strip_prefix(';').expect("parameters").split(';') {
            let (key, value) = parameter.split_once('=').expect("a value");
            match key {
                _ if key == first => numbers[0] = value.parse().ok(),
                _ if key == second => numbers[1] = value.parse().ok(),
                "qu" => assert_eq!((value, policy.ends_with("bytes")), ("\"content-bytes\"", true), "{field}"),
                _ => panic!("{key} was not promised: {field}"),
            }
        }
        (policy.to_owned(), numbers[0].expect("an integer"), numbers[1].expect("an integer"))
    };
    let (policy, remaining, reset_s) = read("ratelimit", "r", "t");
    let (same, quota, window_s) = read("ratelimit-policy", "q", "w");
    assert_eq!(policy, same);
    assert!(remaining <= quota, "{answer:?}");
    (policy, remaining, reset_s, quota, window_s)
}

/// The answer is a refusal by this policy, and says when to come again.
#[track_caller]
fn refused(answer: &Answer, code: &str, policy: &str) {
    let problem = answer.problem(429, code);
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.starts_with(&format!("{policy}: ")) && detail.contains("come again in"), "{detail}");
    let (said, remaining, _, quota, window_s) = standing(answer);
    assert_eq!((said.as_str(), remaining), (policy, 0));
    assert!(quota > 0 && [60, 86_400].contains(&window_s));
    let seconds: u64 = answer.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("when");
    assert!((1..=window_s).contains(&seconds), "{seconds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_one_address_are_limited_and_those_of_others_are_not() {
    let server = limited(|limits| limits.address_requests_per_minute_max = 3).await;
    let list = || Request::get("/uploads?client=me");
    for left in [2, 1, 0] {
        let answer = server.ask(&from("192.0.2.1", list())).await;
        answer.ok(200);
        let (policy, remaining, reset_s, quota, window_s) = standing(&answer);
        assert_eq!((policy.as_str(), remaining, quota, window_s), ("address-requests", left, 3, 60));
        assert!((1..=60).contains(&reset_s));
    }
    for request in [list(), Request::get("/"), Request::get("/nowhere"), upload("me"), Request::new("HEAD", "/docs")] {
        let answer = server.ask(&from("192.0.2.1", request.clone())).await;
        if request.target() == "/docs" {
            assert_eq!((answer.status(), answer.body.len()), (429, 0));
        } else {
            refused(&answer, "too-many-requests", "address-requests");
        }
    }
    assert_eq!(server.ask(&from("192.0.2.2", list())).await.status(), 200);
    // Whoever has one address of IPv6 has all of its /64.
    for (host, status) in [(1, 200), (2, 200), (3, 200), (4, 429)] {
        assert_eq!(server.ask(&from(&format!("2001:db8::{host}"), list())).await.status(), status);
    }
    assert_eq!(server.ask(&from("2001:db8:0:1::1", list())).await.status(), 200);
    let metrics = server.get("/metrics").await;
    assert!(
        metrics.text().contains("rowcast_rate_refusals_total{policy=\"address-requests\"} 6"),
        "{}",
        metrics.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_over_the_server_is_not_refused_because_of_others() {
    let server = Server::limited(|limits| limits.address_requests_per_minute_max = 4).await;
    until_refused(&server, "/uploads").await;
    for probe in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(server.get(probe).await.status(), 200, "{probe}");
    }
    until_refused(&server, "/livez").await;
}

async fn until_refused(server: &Server, target: &str) {
    for _ in 0..5 {
        if server.get(target).await.status() == 429 {
            return;
        }
    }
    panic!("{target} is never refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_nobody_is_refused_and_nothing_is_said() {
    let server = Server::limited(|limits| limits.address_requests_per_minute_max = 0).await;
    let answer = server.get("/uploads").await;
    answer.ok(200);
    assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_of_one_address_are_limited_however_they_are_begun() {
    let server = limited(|limits| limits.address_uploads_per_minute_max = 3).await;
    server.ask(&from("192.0.2.1", upload("me"))).await.ok(201);
    server.ask(&from("192.0.2.1", Form::new().file("a.csv", b"a\n1\n").to("/upload/you"))).await.ok(201);
    let begun = server.ask(&from("192.0.2.1", tus_create("me"))).await;
    assert_eq!(begun.status(), 201);
    let (policy, remaining, ..) = standing(&begun);
    assert_eq!(
        (policy.as_str(), remaining),
        ("address-uploads", 0),
        "of the policies it is the one with the least left"
    );
    refused(&server.ask(&from("192.0.2.1", upload("me"))).await, "too-many-new-uploads", "address-uploads");
    refused(&server.ask(&from("192.0.2.1", tus_create("me"))).await, "too-many-new-uploads", "address-uploads");
    // What was begun goes on, and others begin theirs.
    let location = begun.header("location").expect("where it is");
    let path = &location[location.find("/files/").expect("a path")..];
    let piece = Request::new("PATCH", path).header("Tus-Resumable", "1.0.0").header("Upload-Offset", "0");
    let piece = from("192.0.2.1", piece.body("application/offset+octet-stream", "a\n1\n"));
    assert_eq!(server.ask(&piece).await.status(), 204);
    server.ask(&from("192.0.2.2", upload("me"))).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn connects_of_one_address_are_limited_and_a_look_is_none() {
    let server = limited(|limits| limits.address_connects_per_minute_max = 2).await;
    let watch = |address| from(address, Request::get("/sse/me"));
    for _ in 0..5 {
        assert_eq!(server.ask(&from("192.0.2.1", Request::new("HEAD", "/sse/me"))).await.status(), 200);
    }
    let mut first = Watcher::attach_with(&server, &watch("192.0.2.1")).await;
    let second = Watcher::attach_with(&server, &watch("192.0.2.1")).await;
    assert!(
        second.head.header("ratelimit").is_some_and(|standing| standing.starts_with("\"address-connects\";r=0;t="))
    );
    drop(second);
    let answer = Watcher::try_attach(&server, &watch("192.0.2.1")).await.err().expect("a refusal");
    refused(&answer, "too-many-connects", "address-connects");
    Watcher::attach_with(&server, &watch("192.0.2.2")).await;
    // Who is there stays.
    server.ask(&from("192.0.2.1", upload("me"))).await.ok(201);
    first.until_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_limited_wherever_it_is_used() {
    let keys = Keys::new();
    let (alice, again) = (keys.add("sub=alice roles=admin clients=*"), keys.add("sub=alice roles=admin clients=*"));
    let bob = keys.add("sub=bob roles=admin clients=*");
    let server = Server::with(|args| {
        keys.asked_for(args);
        behind_proxy(args);
        let limits = &mut args.limits.0;
        limits.key_requests_per_minute_max = 6;
        limits.key_uploads_per_minute_max = 2;
        limits.key_connects_per_minute_max = 1;
    })
    .await;
    let as_from = |key: &str, host: u8, request| from(&format!("192.0.2.{host}"), by(key, request));
    server.ask(&as_from(&alice, 1, upload("me"))).await.ok(201);
    server.ask(&as_from(&again, 2, upload("me"))).await.ok(201);
    refused(&server.ask(&as_from(&alice, 3, upload("me"))).await, "too-many-new-uploads", "key-uploads");
    Watcher::attach_with(&server, &as_from(&alice, 4, Request::get("/sse/me"))).await;
    let answer = Watcher::try_attach(&server, &as_from(&again, 5, Request::get("/sse/me"))).await.err();
    refused(&answer.expect("a refusal"), "too-many-connects", "key-connects");
    server.ask(&as_from(&alice, 6, Request::get("/uploads"))).await.ok(200);
    refused(&server.ask(&as_from(&again, 7, Request::get("/uploads"))).await, "too-many-requests", "key-requests");
    // What is public asks for no key, and others have their own.
    assert_eq!(server.ask(&as_from(&alice, 8, Request::get("/docs"))).await.status(), 200);
    server.ask(&as_from(&bob, 7, upload("me"))).await.ok(201);
    assert_eq!(server.ask(&from("192.0.2.7", Request::get("/uploads"))).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_addresses_are_remembered_than_rates_tracked_max() {
    let server = limited(|limits| {
        limits.rates_tracked_max = 5;
        limits.address_requests_per_minute_max = 1;
    })
    .await;
    let mut refused = 0;
    // A crowd shares 256 allowances, so the birthdays of 200 tell that they do.
    for host in 0..200 {
        let answer = server.ask(&from(&format!("10.0.0.{host}"), Request::get("/nowhere"))).await;
        refused += u32::from(answer.status() == 429);
    }
    assert!((10..150).contains(&refused), "{refused}");
    // Whoever scrapes shares an allowance as well, and it may be used up: then another one asks.
    let mut scrapes = (0..=255).map(|host| from(&format!("10.0.1.{host}"), Request::get("/metrics")));
    let metrics = loop {
        let answer = server.ask(&scrapes.next().expect("somebody may")).await;
        if answer.status() == 200 {
            break answer;
        }
    };
    let tracked = metrics.text().lines().find_map(|line| line.strip_prefix("rowcast_rates_tracked ")).expect("it");
    assert_eq!(tracked, "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_of_a_policy_is_explained() {
    let server = Server::start().await;
    for code in [
        "too-many-requests",
        "too-many-new-uploads",
        "too-many-connects",
        "too-many-bytes",
        "too-many-failed-credentials",
        "client-uploads-used-up",
    ] {
        assert_eq!(server.get(&format!("/problems/{code}")).await.ok(200)["status"], 429, "{code}");
    }
    assert_eq!(server.get("/problems/client-full").await.ok(200)["status"], 507);
}

//! Whom a request is from: the peer, or whom a trusted proxy names, and nobody else's word.

use super::from;
use crate::access::{Keys, by};
use crate::client::Request;
use crate::patience::until;
use crate::program::Program;
use crate::server::Server;
use serde_json::Value;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trusted_proxy_the_peer_counts_whatever_it_says() {
    let server = Server::limited(|limits| limits.address_requests_per_minute_max = 3).await;
    for (host, status) in [(1, 404), (2, 404), (3, 404), (4, 429)] {
        let said = from(&format!("192.0.2.{host}"), Request::get("/nowhere"));
        let said = said.header("Forwarded", &format!("for=192.0.2.{host}"));
        assert_eq!(server.ask(&said).await.status(), status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_the_last_address_that_is_none_counts() {
    let server = super::limited(|limits| limits.address_requests_per_minute_max = 2).await;
    let ask = async |name: &str, value: &str| server.ask(&Request::get("/nowhere").header(name, value)).await.status();
    // All of these are the same sender, however much they make up.
    assert_eq!(ask("X-Forwarded-For", "192.0.2.1").await, 404);
    assert_eq!(ask("X-Forwarded-For", "203.0.113.9, 192.0.2.1").await, 404);
    assert_eq!(ask("X-Forwarded-For", "<script>, 192.0.2.1").await, 429);
    assert_eq!(ask("X-Forwarded-For", "192.0.2.1, 127.0.0.1").await, 429);
    assert_eq!(ask("X-Forwarded-For", "::ffff:192.0.2.1").await, 429);
    assert_eq!(ask("Forwarded", "for=203.0.113.9, for=\"192.0.2.1:4711\";proto=https").await, 429);
    assert_eq!(ask("Forwarded", "for=203.0.113.9").await, 404, "this is another one");
    // What cannot be read is the proxy's own.
    assert_eq!(ask("X-Forwarded-For", "unknown").await, 404);
    assert_eq!(ask("Forwarded", "for=\"192.0.2.7").await, 404);
    assert_eq!(ask("X-Forwarded-For", "192.0.2.8, nonsense").await, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_it_came_by_tls_is_believed_of_trusted_proxies_alone() {
    let keys = Keys::new();
    let key = keys.add("sub=alice roles=admin clients=*");
    for trusted in [false, true] {
        let server = Server::with(|args| {
            keys.asked_for(args);
            if trusted {
                super::behind_proxy(args);
            }
        })
        .await;
        for (name, value) in [("X-Forwarded-Proto", "https"), ("Forwarded", "for=192.0.2.1;proto=https")] {
            let signed_in = server.ask(&by(&key, Request::post("/session")).header(name, value)).await;
            let cookie = signed_in.header("set-cookie").expect("a cookie");
            assert_eq!(cookie.contains("; Secure"), trusted, "{cookie}");
            let begun = server.ask(&by(&key, super::tus_create("me")).header(name, value)).await;
            let scheme = if trusted { "https://" } else { "http://" };
            assert!(begun.header("location").is_some_and(|location| location.starts_with(scheme)), "{begun:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_say_whom_it_is_from_and_who_passed_it_on() {
    let dir = TempDir::new().expect("a folder");
    let program = Program::with(dir.path(), &["--log-format", "json", "--trusted-proxy", "127.0.0.1"]);
    program.ask(&from("192.0.2.1", super::upload("me"))).await.ok(201);
    program.ask(&super::upload("direct")).await.ok(201);
    let line = async |target: &str, path: &str| -> Value {
        until(format!("{target} of {path}"), async || {
            let log = program.log();
            let whole = &log[..log.rfind('\n').map_or(0, |end| end + 1)];
            let mut lines = whole.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
            lines.find(|line| line["target"] == target && line["path"] == path)
        })
        .await
    };
    for target in ["rowcast::access", "rowcast::audit"] {
        let line_of_proxy = line(target, "/upload/me").await;
        assert_eq!(line_of_proxy["address"], "192.0.2.1", "{line_of_proxy}");
        assert!(line_of_proxy["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1:")), "{line_of_proxy}");
        let direct = line(target, "/upload/direct").await;
        assert!(direct.get("address").is_none() && direct["peer"].is_string(), "{direct}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_nobody_named_is_told_of_once() {
    let dir = TempDir::new().expect("a folder");
    let program = Program::start(dir.path());
    for _ in 0..3 {
        program.ask(&from("192.0.2.1", Request::get("/nowhere"))).await;
    }
    let told = || program.log().matches("is no --trusted-proxy").count();
    until("it is told", async || (told() == 1).then_some(())).await;
    program.ask(&from("192.0.2.1", Request::get("/nowhere"))).await;
    assert_eq!(told(), 1);
    let wrong = crate::program::output(["serve", "--trusted-proxy", "10.0.0.1/8"]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(wrong.status.code() == Some(2) && said.contains("bits behind the length"), "{said}");
}

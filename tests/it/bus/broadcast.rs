//! A broadcast reaches every client that its pattern names and that has a stream.

use super::{named, published, publishing};
use crate::access::{Guarded, by};
use crate::answer::Answer;
use crate::api::Api;
use crate::client::Request;
use crate::server::Server;
use serde_json::Value;

fn broadcasting(clients: &str, data: &str) -> Request {
    let body = format!("{{\"clients\":\"{clients}\",\"event\":\"{}\",\"data\":{data}}}", named("all"));
    Request::post("/sse").body("application/json", body)
}

async fn broadcast(api: &Api, clients: &str) -> Answer {
    api.ask(&broadcasting(clients, "1")).await
}

fn reached(answer: &Value) -> Vec<&str> {
    let published = answer["published"].as_array().expect("who was reached");
    assert_eq!((&answer["count"], &answer["failed"]), (&published.len().into(), &serde_json::json!([])));
    published.iter().map(|placed| placed["client"].as_str().expect("a client")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_that_is_named_gets_it_under_a_number_of_its_own() {
    let server = Server::start().await;
    published(&server, "orders-1", "first", "0").await;
    server.uploaded("orders-2", "a\n1\n").await;
    published(&server, "other", "first", "0").await;
    let (mut one, mut two) = (server.watch("orders-1").await, server.watch("orders-2").await);
    let mut unknown = server.watch("orders-3").await;
    let answer = broadcast(&server, "orders-*").await.ok(201);
    assert_eq!(reached(&answer), ["orders-1", "orders-2"]);
    for (watcher, placed) in [&mut one, &mut two].into_iter().zip(answer["published"].as_array().expect("places")) {
        let event = watcher.event().await;
        assert_eq!((event.kind(), event.block.id.as_deref()), (named("all").as_str(), placed["id"].as_str()));
    }
    assert_eq!(one.ledger.n(), 2);
    unknown.comment().await;
    assert_eq!(unknown.ledger.n(), 0, "nothing is known of it");
    assert_eq!(reached(&broadcast(&server, "nobody*").await.ok(201)), [""; 0]);
    assert_eq!(reached(&broadcast(&server, "*").await.ok(201)), ["orders-1", "orders-2", "other"]);
    assert_eq!(reached(&broadcast(&server, "other").await.ok(201)), ["other"]);
    for bad in ["", "{sub}", "a b"] {
        broadcast(&server, bad).await.problem(400, "bad-parameter");
    }
    server
        .ask(&Request::post("/sse").body("application/json", r#"{"event":"a","data":1}"#))
        .await
        .problem(400, "bad-parameter");
    let both = Request::post("/sse/me").body("application/json", r#"{"clients":"*","event":"a","data":1}"#);
    server.ask(&both).await.problem(400, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_under_a_key_is_made_once_and_refused_as_a_whole() {
    let server = Server::start().await;
    for client in ["a-1", "a-2"] {
        published(&server, client, "first", "0").await;
    }
    let keyed = |data: &str| broadcasting("a-*", data).header("Idempotency-Key", "k");
    let first: Value = server.ask(&keyed("1")).await.ok(201);
    assert_eq!(server.ask(&keyed("1")).await.ok(201), first);
    server.ask(&keyed("2")).await.problem(422, "idempotency-key-reused");
    // One that used the key for something else refuses it for all.
    server.ask(&publishing("a-0", "x", "0").header("Idempotency-Key", "other")).await.ok(201);
    let refused = broadcasting("a-*", "1").header("Idempotency-Key", "other");
    server.ask(&refused).await.problem(422, "idempotency-key-reused");
    assert_eq!(server.watch("a-2").await.opening, first["published"][1]["id"].as_str().expect("an id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_clients_than_the_limit_are_refused_and_nobody_gets_it() {
    let server = Server::start().await;
    let max = server.limits().broadcast_clients_max;
    for i in 0..max {
        published(&server, &format!("m-{i}"), "first", "0").await;
    }
    assert_eq!(reached(&broadcast(&server, "m-*").await.ok(201)).len() as u64, max);
    published(&server, "m-x", "first", "0").await;
    let refused = broadcast(&server, "m-*").await.problem(400, "bad-parameter");
    assert!(refused["detail"].as_str().is_some_and(|told| told.starts_with("clients: ")), "{refused}");
    assert_eq!(server.watch("m-x").await.opening.split('-').nth(1), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pattern_has_to_be_within_those_of_whoever_publishes() {
    let (guarded, [admin, publisher, uploader]) = Guarded::with([
        "sub=root roles=admin clients=*",
        "sub=p roles=publisher clients=orders-*",
        "sub=u roles=uploader clients=*",
    ])
    .await;
    let server = &guarded.server;
    for client in ["orders-1", "secret"] {
        server.ask(&by(&admin, publishing(client, "first", "0"))).await.ok(201);
    }
    for (key, pattern) in [(&publisher, "*"), (&publisher, "order*"), (&publisher, "secret"), (&uploader, "orders-*")] {
        server.ask(&by(key, broadcasting(pattern, "1"))).await.problem(403, "forbidden");
    }
    server.ask(&broadcasting("orders-*", "1")).await.problem(401, "unauthenticated");
    let answer = server.ask(&by(&publisher, broadcasting("orders-*", "1"))).await.ok(201);
    assert_eq!(reached(&answer), ["orders-1"]);
    assert_eq!(reached(&server.ask(&by(&admin, broadcasting("*", "1"))).await.ok(201)).len(), 2);
}

//! Guessing is slowed: credentials that prove nothing, counted by the address that shows them.

use super::{behind_proxy, from, refused};
use crate::access::{Keys, by, cookie};
use crate::client::Request;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn after_too_many_failures_no_credential_of_the_address_is_looked_at() {
    let keys = Keys::new();
    let key = keys.add("sub=alice roles=admin clients=*");
    let server = Server::with(|args| {
        keys.asked_for(args);
        behind_proxy(args);
        let limits = &mut args.limits.0;
        limits.address_failed_credentials_per_minute_max = 3;
    })
    .await;
    let session = cookie(&server.ask(&from("192.0.2.9", by(&key, Request::post("/session")))).await);
    let list = || from("192.0.2.1", Request::get("/uploads"));
    for _ in 0..5 {
        server.ask(&by(&key, list())).await.ok(200);
        server.ask(&list()).await.problem(401, "unauthenticated");
        server.ask(&list().header("Authorization", "Basic YTpi")).await.problem(401, "invalid-token");
    }
    for wrong in ["rct_wrong", "a.b.c"] {
        server.ask(&by(wrong, list())).await.problem(401, "invalid-token");
    }
    server.ask(&from("192.0.2.1", Request::get("/sse/me?ticket=wrong"))).await.problem(401, "invalid-token");
    for shown in [
        by(&key, list()),
        by("rct_wrong", list()),
        list().header("Cookie", &session),
        from("192.0.2.1", Request::get("/sse/me?ticket=wrong")),
        by(&key, from("192.0.2.1", Request::post("/session"))),
    ] {
        refused(&server.ask(&shown).await, "too-many-failed-credentials", "address-failed-credentials");
    }
    // Who shows nothing guesses nothing, and other addresses are not concerned.
    server.ask(&list()).await.problem(401, "unauthenticated");
    assert_eq!(server.ask(&from("192.0.2.1", Request::get("/"))).await.status(), 200);
    server.ask(&by(&key, from("192.0.2.2", Request::get("/uploads")))).await.ok(200);
    server.ask(&from("192.0.2.2", Request::get("/uploads")).header("Cookie", &session)).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_good_once_is_no_guess() {
    let keys = Keys::new();
    let old = keys.add("sub=alice roles=admin clients=* expires=2020-01-01T00:00:00Z");
    let server = Server::with(|args| {
        keys.asked_for(args);
        let limits = &mut args.limits.0;
        limits.address_failed_credentials_per_minute_max = 1;
    })
    .await;
    for _ in 0..3 {
        server.ask(&by(&old, Request::get("/uploads"))).await.problem(401, "token-expired");
    }
    // A page whose cookie is no good is told so, which counts as a failure once it asks for more.
    let asked = Request::get("/session").header("Cookie", "rowcast_session=wrong");
    assert_eq!(server.ask(&asked).await.ok(200)["signed_in"], false);
    refused(&server.ask(&asked).await, "too-many-failed-credentials", "address-failed-credentials");
}

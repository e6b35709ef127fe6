//! How long a credential is, how long it holds, and how soon a change of the keys counts.

use crate::access::{Keys, by, cookie};
use crate::client::Request;
use crate::patience::until;
use crate::server::Server;
use rowcast::config::AuthMode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn ticket(body: &str) -> Request {
    Request::post("/tickets").body("application/json", body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_over_token_bytes_max_is_401() {
    let keys = Keys::new();
    let server = Server::with(|args| keys.asked_for(args)).await;
    let max = usize::try_from(server.limits().token_bytes_max).expect("it fits");
    for (bytes, why) in [(max, "there is no such key"), (max + 1, "token-bytes-max")] {
        let refused = server.ask(&by(&"x".repeat(bytes), Request::get("/uploads"))).await.problem(401, "invalid-token");
        assert!(refused["detail"].as_str().is_some_and(|told| told.contains(why)), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_over_after_session_ms_max() {
    let keys = Keys::new();
    let key = keys.add("sub=alice roles=viewer clients=*");
    let server = Server::with(|args| {
        keys.asked_for(args);
        let limits = &mut args.limits.0;
        limits.session_ms_max = 700;
    })
    .await;
    let list =
        Request::get("/uploads").header("Cookie", &cookie(&server.ask(&by(&key, Request::post("/session"))).await));
    assert_eq!(server.ask(&list).await.status(), 200);
    until("the session's end", async || (server.ask(&list).await.status() == 401).then_some(())).await;
    server.ask(&list).await.problem(401, "token-expired");
    assert_eq!(server.ask(&by(&key, Request::get("/uploads"))).await.status(), 200, "the key goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_holds_for_ticket_ms_and_cannot_be_had_beyond_ticket_ms_max() {
    let keys = Keys::new();
    let key = keys.add("sub=alice roles=viewer clients=me");
    let server = Server::with(|args| {
        keys.asked_for(args);
        let limits = &mut args.limits.0;
        limits.ticket_ms = 700;
    })
    .await;
    let usual = server.ask(&by(&key, ticket(r#"{"client":"me"}"#))).await.ok(201);
    let head = Request::new("HEAD", &format!("/sse/me?ticket={}", usual["ticket"].as_str().expect("a ticket")));
    assert_eq!(server.ask(&head).await.status(), 200);
    until("the ticket's end", async || (server.ask(&head).await.status() == 401).then_some(())).await;
    let most = server.limits().ticket_ms_max / 1000;
    server.ask(&by(&key, ticket(&format!(r#"{{"client":"me","seconds":{most}}}"#)))).await.ok(201);
    let longer = ticket(&format!(r#"{{"client":"me","seconds":{}}}"#, most + 1));
    server.ask(&by(&key, longer)).await.problem(400, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_keys_counts_within_keys_poll_ms() {
    let keys = Keys::new();
    let key = keys.add("sub=alice roles=viewer clients=*");
    let server = Server::with(|args| {
        keys.asked_for(args);
        let limits = &mut args.limits.0;
        limits.keys_poll_ms = 1_500;
    })
    .await;
    let list = by(&key, Request::get("/uploads"));
    assert_eq!(server.ask(&list).await.status(), 200);
    let before = Instant::now();
    keys.revoke("alice");
    until("the end of the key", async || (server.ask(&list).await.status() == 401).then_some(())).await;
    assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_jwt_leeway_ms_longer() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let secret = [b'x'; 32];
    let file = crate::access::written(folder.path(), "secret", secret);
    let asking = async |leeway_ms: u64| {
        Server::with(|args| {
            args.auth.auth = AuthMode::Jwt;
            args.auth.jwt_key = Some(file.clone());
            args.auth.jwt_algorithm = Some(rowcast::access::Algorithm::Hs256);
            let limits = &mut args.limits.0;
            limits.jwt_leeway_ms = leeway_ms;
        })
        .await
    };
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_secs();
    let claims = serde_json::json!({"sub": "a", "exp": now_s - 10, "roles": "viewer", "clients": "*"});
    let token = crate::access::jwt::Signer::secret(&"x".repeat(32)).token(&claims);
    let list = by(&token, Request::get("/uploads"));
    assert_eq!(asking(600_000).await.ask(&list).await.status(), 200);
    asking(0).await.ask(&list).await.problem(401, "token-expired");
}

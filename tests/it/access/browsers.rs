//! Sessions and tickets: what a browser shows instead of a header.

use super::{Guarded, Keys, by, cookie, upload};
use crate::client::Request;
use crate::server::Server;
use crate::watcher::Watcher;
use std::time::Duration;

fn sign_in(key: &str) -> Request {
    by(key, Request::post("/session"))
}

fn ticket(client: &str) -> Request {
    Request::post("/tickets").body("application/json", format!("{{\"client\":\"{client}\"}}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_becomes_a_cookie_that_says_who_one_is() {
    let (guarded, [key]) = Guarded::with(["sub=alice roles=uploader clients=orders-*,{sub}"]).await;
    let server = &guarded.server;
    let out = server.get("/session").await.ok(200);
    assert_eq!((&out["mode"], &out["signed_in"], &out["sub"]), (&"token".into(), &false.into(), &().into()));
    let answer = server.ask(&sign_in(&key)).await;
    let session = answer.ok(201);
    assert_eq!(
        (&session["sub"], &session["roles"][0], &session["clients"][1]),
        (&"alice".into(), &"uploader".into(), &"{sub}".into())
    );
    assert!(session["expires_at"].is_string());
    let set = answer.header("set-cookie").expect("a cookie").to_owned();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{set}");
    assert!(!set.contains(&key) && !answer.text().contains(&key), "the token stays with whoever has it");
    let stays = server
        .ask(&by(&key, Request::post("/session?stay=true")).header("Origin", &format!("https://{}", server.address)))
        .await;
    let set = stays.header("set-cookie").expect("a cookie");
    assert!(set.contains("; Max-Age=9; Secure") || set.contains("; Max-Age=10; Secure"), "{set}");

    let cookie = cookie(&answer);
    let with = |request: Request| request.header("Cookie", &format!("theme=dark; {cookie}"));
    assert_eq!(server.ask(&with(Request::get("/session"))).await.ok(200)["sub"], "alice");
    server.ask(&with(upload("orders-1"))).await.ok(201);
    server.ask(&with(upload("me"))).await.problem(403, "forbidden");
    // A cookie is no token: no session comes of a session.
    server.ask(&with(Request::post("/session"))).await.problem(401, "unauthenticated");
    server.ask(&sign_in("rct_nothing")).await.problem(401, "invalid-token");
    server.ask(&Request::post("/session")).await.problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_counts_on_our_own_pages_alone() {
    let (guarded, [key]) = Guarded::with(["sub=alice roles=uploader clients=*"]).await;
    let server = &guarded.server;
    let cookie = cookie(&server.ask(&sign_in(&key)).await);
    for (name, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
    ] {
        for request in
            [upload("me"), Request::get("/uploads"), Request::get("/sse/me"), Request::new("DELETE", "/session")]
        {
            let request = request.header("Cookie", &cookie).header(name, value);
            server.ask(&request).await.problem(403, "cross-site");
        }
        server.ask(&sign_in(&key).header(name, value)).await.problem(403, "cross-site");
    }
    for (name, value) in [
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Site", "none"),
        ("Origin", &format!("http://{}", server.address)),
    ] {
        let request = Request::get("/uploads").header("Cookie", &cookie).header(name, value);
        assert_eq!(server.ask(&request).await.status(), 200, "{name}: {value}");
    }
    // A neighbour's cookie of the same name does not lock anybody out.
    let two = Request::get("/uploads").header("Cookie", &format!("rowcast_session=forged; {cookie}"));
    assert_eq!(server.ask(&two).await.status(), 200);
    server
        .ask(&Request::get("/uploads").header("Cookie", "rowcast_session=forged"))
        .await
        .problem(401, "invalid-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_its_tickets_and_its_streams() {
    let (guarded, [key]) = Guarded::with(["sub=alice roles=viewer clients=*"]).await;
    let server = &guarded.server;
    let mine = cookie(&server.ask(&sign_in(&key)).await);
    let other = cookie(&server.ask(&sign_in(&key)).await);
    let ticket =
        server.ask(&ticket("me").header("Cookie", &mine)).await.ok(201)["ticket"].as_str().expect("one").to_owned();
    let mut by_cookie = Watcher::attach_with(server, &Request::get("/sse/me").header("Cookie", &mine)).await;
    let mut by_ticket = Watcher::attach(server, &format!("/sse/me?ticket={ticket}")).await;
    let mut others = Watcher::attach_with(server, &Request::get("/sse/me").header("Cookie", &other)).await;
    let out = server.ask(&Request::new("DELETE", "/session").header("Cookie", &mine)).await;
    assert_eq!((out.status(), super::cookie(&out).as_str()), (204, "rowcast_session="));
    assert!(out.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    assert!(by_cookie.rest().await.is_empty() && by_ticket.rest().await.is_empty());
    server.ask(&Request::get("/uploads").header("Cookie", &mine)).await.problem(401, "invalid-token");
    assert_eq!(server.ask(&Request::get("/session").header("Cookie", &mine)).await.ok(200)["signed_in"], false);
    others.comment().await;
    assert_eq!(server.ask(&Request::get("/uploads").header("Cookie", &other)).await.status(), 200);
    // Whoever is out already is out.
    assert_eq!(server.ask(&Request::new("DELETE", "/session")).await.status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_survive_a_restart() {
    let keys = Keys::new();
    let key = keys.add("sub=alice roles=viewer clients=*");
    let server = Server::with(|args| keys.asked_for(args)).await;
    let cookie = cookie(&server.ask(&sign_in(&key)).await);
    let server = server.restart().await;
    let list = Request::get("/uploads").header("Cookie", &cookie);
    assert_eq!(server.ask(&list).await.status(), 200);
    keys.revoke("alice");
    let server = server.restart().await;
    server.ask(&list).await.problem(401, "invalid-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_good_for_one_client_and_for_watching() {
    let (guarded, [key, publisher]) =
        Guarded::with(["sub=alice roles=uploader clients=me,you", "sub=p roles=publisher clients=*"]).await;
    let server = &guarded.server;
    let answer = server.ask(&by(&key, ticket("me"))).await.ok(201);
    assert!(answer["client"] == "me" && answer["expires_at"].is_string());
    let text = answer["ticket"].as_str().expect("a ticket");
    server.ask(&by(&key, upload("me"))).await.ok(201);
    let mut watcher = Watcher::attach(server, &format!("/sse/me?from=start&ticket={text}")).await;
    let seen = watcher.until_end().await;
    assert!(seen.iter().any(|event| event.is_row(1)));
    // The same URL again, as EventSource does.
    let again = Request::get(&format!("/sse/me?from=start&ticket={text}")).header("Last-Event-ID", watcher.last_id());
    Watcher::attach_with(server, &again).await.comment().await;
    server.get(&format!("/sse/you?ticket={text}")).await.problem(403, "forbidden");
    server.get(&format!("/uploads?client=me&ticket={text}")).await.problem(401, "unauthenticated");
    server.ask(&by(text, Request::get("/sse/me"))).await.problem(401, "invalid-token");
    server.get(&format!("/sse/me?ticket={text}x")).await.problem(401, "invalid-token");
    server.get(&format!("/sse/me?ticket={text}&ticket={text}")).await.problem(400, "bad-parameter");
    server.ask(&by(&key, ticket("others"))).await.problem(403, "forbidden");
    server.ask(&by(&publisher, ticket("me"))).await.problem(403, "forbidden");
    for body in [
        "",
        "{}",
        "[]",
        "{\"client\":\"a/b\"}",
        "{\"client\":\"me\",\"seconds\":0}",
        "{\"client\":\"me\",\"seconds\":6}",
    ] {
        let wrong = by(&key, Request::post("/tickets").body("application/json", body));
        server.ask(&wrong).await.problem(400, "bad-parameter");
    }
    let long = by(&key, Request::post("/tickets").body("application/json", vec![b' '; 5000]));
    server.ask(&long).await.problem(400, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_ends_its_stream_and_a_new_one_goes_on_without_a_hole() {
    let (guarded, [key]) = Guarded::with(["sub=alice roles=uploader clients=me"]).await;
    let server = &guarded.server;
    let brief = || by(&key, Request::post("/tickets").body("application/json", r#"{"client":"me","seconds":1}"#));
    let new = async || server.ask(&brief()).await.ok(201)["ticket"].as_str().expect("a ticket").to_owned();
    server.ask(&by(&key, upload("me"))).await.ok(201);
    let first = new().await;
    let mut watcher = Watcher::attach(server, &format!("/sse/me?from=start&ticket={first}")).await;
    let seen = tokio::time::timeout(Duration::from_secs(10), watcher.rest()).await.expect("its end");
    assert!(seen.iter().any(|event| event.is_row(1)) && watcher.retry == Some(500));
    let last = watcher.last_id().to_owned();
    // The browser's own reconnect is told that it is over, and the page opens another.
    let stale = Request::get(&format!("/sse/me?from=start&ticket={first}")).header("Last-Event-ID", &last);
    server.ask(&stale).await.problem(401, "token-expired");
    let target = format!("/sse/me?last_event_id={last}&ticket={}", new().await);
    let mut watcher = Watcher::attach(server, &target).await;
    server.ask(&by(&key, upload("me"))).await.ok(201);
    let seen = watcher.until_end().await;
    assert!(seen.iter().any(|event| event.is_row(1)));
}

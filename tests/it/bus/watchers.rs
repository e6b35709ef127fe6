//! Who watches, how far they are, and when they come and go.

use super::{named, published};
use crate::access::{Guarded, by};
use crate::client::Request;
use crate::patience::until;
use crate::server::Server;
use crate::watcher::Watcher;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_watches_is_counted_with_their_place() {
    let server = Server::start().await;
    let look = async || -> Value { server.get("/sse/me/watchers").await.ok(200) };
    let nobody = look().await;
    assert_eq!((&nobody["client"], &nobody["count"], &nobody["watchers"]), (&json!("me"), &json!(0), &json!([])));
    let mut all = server.watch("me").await;
    let mut some = Watcher::attach(&server, "/sse/me?events=stage").await;
    let other = server.watch("other").await;
    let id = published(&server, "me", "a", "1").await;
    all.event().await;
    // Where it was told: to a filter that passes it over as well.
    until("everybody is there", async || {
        let told = look().await;
        assert_eq!((&told["newest_event_id"], &told["count"]), (&json!(id), &json!(2)));
        let there = |i: usize| told["watchers"][i]["last_event_id"] == json!(id) && told["watchers"][i]["lag"] == 0;
        assert!(told["watchers"][0]["since"].as_str().is_some_and(|since| since.ends_with('Z')), "{told}");
        (there(0) && there(1)).then_some(())
    })
    .await;
    some.comment().await;
    drop((all, other));
    until("one less", async || (look().await["count"] == 1).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_told_to_those_who_ask_and_takes_no_id() {
    let server = Server::start().await;
    let mut plain = server.watch("me").await;
    let mut asking = Watcher::attach(&server, "/sse/me?presence=true&events=published").await;
    let first = asking.event().await;
    assert_eq!((first.kind(), first.n()), ("presence", None));
    assert_eq!(first.data, json!({"watchers": 2, "joined": 2, "left": 0}));
    let third = server.watch("me").await;
    let joined = asking.until(|event| event.data["watchers"] == 3).await;
    assert_eq!(joined.last().map(|event| &event.data["joined"]), Some(&json!(3)));
    drop(third);
    let left = asking.until(|event| event.data["left"] == 1).await;
    assert_eq!(left.last().map(|event| &event.data["watchers"]), Some(&json!(2)));
    let id = published(&server, "me", "a", "1").await;
    let next = asking.event().await;
    assert_eq!((next.kind(), next.block.id.as_deref()), (named("a").as_str(), Some(id.as_str())));
    assert_eq!(plain.event().await.kind(), named("a"), "whoever did not ask hears nothing of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_takes_the_right_to_watch() {
    let (guarded, [viewer, publisher, other]) = Guarded::with([
        "sub=v roles=viewer clients=me",
        "sub=p roles=publisher clients=me",
        "sub=o roles=admin clients=other",
    ])
    .await;
    let server = &guarded.server;
    let look = Request::get("/sse/me/watchers");
    server.ask(&look).await.problem(401, "unauthenticated");
    server.ask(&by(&viewer, look.clone())).await.ok(200);
    for key in [&publisher, &other] {
        server.ask(&by(key, look.clone())).await.problem(403, "forbidden");
    }
    let ticket = Request::post("/tickets").body("application/json", r#"{"client":"me"}"#);
    let ticket = server.ask(&by(&viewer, ticket)).await.ok(201)["ticket"].as_str().expect("a ticket").to_owned();
    server.get(&format!("/sse/me/watchers?ticket={ticket}")).await.problem(401, "unauthenticated");
}

//! The stream as a message bus: what is published stands among everything else that happens at a client.

mod broadcast;
mod keys;
mod publishing;
mod refusals;
mod watchers;

use crate::answer::Answer;
use crate::api::Api;
use crate::client::Request;
use crate::ledger::PUBLISHED;
use serde_json::Value;

/// A name as the watchers of these tests know published events by.
pub fn named(name: &str) -> String {
    format!("{PUBLISHED}{name}")
}

/// A request that publishes this JSON.
pub fn publishing(client: &str, name: &str, data: &str) -> Request {
    let body = format!("{{\"event\":\"{}\",\"data\":{data}}}", named(name));
    Request::post(&format!("/sse/{client}")).body("application/json", body)
}

pub async fn publish(api: &Api, client: &str, name: &str, data: &str) -> Answer {
    api.ask(&publishing(client, name, data)).await
}

/// The same; answers with the id, as it must have gone well.
pub async fn published(api: &Api, client: &str, name: &str, data: &str) -> String {
    let document: Value = publish(api, client, name, data).await.ok(201);
    assert_eq!((&document["client"], &document["event"]), (&client.into(), &named(name).into()));
    document["id"].as_str().expect("an id").to_owned()
}

//! `POST /sse/{client}`: events of others than uploads.

use super::Part;
use super::model::PublishedDocument;
use super::params::{ClientParam, IdempotencyKey};
use crate::http::Services;
use crate::http::error::ApiError;
use crate::http::payload::event::{EventBody, Said};
use crate::http::payload::field::Field;
use crate::http::payload::json::JsonBytes;
use crate::http::payload::problem::{Codes, Refused};
use crate::journal::PublishedKey;
use crate::stream::Publication;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Publishing.
pub struct PublishApi(pub Arc<Services>);

/// What publishing can be refused with.
pub struct OnPublish;

impl Codes for OnPublish {
    const CODES: &'static [&'static str] = &[
        "bad-parameter",
        "cross-site",
        "idempotency-key-running",
        "event-too-large",
        "idempotency-key-reused",
        "storage-failed",
        "shutting-down",
        "disk-full",
    ];
}

/// A published event.
#[derive(ApiResponse)]
pub enum Publishing {
    /// It is on disk and was announced
    #[oai(status = 201)]
    Published(JsonBytes<PublishedDocument>),
}

#[OpenApi]
impl PublishApi {
    /// Publish an event
    ///
    /// Everybody who watches the client gets it, in order with what its uploads do, under the next id: `event:` is its name and
    /// `data:` its data. It is journalled like everything else, so whoever comes back gets it too, for as long as the server
    /// keeps uploads (`--keep`); then a `gap` with the reason `expired` says so. Deleting uploads does not touch it.
    ///
    /// It answers when the event is on disk. A watcher with `events=` gets it for `published` (all of them) or
    /// `published:<name>`.
    ///
    /// With curl: `curl --json '{"event":"chat.message","data":{"text":"Hello"}}' http://127.0.0.1:3000/sse/me`.
    #[oai(path = "/sse/:client", method = "post", operation_id = "publish", tag = "Part::Bus")]
    async fn publish(
        &self,
        /// The client whose watchers get it. It need not exist before.
        client: Path<ClientParam>,
        /// A name for this request, unique to the client, with quotes or without: an `Idempotency-Key` of
        /// draft-ietf-httpapi-idempotency-key-header. The same event again under the same key is answered as it was the first
        /// time and published no second time: `409` while that still runs, `422` where name or data differ. The key is free
        /// again when its event has expired. Keys of uploads are others.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: Field<IdempotencyKey>,
        body: EventBody,
    ) -> Result<Publishing, Refused<OnPublish>> {
        if let Some(trouble) = self.0.health.trouble() {
            return Err(trouble.into());
        }
        let key = idempotency_key.0.map(|key| key.0);
        let max = self.0.limits.idempotency_key_bytes_max;
        if let Some(key) = key.as_ref().filter(|key| key.len() as u64 > max) {
            let what = format!("it has {} bytes; it may have {max}", key.len());
            return Err(ApiError::parameter("Idempotency-Key", what).into());
        }
        let Said { name, json } = body.read(&self.0.limits).await?;
        let key = key.map(|key| PublishedKey { key, digest: digest(name.as_str(), &json) });
        let (client, event) = (client.0.0, name.to_string());
        let document = |id: String| PublishedDocument { client: client.to_string(), event, id };
        let id = self.0.streams.publish(client.clone(), Publication { name, json, key }).await?;
        Ok(Publishing::Published(JsonBytes::of(&document(id.to_string()))))
    }
}

/// What tells one event from another. A name cannot hold the byte between the two.
fn digest(name: &str, json: &str) -> [u8; 32] {
    Sha256::new().chain_update(name).chain_update([0]).chain_update(json).finalize().into()
}

//! `POST /sse/{client}` and `POST /sse`: events of others than uploads.

use super::Part;
use super::model::{BroadcastDocument, NewBroadcast, NewEvent, PlacedDocument, PublishedDocument};
use super::params::{IdempotencyKey, WritableClientParam};
use crate::access::{Act, ClientPattern};
use crate::domain::ClientName;
use crate::http::Services;
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use crate::http::gate::principal;
use crate::http::payload::event::{EventBody, Said};
use crate::http::payload::field::Field;
use crate::http::payload::json::JsonBytes;
use crate::http::payload::problem::{Codes, Refused};
use crate::journal::PublishedKey;
use crate::stream::Publication;
use poem::Request;
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
        "too-many-bytes",
        "idempotency-key-reused",
        "storage-failed",
        "shutting-down",
        "disk-full",
    ];
}

/// What publishing at many can be refused with.
pub struct OnBroadcast;

impl Codes for OnBroadcast {
    const CODES: &'static [&'static str] = &[
        "bad-parameter",
        "unauthenticated",
        "cross-site",
        "forbidden",
        "idempotency-key-running",
        "event-too-large",
        "too-many-bytes",
        "idempotency-key-reused",
        "storage-failed",
        "shutting-down",
        "disk-full",
    ];
}

/// An event that was published at many.
#[derive(ApiResponse)]
pub enum Broadcasting {
    /// It is on disk for each of them, and was announced
    #[oai(status = 201)]
    Broadcast(JsonBytes<BroadcastDocument>),
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
        client: Path<WritableClientParam>,
        /// A name for this request, unique to the client, with quotes or without: an `Idempotency-Key` of
        /// draft-ietf-httpapi-idempotency-key-header. The same event again under the same key is answered as it was the first
        /// time and published no second time: `409` while that still runs, `422` where name or data differ. The key is free
        /// again when its event has expired. Keys of uploads are others.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: Field<IdempotencyKey>,
        body: EventBody<NewEvent>,
    ) -> Result<Publishing, Refused<OnPublish>> {
        let (publication, clients) = self.publication(idempotency_key, body).await?;
        if clients.is_some() {
            return Err(
                ApiError::parameter("clients", "the client stands in the path; `POST /sse` takes a pattern").into()
            );
        }
        let (client, event) = (client.0.0, publication.name.to_string());
        let id = self.0.streams.publish(client.clone(), publication).await?.to_string();
        Ok(Publishing::Published(JsonBytes::of(&PublishedDocument { client: client.to_string(), event, id })))
    }

    /// Publish an event at many clients
    ///
    /// Each client that has events and that the pattern names gets it, under the next id of its own stream, as by
    /// `POST /sse/{client}`. The pattern has to be within one of those that the key or token holds for. A client of which
    /// nothing is known yet gets nothing: there is no stream of it.
    ///
    /// It answers when all are on disk, with how many and which; none is no error. More than the server's `broadcast-clients-max` are
    /// refused.
    #[oai(path = "/sse", method = "post", operation_id = "broadcast", tag = "Part::Bus")]
    async fn broadcast(
        &self,
        /// A name for this request, as for one client: each client that has the event under this key does not get it again,
        /// and is answered with its id of then.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: Field<IdempotencyKey>,
        request: &Request,
        body: EventBody<NewBroadcast>,
    ) -> Result<Broadcasting, Refused<OnBroadcast>> {
        let known = principal(request).ok_or_else(|| ApiError::plain(ApiCode::Unauthenticated))?;
        let (publication, clients) = self.publication(idempotency_key, body).await?;
        let pattern = clients.ok_or_else(|| ApiError::parameter("clients", "which clients are to have it?"))?;
        if !known.may_at_all(Act::Publish, &pattern) {
            let detail = format!("'{}' may not publish at all clients that '{pattern}' can name", known.sub);
            return Err(ApiError::new(ApiCode::Forbidden, detail).into());
        }
        let event = publication.name.to_string();
        let (prefix, wanted) = (pattern.prefix().to_owned(), move |client: &ClientName| pattern.matches(client, ""));
        let told = self.0.streams.broadcast(prefix, wanted, publication).await?;
        let published = told.published.into_iter();
        let published: Vec<_> =
            published.map(|(client, id)| PlacedDocument { client: client.to_string(), id: id.to_string() }).collect();
        let failed = told.failed.iter().map(ToString::to_string).collect();
        let document = BroadcastDocument { event, count: published.len() as u64, published, failed };
        Ok(Broadcasting::Broadcast(JsonBytes::of(&document)))
    }
}

impl PublishApi {
    /// What a request wants to publish, and where, if it says so.
    async fn publication<D>(
        &self,
        key: Field<IdempotencyKey>,
        body: EventBody<D>,
    ) -> Result<(Publication, Option<ClientPattern>), ApiError> {
        if let Some(trouble) = self.0.health.trouble() {
            return Err(trouble);
        }
        let key = key.0.map(|key| key.0);
        let max = self.0.limits.idempotency_key_bytes_max;
        if let Some(key) = key.as_ref().filter(|key| key.len() as u64 > max) {
            let what = format!("it has {} bytes; it may have {max}", key.len());
            return Err(ApiError::parameter("Idempotency-Key", what));
        }
        let Said { name, json, clients } = body.read(&self.0.limits).await?;
        let key = key.map(|key| PublishedKey { key, digest: digest(name.as_str(), &json) });
        Ok((Publication { name, json, key }, clients))
    }
}

/// What tells one event from another. A name cannot hold the byte between the two.
fn digest(name: &str, json: &str) -> [u8; 32] {
    Sha256::new().chain_update(name).chain_update([0]).chain_update(json).finalize().into()
}

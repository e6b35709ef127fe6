//! JSON that is bytes already.

use bytes::Bytes;
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::Serialize;
use std::marker::PhantomData;

/// A JSON document as bytes, documented as `T`. Pages of rows come so from the layers below: their columns keep the
/// file's order, which a map would lose, and nothing is parsed only to be written again.
pub struct JsonBytes<T> {
    bytes: Bytes,
    documented: PhantomData<fn() -> T>,
}

impl<T> JsonBytes<T> {
    /// Wraps a document that is a `T`.
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, documented: PhantomData }
    }

    /// The document's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<T: Serialize> JsonBytes<T> {
    /// Writes `value`, its fields in the order of its type.
    pub fn of(value: &T) -> Self {
        Self::new(serde_json::to_vec(value).expect("a document of ours is JSON").into())
    }
}

impl<T: Type> Payload for JsonBytes<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Send> IntoResponse for JsonBytes<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type("application/json").body(self.bytes)
    }
}

impl<T: Type> ApiResponse for JsonBytes<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema: Self::schema_ref() }];
        let found = MetaResponse { description: "OK", status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![found] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

//! JSON that is bytes already.

use crate::http::admission;
use crate::http::error::ApiError;
use bytes::Bytes;
use poem::error::ReadBodyError;
use poem::{IntoResponse, Request, RequestBody, Response, Result};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// Most bytes of a JSON document that is taken.
const JSON_BYTES_MAX: usize = 4 << 10;

/// A small JSON document as the body of a request. (poem-openapi's own takes one of any size into memory, and a number or
/// `false` for a text.)
pub struct SmallJson<T>(
    /// What it says.
    pub T,
);

impl<'a, T: Type + DeserializeOwned> ApiExtractor<'a> for SmallJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        _: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        // Whatever its type says: what is no JSON is told so, and a page of another site was refused before.
        let wrong = |what: String| ApiError::parameter("body", what);
        let bytes = body.take()?.into_bytes_limit(JSON_BYTES_MAX).await;
        let bytes = bytes.map_err(|error| {
            let exceeded = if let ReadBodyError::Io(error) = &error { admission::of_body(error) } else { None };
            exceeded.unwrap_or_else(|| wrong(format!("it breaks off, or has more than {JSON_BYTES_MAX} bytes")))
        })?;
        let value =
            serde_json::from_slice(&bytes).map_err(|error| wrong(format!("it is no JSON of its form: {error}")))?;
        Ok(Self(value))
    }
}

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

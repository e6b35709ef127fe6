//! `text/event-stream` from batches that are encoded already, and its union of events in the document.

use crate::http::api::model::events;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::http::header::{CACHE_CONTROL, HeaderName};
use poem::{Body, IntoResponse, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use std::io;

/// Server-Sent Events (WHATWG HTML, section 9.2) as they come from a watcher.
pub struct EventStream(Body);

impl EventStream {
    /// Sends `batches` until they end. One whose receiver takes nothing is given up by `serve`.
    pub fn new(batches: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self(Body::from_bytes_stream(batches.map(io::Result::Ok)))
    }

    /// A stream that only has a head: the answer to HEAD, which never attaches.
    pub fn head_only() -> Self {
        Self(Body::empty())
    }
}

impl Payload for EventStream {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        let event = MetaSchema { one_of: events::schemas(), ..MetaSchema::ANY };
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            title: Some("Events".into()),
            description: Some(events::DESCRIPTION),
            items: Some(Box::new(MetaSchemaRef::Inline(Box::new(event)))),
            example: Some(events::EXAMPLE.into()),
            ..MetaSchema::new_with_format("array", "event-stream")
        }))
    }

    fn register(registry: &mut Registry) {
        events::register(registry);
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(Self::CONTENT_TYPE)
            // Some proxies gather or compress what they are not told to leave alone.
            .header(CACHE_CONTROL, "no-store, no-transform")
            .header(HeaderName::from_static("x-accel-buffering"), "no")
            .body(self.0)
    }
}

//! Files that a browser saves, streamed.

use super::disposition;
use bytes::Bytes;
use futures_util::Stream;
use poem::http::header::CONTENT_DISPOSITION;
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use std::io;
use std::marker::PhantomData;

/// What kind of file it is.
pub trait Media: Send {
    /// Its media type, as it is documented and sent.
    const CONTENT_TYPE: &'static str;
    /// What it holds.
    const DESCRIPTION: &'static str;
    /// The beginning of such a file.
    const EXAMPLE: &'static str;
}

/// CSV (RFC 4180), UTF-8, with a header.
pub enum Csv {}

impl Media for Csv {
    const CONTENT_TYPE: &'static str = "text/csv; charset=utf-8; header=present";
    const DESCRIPTION: &'static str = "CSV as RFC 4180 describes it: UTF-8, CRLF, a header first";
    const EXAMPLE: &'static str = "name,zip\r\nAna,01234\r\n";
}

/// The records with errors, as such a CSV.
pub enum RejectsCsv {}

impl Media for RejectsCsv {
    const CONTENT_TYPE: &'static str = Csv::CONTENT_TYPE;
    const DESCRIPTION: &'static str = "CSV as RFC 4180 describes it: the original columns, and what is wrong";
    const EXAMPLE: &'static str = "name,zip,_line,_codes,_messages,_extra,_raw\r\n\
        Bob,,20,missing-cell,The record has 1 cell where the header has 2 columns.,,Bob\r\n";
}

/// Problems, as such a CSV.
pub enum ProblemsCsv {}

impl Media for ProblemsCsv {
    const CONTENT_TYPE: &'static str = Csv::CONTENT_TYPE;
    const DESCRIPTION: &'static str = "CSV as RFC 4180 describes it: a record a problem. `raw_cut` is `true` where `raw` is \
        only the beginning";
    const EXAMPLE: &'static str = "line,byte,row,column,code,severity,message,raw,raw_cut\r\n\
        20,1311,18,zip,missing-cell,error,The record has 1 cell where the header has 2 columns.,Bob,\r\n";
}

/// One JSON document a line.
pub enum Ndjson {}

impl Media for Ndjson {
    const CONTENT_TYPE: &'static str = "application/x-ndjson";
    const DESCRIPTION: &'static str = "One JSON object a line, one line a row";
    const EXAMPLE: &'static str = "{\"row\":1,\"data\":{\"name\":\"Ana\",\"zip\":\"01234\"}}\n";
}

/// A streamed file with a name.
pub struct Download<M> {
    name: String,
    body: Body,
    media: PhantomData<fn() -> M>,
}

impl<M> Download<M> {
    /// A file with that name; an error of `bytes` breaks the answer off, so that the receiver sees that it is cut.
    pub fn new(name: String, bytes: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self { name, body: Body::from_bytes_stream(bytes), media: PhantomData }
    }
}

impl<M: Media> Payload for Download<M> {
    const CONTENT_TYPE: &'static str = M::CONTENT_TYPE;

    fn schema_ref() -> MetaSchemaRef {
        let example = Some(M::EXAMPLE.into());
        let description = Some(M::DESCRIPTION);
        MetaSchemaRef::Inline(Box::new(MetaSchema { example, description, ..MetaSchema::new("string") }))
    }
}

impl<M: Media> IntoResponse for Download<M> {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(M::CONTENT_TYPE)
            .header(CONTENT_DISPOSITION, disposition::attachment(&self.name))
            .body(self.body)
    }
}

impl<M: Media> ApiResponse for Download<M> {
    fn meta() -> MetaResponses {
        let name = MetaHeader {
            name: "Content-Disposition".into(),
            description: Some("`attachment` with a file name".into()),
            required: true,
            deprecated: false,
            schema: String::schema_ref(),
        };
        let content = vec![MetaMediaType { content_type: M::CONTENT_TYPE, schema: Self::schema_ref() }];
        let description = "The file, streamed";
        let file = MetaResponse { description, status: Some(200), status_range: None, content, headers: vec![name] };
        MetaResponses { responses: vec![file] }
    }

    fn register(_: &mut Registry) {}
}

//! The body of a tus request: a piece of a file, and what is said of it in headers.

use crate::domain::{ClientName, Overrides, UploadId};
use crate::http::error::ApiError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use poem::http::HeaderMap;
use poem::http::header::CONTENT_LENGTH;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::io;

/// A piece of a file, of which nothing was read yet.
pub struct Piece {
    body: BoxBody<Bytes, io::Error>,
    /// Its media type.
    pub content_type: Option<String>,
    /// How many bytes it has, where that is known beforehand.
    pub content_length: Option<u64>,
    /// What followed it (RFC 9110, section 6.5).
    pub trailers: HeaderMap,
}

impl Piece {
    /// Whether the request has a body at all.
    pub fn is_empty(&self) -> bool {
        use hyper::body::Body;
        self.body.is_end_stream() || self.content_length == Some(0)
    }

    /// The next bytes as they arrive; none at the end, when the trailers are known.
    ///
    /// # Errors
    /// `TimedOut` where the body stalled, any other where the connection broke.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        while let Some(frame) = self.body.frame().await {
            match frame?.into_data() {
                // An empty one says nothing (RFC 9113, section 6.1).
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Ok(Some(bytes)),
                Err(frame) => self.trailers.extend(frame.into_trailers().unwrap_or_default()),
            }
        }
        Ok(None)
    }
}

impl<'a> ApiExtractor<'a> for Piece {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        Some(MetaRequest {
            description: Some("Bytes of the file from `Upload-Offset` on, read while they arrive."),
            content: vec![MetaMediaType { content_type: crate::http::tus::PIECE, schema }],
            required: false,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        let content_type = request.content_type().map(ToOwned::to_owned);
        let content_length = request.header(CONTENT_LENGTH).and_then(|value| value.parse().ok());
        Ok(Self { body: body.take()?.into(), content_type, content_length, trailers: HeaderMap::new() })
    }
}

/// What `Upload-Metadata` says: keys with values in base64, joined by commas.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The client whose watchers see the file.
    pub client: Option<ClientName>,
    /// What the file is called.
    pub filename: Option<String>,
    /// How the file is to be read.
    pub overrides: Overrides,
}

impl Metadata {
    /// Reads the header's value. Keys that mean nothing here are left to their sender.
    ///
    /// # Errors
    /// `bad-parameter`.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let wrong = |what: String| Err(ApiError::parameter("Upload-Metadata", what));
        let mut found = Self::default();
        let mut seen = Vec::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            if seen.contains(&key) {
                return wrong(format!("the key '{key}' stands twice"));
            }
            seen.push(key);
            let Some(value) = STANDARD.decode(value.trim()).ok().and_then(|value| String::from_utf8(value).ok()) else {
                return wrong(format!("the value of '{key}' is not base64 of UTF-8 text"));
            };
            match key {
                "client" => match ClientName::parse(&value) {
                    Ok(client) if client.is_system() => return wrong("client: 'system' is the server's own".into()),
                    Ok(client) => found.client = Some(client),
                    Err(error) => return wrong(format!("client: {error}")),
                },
                "filename" => found.filename = Some(value),
                // What some clients call it.
                "name" => found.filename = found.filename.or(Some(value)),
                other => {
                    if let Some(name) = Overrides::named(other)
                        && let Err(bad) = found.overrides.say(name, &value)
                    {
                        return wrong(bad.to_string());
                    }
                }
            }
        }
        Ok(found)
    }
}

/// What `Upload-Concat` says.
#[derive(Debug, PartialEq, Eq)]
pub enum Concat {
    /// A part of a file.
    Partial,
    /// A file put together from these parts.
    Final(Vec<UploadId>),
}

impl Concat {
    /// Reads the header's value; parts are named by their paths or whole addresses.
    ///
    /// # Errors
    /// `bad-parameter`.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let wrong = |what: String| Err(ApiError::parameter("Upload-Concat", what));
        if text == "partial" {
            return Ok(Self::Partial);
        }
        let Some(parts) = text.strip_prefix("final;") else {
            return wrong("it is 'partial', or 'final;' and the addresses of the parts".into());
        };
        let mut ids = Vec::new();
        for part in parts.split_ascii_whitespace() {
            let name = part.rsplit('/').next().unwrap_or(part);
            match name.parse() {
                Ok(id) => ids.push(UploadId(id)),
                Err(_) => return wrong(format!("'{}' is not the address of a part", part.escape_default())),
            }
        }
        if ids.is_empty() { wrong("it names no parts".into()) } else { Ok(Self::Final(ids)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_as_tus_writes_it() {
        let read = Metadata::parse("filename cGVvcGxlLmNzdg==,client bWU=, is_draft").unwrap();
        let client = Some(ClientName::parse("me").unwrap());
        assert_eq!(read, Metadata { client, filename: Some("people.csv".into()), ..Metadata::default() });
        let named = Metadata::parse("name YQ==,filename Yg==,type YQ==").unwrap();
        assert_eq!(named.filename.as_deref(), Some("b"));
        assert_eq!(Metadata::parse("").unwrap(), Metadata::default());
        let read = Metadata::parse("delimiter Ow==,trim dHJ1ZQ==").unwrap().overrides.finish().unwrap().0;
        assert_eq!((read.delimiter.as_deref(), read.trim), (Some(";"), Some(true)));
        let wrong = Metadata::parse("trim eWVz").unwrap_err();
        assert_eq!(wrong.detail, "Upload-Metadata: trim: it is 'yes'; expected true or false");
        for wrong in ["client !", "client YS9i", "a YQ==,a YQ==", "filename /w=="] {
            assert_eq!(Metadata::parse(wrong).unwrap_err().code.as_str(), "bad-parameter", "{wrong}");
        }
    }

    #[test]
    fn parts_are_named_by_path_or_address() {
        let id = UploadId::now();
        assert_eq!(Concat::parse("partial").unwrap(), Concat::Partial);
        let text = format!("final;/files/{id} http://127.0.0.1:3000/files/{id}");
        assert_eq!(Concat::parse(&text).unwrap(), Concat::Final(vec![id, id]));
        for wrong in ["", "final", "final;", "final;/files/x", "Partial"] {
            assert!(Concat::parse(wrong).is_err(), "{wrong}");
        }
    }
}

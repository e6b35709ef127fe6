//! The body of an event that somebody publishes: `{"event":"…","data":…}`, for a broadcast with `"clients":"…"`.
//!
//! The data is passed on as it was written, but for the blanks between its tokens: numbers keep every digit and objects
//! their order, which a tree of values would lose.

use crate::access::ClientPattern;
use crate::domain::{EventName, Limits};
use crate::http::admission;
use crate::http::code::ApiCode;
use crate::http::error::ApiError;
use poem::error::ReadBodyError;
use poem::{Body, Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::marker::PhantomData;

/// Bytes that a body may have beside its data as it is counted: names, blanks, a pattern.
const AROUND_BYTES_MAX: u64 = 4 << 10;

/// A body of which nothing was read yet, documented as `D`.
pub struct EventBody<D>(Body, PhantomData<fn() -> D>);

/// What it says.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// The event's name.
    pub name: EventName,
    /// Its data, in one line.
    pub json: String,
    /// Which clients are to have it, where that is said.
    pub clients: Option<ClientPattern>,
}

impl<D> EventBody<D> {
    /// Reads it.
    ///
    /// # Errors
    /// `event-too-large` for more than `published_bytes_max` of data; `bad-parameter` for what is no such document, or a
    /// name that cannot be given.
    pub async fn read(self, limits: &Limits) -> Result<Said, ApiError> {
        let max = limits.published_bytes_max.saturating_add(AROUND_BYTES_MAX);
        let broken = || ApiError::parameter("body", "it breaks off");
        let bytes = self.0.into_bytes_limit(usize::try_from(max).unwrap_or(usize::MAX)).await;
        let bytes = bytes.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => too_large(limits),
            ReadBodyError::Io(error) => admission::of_body(&error).unwrap_or_else(broken),
            _ => broken(),
        })?;
        said(&bytes, limits)
    }
}

fn said(bytes: &[u8], limits: &Limits) -> Result<Said, ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document<'a> {
        event: String,
        clients: Option<String>,
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ApiError::parameter("body", "it is not UTF-8"))?;
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|error| ApiError::parameter("body", format_args!("{error}")))?;
    let name = EventName::parse(&document.event).map_err(|bad| ApiError::parameter("event", bad))?;
    let json = one_line(document.data.get());
    if json.len() as u64 > limits.published_bytes_max {
        return Err(too_large(limits));
    }
    let clients = document.clients.map(|text| match ClientPattern::parse(&text) {
        Ok(pattern) if !text.contains('{') => Ok(pattern),
        Ok(_) => Err(ApiError::parameter("clients", "it is meant as it stands; {sub} is for keys and tokens")),
        Err(bad) => Err(ApiError::parameter("clients", bad)),
    });
    Ok(Said { name, json, clients: clients.transpose()? })
}

fn too_large(limits: &Limits) -> ApiError {
    let max = limits.published_bytes_max;
    ApiError::new(ApiCode::EventTooLarge, format!("the data of an event may have {max} bytes"))
}

/// The same JSON without blanks between its tokens. Line breaks stand nowhere else (RFC 8259, section 7).
fn one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for c in json.chars() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if matches!(c, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_text = c == '"';
        }
        line.push(c);
    }
    line
}

impl<'a, D: Type> ApiExtractor<'a> for EventBody<D> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        D::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: D::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        _: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        Ok(Self(body.take()?, PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, String> {
        let limits = Limits { published_bytes_max: 32, ..Limits::for_tests() };
        said(text.as_bytes(), &limits).map(|said| said.json).map_err(|error| error.detail)
    }

    #[test]
    fn data_is_passed_on_as_it_was_written() {
        let text =
            "{\"event\": \"a.b\",\n \"data\" : {\"z\": 1.10, \"a\": [ 123456789012345678901 , \"x \\\" y\\\\\" ]\r\n}}";
        assert_eq!(read(text), Err("the data of an event may have 32 bytes".into()));
        let limits = Limits::for_tests();
        let json = said(text.as_bytes(), &limits).unwrap().json;
        assert_eq!(json, r#"{"z":1.10,"a":[123456789012345678901,"x \" y\\"]}"#);
        assert_eq!(read(r#"{"data":null,"event":"a"}"#).as_deref(), Ok("null"));
    }

    #[test]
    fn what_is_no_event_is_refused_with_a_reason() {
        for (text, why) in [
            ("", "EOF"),
            ("[]", "expected struct"),
            (r#"{"event":"a"}"#, "missing field `data`"),
            (r#"{"data":1}"#, "missing field `event`"),
            (r#"{"event":"a","data":1,"id":7}"#, "unknown field `id`"),
            (r#"{"event":"a","event":"b","data":1}"#, "duplicate field"),
            ("{\"event\":\"a\",\"data\":\"line\nbreak\"}", "control character"),
            (r#"{"event":"row","data":1}"#, "event: 'row' is what this server calls"),
            (r#"{"event":"a b","data":1}"#, "event: a name is a letter"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(said(b"{\"event\":\"a\",\"data\":\"\xff\"}", &Limits::for_tests()).is_err());
    }

    proptest! {
        #[test]
        fn a_line_says_the_same_as_the_document(text in ".{0,20}", number: f64, pretty: bool) {
            let value = serde_json::json!({ "a b": [text, number], "\n\"": { "x\r": null } });
            let json = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let line = one_line(&json);
            prop_assert!(!line.contains(['\n', '\r', '\0']));
            let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
            prop_assert_eq!(read(&line), read(&json));
        }
    }
}

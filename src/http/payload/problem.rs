//! `application/problem+json` (RFC 9457): what every refusal and failure is answered with.

use crate::http::admission;
use crate::http::code::{ApiCode, Code};
use crate::http::error::ApiError;
use crate::http::tus;
use poem::http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{Example, Type};
use poem_openapi::{ApiResponse, Object};
use serde::Serialize;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// The media type.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What went wrong with a request (RFC 9457). Match on `code`.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Problem", example)]
pub struct ProblemDocument {
    /// Where this kind of problem is explained: `/problems/{code}`.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    type_: String,
    /// The kind in a few words.
    title: String,
    /// The HTTP status once more.
    status: u16,
    /// What was found here and what was expected, in one sentence.
    detail: String,
    /// The path of the request.
    instance: String,
    /// The kind, stable, for programs.
    code: String,
    /// The upload that the request began, where it began one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    upload: Option<String>,
    /// Where the sender can go on with that upload (tus 1.0), where it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    resume: Option<String>,
}

impl ProblemDocument {
    fn new(error: &ApiError, instance: &str) -> Self {
        let code = error.code.as_str();
        Self {
            type_: format!("/problems/{code}"),
            title: error.code.title().into(),
            status: error.code.status(),
            detail: error.detail.clone(),
            instance: instance.into(),
            code: code.into(),
            upload: error.upload.map(|id| id.to_string()),
            resume: error.upload.filter(|_| error.resume).map(tus::path),
        }
    }
}

impl Example for ProblemDocument {
    fn example() -> Self {
        let error = ApiError::parameter("limit", "it is 0, but a page has at least one row");
        Self::new(&error, "/uploads/0199a5f3-9f40-7d2a-8000-000000000000/rows")
    }
}

/// The document for `error`; `instance` is the request's path.
pub fn text(error: &ApiError, instance: &str) -> String {
    serde_json::to_string(&ProblemDocument::new(error, instance)).expect("a problem of ours is JSON")
}

/// The answer for `error`; `instance` is the request's path.
pub fn response(error: &ApiError, instance: &str) -> Response {
    let status = poem::error::ResponseError::status(error);
    let mut response = Response::builder().status(status).content_type(CONTENT_TYPE).body(text(error, instance));
    let wait = error.exceeded.map(|exceeded| exceeded.retry_after_s);
    if let Some(seconds) = wait.or_else(|| error.code.retry_after_seconds()) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if let Some(exceeded) = &error.exceeded {
        admission::tell(response.headers_mut(), &exceeded.standing);
    }
    if let Some(challenge) = challenge(&error.code) {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if let Some(allow) = error.allow.as_ref().and_then(|methods| methods.parse().ok()) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

/// `WWW-Authenticate` (RFC 6750, section 3): without a reason for whoever showed nothing.
fn challenge(code: &Code) -> Option<&'static str> {
    match code {
        Code::Api(ApiCode::Unauthenticated) => Some("Bearer realm=\"rowcast\""),
        Code::Api(ApiCode::InvalidToken) => Some("Bearer realm=\"rowcast\", error=\"invalid_token\""),
        Code::Api(ApiCode::TokenExpired) => {
            Some("Bearer realm=\"rowcast\", error=\"invalid_token\", error_description=\"expired\"")
        }
        Code::Api(ApiCode::Forbidden) => Some("Bearer realm=\"rowcast\", error=\"insufficient_scope\""),
        _ => None,
    }
}

/// The codes that an operation can give; what it is documented with.
pub trait Codes: Send + Sync + 'static {
    /// Every code of [`crate::http::code`] by its text, save what any request can get (`internal-error` and so on).
    const CODES: &'static [&'static str];
}

/// What any request can be answered with, whatever the operation.
const ANYWHERE: [&str; 3] = ["bad-request", "misdirected-host", "internal-error"];

/// An error of an operation that is documented with `C`.
#[derive(Debug)]
pub struct Refused<C>(ApiError, PhantomData<fn() -> C>);

impl<C, E: Into<ApiError>> From<E> for Refused<C> {
    fn from(error: E) -> Self {
        Self(error.into(), PhantomData)
    }
}

impl<C: Codes> From<Refused<C>> for poem::Error {
    fn from(refused: Refused<C>) -> Self {
        debug_assert!(
            C::CODES.iter().chain(&ANYWHERE).any(|code| *code == refused.0.code.as_str()),
            "{} is not documented here",
            refused.0.code.as_str()
        );
        refused.0.into()
    }
}

impl<C: Codes> IntoResponse for Refused<C> {
    fn into_response(self) -> Response {
        response(&self.0, "")
    }
}

impl<C: Codes> ApiResponse for Refused<C> {
    fn meta() -> MetaResponses {
        let mut by_status = BTreeMap::<u16, Vec<Code>>::new();
        for text in C::CODES.iter().chain(&ANYWHERE) {
            let code = Code::parse(text).expect("an operation names codes of the table");
            by_status.entry(code.status()).or_default().push(code);
        }
        MetaResponses { responses: by_status.into_iter().map(|(status, codes)| meta_of(status, &codes)).collect() }
    }

    fn register(registry: &mut Registry) {
        ProblemDocument::register(registry);
    }
}

/// What the document says of the headers that tell how somebody stands.
const RATE_LIMIT: &str = "How one stands with the policy that is used up, as `\"address-requests\";r=0;t=60`: `r` is what is left, \
     `t` after how many seconds all of it is back (draft-ietf-httpapi-ratelimit-headers-10)";
const RATE_LIMIT_POLICY: &str = "What that policy allows, as `\"address-requests\";q=60000;w=60`: `q` in `w` seconds, of requests or, with \
     `qu=\"content-bytes\"`, of bytes";

/// What the document says of an answer with one of these codes, all of the same status.
pub fn meta_of(status: u16, codes: &[Code]) -> MetaResponse {
    let told: Vec<String> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect();
    let waits = codes.iter().any(|code| code.retry_after_seconds().is_some());
    let header = |name: &str, description: &str, schema| MetaHeader {
        name: name.into(),
        description: Some(description.into()),
        required: false,
        deprecated: false,
        schema,
    };
    let retry_after = || header("Retry-After", "After how many seconds trying again makes sense", u32::schema_ref());
    let mut headers: Vec<_> = waits.then(retry_after).into_iter().collect();
    if status == 429 {
        headers.push(header("RateLimit", RATE_LIMIT, String::schema_ref()));
        headers.push(header("RateLimit-Policy", RATE_LIMIT_POLICY, String::schema_ref()));
    }
    MetaResponse {
        // The registry wants a text for ever. It is made once an operation and status, when the document is built.
        description: Box::leak(told.join(". ").into_boxed_str()),
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: ProblemDocument::schema_ref() }],
        headers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FailureCode;
    use poem_openapi::types::ToJSON;

    #[tokio::test]
    async fn a_problem_has_every_member() {
        let error = ApiError::plain(FailureCode::TooManyUploads);
        let response = response(&error, "/upload/a");
        assert_eq!(response.status().as_u16(), 503);
        assert_eq!(response.header("content-type"), Some(CONTENT_TYPE));
        assert_eq!(response.header("retry-after"), Some("5"));
        let body: serde_json::Value = response.into_body().into_json().await.unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "/problems/too-many-uploads", "title": "Too many uploads at once", "status": 503,
                "detail": FailureCode::TooManyUploads.help(), "instance": "/upload/a", "code": "too-many-uploads",
            })
        );
    }

    #[test]
    fn the_documented_example_is_what_is_sent() {
        let example = ProblemDocument::example();
        assert_eq!(example.to_json(), Some(serde_json::to_value(&example).unwrap()));
    }
}

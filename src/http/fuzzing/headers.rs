//! Header values in general: what is taken is as it was written, and what goes out again cannot break out of its place.

use crate::http::api::options::{OptionFields, compression};
use crate::http::api::params::IdempotencyKey;
use crate::http::credential::{self, COOKIE_NAME};
use crate::http::payload::digest::{Check, Digests};
use crate::http::payload::disposition::{attachment, boundary, file_label, parse};
use crate::http::payload::field::FieldValue;
use crate::http::payload::structured;
use crate::http::trace::Trace;
use crate::http::{etag, tus};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::Request;
use poem::http::{HeaderMap, HeaderValue, Method, Uri};
use sha2::{Digest, Sha256};

/// What inputs are made of.
pub const WORDS: &[&str] = &[
    "form-data; name=\"file\"; filename=",
    "multipart/form-data; boundary=",
    "\"",
    "\\",
    ";",
    "=",
    ",",
    "%22",
    "../",
    "\u{202e}",
    "sha-256=:",
    "md5=:AA==:",
    ":",
    "AAAA",
    "gzip",
    "zstd",
    "Bearer ",
    "bearer",
    "rowcast_session=",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "W/\"",
    "*",
    "?ticket=",
    "&ticket=",
    "%",
    "delimiter",
    "trim",
];

/// Tries all of it.
pub fn hold(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    hold_disposition(&text);
    hold_structured(data, &text);
    hold_coding(data, &text);
    if let Ok(value) = HeaderValue::from_bytes(data) {
        hold_request(&value, &text);
    }
}

fn hold_disposition(text: &str) {
    let (token, params) = parse(text);
    assert_eq!(token, token.trim().to_ascii_lowercase());
    assert!(params.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= text.len());
    if let Some(found) = boundary(text) {
        assert!((1..=70).contains(&found.len()) && found.is_ascii() && !found.contains(['\r', '\n']), "{found:?}");
    }
    let label = file_label(text);
    assert!(!label.is_empty() && label.len() <= 200 && label != "." && label != "..", "{label:?}");
    assert!(!label.contains(['/', '\\']) && !label.contains(char::is_control), "{label:?}");
    // What browsers wrote is undone once; a sender may have written it twice.
    assert!(label.contains('%') || file_label(&label) == label, "{label:?} is a label already");
    for name in [text, &label] {
        let header = attachment(name);
        assert!(HeaderValue::from_str(&header).is_ok() && header.is_ascii(), "{header:?}");
        let (kind, params) = parse(&header);
        assert!(kind == "attachment" && params.len() <= 2, "{header:?}");
    }
    // As a browser sends it, it comes back.
    let sent = format!("form-data; name=\"f\"; filename=\"{}\"", label.replace('\\', "\\\\").replace('"', "\\\""));
    assert_eq!(parse(&sent).1, [("name".to_owned(), "f".to_owned()), ("filename".to_owned(), label)]);
}

fn hold_structured(data: &[u8], text: &str) {
    if let Ok(found) = structured::string(text) {
        let written = format!("\"{}\"", found.replace('\\', "\\\\").replace('"', "\\\""));
        assert_eq!(structured::string(&written), Ok(found));
    }
    if let Ok(found) = structured::byte_sequences(text) {
        let written: Vec<_> =
            found.iter().map(|(name, bytes)| format!("{name}=:{}:", STANDARD.encode(bytes))).collect();
        assert_eq!(structured::byte_sequences(&written.join(", ")), Ok(found));
    }
    let said = Digests::parse(&format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(data)))).expect("a digest");
    let mut check = Check::new(said.clone(), false);
    data.chunks(5).for_each(|piece| check.update(piece));
    assert_eq!(check.finish(), Ok(()));
    let mut check = Check::new(said, false);
    check.update(&[data, b"."].concat());
    assert!(check.finish().is_err());
    if let Ok(said) = Digests::parse(text) {
        // Whatever it says is checked, or passed over where its algorithm is not known.
        let check = Check::new(said.clone(), false);
        assert!(!check.is_wanted() || check.finish().is_err(), "{text:?} is no digest of nothing");
    }
    if let Ok(IdempotencyKey(key)) = IdempotencyKey::parse(text) {
        assert!(!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{key:?}");
        let quoted = format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
        assert_eq!(IdempotencyKey::parse(&quoted), Ok(IdempotencyKey(key)));
    }
}

fn hold_coding(data: &[u8], text: &str) {
    if let Err(refused) = compression(Some(text)) {
        assert!(refused.code.status() == 415 && !refused.detail.contains(char::is_control), "{}", refused.detail);
    }
    let (name, value) = data.split_at(data.iter().position(|byte| *byte == b'=').unwrap_or(data.len()));
    let mut fields = OptionFields::new(&Default::default());
    fields.begin(&String::from_utf8_lossy(name));
    fields.data(value);
    if fields.end().is_err() {
        assert_eq!(fields.said(), Default::default(), "what is refused says nothing");
    }
}

fn hold_request(value: &HeaderValue, text: &str) {
    let mut headers = HeaderMap::new();
    for name in ["traceparent", "if-none-match", "authorization", "cookie", "x-http-method-override"] {
        headers.insert(name, value.clone());
    }
    let trace = Trace::of(&headers);
    let is_hex = |id: &str| id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    assert!(trace.trace_id.len() == 32 && is_hex(&trace.trace_id), "{trace:?}");
    assert!(trace.span_id.len() == 16 && is_hex(&trace.span_id), "{trace:?}");
    assert!(trace.parent_id.is_none_or(|id| text.contains(&id) && text.contains(&trace.trace_id)));
    let tag = etag::of_content(b"some");
    if etag::is_known(&headers, &tag) {
        assert!(text.contains(tag.trim_matches('"')) || text.contains('*'), "{text:?}");
    }
    let path: String = text.bytes().filter(|byte| byte.is_ascii_graphic()).map(char::from).collect();
    let uri = format!("/sse/me?ticket={path}").parse::<Uri>().unwrap_or_default();
    let mut request = Request::builder().method(Method::POST).uri(uri).finish();
    *request.headers_mut() = headers;
    if let Ok(Some(token)) = credential::bearer(&request) {
        assert!(
            text.contains(&token) && text.trim().get(..6).is_some_and(|s| s.eq_ignore_ascii_case("bearer")),
            "{token:?}"
        );
    }
    _ = credential::of(&request, true);
    request.headers_mut().remove("authorization");
    if let Ok(Some(credential::Credential::Cookies(values))) = credential::of(&request, false) {
        assert!(values.len() <= 4 && text.contains(COOKIE_NAME), "{values:?}");
    }
    tus::override_method(&mut request);
    assert!([Method::POST, Method::PATCH, Method::DELETE, Method::HEAD].contains(request.method()));
}

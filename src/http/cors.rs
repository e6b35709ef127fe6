//! Pages of other sites that are allowed to use this server (Fetch standard, CORS protocol).
//!
//! Same-origin requests need none of this. Nobody is allowed unless whoever runs the server named the origin.

use super::guard::Guard;
use poem::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderName, HeaderValue, ORIGIN, VARY,
};
use poem::http::{Method, StatusCode};
use poem::{Request, Response};

const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";
/// What a page may send beyond what any page may.
const ALLOWED: &str = "Authorization, Content-Type, Last-Event-ID, Content-Encoding, Idempotency-Key, Content-Digest, Repr-Digest, If-None-Match, \
                       Tus-Resumable, Upload-Length, Upload-Defer-Length, Upload-Metadata, Upload-Offset, \
                       Upload-Checksum, Upload-Concat, X-HTTP-Method-Override, X-Requested-With, X-Request-ID, Traceparent, Tracestate";
/// What a page may read beyond what any page may.
const EXPOSED: &str = "Location, ETag, Allow, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate, Content-Disposition, Newest-Event-ID, Rowcast-Client, Tus-Resumable, Tus-Version, Tus-Extension, \
                       Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Offset, Upload-Length, Upload-Defer-Length, \
                       Upload-Metadata, Upload-Expires, Upload-Concat";
/// Seconds that a browser may remember a preflight.
const MAX_AGE: &str = "600";
const ASKS_PRIVATE: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOWS_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The origin that a request comes from, if it is an allowed one of another site.
pub fn origin(request: &Request, guard: &Guard) -> Option<HeaderValue> {
    request.headers().get(ORIGIN).filter(|origin| guard.allows_origin(origin)).cloned()
}

/// The answer to a preflight; none where the request is not one.
pub fn preflight(request: &Request) -> Option<Response> {
    let asks = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    asks.then(|| {
        let answer = Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header(ACCESS_CONTROL_ALLOW_METHODS, METHODS)
            .header(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED)
            .header(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        // A page on the web and a server at home: whoever named the origin meant that too (Private Network Access).
        let answer =
            if request.headers().contains_key(ASKS_PRIVATE) { answer.header(ALLOWS_PRIVATE, "true") } else { answer };
        answer.finish()
    })
}

/// Lets the page at `origin` read the answer.
pub fn complete_headers(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    // Pages of the same site have our cookie; those of others send a token, and no cookie of theirs is anything here.
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
}

/// Says that an answer is another one for other origins, whichever asked: a cache must not give one's to another.
pub fn note_origin(response: &mut Response, guard: &Guard) {
    if guard.allows_any_origin() {
        let headers = response.headers_mut();
        let before = headers.get(VARY).and_then(|vary| vary.to_str().ok());
        let vary = before.map_or_else(|| "Origin".to_owned(), |before| format!("{before}, Origin"));
        headers.insert(VARY, vary.parse().expect("names of headers"));
    }
}

//! What stands around every operation: who may ask, which methods an address has, how errors look, and what every answer
//! carries.

use super::admission::Admission;
use super::code::ApiCode;
use super::error::ApiError;
use super::gate::Gate;
use super::guard::Guard;
use super::observe::Noted;
use super::payload::problem;
use super::traffic;
use super::ui::Ui;
use super::{cors, gate, tus};
use futures_util::FutureExt;
use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use poem::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, ETAG, HeaderName, HeaderValue,
};
use poem::http::{Method, StatusCode};
use poem::{Endpoint, Request, Response};
use poem_openapi::OpenApi;
use std::panic::AssertUnwindSafe;

/// Longest path that a problem repeats as its `instance`.
const INSTANCE_BYTES_MAX: usize = 512;
/// For answers that are no page: should a browser show one, it loads and runs nothing.
const NO_PAGE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// The addresses of the API, and the methods of each with the operation that each is, from its own description.
pub struct Addresses(Vec<Address>);

/// One of them.
pub struct Address {
    /// As the document writes it: `/uploads/{id}`.
    pub path: String,
    segments: Vec<String>,
    methods: Methods,
}

/// The methods of an address, each with its operation's id.
type Methods = Vec<(Method, &'static str)>;

impl Addresses {
    /// Those of an API.
    pub fn of<T: OpenApi>() -> Self {
        let mut addresses: Vec<Address> = Vec::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            let methods = path.operations.iter().map(|operation| {
                (operation.method.clone(), operation.operation_id.expect("every operation has an id"))
            });
            // One address may have operations in several parts of the API.
            match addresses.iter_mut().find(|known| known.path == path.path) {
                Some(known) => known.methods.extend(methods),
                None => addresses.push(Address {
                    segments: path.path.split('/').skip(1).map(ToOwned::to_owned).collect(),
                    methods: methods.collect(),
                    path: path.path,
                }),
            }
        }
        Self(addresses)
    }

    /// The ids of all operations.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().flat_map(|address| address.methods.iter().map(|(_, operation)| *operation))
    }

    /// The address that `path` is, if it is one.
    fn find(&self, path: &str) -> Option<&Address> {
        let given: Vec<&str> = path.split('/').skip(1).collect();
        let fits = |pattern: &[String]| {
            pattern.len() == given.len()
                && pattern
                    .iter()
                    .zip(&given)
                    .all(|(segment, given)| if segment.starts_with('{') { !given.is_empty() } else { segment == given })
        };
        self.0.iter().find(|address| fits(&address.segments))
    }
}

/// `Allow` for these methods (RFC 9110, section 10.2.1). HEAD goes with GET, and OPTIONS always.
fn allow<'m>(methods: impl IntoIterator<Item = &'m Method>) -> String {
    let mut names: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    if !names.contains(&"OPTIONS") {
        names.push("OPTIONS");
    }
    names.join(", ")
}

#[derive(Clone)]
struct AskedByHead;

/// Whether only the head of the answer is wanted, for handlers whose GET does something.
pub fn asked_by_head(request: &Request) -> bool {
    request.extensions().get::<AskedByHead>().is_some()
}

/// The operations with everything around them.
pub struct Site<E> {
    /// The operations.
    pub operations: E,
    /// Their addresses.
    pub addresses: Addresses,
    /// The files at the addresses that are none of these.
    pub ui: Ui,
    /// Who may ask at all.
    pub guard: Guard,
    /// Who may use which of them.
    pub gate: Gate,
}

impl<E: Endpoint<Output = Response>> Site<E> {
    /// The answer; `noted` and `admission` become what is known of the request by then.
    async fn answer(
        &self,
        mut request: Request,
        noted: &mut Noted,
        admission: &mut Admission,
    ) -> Result<Response, ApiError> {
        admission.request()?;
        let path = request.uri().path().to_owned();
        let is_file = tus::is_file(&path);
        if is_file {
            tus::override_method(&mut request);
        }
        self.guard.check(&request)?;
        let method = request.method().clone();
        let Some(Address { methods, path: address, .. }) = self.addresses.find(&path) else {
            return match self.ui.file(&path, request.headers()).await {
                Some(file) => {
                    noted.operation = traffic::FILE;
                    match method {
                        Method::GET | Method::HEAD => Ok(file),
                        _ => other_method(&method, [&Method::GET]),
                    }
                }
                None => Err(ApiError::plain(ApiCode::NotFound)),
            };
        };
        let known = |wanted: &Method| methods.iter().find(|(method, _)| method == wanted).map(|(_, id)| *id);
        let own = known(&method);
        let by_get = known(&Method::GET).filter(|_| method == Method::HEAD && own.is_none());
        noted.operation = own.or(by_get).unwrap_or(traffic::NOTHING);
        if by_get.is_some() {
            // poem does the same, but then no handler can tell, and the length of what GET would answer is lost.
            request.set_method(Method::GET);
            request.extensions_mut().insert(AskedByHead);
        } else if own.is_none() {
            return other_method(&method, methods.iter().map(|(method, _)| method));
        }
        if is_file {
            tus::check_version(&request)?;
        }
        if by_get.is_none() {
            // HEAD begins nothing.
            admission.operation(noted.operation)?;
        }
        let allowed = self.gate.check(&mut request, address, &self.guard, admission).await;
        let asked_for = !self.gate.0.access.is_open();
        noted.principal = gate::principal(&request).filter(|_| asked_for).map(|principal| principal.sub.clone());
        let is_personal = allowed?;
        admission.body(&mut request)?;
        let mut response = match self.operations.call(request).await {
            Ok(response) => response,
            Err(error) if error.is_from_response() => error.into_response(),
            Err(error) => return Err(ApiError::from_poem(&error)),
        };
        if is_personal && response.headers().contains_key(ETAG) {
            // A cache that others use must not keep what only some may see.
            response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
        }
        Ok(response)
    }
}

fn other_method<'m>(method: &Method, methods: impl IntoIterator<Item = &'m Method>) -> Result<Response, ApiError> {
    let allow = allow(methods);
    if method == Method::OPTIONS {
        return Ok(Response::builder().status(StatusCode::NO_CONTENT).header(ALLOW, allow).finish());
    }
    let shown: String = method.as_str().chars().take(20).collect();
    let mut error = ApiError::new(ApiCode::MethodNotAllowed, format!("{shown} is not among {allow}"));
    error.allow = Some(allow);
    Err(error)
}

impl<E: Endpoint<Output = Response>> Endpoint for Site<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let is_head = request.method() == Method::HEAD;
        let path = request.uri().path();
        let instance = path.get(..INSTANCE_BYTES_MAX).unwrap_or(path).to_owned();
        let is_file = tus::is_file(path);
        let origin = cors::origin(&request, &self.guard);
        if let Some((preflight, origin)) = cors::preflight(&request).zip(origin.clone()) {
            let mut preflight = preflight;
            cors::complete_headers(&mut preflight, origin);
            cors::note_origin(&mut preflight, &self.guard);
            return Ok(preflight);
        }
        let mut noted = Noted::default();
        let mut admission = Admission::new(&self.gate.0.rates, &request);
        let answer = AssertUnwindSafe(self.answer(request, &mut noted, &mut admission)).catch_unwind().await;
        let mut response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => problem::response(&error, &instance),
            // The panic's message went to the log by the panic hook; it is nobody else's business.
            Err(_) => problem::response(&ApiError::plain(ApiCode::Internal), &instance),
        };
        admission.complete_headers(&mut response);
        if is_head {
            without_body(&mut response);
        }
        if is_file {
            tus::complete_headers(&mut response);
        }
        if let Some(origin) = origin {
            cors::complete_headers(&mut response, origin);
        }
        cors::note_origin(&mut response, &self.guard);
        complete_headers(&mut response);
        response.extensions_mut().insert(noted);
        Ok(response)
    }
}

/// The same answer as to GET with nothing after its head (RFC 9110, section 9.3.2).
fn without_body(response: &mut Response) {
    let body: BoxBody<_, _> = response.take_body().into();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(length.into());
    }
}

fn complete_headers(response: &mut Response) {
    let headers = response.headers_mut();
    let has_tag = headers.contains_key(ETAG);
    let usual = [
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (CONTENT_SECURITY_POLICY, NO_PAGE_POLICY),
        // What has a tag may be kept, and is asked about each time.
        (CACHE_CONTROL, if has_tag { "no-cache" } else { "no-store" }),
    ];
    for (name, value) in usual {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

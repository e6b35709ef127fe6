//! The OpenAPI document: what the handlers say of themselves, and what the gate asks of whoever uses them.

use super::Api;
use super::admission;
use super::code::{ApiCode, Code};
use super::credential::COOKIE_NAME;
use super::gate::{Need, need};
use super::payload::problem::meta_of;
use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, MetaOperation, MetaResponse, MetaSecurityScheme, Registry};
use poem_openapi::{OpenApi, OpenApiService};
use std::collections::HashMap;
use std::marker::PhantomData;

/// The OpenAPI document of all routes, as indented JSON. The same for the same program, always.
pub fn openapi_document() -> String {
    described().spec() + "\n"
}

/// The API's description without its services.
pub struct Described<T>(PhantomData<fn() -> T>);

impl<T: OpenApi> OpenApi for Described<T> {
    fn meta() -> Vec<MetaApi> {
        let mut apis = merged(T::meta());
        for path in apis.iter_mut().flat_map(|api| &mut api.paths) {
            for operation in &mut path.operations {
                // What the table does not know is refused to everybody; a test keeps it whole.
                let need = need(&operation.method, &path.path).unwrap_or(Need::Anybody);
                secure(operation, need);
                limit(operation, need);
            }
        }
        apis
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        let scheme = |ty, description| MetaSecurityScheme {
            ty,
            description: Some(description),
            name: None,
            key_in: None,
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        let bearer = scheme("http", "A key of this server (`rct_…`), or a token of whoever signs them for it.");
        let cookie = scheme("apiKey", "The session that `POST /session` began. Browsers send it by themselves.");
        let ticket = scheme("apiKey", "A ticket of `POST /tickets`, for one client and a short time.");
        registry.create_security_scheme(BEARER, MetaSecurityScheme { scheme: Some("bearer"), ..bearer });
        let (name, key_in) = (Some(COOKIE_NAME), Some("cookie"));
        registry.create_security_scheme(COOKIE, MetaSecurityScheme { name, key_in, ..cookie });
        let (name, key_in) = (Some("ticket"), Some("query"));
        registry.create_security_scheme(TICKET, MetaSecurityScheme { name, key_in, ..ticket });
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// The same with the operations of an address in one place: of two with that address the document would keep the last.
fn merged(mut apis: Vec<MetaApi>) -> Vec<MetaApi> {
    let mut seen: HashMap<String, (usize, usize)> = HashMap::new();
    for at in 0..apis.len() {
        for path in std::mem::take(&mut apis[at].paths) {
            match seen.get(&path.path) {
                Some(&(api, place)) => apis[api].paths[place].operations.extend(path.operations),
                None => {
                    seen.insert(path.path.clone(), (at, apis[at].paths.len()));
                    apis[at].paths.push(path);
                }
            }
        }
    }
    apis
}

const BEARER: &str = "bearer";
const COOKIE: &str = "session";
const TICKET: &str = "ticket";

/// Any of the schemes is enough; and what the gate can answer instead.
fn secure(operation: &mut MetaOperation, need: Need) {
    let schemes: &[&'static str] = match need {
        Need::Public => return,
        Need::Watch => &[BEARER, COOKIE, TICKET],
        _ => &[BEARER, COOKIE],
    };
    operation.security = schemes.iter().map(|scheme| HashMap::from([(*scheme, vec![])])).collect();
    if need == Need::Welcome {
        // Nobody has to say who they are there.
        operation.security.push(HashMap::new());
        return;
    }
    let codes: &[ApiCode] = match need {
        Need::Anybody => &[],
        _ => &[ApiCode::Forbidden],
    };
    answer(operation, 401, &[ApiCode::Unauthenticated, ApiCode::InvalidToken, ApiCode::TokenExpired]);
    // A cookie is taken from our own pages alone.
    answer(operation, 403, &[codes, &[ApiCode::CrossSite]].concat());
}

/// What the policies can answer instead: to any request, to one that shows a credential, and to what begins something.
fn limit(operation: &mut MetaOperation, need: Need) {
    let begins = admission::refusals_of(operation.operation_id.unwrap_or_default());
    let shows = (need != Need::Public).then_some(ApiCode::TooManyFailedCredentials);
    let sends = operation.request.is_some().then_some(ApiCode::TooManyBytes);
    let codes = [Some(ApiCode::TooManyRequests), shows, sends, begins];
    answer(operation, 429, &codes.into_iter().flatten().collect::<Vec<_>>());
}

/// Notes that the operation can be answered with these codes, all of that status.
fn answer(operation: &mut MetaOperation, status: u16, codes: &[ApiCode]) {
    let responses = &mut operation.responses.responses;
    let at = responses.iter().position(|response| response.status >= Some(status)).unwrap_or(responses.len());
    let told = responses
        .get(at)
        .filter(|response| response.status == Some(status))
        .map_or("", |response| response.description);
    let new = codes.iter().filter(|code| !told.contains(&format!("`{}`", Code::from(**code).as_str())));
    let new: Vec<Code> = new.map(|code| (*code).into()).collect();
    if new.is_empty() {
        return;
    }
    let added = meta_of(status, &new);
    if told.is_empty() {
        responses.insert(at, added);
    } else {
        // The registry wants a text for ever, as in `meta_of`.
        let description = Box::leak(format!("{}. {told}", added.description).into_boxed_str());
        let before = responses.remove(at);
        responses.insert(at, MetaResponse { description, ..before });
    }
}

/// The document alone.
pub fn described() -> OpenApiService<Described<Api>, ()> {
    described_as(Described(PhantomData))
}

/// A service by the name and the words of the document.
pub fn described_as<T>(api: T) -> OpenApiService<T, ()> {
    OpenApiService::new(api, "rowcast", env!("CARGO_PKG_VERSION"))
        .summary("Takes CSV uploads and streams every row to whoever watches, while the file is still arriving.")
        .description(
            "Watch a client with `GET /sse/{client}`, upload for it with `POST /upload/{client}`. Both work with the name of \
             any client; it need not be made before. Errors are `application/problem+json` (RFC 9457); their `type` leads \
             to an explanation. Where a server asks who one is (`GET /session` says so), send a key or token as \
             `Authorization: Bearer …`. How often and how much is bounded by policies: answers say in `RateLimit` and \
             `RateLimit-Policy` how one stands with the one that is closest to its end \
             (draft-ietf-httpapi-ratelimit-headers-10), and 429 when to come again (`Retry-After`).",
        )
        .server("/")
}

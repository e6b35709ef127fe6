//! Who may use which operation: looked at before any handler, and refused unless the table says otherwise.
//!
//! A credential is, in this order and only the first that is there: `Authorization: Bearer`, `?ticket=` (for a stream), the
//! session's cookie. A request's client is the one in its path or parameters, or that of the upload it names. Of
//! uploads of other clients nobody is told, not even that they are there.

use super::Services;
use super::admission::Admission;
use super::code::ApiCode;
use super::credential::{self, Credential};
use super::error::ApiError;
use super::guard::Guard;
use super::payload::piece::{Concat, Metadata};
use crate::access::{Act, Principal, Refusal};
use crate::domain::{ClientName, UploadId, UploadRecord};
use crate::journal::now_ms;
use poem::Request;
use poem::http::Method;
use std::sync::Arc;

/// What an operation asks of whoever uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it tells nothing of anybody.
    Public,
    /// Nothing, but it wants to know.
    Welcome,
    /// To be somebody.
    Anybody,
    /// To be allowed to do this at the client in the path.
    Client(Act),
    /// To be allowed to watch the client in the path; a ticket is enough.
    Watch,
    /// To be allowed to do this at the client of the upload in the path.
    Upload(Act),
    /// To be allowed to do this at every client.
    Everywhere(Act),
    /// To be allowed to read the client of the query; without one, every client.
    List,
    /// To be allowed to upload for the client of the metadata, and for those of the parts.
    NewFile,
}

/// Every operation of the API: method, address, need. What is missing here is refused to everybody.
const OPERATIONS: &[(Method, &str, Need)] = &[
    (Method::GET, "/", Need::Public),
    (Method::GET, "/livez", Need::Public),
    (Method::GET, "/readyz", Need::Public),
    (Method::GET, "/docs", Need::Public),
    (Method::GET, "/openapi.json", Need::Public),
    (Method::GET, "/api", Need::Public),
    // Whether all is well, and no numbers.
    (Method::GET, "/system/health", Need::Public),
    (Method::GET, "/system/stats", Need::Everywhere(Act::Administer)),
    (Method::GET, "/system/connections", Need::Everywhere(Act::Administer)),
    (Method::GET, "/problems/{code}", Need::Public),
    (Method::OPTIONS, "/files", Need::Public),
    (Method::GET, "/session", Need::Welcome),
    (Method::POST, "/session", Need::Welcome),
    (Method::DELETE, "/session", Need::Welcome),
    (Method::POST, "/tickets", Need::Anybody),
    // It names nobody, but tells how much everybody does.
    (Method::GET, "/metrics", Need::Everywhere(Act::Read)),
    (Method::GET, "/csv", Need::Anybody),
    (Method::GET, "/sse/{client}", Need::Watch),
    (Method::GET, "/sse/{client}/watchers", Need::Client(Act::Read)),
    // It looks itself whether the pattern is within those of whoever asks.
    (Method::POST, "/sse", Need::Anybody),
    (Method::POST, "/sse/{client}", Need::Client(Act::Publish)),
    (Method::POST, "/upload/{client}", Need::Client(Act::Upload)),
    (Method::POST, "/files", Need::NewFile),
    // It makes another sender of the file leave.
    (Method::HEAD, "/files/{id}", Need::Upload(Act::Upload)),
    (Method::PATCH, "/files/{id}", Need::Upload(Act::Upload)),
    (Method::DELETE, "/files/{id}", Need::Upload(Act::Upload)),
    (Method::GET, "/uploads", Need::List),
    (Method::GET, "/uploads/{id}", Need::Upload(Act::Read)),
    (Method::DELETE, "/uploads/{id}", Need::Upload(Act::Upload)),
    (Method::POST, "/uploads/{id}/cancel", Need::Upload(Act::Upload)),
    (Method::POST, "/uploads/{id}/next", Need::Upload(Act::Upload)),
    (Method::POST, "/uploads/{id}/reread", Need::Upload(Act::Upload)),
    (Method::GET, "/uploads/{id}/rows", Need::Upload(Act::Read)),
    (Method::GET, "/uploads/{id}/rows.csv", Need::Upload(Act::Read)),
    (Method::GET, "/uploads/{id}/rows.ndjson", Need::Upload(Act::Read)),
    (Method::GET, "/uploads/{id}/accepted.csv", Need::Upload(Act::Read)),
    (Method::GET, "/uploads/{id}/rejects.csv", Need::Upload(Act::Read)),
    (Method::GET, "/uploads/{id}/problems", Need::Upload(Act::Read)),
    (Method::GET, "/uploads/{id}/problems.csv", Need::Upload(Act::Read)),
];

/// What an operation needs; none where the table does not know it.
pub fn need(method: &Method, address: &str) -> Option<Need> {
    let known = OPERATIONS.iter().find(|(known, path, _)| known == method && *path == address);
    known.map(|(_, _, need)| *need)
}

/// Who made a request; none where it is public, or nobody has to say.
pub fn principal(request: &Request) -> Option<&Principal> {
    request.extensions().get()
}

/// Looks at every request that has an operation.
pub struct Gate(pub Arc<Services>);

impl Gate {
    /// Lets a request for the operation at `address` (as the document writes it) pass, and notes who made it; whether the
    /// answer is for them alone.
    ///
    /// # Errors
    /// `unauthenticated`, `invalid-token`, `token-expired`, `forbidden`, `cross-site`, what [`Admission`] refuses, and `not-found` for what belongs to
    /// others.
    pub async fn check(
        &self,
        request: &mut Request,
        address: &str,
        guard: &Guard,
        admission: &mut Admission,
    ) -> Result<bool, ApiError> {
        let need = need(request.method(), address).ok_or_else(|| ApiError::plain(ApiCode::Forbidden))?;
        if need == Need::Public {
            return Ok(false);
        }
        let Some(principal) = self.who(request, need, guard, admission)? else {
            return match need {
                Need::Welcome => Ok(true),
                _ => Err(ApiError::plain(ApiCode::Unauthenticated)),
            };
        };
        // Before it is known whether they may: a refusal is told with who was refused.
        request.extensions_mut().insert(principal.clone());
        if !self.0.access.is_open() {
            admission.key(&principal.sub)?;
        }
        self.allow(request, &principal, need).await?;
        Ok(!self.0.access.is_open())
    }

    fn who(
        &self,
        request: &Request,
        need: Need,
        guard: &Guard,
        admission: &mut Admission,
    ) -> Result<Option<Principal>, ApiError> {
        let access = &self.0.access;
        if access.is_open() {
            return Ok(Some(Principal::anybody()));
        }
        let takes_ticket = need == Need::Watch;
        let Some(shown) = credential::of(request, takes_ticket)? else { return Ok(None) };
        admission.credential()?;
        let is_cookie = matches!(shown, Credential::Cookies(_));
        let found = match shown {
            Credential::Bearer(token) => access.bearer(&token, now_ms()),
            Credential::Ticket(ticket) => access.of_ticket(&ticket, now_ms()),
            Credential::Cookies(values) => {
                // A browser sends it by itself, so it has to be our own page that asks, whatever the method.
                guard.check_page(request)?;
                let mut opened = values.iter().map(|value| access.of_session(value, now_ms()));
                let first = opened.next().unwrap_or(Err(Refusal::Expired));
                if first.is_ok() { first } else { opened.find(Result::is_ok).unwrap_or(first) }
            }
        };
        match found {
            Ok(principal) => Ok(Some(principal)),
            Err(refusal) => {
                // What is expired was good once: nobody guesses.
                if refusal != Refusal::Expired {
                    admission.failed();
                }
                // Whoever only asks who they are is told: nobody, any more.
                if is_cookie && need == Need::Welcome { Ok(None) } else { Err(refusal.into()) }
            }
        }
    }

    async fn allow(&self, request: &Request, principal: &Principal, need: Need) -> Result<(), ApiError> {
        match need {
            Need::Public | Need::Welcome | Need::Anybody => Ok(()),
            Need::Watch => Box::pin(self.allow(request, principal, Need::Client(Act::Read))).await,
            Need::Client(act) => match in_path(request, 2, "client", ClientName::parse) {
                Ok(client) if client.is_system() => at(principal, act, &client),
                _ if principal.may_everywhere(act) => Ok(()),
                client => at(principal, act, &client?),
            },
            Need::Upload(act) if principal.may_everywhere(act) => Ok(()),
            Need::Upload(act) => {
                let parse = |text: &str| text.parse().map(UploadId).map_err(|_| "an upload's id is a UUID");
                let id = in_path(request, 2, "id", parse)?;
                match self.owner(id).await? {
                    // What is not there is nobody's. The handler says so, or that it was there.
                    None => Ok(()),
                    Some(Some(client)) if principal.may(Act::Read, &client) => at(principal, act, &client),
                    Some(Some(client)) if principal.may(act, &client) => Ok(()),
                    Some(_) => Err(ApiError::new(ApiCode::NotFound, format!("there is no upload {id}"))),
                }
            }
            Need::Everywhere(act) if principal.may_everywhere(act) => Ok(()),
            Need::Everywhere(act) if !principal.roles.allow(act) => Err(too_little(principal, act)),
            Need::Everywhere(_) => {
                Err(ApiError::new(ApiCode::Forbidden, "what is told of all clients takes a key for all"))
            }
            Need::List if principal.may_everywhere(Act::Read) => Ok(()),
            Need::List => {
                let client = credential::in_query(request, "client")?;
                let client = client.ok_or_else(|| {
                    ApiError::new(
                        ApiCode::Forbidden,
                        "a list of all clients' uploads takes a key for all; name a client",
                    )
                })?;
                let client = ClientName::parse(&client).map_err(|bad| ApiError::parameter("client", bad))?;
                at(principal, Act::Read, &client)
            }
            Need::NewFile if principal.may_everywhere(Act::Upload) => Ok(()),
            Need::NewFile => self.allow_file(request, principal).await,
        }
    }

    /// A file that is begun, or put together from parts.
    async fn allow_file(&self, request: &Request, principal: &Principal) -> Result<(), ApiError> {
        let metadata = Metadata::parse(only(request, "Upload-Metadata")?.unwrap_or_default())?;
        let client = metadata.client.ok_or_else(|| {
            let detail =
                "a file for no client in particular takes a key for all; name one in Upload-Metadata, for parts too";
            ApiError::new(ApiCode::Forbidden, detail)
        })?;
        at(principal, Act::Upload, &client)?;
        let Some(Concat::Final(parts)) = only(request, "Upload-Concat")?.map(Concat::parse).transpose()? else {
            return Ok(());
        };
        // Before so many are looked for.
        let max = self.0.limits.concat_parts_max;
        if parts.len() as u64 > max {
            let what = format!("it names {} parts; at most {max} are taken", parts.len());
            return Err(ApiError::parameter("Upload-Concat", what));
        }
        for id in parts {
            let theirs = match self.owner(id).await? {
                None => false,
                Some(owner) => owner.is_none_or(|client| !principal.may(Act::Upload, &client)),
            };
            if theirs {
                return Err(ApiError::parameter("Upload-Concat", format_args!("there is no part {id}")));
            }
        }
        Ok(())
    }

    /// Whose upload this is: none when there is no such upload, no client when it is a part for nobody in particular.
    async fn owner(&self, id: UploadId) -> Result<Option<Option<ClientName>>, ApiError> {
        let record = self.0.ingest.any(id).await;
        let record = record.map_err(|error| ApiError::from_act(error, ApiCode::NotRunning))?;
        Ok(record.map(|record| owner_of(&record)))
    }
}

/// Parts wait at a client of the server's own; whom they are for stands in their metadata.
fn owner_of(record: &UploadRecord) -> Option<ClientName> {
    match &record.resumable {
        Some(resumable) if resumable.partial => Metadata::parse(&resumable.metadata).ok()?.client,
        _ => Some(record.client.clone()),
    }
}

fn at(principal: &Principal, act: Act, client: &ClientName) -> Result<(), ApiError> {
    if principal.may(act, client) { Ok(()) } else { Err(forbidden(principal, act, client)) }
}

/// The refusal of an act at a client.
pub fn forbidden(principal: &Principal, act: Act, client: &ClientName) -> ApiError {
    let act = if client.is_system() { Act::Administer } else { act };
    if !principal.roles.allow(act) {
        return too_little(principal, act);
    }
    let detail = format!("what '{}' may do does not hold for the client '{client}'", principal.sub);
    ApiError::new(ApiCode::Forbidden, detail)
}

fn too_little(principal: &Principal, act: Act) -> ApiError {
    let detail = format!("'{}' is not allowed to do this; it takes the role {}", principal.sub, act.enough());
    ApiError::new(ApiCode::Forbidden, detail)
}

/// The segment of the path, as it stands: what is escaped is none of our names, and nothing is looked at twice.
fn in_path<T, E: ToString>(
    request: &Request,
    segment: usize,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, ApiError> {
    let text = request.uri().path().split('/').nth(segment).unwrap_or_default();
    parse(text).map_err(|bad| ApiError::parameter(name, bad.to_string()))
}

/// The only value of a header. Of two the handler might see another than we do.
fn only<'r>(request: &'r Request, name: &str) -> Result<Option<&'r str>, ApiError> {
    let mut values = request.headers().get_all(name).iter();
    let first = values.next();
    let text =
        first.map(|value| value.to_str()).transpose().map_err(|_| ApiError::parameter(name, "it is not text"))?;
    if values.next().is_some() { Err(ApiError::parameter(name, "it stands twice")) } else { Ok(text) }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(why) => Self::new(ApiCode::InvalidToken, format!("What was shown is not taken: {why}.")),
            Refusal::Expired => Self::plain(ApiCode::TokenExpired),
        }
    }
}

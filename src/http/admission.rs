//! Whether a request may go on, as the policies of `rates` say: looked at in the order of what it costs to find out. First
//! the address, then whoever the credential belongs to, then the bytes of the body while they arrive.

use super::code::ApiCode;
use super::error::ApiError;
use super::metered::{Toll, meter};
use super::observe::Received;
use crate::domain::ClientName;
use crate::rates::{Exceeded, Policy, Rates, Sender, Standing, Subject};
use poem::http::header::{HeaderMap, HeaderName, HeaderValue};
use poem::{Request, Response};
use std::io;
use std::sync::Arc;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Addresses that tell how the server is. They count apart: whoever watches over it must not be refused because of others
/// who come by the same address.
const PROBES: [&str; 4] = ["/livez", "/readyz", "/metrics", "/system/health"];
/// Operations that begin an upload.
const UPLOADS: [&str; 2] = ["upload", "tus_create"];
/// Operations that attach a watcher.
const CONNECTS: [&str; 1] = ["watch"];

/// How one request stands with the policies.
pub struct Admission {
    rates: Arc<Rates>,
    address: Subject,
    probe: Option<Subject>,
    key: Option<Subject>,
    /// What it wants besides an answer: how that counts for an address, and how for a key.
    wish: Option<(Policy, Policy)>,
    /// The standing with the least left.
    tightest: Option<Standing>,
}

impl Admission {
    /// A request of which nothing was looked at yet.
    pub fn new(rates: &Arc<Rates>, request: &Request) -> Self {
        let sender = request.extensions().get::<Sender>();
        let address = sender.map_or_else(|| [0, 0, 0, 0].into(), |sender| sender.address);
        let probe = PROBES.contains(&request.uri().path()).then(|| rates.probe(address));
        Self { rates: Arc::clone(rates), address: rates.address(address), probe, key: None, wish: None, tightest: None }
    }

    /// That it came at all.
    ///
    /// # Errors
    /// `too-many-requests`
    pub fn request(&mut self) -> Result<(), ApiError> {
        self.take(Policy::AddressRequests, self.probe.unwrap_or(self.address))
    }

    /// What it wants to do.
    ///
    /// # Errors
    /// `too-many-new-uploads`, `too-many-connects`
    pub fn operation(&mut self, operation: &str) -> Result<(), ApiError> {
        self.wish = match operation {
            upload if UPLOADS.contains(&upload) => Some((Policy::AddressUploads, Policy::KeyUploads)),
            connect if CONNECTS.contains(&connect) => Some((Policy::AddressConnects, Policy::KeyConnects)),
            _ => None,
        };
        self.wish.map_or(Ok(()), |(policy, _)| self.take(policy, self.address))
    }

    /// That it shows a credential, before anybody looks at that.
    ///
    /// # Errors
    /// `too-many-failed-credentials`
    pub fn credential(&mut self) -> Result<(), ApiError> {
        let looked = self.rates.look(Policy::AddressFailedCredentials, self.address);
        looked.map(drop).map_err(|exceeded| self.refused(exceeded))
    }

    /// The credential proves nothing.
    pub fn failed(&mut self) {
        // Whoever is over it now is told with the next one.
        if let Ok(standing) = self.rates.take(Policy::AddressFailedCredentials, self.address) {
            self.note(standing);
        }
    }

    /// Whose credential it shows.
    ///
    /// # Errors
    /// `too-many-requests`, `too-many-new-uploads`, `too-many-connects`
    pub fn key(&mut self, sub: &str) -> Result<(), ApiError> {
        let who = self.rates.name(sub);
        self.key = Some(who);
        self.take(Policy::KeyRequests, who)?;
        self.wish.map_or(Ok(()), |(_, policy)| self.take(policy, who))
    }

    /// Counts the bytes of its body as they arrive. One that is beyond an allowance fails with [`Exceeded`].
    ///
    /// # Errors
    /// `too-many-bytes` where nothing may come at all.
    pub fn body(&mut self, request: &mut Request) -> Result<(), ApiError> {
        if request.extensions().get::<Received>().is_none() {
            return Ok(());
        }
        let of_key = self.key.map(|who| (Policy::KeyBytes, who));
        let mut tolls = Vec::with_capacity(2);
        for (policy, who) in [Some((Policy::AddressBytes, self.address)), of_key].into_iter().flatten() {
            match self.rates.look(policy, who) {
                Ok(None) => {}
                Ok(standing) => {
                    self.note(standing);
                    tolls.push(Toll::new(&self.rates, policy, who));
                }
                Err(exceeded) => return Err(self.refused(exceeded)),
            }
        }
        if !tolls.is_empty() {
            meter(request, &self.rates, tolls);
        }
        Ok(())
    }

    /// Says how its sender stands, where the answer does not say so already.
    pub fn complete_headers(&self, response: &mut Response) {
        if let Some(standing) = &self.tightest
            && !response.headers().contains_key(RATE_LIMIT)
        {
            tell(response.headers_mut(), standing);
        }
    }

    fn take(&mut self, policy: Policy, who: Subject) -> Result<(), ApiError> {
        match self.rates.take(policy, who) {
            Ok(standing) => {
                self.note(standing);
                Ok(())
            }
            Err(exceeded) => Err(self.refused(exceeded)),
        }
    }

    fn note(&mut self, standing: Option<Standing>) {
        let tighter = |new: &Standing| self.tightest.is_none_or(|known| new.is_tighter_than(&known));
        self.tightest = standing.filter(tighter).or(self.tightest);
    }

    fn refused(&mut self, exceeded: Exceeded) -> ApiError {
        self.tightest = Some(exceeded.standing);
        exceeded.into()
    }
}

/// What an operation can be refused with because of what it begins.
pub fn refusals_of(operation: &str) -> Option<ApiCode> {
    match operation {
        upload if UPLOADS.contains(&upload) => Some(ApiCode::TooManyNewUploads),
        connect if CONNECTS.contains(&connect) => Some(ApiCode::TooManyConnects),
        _ => None,
    }
}

/// Counts an upload that is begun for `client`.
///
/// # Errors
/// `client-uploads-used-up`
pub fn upload_for(rates: &Rates, client: &ClientName) -> Result<(), ApiError> {
    Ok(rates.take(Policy::ClientUploads, rates.name(client.as_str())).map(drop)?)
}

/// Says in an answer how its receiver stands.
pub fn tell(headers: &mut HeaderMap, standing: &Standing) {
    let value = |text: String| HeaderValue::try_from(text).expect("Structured Fields are ASCII");
    headers.insert(RATE_LIMIT, value(standing.field()));
    headers.insert(RATE_LIMIT_POLICY, value(standing.policy_field()));
}

/// The answer where a body ended with this because there were too many bytes of it.
pub fn of_body(error: &io::Error) -> Option<ApiError> {
    let exceeded: &Exceeded = error.get_ref()?.downcast_ref()?;
    Some((*exceeded).into())
}

impl From<Exceeded> for ApiError {
    fn from(exceeded: Exceeded) -> Self {
        let code = match exceeded.standing.policy {
            Policy::AddressRequests | Policy::KeyRequests => ApiCode::TooManyRequests,
            Policy::AddressUploads | Policy::KeyUploads => ApiCode::TooManyNewUploads,
            Policy::AddressConnects | Policy::KeyConnects => ApiCode::TooManyConnects,
            Policy::AddressBytes | Policy::KeyBytes => ApiCode::TooManyBytes,
            Policy::AddressFailedCredentials => ApiCode::TooManyFailedCredentials,
            Policy::ClientUploads => ApiCode::ClientUploadsUsedUp,
        };
        Self { exceeded: Some(exceeded), ..Self::new(code, exceeded.to_string()) }
    }
}

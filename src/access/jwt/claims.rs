//! What a token says, and whether that is enough.

use crate::access::Refusal;
use crate::access::pattern::ClientPattern;
use crate::access::principal::{KeyId, Principal, are_few, is_sub};
use crate::access::role::{Role, Roles};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

/// What claims have to be (RFC 7519, section 4.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// `iss`; any, or none, where nothing is said.
    pub issuer: Option<String>,
    /// One of `aud`. Where nothing is said, a token that names an audience is refused: it was made for somebody else.
    pub audience: Option<String>,
    /// Milliseconds that the clocks of issuer and server may differ by.
    pub leeway_ms: u64,
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iss: Option<String>,
    aud: Option<Texts>,
    roles: Option<Texts>,
    clients: Option<Texts>,
}

/// One text, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn whole(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }

    /// Each word: a single text may list several, as `scope` does.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.whole().iter().flat_map(|text| text.split([' ', ','])).filter(|word| !word.is_empty())
    }
}

impl Expected {
    /// Whom the payload of a verified token speaks of.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], [`Refusal::Expired`]
    pub fn principal(&self, payload: &[u8], key: KeyId, now_ms: u64) -> Result<Principal, Refusal> {
        let claims: Claims =
            serde_json::from_slice(payload).map_err(|_| Refusal::Invalid("its claims are not as RFC 7519 has them"))?;
        let exp = claims.exp.ok_or(Refusal::Invalid("it has no exp, and would never end"))?;
        let expires_ms = milliseconds(exp)?.saturating_add(self.leeway_ms);
        if expires_ms <= now_ms {
            return Err(Refusal::Expired);
        }
        if let Some(nbf) = claims.nbf
            && milliseconds(nbf)? > now_ms.saturating_add(self.leeway_ms)
        {
            return Err(Refusal::Invalid("it does not hold yet (nbf)"));
        }
        if self.issuer.is_some() && claims.iss != self.issuer {
            return Err(Refusal::Invalid("it comes from another issuer (iss)"));
        }
        let heard = match (&self.audience, &claims.aud) {
            (Some(expected), Some(named)) => named.whole().contains(expected),
            (None, None) => true,
            _ => false,
        };
        if !heard {
            return Err(Refusal::Invalid("it is for another audience (aud)"));
        }
        let sub = claims.sub.filter(|sub| is_sub(sub));
        let sub = sub.ok_or(Refusal::Invalid("its sub is missing, too long, or not to be read"))?;
        // A role of another system means nothing here, and gives nothing.
        let roles = claims.roles.iter().flat_map(Texts::words).filter_map(Role::parse).collect::<Roles>();
        let clients: Result<Vec<_>, _> =
            claims.clients.iter().flat_map(Texts::words).map(ClientPattern::parse).collect();
        let clients = clients.map_err(|_| Refusal::Invalid("one of its clients is no pattern"))?;
        if !are_few(&clients) {
            return Err(Refusal::Invalid("it has more than 32 client patterns, or more than 2048 bytes of them"));
        }
        Ok(Principal { sub, roles, clients, expires_ms: Some(expires_ms), key, session: None, only: None })
    }
}

/// A NumericDate (RFC 7519, section 2), which may have a fraction.
fn milliseconds(seconds: f64) -> Result<u64, Refusal> {
    if (0.0..1e15).contains(&seconds) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        return Ok((seconds * 1000.0) as u64);
    }
    Err(Refusal::Invalid("a time in it is none"))
}

/// Header and claims of a token as they stand, for people to look at; nothing of it is verified.
pub fn unverified(token: &str) -> Option<(Value, Value)> {
    let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let (header, rest) = token.split_once('.')?;
    let (claims, signature) = rest.split_once('.')?;
    (!signature.contains('.')).then_some((read(header)?, read(claims)?))
}

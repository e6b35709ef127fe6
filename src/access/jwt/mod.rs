//! JSON Web Tokens (RFC 7519) in compact form (RFC 7515, section 3.1), verified and never made.
//!
//! Invariants: the algorithm is the one that was configured with the key; a token's header can only agree with it or be
//! refused (RFC 8725, section 3.1). Nothing of a token is believed before its signature was verified. The clock is a
//! parameter.
//!
//! Not for: encrypted tokens (JWE), nested ones, fetching keys (JWKS), or anything that `crit` names.
//!
//! The signatures are ring's, which the program has for TLS. What is left of the RFCs is small, and smaller still by
//! what is refused; a library for all of them would bring a second set of implementations of RSA and elliptic curves.

mod algorithm;
mod claims;
mod spki;

pub use algorithm::{Algorithm, BadJwtKey, JwtKeys};
pub use claims::{Expected, unverified};

use super::Refusal;
use super::principal::Principal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// What tokens are measured by.
#[derive(Debug)]
pub struct Jwt {
    keys: JwtKeys,
    expected: Expected,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

impl Jwt {
    /// Tokens signed by one of `keys`, whose claims are as `expected`.
    pub fn new(keys: JwtKeys, expected: Expected) -> Self {
        Self { keys, expected }
    }

    /// The keys.
    pub fn keys(&self) -> &JwtKeys {
        &self.keys
    }

    /// The same tokens, signed by others.
    #[must_use]
    pub fn with_keys(&self, keys: JwtKeys) -> Self {
        Self { keys, expected: self.expected.clone() }
    }

    /// Who a token says that its bearer is.
    ///
    /// # Errors
    /// [`Refusal::Invalid`], [`Refusal::Expired`]
    pub fn verify(&self, token: &str, now_ms: u64) -> Result<Principal, Refusal> {
        let (signed, signature) = token.rsplit_once('.').ok_or(NO_TOKEN)?;
        let (header, payload) = signed.split_once('.').filter(|(_, rest)| !rest.contains('.')).ok_or(NO_TOKEN)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| NO_TOKEN)?;
        if header.alg != self.keys.algorithm().as_str() {
            return Err(Refusal::Invalid("it is signed by another algorithm than this server takes"));
        }
        if header.crit.is_some() {
            return Err(Refusal::Invalid("it needs extensions that are not known here (crit)"));
        }
        let key = self.keys.verify(signed.as_bytes(), &decode(signature)?);
        let key = key.ok_or(Refusal::Invalid("its signature does not fit"))?;
        self.expected.principal(&decode(payload)?, key, now_ms)
    }
}

const NO_TOKEN: Refusal = Refusal::Invalid("it is no JSON Web Token in compact form");

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| NO_TOKEN)
}

#[cfg(test)]
mod tests;

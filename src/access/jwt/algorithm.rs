//! Which algorithms are taken, and the keys they are verified with.

use super::spki::{self, PublicKey};
use crate::access::key::sha256;
use crate::access::principal::KeyId;
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use std::fmt;

/// How tokens are signed (RFC 7518, section 3; RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256 and a secret that both sides know.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, of 2048 bits or more.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];

    /// The name in a token's header, `alg` (RFC 7515, section 4.1.1).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

/// Shortest secret for HS256, in bytes (RFC 7518, section 3.2).
const SECRET_BYTES_MIN: usize = 32;
/// Most public keys in one file: that of the day, and those it takes over from.
const KEYS_MAX: usize = 8;

/// A key file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadJwtKey {
    /// Too short for a secret.
    #[error("a secret for HS256 has at least 32 bytes; this one has {0}")]
    ShortSecret(usize),
    /// Nothing in it is a public key.
    #[error("it holds no public key in PEM (-----BEGIN PUBLIC KEY-----)")]
    NoPublicKey,
    /// A private key has no place on a server that only verifies.
    #[error("it holds a private key; this server needs the public key alone, as 'openssl pkey -pubout' writes it")]
    Private,
    /// A public key of another kind.
    #[error("it holds a public key that is not for {0}")]
    OtherAlgorithm(&'static str),
    /// Too many keys.
    #[error("it holds more than 8 public keys")]
    TooMany,
}

/// The keys that tokens may be signed by, all of one algorithm.
pub struct JwtKeys {
    algorithm: Algorithm,
    keys: Vec<(KeyId, Key)>,
}

enum Key {
    Secret(hmac::Key),
    Public(UnparsedPublicKey<Vec<u8>>),
}

/// Nothing of a secret.
impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.keys.iter().map(|(id, _)| id).collect();
        f.debug_struct("JwtKeys").field("algorithm", &self.algorithm).field("keys", &names).finish()
    }
}

impl JwtKeys {
    /// Reads a key file: for HS256 the secret's bytes, without a line end behind them; else public keys in PEM.
    ///
    /// # Errors
    /// [`BadJwtKey`]
    pub fn parse(algorithm: Algorithm, file: &[u8]) -> Result<Self, BadJwtKey> {
        if algorithm == Algorithm::Hs256 {
            return Self::secret(file);
        }
        if file.windows(11).any(|text| text == b"PRIVATE KEY") {
            return Err(BadJwtKey::Private);
        }
        let mut keys = Vec::new();
        for found in SubjectPublicKeyInfoDer::pem_slice_iter(file) {
            let der = found.map_err(|_| BadJwtKey::NoPublicKey)?;
            let other = BadJwtKey::OtherAlgorithm(algorithm.as_str());
            let key = match (algorithm, spki::parse(&der).ok_or(other.clone())?) {
                (Algorithm::Rs256, PublicKey::Rsa(key)) => public(&RSA_PKCS1_2048_8192_SHA256, key),
                (Algorithm::Es256, PublicKey::P256(key)) => public(&ECDSA_P256_SHA256_FIXED, key),
                (Algorithm::EdDsa, PublicKey::Ed25519(key)) => public(&ED25519, key),
                _ => return Err(other),
            };
            keys.push((KeyId::of_digest(&sha256(&der)), key));
        }
        match keys.len() {
            0 => Err(BadJwtKey::NoPublicKey),
            1..=KEYS_MAX => Ok(Self { algorithm, keys }),
            _ => Err(BadJwtKey::TooMany),
        }
    }

    fn secret(file: &[u8]) -> Result<Self, BadJwtKey> {
        // Editors and `echo` put a line end behind it, which is not meant.
        let secret = file.strip_suffix(b"\n").unwrap_or(file);
        let secret = secret.strip_suffix(b"\r").unwrap_or(secret);
        if secret.len() < SECRET_BYTES_MIN {
            return Err(BadJwtKey::ShortSecret(secret.len()));
        }
        let key = Key::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret));
        Ok(Self { algorithm: Algorithm::Hs256, keys: vec![(KeyId::of_digest(&sha256(secret)), key)] })
    }

    /// How their tokens are signed.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether there is a key of this name.
    pub fn has(&self, key: &KeyId) -> bool {
        self.keys.iter().any(|(id, _)| id == key)
    }

    /// The names of all keys.
    pub fn names(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.iter().map(|(id, _)| id)
    }

    /// The key that made the signature, if one did.
    pub fn verify(&self, signed: &[u8], signature: &[u8]) -> Option<KeyId> {
        let fits = |key: &Key| match key {
            Key::Secret(key) => hmac::verify(key, signed, signature).is_ok(),
            Key::Public(key) => key.verify(signed, signature).is_ok(),
        };
        self.keys.iter().find(|(_, key)| fits(key)).map(|(id, _)| id.clone())
    }
}

fn public(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Key {
    Key::Public(UnparsedPublicKey::new(algorithm, key.to_vec()))
}

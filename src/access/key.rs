//! Access keys: how they look, how they are made, and what is kept of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;

/// What every key begins with, so that people and scanners for leaked secrets know it by sight.
pub const PREFIX: &str = "rct_";
/// Bytes of chance in a key.
const KEY_BYTES: usize = 32;

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandom;

/// Fills an array with random bytes of the system.
///
/// # Errors
/// [`NoRandom`]
pub fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(bytes)
}

/// Makes a key: `rct_` and 256 random bits in base64url (RFC 4648, section 5).
///
/// # Errors
/// [`NoRandom`]
pub fn new_key() -> Result<String, NoRandom> {
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<KEY_BYTES>()?)))
}

/// All that is kept of a key. It has 256 bits of chance, so a plain digest cannot be guessed back.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// The digest of a key; none when the text does not look like one.
    pub fn of(key: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(key.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == KEY_BYTES).then(|| Self(sha256(key.as_bytes())))
    }

    /// Reads 64 hex digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()?;
        }
        // `from_str_radix` would take a sign.
        (!hex.contains(['+', '-'])).then_some(Self(bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyDigest({self})")
    }
}

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_long_plain_and_never_the_same() {
        let (one, other) = (new_key().unwrap(), new_key().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 4 + 43);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        let digest = KeyDigest::of(&one).unwrap();
        assert_eq!(KeyDigest::parse(&digest.to_string()), Some(digest));
        assert_ne!(Some(digest), KeyDigest::of(&other));
    }

    #[test]
    fn a_digest_is_that_of_the_whole_key() {
        // printf 'rct_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' | sha256sum
        let digest = KeyDigest::of(&format!("rct_{}", "A".repeat(43))).unwrap();
        assert_eq!(digest.to_string(), "1c0e37eff2f8a4fd184a1d09c7706375d9b577db4c0522ba99ce4cb324d71eb1");
    }

    #[test]
    fn what_is_no_key_has_no_digest() {
        for bad in ["", "rct_", "rct_short", &"A".repeat(43), &format!("rct_{}", "A".repeat(44)), "rct_ä"] {
            assert_eq!(KeyDigest::of(bad), None, "{bad}");
        }
        for bad in ["", "ab", &"g".repeat(64), &"+1".repeat(32), &"ä".repeat(32), &"a".repeat(65)] {
            assert_eq!(KeyDigest::parse(bad), None, "{bad}");
        }
    }
}

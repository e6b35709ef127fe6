//! The checksum of a piece (tus 1.0, checksum and checksum-trailer).

use crate::http::error::ApiError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// A checksum being made, and what it should become.
pub struct Checksum {
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
    /// None where it comes behind the bytes.
    expected: Option<Expected>,
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

impl Checksum {
    /// The algorithms, as they are announced.
    pub const ALGORITHMS: &str = "sha1,sha256";

    /// One that the header `Upload-Checksum` gives.
    ///
    /// # Errors
    /// `bad-parameter`.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let expected = Expected::parse(text)?;
        let (sha1, sha256) = match expected {
            Expected::Sha1(_) => (Some(Sha1::new()), None),
            Expected::Sha256(_) => (None, Some(Sha256::new())),
        };
        Ok(Self { sha1, sha256, expected: Some(expected) })
    }

    /// One that comes as a trailer. Which algorithm it is by is not known before.
    pub fn by_trailer() -> Self {
        Self { sha1: Some(Sha1::new()), sha256: Some(Sha256::new()), expected: None }
    }

    /// Takes bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(bytes);
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
    }

    /// Whether the bytes are those that were meant; `trailer` is what came behind them.
    ///
    /// # Errors
    /// `bad-parameter` for a trailer that is missing or cannot be read.
    pub fn fits(self, trailer: Option<&str>) -> Result<bool, ApiError> {
        let expected = match (self.expected, trailer) {
            (Some(expected), _) => expected,
            (None, Some(trailer)) => Expected::parse(trailer)?,
            (None, None) => return wrong("the trailer that was announced is missing"),
        };
        let (made, expected) = match expected {
            Expected::Sha1(expected) => (self.sha1.map(|sha1| sha1.finalize().to_vec()), expected),
            Expected::Sha256(expected) => (self.sha256.map(|sha256| sha256.finalize().to_vec()), expected),
        };
        Ok(made == Some(expected))
    }
}

impl Expected {
    /// The name of an algorithm and a digest in base64.
    fn parse(text: &str) -> Result<Self, ApiError> {
        let Some((algorithm, digest)) = text.trim().split_once(' ') else {
            return wrong("it is the name of an algorithm, a space, and the digest in base64");
        };
        let digest = STANDARD.decode(digest.trim()).unwrap_or_default();
        match (algorithm, digest.len()) {
            ("sha1", 20) => Ok(Self::Sha1(digest)),
            ("sha256", 32) => Ok(Self::Sha256(digest)),
            ("sha1" | "sha256", _) => wrong("the digest is not base64 of as many bytes as the algorithm gives"),
            _ => wrong("the algorithm is none of sha1 and sha256"),
        }
    }
}

fn wrong<T>(what: &str) -> Result<T, ApiError> {
    Err(ApiError::parameter("Upload-Checksum", what))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The digests of "abc" (FIPS 180-4, examples).
    const DIGESTS: [&str; 2] =
        ["sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="];

    #[test]
    fn a_checksum_fits_only_its_bytes() {
        for digest in DIGESTS {
            for (bytes, fits) in [("abc", true), ("abd", false), ("", false)] {
                let mut given = Checksum::parse(digest).unwrap();
                given.update(bytes.as_bytes());
                assert_eq!(given.fits(None).unwrap(), fits, "{digest} {bytes}");
                let mut behind = Checksum::by_trailer();
                behind.update(bytes.as_bytes());
                assert_eq!(behind.fits(Some(digest)).unwrap(), fits, "{digest} {bytes}");
            }
        }
    }

    #[test]
    fn what_is_no_checksum_is_refused() {
        for wrong in ["", "sha1", "md5 kAFQmDzST7DWlj99KOF/cg==", "sha1 YWJj", "sha256 qZk+NkcGgWq6PiVxeFDCbJzQ2J0="] {
            assert!(Checksum::parse(wrong).is_err(), "{wrong}");
            assert!(Checksum::by_trailer().fits(Some(wrong)).is_err(), "{wrong}");
        }
        assert!(Checksum::by_trailer().fits(None).is_err());
    }
}

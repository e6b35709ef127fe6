//! Digests of a request's content (RFC 9530): what the sender says, and what arrived.
//!
//! `Content-Digest` is of the content, `Repr-Digest` of the selected representation, its content coding included. A request
//! that carries a whole representation, as every upload here does, has the same bytes for both.

use super::field::FieldValue;
use super::structured;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem_openapi::registry::MetaSchema;
use sha2::{Digest, Sha256, Sha512};

/// The names of both fields, in lower case.
pub const FIELDS: [&str; 2] = ["content-digest", "repr-digest"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    /// The algorithm with that name in IANA's registry; none for those that are not known here or not secure.
    fn parse(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha512].into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha512 => "sha-512",
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// What a sender says about its content: digests by algorithms that are known here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests(Vec<(Algorithm, Vec<u8>)>);

impl Digests {
    /// Reads a field's value. Algorithms that are not known are passed over.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(value: &str) -> Result<Self, String> {
        let members = structured::byte_sequences(value);
        let members = members.map_err(|what| format!("it is not as in sha-256=:<base64>: (RFC 9530): {what}"))?;
        let mut digests = Vec::new();
        for (name, digest) in members {
            let Some(algorithm) = Algorithm::parse(&name) else { continue };
            if digest.len() != algorithm.bytes() {
                let (found, wanted) = (digest.len(), algorithm.bytes());
                return Err(format!("a {name} digest has {wanted} bytes, this one has {found}"));
            }
            digests.push((algorithm, digest));
        }
        Ok(Self(digests))
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, others: Option<Self>) -> Self {
        self.0.extend(others.into_iter().flat_map(|others| others.0));
        self
    }
}

impl FieldValue for Digests {
    fn schema() -> MetaSchema {
        let digest = STANDARD.encode(Sha256::digest("name,zip\nAna,01234\n"));
        MetaSchema { example: Some(format!("sha-256=:{digest}:").into()), ..MetaSchema::new("string") }
    }

    fn parse(value: &str) -> Result<Self, String> {
        Self::parse(value)
    }
}

/// What arrived, on its way through the algorithms that are asked for.
#[derive(Default)]
pub struct Check {
    said: Digests,
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
}

impl Check {
    /// A check against `said`, and against more that is said later, by any algorithm, if `more`.
    pub fn new(said: Digests, more: bool) -> Self {
        let wanted = |wanted| more || said.0.iter().any(|(algorithm, _)| *algorithm == wanted);
        Self {
            sha256: wanted(Algorithm::Sha256).then(Sha256::new),
            sha512: wanted(Algorithm::Sha512).then(Sha512::new),
            said,
        }
    }

    /// Whether there is anything to check.
    pub fn is_wanted(&self) -> bool {
        self.sha256.is_some() || self.sha512.is_some()
    }

    /// More of the content.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
    }

    /// The sender says more: after the content.
    pub fn say(&mut self, digests: Digests) {
        self.said.0.extend(digests.0);
    }

    /// Compares all that arrived with all that was said.
    ///
    /// # Errors
    /// What differs, for people.
    pub fn finish(self) -> Result<(), String> {
        let sha256 = self.sha256.map(|hash| hash.finalize().to_vec());
        let sha512 = self.sha512.map(|hash| hash.finalize().to_vec());
        for (algorithm, said) in self.said.0 {
            let found = match algorithm {
                Algorithm::Sha256 => &sha256,
                Algorithm::Sha512 => &sha512,
            };
            if found.as_ref().is_some_and(|found| *found != said) {
                let (name, said) = (algorithm.as_str(), STANDARD.encode(said));
                let found = STANDARD.encode(found.as_deref().unwrap_or_default());
                return Err(format!("The {name} digest of what arrived is {found}, but the request says {said}."));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9530, appendix D: `{"hello": "world"}` and a line feed.
    const CONTENT: &[u8] = b"{\"hello\": \"world\"}\n";
    const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    const SHA_512: &str =
        "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";

    fn check(said: &str, content: &[u8]) -> Result<(), String> {
        let mut check = Check::new(Digests::parse(said).unwrap(), false);
        content.chunks(5).for_each(|chunk| check.update(chunk));
        check.finish()
    }

    #[test]
    fn the_examples_of_the_standard_are_as_it_says() {
        for said in [SHA_256, SHA_512, &format!("{SHA_512}, {SHA_256}"), &format!("md5=:AA==:, {SHA_256}")] {
            assert_eq!(check(said, CONTENT), Ok(()), "{said}");
            assert!(check(said, b"{\"hello\": \"World\"}\n").is_err(), "{said}");
        }
    }

    #[test]
    fn one_of_two_that_differs_is_enough() {
        let other = STANDARD.encode([0; 64]);
        let told = check(&format!("{SHA_256}, sha-512=:{other}:"), CONTENT).unwrap_err();
        assert!(told.contains("sha-512") && told.contains(&other), "{told}");
    }

    #[test]
    fn unknown_algorithms_cost_nothing_and_known_ones_only_what_they_need() {
        let wanted = |said: &str| {
            let check = Check::new(Digests::parse(said).unwrap(), false);
            (check.sha256.is_some(), check.sha512.is_some())
        };
        assert_eq!(wanted("md5=:AA==:, unixsum=:AA==:"), (false, false));
        assert_eq!((wanted(SHA_256), wanted(SHA_512)), ((true, false), (false, true)));
    }

    #[test]
    fn a_digest_of_the_wrong_length_is_no_digest() {
        assert!(Digests::parse("sha-256=:AAAA:").unwrap_err().contains("32 bytes"));
        assert!(Digests::parse("sha-256=AAAA").unwrap_err().contains("RFC 9530"));
    }
}

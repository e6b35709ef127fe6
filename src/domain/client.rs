//! The name of an event stream.

use std::fmt;
use std::sync::Arc;

/// The name of one event stream. Several connections may watch one client, and several uploads may feed it.
///
/// It stands in URLs, in file names of downloads and in logs, so it is short and plain:
/// a letter or digit, then up to 63 of letters, digits, `.`, `_` and `-`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientName(Arc<str>);

/// A text that is not a client name; says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a client name is a letter or digit, then up to 63 letters, digits, '.', '_' or '-'")]
pub struct BadClientName;

impl ClientName {
    /// Bytes in the longest name.
    pub const BYTES_MAX: usize = 64;
    /// The client at which the server tells of itself.
    pub const SYSTEM: &str = "system";

    /// Checks `text`.
    ///
    /// # Errors
    /// [`BadClientName`] when it is empty, too long, or holds any other character.
    pub fn parse(text: &str) -> Result<Self, BadClientName> {
        let bytes = text.as_bytes();
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        match bytes.first() {
            Some(first)
                if first.is_ascii_alphanumeric() && bytes.len() <= Self::BYTES_MAX && bytes.iter().all(plain) =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(BadClientName),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the server's own: nobody uploads or publishes there, and only who looks after the server watches it.
    pub fn is_system(&self) -> bool {
        self.as_str() == Self::SYSTEM
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientName({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_and_short() {
        for good in ["a", "0", "harbour-crm", "a.b_c-d", "019a5f3e-9f40-7d2a-8000-000000000000", &"x".repeat(64)] {
            assert_eq!(ClientName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", ".", "-a", "_a", "..", "a/b", "a b", "ä", "a\n", "a\0", &"x".repeat(65)] {
            assert_eq!(ClientName::parse(bad), Err(BadClientName), "{bad:?}");
        }
    }

    #[test]
    fn one_name_is_the_servers_own() {
        let is_system = |name: &str| ClientName::parse(name).unwrap().is_system();
        assert!(is_system("system"));
        assert!(!is_system("System") && !is_system("system-2") && !is_system("sys"));
    }
}

//! Who asks, and what they may do.

use super::pattern::ClientPattern;
use super::role::{Act, Roles};
use crate::domain::ClientName;
use std::fmt;

/// Longest `sub`, in bytes. With [`PATTERNS_MAX`] it keeps a session within the 4096 bytes that browsers keep of a cookie.
pub const SUB_BYTES_MAX: usize = 128;
/// Most client patterns of one key or token.
pub const PATTERNS_MAX: usize = 32;
/// Most bytes of all of them.
const PATTERNS_BYTES_MAX: usize = 2048;

/// The name of a key in everything that stems from it: the beginning of its SHA-256, in hex. Tells nothing of the key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// The name of the key with that SHA-256.
    pub fn of_digest(sha256: &[u8]) -> Self {
        Self(super::key::hex(&sha256[..sha256.len().min(16)]))
    }

    /// The name as it stands in a sealed value; whether there is such a key shows when it is looked for.
    pub fn named(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({})", self.0)
    }
}

/// Who asks, as a key, a token, a session or a ticket proved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The name.
    pub sub: String,
    /// What they may do.
    pub roles: Roles,
    /// For which clients.
    pub clients: Vec<ClientPattern>,
    /// Milliseconds of Unix time until which this holds; none where nothing ends it.
    pub expires_ms: Option<u64>,
    /// The key that proved it, or signed the token that did.
    pub key: KeyId,
    /// The session that it came by, which ends when somebody signs out.
    pub session: Option<String>,
    /// The only client that it may be used for, and only to watch it: a ticket's.
    pub only: Option<ClientName>,
}

impl Principal {
    /// Whoever asks a server without authentication: everything is allowed.
    pub fn anybody() -> Self {
        Self {
            sub: "anybody".into(),
            roles: Roles::from_iter([super::Role::Admin]),
            clients: vec![ClientPattern::all()],
            expires_ms: None,
            key: KeyId(String::new()),
            session: None,
            only: None,
        }
    }

    /// Whether the act is allowed at this client. What the server says of itself is for those who look after it.
    pub fn may(&self, act: Act, client: &ClientName) -> bool {
        let within = self.only.as_ref().is_none_or(|only| only == client && act == Act::Read);
        let act = if client.is_system() { Act::Administer } else { act };
        within && self.roles.allow(act) && self.clients.iter().any(|pattern| pattern.matches(client, &self.sub))
    }

    /// Whether the act is allowed at every client that the pattern names, by one pattern of theirs.
    pub fn may_at_all(&self, act: Act, pattern: &ClientPattern) -> bool {
        let covers = |own: &ClientPattern| own.covers(pattern, &self.sub);
        self.only.is_none() && self.roles.allow(act) && self.clients.iter().any(covers)
    }

    /// Whether the act is allowed at every client there is, or ever will be.
    pub fn may_everywhere(&self, act: Act) -> bool {
        self.only.is_none() && self.roles.allow(act) && self.clients.iter().any(ClientPattern::is_all)
    }

    /// Whether its time is over.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms)
    }

    /// The same, at most until then.
    #[must_use]
    pub fn until(mut self, ms: Option<u64>) -> Self {
        self.expires_ms = [self.expires_ms, ms].into_iter().flatten().min();
        self
    }
}

/// Whether these are few and short enough for one key or token.
pub fn are_few(patterns: &[ClientPattern]) -> bool {
    let bytes: usize = patterns.iter().map(|pattern| pattern.as_str().len() + 1).sum();
    patterns.len() <= PATTERNS_MAX && bytes <= PATTERNS_BYTES_MAX
}

/// Checks a `sub`: something to read, without control characters, that is not too long.
pub fn is_sub(text: &str) -> bool {
    !text.is_empty() && text.len() <= SUB_BYTES_MAX && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    fn client(name: &str) -> ClientName {
        ClientName::parse(name).unwrap()
    }

    #[test]
    fn role_and_pattern_are_both_needed() {
        let alice = Principal {
            sub: "alice".into(),
            roles: Roles::from_iter([Role::Uploader]),
            clients: ["orders-*", "{sub}"].map(|text| ClientPattern::parse(text).unwrap()).into(),
            ..Principal::anybody()
        };
        assert!(alice.may(Act::Upload, &client("orders-1")) && alice.may(Act::Read, &client("alice")));
        assert!(!alice.may(Act::Publish, &client("alice")) && !alice.may(Act::Read, &client("bob")));
        assert!(!alice.may_everywhere(Act::Read) && Principal::anybody().may_everywhere(Act::Administer));
        let ticket = Principal { only: Some(client("alice")), ..alice };
        assert!(ticket.may(Act::Read, &client("alice")));
        assert!(!ticket.may(Act::Upload, &client("alice")) && !ticket.may(Act::Read, &client("orders-1")));
        let none = Principal { clients: vec![], ..Principal::anybody() };
        assert!(!none.may(Act::Read, &client("a")) && !none.may_everywhere(Act::Read));
    }

    #[test]
    fn what_ends_first_ends_it() {
        let until =
            |own: Option<u64>, other| Principal { expires_ms: own, ..Principal::anybody() }.until(other).expires_ms;
        assert_eq!([until(None, None), until(Some(5), None), until(None, Some(7))], [None, Some(5), Some(7)]);
        assert_eq!([until(Some(5), Some(7)), until(Some(9), Some(7))], [Some(5), Some(7)]);
        let soon = Principal { expires_ms: Some(10), ..Principal::anybody() };
        assert!(!soon.is_over(9) && soon.is_over(10) && !Principal::anybody().is_over(u64::MAX));
    }

    #[test]
    fn a_name_is_something_to_read() {
        assert!(is_sub("alice") && is_sub("Ä. B. <a@b.example>") && is_sub(&"x".repeat(128)));
        assert!(!is_sub("") && !is_sub("a\nb") && !is_sub(&"x".repeat(129)));
    }
}

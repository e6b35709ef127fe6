//! The names of published events: those that somebody gives to events of their own.

use super::Kind;
use std::fmt;
use std::sync::Arc;

/// What a published event is called; the `event:` field on the wire. Cheap to clone.
///
/// A letter, then up to 63 letters, digits, `.`, `_` and `-`. Names that this server gives itself are not among them, nor
/// those that mean something else to an `EventSource`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EventName(Arc<str>);

/// Why a text is no name of a published event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEventName {
    /// It is empty, too long, or holds other characters.
    #[error("a name is a letter, then up to 63 letters, digits, '.', '_' or '-'")]
    Shape,
    /// It would be taken for an event of the server's own.
    #[error("'{0}' is what this server calls an event of its own; whoever watches must be able to tell them apart")]
    Own(String),
    /// It would be taken for something that happens to the connection.
    #[error("'{0}' is what browsers call something that happens to the connection (HTML, section 9.2)")]
    Browsers(String),
}

/// Names, or beginnings of names up to a dot, that are this server's beside its kinds: states, and room for later ones.
const OWN: [&str; 6] = ["presence", "system", "status", "rowcast", "published", "server"];
/// What an `EventSource` fires by itself.
const BROWSERS: [&str; 2] = ["open", "error"];

impl EventName {
    /// Bytes in the longest name.
    pub const BYTES_MAX: usize = 64;

    /// Checks `text`.
    ///
    /// # Errors
    /// [`BadEventName`], as it says.
    pub fn parse(text: &str) -> Result<Self, BadEventName> {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let begins_well = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
        if !begins_well || text.len() > Self::BYTES_MAX || !text.as_bytes().iter().all(plain) {
            return Err(BadEventName::Shape);
        }
        // `Row` beside `row` would be read wrongly by people, if not by programs.
        let is = |name: &&str| text.eq_ignore_ascii_case(name);
        let begins_with = |name: &str| {
            let head = text.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name));
            head.is_some() && text[name.len()..].starts_with('.')
        };
        if Kind::ALL.iter().any(|kind| is(&kind.as_str())) || OWN.iter().any(|name| is(name) || begins_with(name)) {
            return Err(BadEventName::Own(text.to_owned()));
        }
        if BROWSERS.iter().any(is) {
            return Err(BadEventName::Browsers(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// A name that was checked when it was published; what was reserved since does not matter any more.
    pub(crate) fn kept(text: &str) -> Option<Self> {
        let parsed = Self::parse(text);
        (parsed != Err(BadEventName::Shape)).then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventName({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_short_and_nobody_elses() {
        for good in ["a", "notification", "order.created", "Chat-Message_2", "rows", "message", &"x".repeat(64)] {
            assert_eq!(EventName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "1a", ".a", "-a", "_a", "a b", "a:b", "a\nb", "a\0", "ä", "a,b", &"x".repeat(65)] {
            assert_eq!(EventName::parse(bad), Err(BadEventName::Shape), "{bad:?}");
        }
        for own in ["row", "Row", "gap", "toast", "published", "system", "SYSTEM.load", "rowcast.next", "presence"] {
            assert_eq!(EventName::parse(own), Err(BadEventName::Own(own.into())));
        }
        assert_eq!(EventName::kept("row").unwrap().as_str(), "row");
        assert_eq!(EventName::kept("a b"), None);
        assert!(EventName::parse("systematic").is_ok(), "only up to a dot");
        for name in ["open", "error", "Error"] {
            assert_eq!(EventName::parse(name), Err(BadEventName::Browsers(name.into())));
        }
    }
}

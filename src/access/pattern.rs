//! Which clients a key or a token holds for.

use crate::domain::ClientName;
use std::fmt;

/// Names of clients: text as in a name, `*` for any run of characters, `{sub}` for the name of whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPattern(String);

/// A text that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a client pattern has up to 128 letters, digits, '.', '_', '-', '*' for anything and {{sub}}, such as orders-*"
)]
pub struct BadPattern;

const SUB: &str = "{sub}";
const BYTES_MAX: usize = 128;

impl ClientPattern {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`BadPattern`]
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'*');
        let fits = !text.is_empty() && text.len() <= BYTES_MAX && text.replace(SUB, "").bytes().all(is_plain);
        if fits { Ok(Self(text.to_owned())) } else { Err(BadPattern) }
    }

    /// The pattern of every client.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no client that it does not hold for.
    pub fn is_all(&self) -> bool {
        self.0.bytes().all(|b| b == b'*')
    }

    /// Whether it holds for this client when `sub` asks. A `*` in `sub` is no wildcard.
    pub fn matches(&self, client: &ClientName, sub: &str) -> bool {
        let mut name = client.as_str();
        // Only the stars of the pattern itself separate; what stands for {sub} is put in afterwards.
        let mut texts = self.0.split('*').map(|text| text.replace(SUB, sub));
        let first = texts.next().unwrap_or_default();
        let Some(rest) = name.strip_prefix(first.as_str()) else { return false };
        name = rest;
        let Some(last) = texts.next_back() else { return name.is_empty() };
        for text in texts {
            // The leftmost place leaves the most to those that follow.
            let Some(at) = name.find(&text) else { return false };
            name = &name[at + text.len()..];
        }
        name.ends_with(&last)
    }
}

impl fmt::Display for ClientPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(pattern: &str, client: &str, sub: &str) -> bool {
        ClientPattern::parse(pattern).unwrap().matches(&ClientName::parse(client).unwrap(), sub)
    }

    #[test]
    fn a_pattern_holds_for_the_names_it_describes() {
        for (pattern, client) in [
            ("*", "anything"),
            ("orders", "orders"),
            ("orders-*", "orders-"),
            ("orders-*", "orders-eu-1"),
            ("*-eu", "orders-eu"),
            ("a*b*c", "abc"),
            ("a*b*c", "a-b-b-c"),
            ("a**c", "ac"),
            ("{sub}", "alice"),
            ("{sub}-*", "alice-1"),
            ("x-{sub}.*", "x-alice.csv"),
        ] {
            assert!(holds(pattern, client, "alice"), "{pattern} {client}");
        }
        for (pattern, client) in [
            ("orders", "orders-1"),
            ("orders-*", "orders"),
            ("orders-*", "x-orders-1"),
            ("ab*ba", "aba"),
            ("a*b*c", "acb"),
            ("{sub}", "alicex"),
            ("{sub}", "bob"),
            ("Orders", "orders"),
        ] {
            assert!(!holds(pattern, client, "alice"), "{pattern} {client}");
        }
    }

    #[test]
    fn who_is_called_star_is_not_everybody() {
        for sub in ["*", "a*", "", "{sub}"] {
            assert!(!holds("{sub}", "alice", sub), "{sub}");
        }
        assert!(holds("*", "alice", "*"));
        assert!(ClientPattern::parse("**").unwrap().is_all() && !ClientPattern::parse("*-*").unwrap().is_all());
    }

    #[test]
    fn what_no_name_can_be_is_no_pattern() {
        for bad in ["", "a b", "a,b", "{user}", "{sub", "ä*", "a/b", "a\n", &"x".repeat(129)] {
            assert_eq!(ClientPattern::parse(bad), Err(BadPattern), "{bad:?}");
        }
    }
}

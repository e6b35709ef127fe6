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
        self.matches_text(client.as_str(), sub)
    }

    /// Whether it holds for every client that `other` names, which is meant as it stands, without `{sub}`.
    ///
    /// The star of `other` is taken for a character that stands in no name: only a star of this pattern takes it in, and
    /// so takes in whatever may stand there.
    pub fn covers(&self, other: &Self, sub: &str) -> bool {
        let is_plain = |text: &str| !text.contains(['{', '}']);
        let sub_is_plain = !self.0.contains(SUB) || !sub.contains('*');
        is_plain(&other.0) && sub_is_plain && self.matches_text(&other.0, sub)
    }

    /// What every name begins with that it matches, where it has no `{sub}`.
    pub fn prefix(&self) -> &str {
        self.0.split('*').next().unwrap_or_default()
    }

    fn matches_text(&self, mut name: &str, sub: &str) -> bool {
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

    #[test]
    fn a_pattern_covers_what_it_holds_for_whatever_the_stars_stand_for() {
        let of = |text: &str| ClientPattern::parse(text).unwrap();
        for (wide, narrow) in [
            ("*", "*"),
            ("*", "a*b"),
            ("orders-*", "orders-*"),
            ("orders-*", "orders-eu-*"),
            ("a*", "a"),
            ("*-*", "a-*"),
        ] {
            assert!(of(wide).covers(&of(narrow), "me"), "{wide} {narrow}");
        }
        for (narrow, wide) in [("orders-*", "*"), ("orders-*", "order*"), ("a", "a*"), ("a*b", "a*"), ("*-x", "*")] {
            assert!(!of(narrow).covers(&of(wide), "me"), "{narrow} {wide}");
        }
        assert!(of("{sub}-*").covers(&of("me-1*"), "me") && !of("{sub}").covers(&of("you"), "me"));
        // A star in somebody's name takes nothing in.
        assert!(!of("{sub}").covers(&of("a*"), "a*") && !of("*").covers(&of("{sub}"), "me"));
    }

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

//! What we show a server that asks who we are.

use hyper::header::HeaderValue;
use std::fmt;
use std::str::FromStr;

/// A key or a token, sent as `Authorization: Bearer …` with every request and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(HeaderValue);

/// A text that cannot be a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a token has letters, digits and any of - . _ ~ + / =")]
pub struct BadToken;

impl Token {
    /// The value of the header.
    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl FromStr for Token {
    type Err = BadToken;

    /// Reads a `b64token` (RFC 6750, section 2.1).
    fn from_str(text: &str) -> Result<Self, BadToken> {
        let text = text.trim();
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(BadToken);
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| BadToken)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_and_not_shown() {
        let token: Token = " rct_aB-1\n".parse().unwrap();
        assert_eq!(token.header(), "Bearer rct_aB-1");
        assert!(!format!("{token:?} {:?}", token.header()).contains("aB-1"));
        for bad in ["", " ", "a b", "a\r\nb", "ä", "a,b"] {
            assert_eq!(bad.parse::<Token>(), Err(BadToken), "{bad:?}");
        }
    }
}

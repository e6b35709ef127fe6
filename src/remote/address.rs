//! Where a server is.

use super::token::Token;
use crate::domain::ClientName;
use hyper::Uri;
use std::fmt;
use std::str::FromStr;

/// A server's address: `http://127.0.0.1:3000`, or with a path where a proxy keeps it, `https://example.com/rowcast`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    https: bool,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
    /// As it stands in `Host`.
    authority: String,
    /// Empty, or `/…` without a slash at its end.
    prefix: String,
    /// What is shown there.
    token: Option<Token>,
}

/// A text that is no address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadAddress(&'static str);

const SHAPE: BadAddress = BadAddress("expected a server's address, such as http://127.0.0.1:3000");

impl Address {
    /// Splits `http://127.0.0.1:3000/me` or `…/sse/me` into the server and the client's name.
    ///
    /// # Errors
    /// [`BadAddress`] when either part is none.
    pub fn with_client(text: &str) -> Result<(Self, ClientName), BadAddress> {
        let mut address: Self = text.parse()?;
        let named = address.prefix.rsplit_once('/').and_then(|(before, name)| {
            let name = ClientName::parse(name).ok()?;
            Some((before.strip_suffix("/sse").unwrap_or(before).to_owned(), name))
        });
        let (prefix, client) = named
            .ok_or(BadAddress("expected a client behind the server's address, such as http://127.0.0.1:3000/me"))?;
        address.prefix = prefix;
        Ok((address, client))
    }

    /// The same, where this is shown with every request.
    #[must_use]
    pub fn with_token(self, token: Option<Token>) -> Self {
        Self { token, ..self }
    }

    /// What is shown there.
    pub(super) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Whether it is reached by TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The name or address of the host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What stands in `Host`.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// The request target of one of the server's paths, which begins with a slash.
    pub(super) fn target(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let uri: Uri = text.parse().map_err(|_| SHAPE)?;
        let https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(SHAPE),
        };
        let authority = uri.authority().ok_or(SHAPE)?;
        if authority.as_str().contains('@') {
            return Err(BadAddress("a name and a password in the address are not supported"));
        }
        if uri.query().is_some() {
            return Err(BadAddress("an address has no query; there are options for what it would say"));
        }
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Ok(Self {
            https,
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if https { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            token: None,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.https { "https" } else { "http" }, self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_and_a_client_stand_in_one_address() {
        for (text, server, client) in [
            ("http://127.0.0.1:3000/me", "http://127.0.0.1:3000", "me"),
            ("http://127.0.0.1:3000/sse/me", "http://127.0.0.1:3000", "me"),
            ("https://example.com/rowcast/me/", "https://example.com/rowcast", "me"),
            ("https://example.com/a/b/sse/me", "https://example.com/a/b", "me"),
            ("http://[::1]:3000/sse", "http://[::1]:3000", "sse"),
        ] {
            let (address, name) = Address::with_client(text).unwrap();
            assert_eq!((address.to_string().as_str(), name.as_str()), (server, client), "{text}");
        }
        for bad in [
            "",
            "me",
            "http://",
            "http://h:1",
            "http://h:1/",
            "http://h/a%20b",
            "ftp://h/me",
            "http://u:p@h/me",
            "http://h/me?x",
        ] {
            assert!(Address::with_client(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_goes_before_every_target() {
        let address: Address = "https://[::1]/rowcast/".parse().unwrap();
        assert_eq!(address.target("/files"), "/rowcast/files");
        assert_eq!((address.host(), address.port(), address.authority()), ("::1", 443, "[::1]"));
        assert_eq!("http://h:8080".parse::<Address>().unwrap().target("/files"), "/files");
    }
}

//! Which requests are looked at at all: the right host, and no other site's page behind them.
//!
//! A server on loopback without authentication is reached by every page that its user's browser shows. Two rules keep
//! such pages out. The `Host` must be one of ours, else a name that an attacker points at 127.0.0.1 makes the browser
//! treat this server as the attacker's own (DNS rebinding). And whatever changes something must not come from another
//! site, as the browser tells by `Sec-Fetch-Site` and `Origin`; programs send neither and pass.

use super::code::ApiCode;
use super::error::ApiError;
use poem::http::header::{HOST, HeaderName, HeaderValue, ORIGIN};
use poem::http::uri::Authority;
use poem::http::{HeaderMap, Method, Version};
use poem::{Addr, Request};
use std::net::{IpAddr, SocketAddr};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The hosts that are served.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    names: Vec<String>,
    origins: Vec<String>,
}

impl Guard {
    /// Serves loopback, the address that a connection came in by, and these names (host names or addresses, any port).
    /// Pages of `origins` may use it from other sites.
    pub fn new(names: impl IntoIterator<Item = String>, origins: impl IntoIterator<Item = String>) -> Self {
        let lower = |text: String| text.trim().trim_end_matches('/').to_ascii_lowercase();
        Self { names: names.into_iter().map(lower).collect(), origins: origins.into_iter().map(lower).collect() }
    }

    /// Whether pages of this origin may use this server from another site.
    pub fn allows_origin(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)))
    }

    /// Whether there is any such origin.
    pub fn allows_any_origin(&self) -> bool {
        !self.origins.is_empty()
    }

    /// Looks at a request's head.
    ///
    /// # Errors
    /// `bad-request`, `misdirected-host` or `cross-site`.
    pub fn check(&self, request: &Request) -> Result<(), ApiError> {
        let local = local(request);
        let Some(host) = host(request)? else { return Ok(()) };
        if !self.serves(&host, local) {
            let detail = format!("'{host}' is not served here; see --help for how to allow a name");
            return Err(ApiError::new(ApiCode::Misdirected, detail));
        }
        if changes_something(request.method()) {
            self.check_site(request.headers(), &host, local)?;
        }
        Ok(())
    }

    /// Whether one of our pages asks, or a program, or an allowed page of another site; whatever the method.
    ///
    /// # Errors
    /// `bad-request`, `cross-site`.
    pub fn check_page(&self, request: &Request) -> Result<(), ApiError> {
        match host(request)? {
            Some(host) => self.check_site(request.headers(), &host, local(request)),
            None => Ok(()),
        }
    }

    fn serves(&self, host: &Authority, local: Option<SocketAddr>) -> bool {
        let name = host.host().trim_end_matches('.').to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']');
        match address.parse::<IpAddr>() {
            Ok(ip) if is_loopback(ip) || local.is_some_and(|local| local.ip().to_canonical() == ip.to_canonical()) => {
                true
            }
            Ok(_) => self.names.iter().any(|allowed| allowed == address),
            Err(_) => name == "localhost" || name.ends_with(".localhost") || self.names.contains(&name),
        }
    }

    fn check_site(&self, headers: &HeaderMap, host: &Authority, local: Option<SocketAddr>) -> Result<(), ApiError> {
        if headers.get(ORIGIN).is_some_and(|origin| self.allows_origin(origin)) {
            return Ok(());
        }
        match headers.get(&SEC_FETCH_SITE).map(|value| value.as_bytes()) {
            Some(b"same-origin" | b"none") => return Ok(()),
            Some(_) => return Err(ApiError::plain(ApiCode::CrossSite)),
            None => {}
        }
        let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
        // Behind a proxy that ends TLS the scheme differs; the authority is what a foreign page cannot have.
        let authority = origin.to_str().ok().and_then(|text| text.split_once("://")).map(|(_, authority)| authority);
        match authority.and_then(|text| text.parse::<Authority>().ok()) {
            Some(origin) if origin == *host => Ok(()),
            Some(origin) if self.names.contains(&origin.host().to_ascii_lowercase()) && self.serves(&origin, local) => {
                Ok(())
            }
            _ => Err(ApiError::plain(ApiCode::CrossSite)),
        }
    }
}

/// The address that the connection came in by.
fn local(request: &Request) -> Option<SocketAddr> {
    match &**request.local_addr() {
        Addr::SocketAddr(address) => Some(*address),
        _ => None,
    }
}

/// The host that a request names: `:authority` or an absolute URI before `Host` (RFC 9112, section 3.2.2). None only where
/// HTTP/1.0 names none.
fn host(request: &Request) -> Result<Option<Authority>, ApiError> {
    if let Some(authority) = request.uri().authority() {
        return Ok(Some(authority.clone()));
    }
    let bad = |detail| Err(ApiError::new(ApiCode::BadRequest, detail));
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() <= Version::HTTP_10 => Ok(None),
        (None, _) => bad("the request names no Host"),
        (Some(_), Some(_)) => bad("the request names more than one Host"),
        (Some(host), None) => match host.to_str().ok().and_then(|text| text.parse().ok()) {
            Some(authority) => Ok(Some(authority)),
            None => bad("the Host of the request is not valid"),
        },
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(method: Method, headers: &[(&str, &str)]) -> Option<&'static str> {
        let mut request = Request::builder().method(method).version(Version::HTTP_11);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let guard =
            Guard::new(["rows.example.org".to_owned(), "192.0.2.7".to_owned()], ["https://app.example/".to_owned()]);
        guard.check(&request.finish()).err().map(|error| error.code.as_str())
    }

    #[test]
    fn only_expected_hosts_are_served() {
        for host in [
            "127.0.0.1:3000",
            "127.9.9.9",
            "[::1]:3000",
            "[::ffff:127.0.0.1]",
            "localhost",
            "LocalHost:1",
            "a.localhost:3000",
            "localhost.",
            "rows.example.org",
            "Rows.Example.org:8443",
            "192.0.2.7:3000",
        ] {
            assert_eq!(code(Method::GET, &[("host", host)]), None, "{host}");
        }
        for host in
            ["evil.example", "127.0.0.1.evil.example", "192.0.2.8", "localhost.evil.example", "x.rows.example.org"]
        {
            assert_eq!(code(Method::GET, &[("host", host)]), Some("misdirected-host"), "{host}");
        }
        for headers in [&[][..], &[("host", "a"), ("host", "b")], &[("host", "a b")]] {
            assert_eq!(code(Method::GET, headers), Some("bad-request"));
        }
    }

    #[test]
    fn the_address_that_a_connection_came_in_by_is_served() {
        let local: SocketAddr = "198.51.100.1:3000".parse().unwrap();
        let guard = Guard::default();
        assert!(guard.serves(&"198.51.100.1:3000".parse().unwrap(), Some(local)));
        assert!(!guard.serves(&"198.51.100.2:3000".parse().unwrap(), Some(local)));
        assert!(!guard.serves(&"198.51.100.1:3000".parse().unwrap(), None));
    }

    #[test]
    fn another_sites_page_changes_nothing() {
        let post = |name, value| code(Method::POST, &[("host", "localhost:3000"), (name, value)]);
        for (name, value) in [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("origin", "http://localhost:3000"),
            ("origin", "https://rows.example.org"),
            ("accept", "*/*"),
        ] {
            assert_eq!(post(name, value), None, "{name}: {value}");
        }
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "anything"),
            ("origin", "null"),
            ("origin", "http://localhost:8080"),
            ("origin", "http://evil.example"),
            ("origin", "http://localhost:3000@evil.example"),
        ] {
            assert_eq!(post(name, value), Some("cross-site"), "{name}: {value}");
        }
        let get = [("host", "localhost"), ("sec-fetch-site", "cross-site")];
        assert_eq!(code(Method::GET, &get), None);
        assert_eq!(code(Method::DELETE, &get), Some("cross-site"));
    }
}

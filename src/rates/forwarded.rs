//! Who asks, where proxies stand between: `Forwarded` (RFC 7239) and `X-Forwarded-For`, believed only as far as those who wrote
//! them are.
//!
//! Every proxy adds, on the right, the address that its own request came from. So the walk begins at the peer and goes left as
//! long as whoever wrote an element is trusted; the first address that is not is who asks. What stands further left anybody
//! may have written, and nobody looks at it. Where an element that is needed cannot be read, it is the peer.

use super::Network;
use std::net::{IpAddr, SocketAddr};

/// Networks of proxies that are believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<Network>);

/// What a request says of its way: the lines of each header, in order.
#[derive(Debug, Clone, Default)]
pub struct Said<'r> {
    /// `Forwarded`.
    pub forwarded: Vec<&'r str>,
    /// `X-Forwarded-For`.
    pub x_forwarded_for: Vec<&'r str>,
    /// `X-Forwarded-Proto`.
    pub x_forwarded_proto: Option<&'r str>,
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The address that it counts for.
    pub address: IpAddr,
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// Whether a trusted proxy says that it came to it by TLS.
    pub by_tls: bool,
}

/// One step of a request's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    address: IpAddr,
    by_tls: Option<bool>,
}

impl Proxies {
    /// Those in these networks.
    pub fn new(trusted: Vec<Network>) -> Self {
        Self(trusted)
    }

    /// Whether this address is one of a proxy that is believed.
    pub fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Who sent a request that came by this connection.
    pub fn sender(&self, peer: SocketAddr, said: &Said<'_>) -> Sender {
        let address = peer.ip().to_canonical();
        if !self.trust(address) {
            return Sender { address, peer, by_tls: false };
        }
        let forwarded = said.forwarded.iter().rev().flat_map(|line| steps(line).into_iter().rev());
        let x_forwarded = said.x_forwarded_for.iter().rev().flat_map(|line| line.split(',').rev());
        let x_forwarded = x_forwarded.map(|element| Some(Step { address: node(element)?, by_tls: None }));
        let standard = (!said.forwarded.is_empty()).then(|| self.walk(address, forwarded));
        let usual = (!said.x_forwarded_for.is_empty()).then(|| self.walk(address, x_forwarded));
        let found = match (standard, usual) {
            // A proxy writes one of them and passes the other on as it came: only where they agree it does not matter which.
            (Some(standard), Some(usual)) => standard.zip(usual).filter(|(one, other)| one.address == other.address),
            (one, other) => one.or(other).flatten().map(|step| (step, step)),
        };
        let found = found.map(|(step, _)| step);
        let proto = said.x_forwarded_proto.and_then(|proto| proto.split(',').next());
        let by_tls = found.and_then(|step| step.by_tls).or(proto.map(is_tls)).unwrap_or(false);
        Sender { address: found.map_or(address, |step| step.address), peer, by_tls }
    }

    /// The first on the way, from the right, who is not believed; the last of all where everybody is.
    fn walk(&self, peer: IpAddr, steps: impl Iterator<Item = Option<Step>>) -> Option<Step> {
        let mut at = Step { address: peer, by_tls: None };
        for step in steps {
            if !self.trust(at.address) {
                break;
            }
            at = step?;
        }
        Some(at)
    }
}

fn is_tls(proto: &str) -> bool {
    proto.trim().eq_ignore_ascii_case("https")
}

/// The elements of one line of `Forwarded`; one that cannot be read where the line as a whole cannot.
fn steps(line: &str) -> Vec<Option<Step>> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        let Some((step, after)) = element(rest) else { return vec![None] };
        found.push(step);
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None if after.is_empty() => return found,
            None => return vec![None],
        }
    }
}

/// One element (RFC 7239, section 4), and what follows it; none where it is not one. An element that does not say whom it is
/// for, as one should, is no step.
fn element(text: &str) -> Option<(Option<Step>, &str)> {
    let (mut address, mut by_tls, mut named) = (None, None, false);
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        if !name.bytes().all(is_token) || name.is_empty() {
            return None;
        }
        if name.eq_ignore_ascii_case("for") {
            if named {
                return None;
            }
            (address, named) = (node(&value), true);
        } else if name.eq_ignore_ascii_case("proto") {
            by_tls = Some(is_tls(&value));
        }
        rest = after.trim_start_matches([' ', '\t']);
        match rest.strip_prefix(';') {
            Some(after) => rest = after,
            None => return Some((address.map(|address| Step { address, by_tls }), rest)),
        }
    }
}

/// A token or a quoted string (RFC 9110, section 5.6), and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(|byte| !is_token(byte)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            char => value.push(char),
        }
    }
    None
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The address of a node, with a port or without; none where it is hidden or is none.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches([' ', '\t']);
    let (address, port) = match text.strip_prefix('[') {
        Some(text) => {
            let (address, after) = text.split_once(']')?;
            let address = IpAddr::V6(address.parse().ok()?);
            (address, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match text.parse() {
            Ok(address) => (address, None),
            Err(_) => {
                let (address, port) = text.split_once(':')?;
                (IpAddr::V4(address.parse().ok()?), Some(port))
            }
        },
    };
    let is_port = |port: &str| {
        let digits = !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
        digits || port.strip_prefix('_').is_some_and(|name| !name.is_empty() && name.bytes().all(is_token))
    };
    port.is_none_or(is_port).then(|| address.to_canonical())
}

#[cfg(test)]
#[path = "forwarded_tests.rs"]
mod tests;

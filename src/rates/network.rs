//! Networks of addresses, as proxies are named by: `10.0.0.0/8`, `2001:db8::/32`, or one address.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// Bits of IPv6 before the IPv4 address that is mapped into it (RFC 4291, section 2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// Addresses that begin with the same bits. IPv4 is what it is mapped to in IPv6, so that both are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    length: u8,
}

/// A text that names no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNetwork {
    /// It is no address.
    #[error("expected an address or a network, such as 127.0.0.1, 10.0.0.0/8 or 2001:db8::/32")]
    NoAddress,
    /// So many bits no address has.
    #[error("expected a length from 0 to {0} behind the slash")]
    NoLength(u8),
    /// There are bits behind those that count.
    #[error("the address has bits behind the length; is it meant to be one address?")]
    BitsBehind,
}

impl Network {
    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        (mapped(address) ^ self.bits) & mask(self.length) == 0
    }
}

fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.trim().parse().map_err(|_| BadNetwork::NoAddress)?;
        let (before, most) = if address.is_ipv4() { (MAPPED_BITS, 32) } else { (0, 128) };
        let length = match length {
            None => most,
            Some(length) => {
                length.trim().parse().ok().filter(|length| *length <= most).ok_or(BadNetwork::NoLength(most))?
            }
        };
        let network = Self { bits: mapped(address), length: before + length };
        if network.bits & !mask(network.length) == 0 { Ok(network) } else { Err(BadNetwork::BitsBehind) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Ipv6Addr::from_bits(self.bits);
        match (address.to_canonical(), self.length.checked_sub(MAPPED_BITS)) {
            (IpAddr::V4(address), Some(length)) => write!(f, "{address}/{length}"),
            _ => write!(f, "{address}/{}", self.length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_like_it() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::a00:1"),
            ("::ffff:10.0.0.0/104", "10.1.2.3", "9.1.2.3"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::1", "::1", "::2"),
            ("::/0", "203.0.113.9", ""),
        ] {
            assert!(network(text).contains(inside.parse().unwrap()), "{text} holds {inside}");
            let outside = outside.parse();
            assert!(outside.is_err() || !network(text).contains(outside.unwrap()), "{text}");
        }
        assert_eq!(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
        assert_eq!(network("10.0.0.0/8").to_string(), "10.0.0.0/8");
        assert_eq!(network("2001:db8::/32").to_string(), "2001:db8::/32");
    }

    #[test]
    fn what_is_none_is_refused_with_what_was_expected() {
        for (text, error) in [
            ("", BadNetwork::NoAddress),
            ("localhost", BadNetwork::NoAddress),
            ("10.0.0/8", BadNetwork::NoAddress),
            ("10.0.0.0/33", BadNetwork::NoLength(32)),
            ("10.0.0.0/-1", BadNetwork::NoLength(32)),
            ("::/129", BadNetwork::NoLength(128)),
            ("10.0.0.1/8", BadNetwork::BitsBehind),
        ] {
            assert_eq!(text.parse::<Network>(), Err(error), "{text}");
        }
    }
}

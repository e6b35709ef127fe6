//! Whom a request is from, as its headers say it: only what a trusted proxy wrote counts, whatever else stands there.

use rowcast::rates::{Network, Proxies, Said, Sender};
use std::net::{IpAddr, SocketAddr};

pub const WORDS: &[&str] = &[
    "for=",
    "For=\"[2001:db8::1]:4711\"",
    "192.0.2.1",
    "10.0.0.2",
    "[::ffff:10.0.0.3]",
    "unknown",
    "_hidden",
    ";proto=https",
    ";by=10.0.0.1",
    ",",
    ", ",
    ";",
    "\"",
    "\\",
    ":",
    "\n",
    "\t",
];

/// Each line is one of a header: by turns `Forwarded` and `X-Forwarded-For`.
pub fn hold(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<&str> = text.split('\n').collect();
    let forwarded: Vec<&str> = lines.iter().copied().step_by(2).collect();
    let x_forwarded_for: Vec<&str> = lines.iter().copied().skip(1).step_by(2).collect();
    let said = Said { forwarded, x_forwarded_for, x_forwarded_proto: lines.last().copied() };
    let proxies = Proxies::new(vec!["10.0.0.0/8".parse().expect("a network")]);
    let (proxy, stranger): (SocketAddr, SocketAddr) =
        ("10.0.0.1:443".parse().expect("an address"), "203.0.113.7:5000".parse().expect("an address"));
    // Who is not believed says nothing.
    let own = Sender { address: stranger.ip(), peer: stranger, by_tls: false };
    assert_eq!(proxies.sender(stranger, &said), own);
    // Who is asked never says more than what stands there.
    let told = proxies.sender(proxy, &said);
    assert_eq!(told.peer, proxy);
    assert!(told.address == proxy.ip() || !lines.iter().all(|line| line.is_empty()), "{told:?}");
    // What a proxy adds on the right decides, whatever stands before it.
    let client: IpAddr = "198.51.100.9".parse().expect("an address");
    let garbled = text.replace('\n', " ");
    let usual = format!("{garbled}, {client}");
    let by_usual = Said { x_forwarded_for: vec![&usual], ..Said::default() };
    assert_eq!(proxies.sender(proxy, &by_usual).address, client);
    let by_lines = Said { x_forwarded_for: vec![&garbled, "198.51.100.9, 10.0.0.2"], ..Said::default() };
    assert_eq!(proxies.sender(proxy, &by_lines).address, client);
    let by_standard = Said { forwarded: vec![&garbled, "for=198.51.100.9;proto=https"], ..Said::default() };
    assert_eq!(proxies.sender(proxy, &by_standard), Sender { address: client, peer: proxy, by_tls: true });
    // In one line the quotes of others may reach over it: then it is nobody's word.
    let standard = format!("{garbled}, for={client}");
    let found = proxies.sender(proxy, &Said { forwarded: vec![&standard], ..Said::default() }).address;
    assert!(found == client || found == proxy.ip(), "{found} of {standard:?}");
    if let Ok(network) = garbled.parse::<Network>() {
        assert!(network.to_string().parse() == Ok(network), "{network}");
    }
}

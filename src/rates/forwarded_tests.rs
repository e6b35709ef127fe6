use super::*;

/// Who a request is from that came from 10.0.0.1, where 10/8 and ::1 are trusted.
fn asked(forwarded: &[&'static str], x_forwarded_for: &[&'static str]) -> String {
    let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]);
    let said = Said { forwarded: forwarded.into(), x_forwarded_for: x_forwarded_for.into(), x_forwarded_proto: None };
    proxies.sender("10.0.0.1:5000".parse().unwrap(), &said).address.to_string()
}

#[test]
fn only_who_is_trusted_is_believed() {
    let said = Said {
        forwarded: vec!["for=192.0.2.1;proto=https"],
        x_forwarded_for: vec!["192.0.2.1"],
        x_forwarded_proto: Some("https"),
    };
    let peer = "203.0.113.7:9".parse().unwrap();
    let nobody = Proxies::default();
    assert_eq!(nobody.sender(peer, &said), Sender { address: peer.ip(), peer, by_tls: false });
    let trusting = Proxies::new(vec!["203.0.113.0/24".parse().unwrap()]);
    let address = "192.0.2.1".parse().unwrap();
    assert_eq!(trusting.sender(peer, &said), Sender { address, peer, by_tls: true });
    // The same peer as a socket for both families shows it.
    let mapped = "[::ffff:203.0.113.7]:9".parse().unwrap();
    assert_eq!(trusting.sender(mapped, &said).address, address);
    assert_eq!(nobody.sender(mapped, &said).address, peer.ip());
}

#[test]
fn the_walk_goes_left_as_long_as_whoever_wrote_is_trusted() {
    assert_eq!(asked(&[], &["192.0.2.1"]), "192.0.2.1");
    assert_eq!(asked(&[], &["6.6.6.6, 192.0.2.1, 10.0.0.2"]), "192.0.2.1");
    assert_eq!(asked(&[], &["6.6.6.6, 192.0.2.1", "10.9.9.9,10.0.0.2"]), "192.0.2.1");
    assert_eq!(asked(&["for=6.6.6.6, for=192.0.2.1;by=10.0.0.2", "For=\"10.0.0.2\""], &[]), "192.0.2.1");
    assert_eq!(asked(&[], &["10.0.0.3, 10.0.0.2"]), "10.0.0.3", "everybody is a proxy: the first of them");
    assert_eq!(asked(&[], &[]), "10.0.0.1");
    // What stands further left is nobody's word.
    assert_eq!(asked(&[], &["<script>, 192.0.2.1"]), "192.0.2.1");
    assert_eq!(asked(&["for=\"", "for=192.0.2.1"], &[]), "192.0.2.1");
}

#[test]
fn addresses_are_read_as_proxies_write_them() {
    for (text, address) in [
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:1", "192.0.2.1"),
    ] {
        assert_eq!(asked(&[], &[text]), address);
    }
    assert_eq!(asked(&["proto=https ; for=\"[2001:db8::1]:_hidden\"; secret=\"a\\\"b,c\""], &[]), "2001:db8::1");
}

#[test]
fn what_is_malformed_leaves_the_peer() {
    for text in
        ["", "unknown", "192.0.2", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:123456", "[::1", "[192.0.2.1]", "192.0.2.1,"]
    {
        assert_eq!(asked(&[], &[text]), "10.0.0.1", "{text:?}");
    }
    for text in [
        "",
        "for",
        "for=",
        "for=unknown",
        "for=_hidden",
        "proto=https",
        "for=\"192.0.2.1",
        "for=192.0.2.1;for=192.0.2.2",
        "for=192.0.2.1 for=192.0.2.2",
        "for=[2001:db8::1]",
        "for=192.0.2.1,",
        "=192.0.2.1",
    ] {
        assert_eq!(asked(&[text], &[]), "10.0.0.1", "{text:?}");
    }
}

#[test]
fn a_header_that_the_proxy_only_passes_on_decides_nothing() {
    assert_eq!(asked(&["for=6.6.6.6"], &["192.0.2.1"]), "10.0.0.1");
    assert_eq!(asked(&["for=192.0.2.1"], &["6.6.6.6"]), "10.0.0.1");
    assert_eq!(asked(&["for=broken;"], &["192.0.2.1"]), "10.0.0.1");
    assert_eq!(asked(&["for=192.0.2.1"], &["6.6.6.6, 192.0.2.1"]), "192.0.2.1");
}

#[test]
fn whether_it_came_by_tls_is_said_by_the_proxy_that_was_asked() {
    let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let by_tls = |forwarded: Vec<&'static str>, proto| {
        let said = Said { forwarded, x_forwarded_for: Vec::new(), x_forwarded_proto: proto };
        proxies.sender("10.0.0.1:5000".parse().unwrap(), &said).by_tls
    };
    assert!(by_tls(vec![], Some("https")) && by_tls(vec![], Some("HTTPS, http")));
    assert!(!by_tls(vec![], Some("http")) && !by_tls(vec![], Some("httpsx")) && !by_tls(vec![], None));
    assert!(by_tls(vec!["for=192.0.2.1;proto=https"], None));
    assert!(!by_tls(vec!["for=192.0.2.1;proto=http"], Some("https")));
}

//! What is believed of a request's origin, and what is not.

use super::*;

/// Whom a request from `peer` comes from, with 10.0.0.0/8 and fd00::/8 trusted.
fn origin(peer: &str, headers: &[(&'static str, &str)]) -> String {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    let proxies: TrustedProxies = "10.0.0.0/8, fd00::/8,".parse().unwrap();
    proxies.client_address(peer.parse().unwrap(), &map).to_string()
}

const XFF: &str = "x-forwarded-for";
const RFC: &str = "forwarded";

#[test]
fn without_a_trusted_proxy_the_peer_counts_whatever_it_writes() {
    for headers in [&[(XFF, "1.2.3.4")][..], &[(RFC, "for=1.2.3.4")], &[(XFF, "10.0.0.1")], &[]] {
        assert_eq!(origin("203.0.113.9", headers), "203.0.113.9");
        let mut map = HeaderMap::new();
        map.insert(XFF, "1.2.3.4".parse().unwrap());
        let nobody = TrustedProxies::default();
        assert_eq!(nobody.client_address("10.0.0.1".parse().unwrap(), &map).to_string(), "10.0.0.1");
    }
}

#[test]
fn a_trusted_proxys_word_is_taken_in_either_header() {
    for (header, value, expected) in [
        (XFF, "203.0.113.9", "203.0.113.9"),
        (XFF, " 203.0.113.9:4711 ", "203.0.113.9"),
        (XFF, "2001:db8::1", "2001:db8::1"),
        (XFF, "[2001:db8::1]:80", "2001:db8::1"),
        (XFF, "::ffff:203.0.113.9", "203.0.113.9"),
        (RFC, "for=203.0.113.9", "203.0.113.9"),
        (RFC, "proto=https; For=\"203.0.113.9:80\" ;by=10.0.0.1", "203.0.113.9"),
        (RFC, "for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
        (RFC, "for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17"),
    ] {
        assert_eq!(origin("10.1.2.3", &[(header, value)]), expected, "{header}: {value}");
    }
    assert_eq!(origin("::ffff:10.1.2.3", &[(XFF, "203.0.113.9")]), "203.0.113.9");
    assert_eq!(origin("fd00::1", &[(XFF, "203.0.113.9")]), "203.0.113.9");
    assert_eq!(origin("10.1.2.3", &[]), "10.1.2.3");
}

#[test]
fn the_rightmost_address_that_is_no_trusted_proxy_counts() {
    // What stands left of it the client may have written itself.
    assert_eq!(origin("10.0.0.1", &[(XFF, "1.1.1.1, 203.0.113.9, 10.0.0.2")]), "203.0.113.9");
    assert_eq!(origin("10.0.0.1", &[(RFC, "for=1.1.1.1, for=203.0.113.9, for=10.0.0.2")]), "203.0.113.9");
    let lines = [(XFF, "1.1.1.1"), (XFF, "203.0.113.9"), (XFF, "10.0.0.2")];
    assert_eq!(origin("10.0.0.1", &lines), "203.0.113.9");
    // Behind proxies alone, the outermost.
    assert_eq!(origin("10.0.0.1", &[(XFF, "10.0.0.3, 10.0.0.2")]), "10.0.0.3");
}

#[test]
fn a_hop_that_is_no_address_ends_the_walk_at_the_proxy_that_reported_it() {
    for (header, value) in [
        (XFF, "1.1.1.1, unknown"),
        (XFF, "1.1.1.1,"),
        (XFF, ""),
        (XFF, "1.1.1.1, 999.1.1.1"),
        (RFC, "for=1.1.1.1, for=_hidden"),
        (RFC, "for=1.1.1.1, for=unknown"),
        (RFC, "for=1.1.1.1, proto=https"),
        (RFC, "for=\"1.1.1\\.1\""),
    ] {
        assert_eq!(origin("10.0.0.1", &[(header, value)]), "10.0.0.1", "{header}: {value}");
    }
    assert_eq!(origin("10.0.0.1", &[(XFF, "1.1.1.1, unknown, 10.0.0.2")]), "10.0.0.2");
}

#[test]
fn a_clients_quotation_marks_do_not_swallow_what_a_proxy_appended() {
    // The client wrote all but the last `for`; the address it wants to have is 6.6.6.6.
    for value in [
        "for=6.6.6.6;x=\", for=203.0.113.9",
        "for=6.6.6.6;x=\", for=\"203.0.113.9:80\"",
        "for=6.6.6.6;x=\"\\\", for=\"[2001:db8::1]\"",
    ] {
        assert_eq!(origin("10.0.0.1", &[(RFC, value)]), "10.0.0.1", "{value}");
    }
    assert_eq!(origin("10.0.0.1", &[(RFC, "for=6.6.6.6;x=\""), (RFC, "for=203.0.113.9")]), "203.0.113.9");
}

#[test]
fn headers_that_disagree_are_both_ignored() {
    // The proxy wrote one of them, and passed the client's own on in the other.
    assert_eq!(origin("10.0.0.1", &[(XFF, "203.0.113.9"), (RFC, "for=6.6.6.6")]), "10.0.0.1");
    assert_eq!(origin("10.0.0.1", &[(XFF, "203.0.113.9"), (RFC, "for=203.0.113.9")]), "203.0.113.9");
}

#[test]
fn a_network_is_an_address_or_the_addresses_that_share_its_first_bits() {
    let inside =
        |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
    assert!(inside("192.168.1.0/24", "192.168.1.255") && !inside("192.168.1.0/24", "192.168.2.0"));
    assert!(inside("192.168.1.7/24", "192.168.1.255"));
    assert!(inside("127.0.0.1", "127.0.0.1") && !inside("127.0.0.1", "127.0.0.2"));
    assert!(inside("0.0.0.0/0", "8.8.8.8") && !inside("0.0.0.0/0", "::1"));
    assert!(inside("2001:db8::/33", "2001:db8:7fff::1") && !inside("2001:db8::/33", "2001:db8:8000::1"));
    for bad in ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/-1", "10/8"] {
        assert_eq!(bad.parse::<Network>(), Err(InvalidNetwork), "{bad}");
        assert!(bad.is_empty() || format!("::1,{bad}").parse::<TrustedProxies>().is_err(), "{bad}");
    }
    assert!("".parse::<TrustedProxies>().is_ok_and(|nobody| nobody.0.read().is_empty()));
}

//! Which addresses are anybody's on the internet: those that the registries of RFC 6890 do not set apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address can belong to a country.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol_assignment = (a, b, c) == (192, 0, 0);
    // 6to4 relays were anybody's (RFC 7526).
    let is_relay = (a, b, c) == (192, 88, 99);
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    // 0.0.0.0/8 is "this network", 224.0.0.0/4 multicast, 240.0.0.0/4 reserved.
    let is_in_use = (1..224).contains(&a);
    is_in_use
        && !(address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_documentation()
            || is_shared
            || is_protocol_assignment
            || is_relay
            || is_benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // 2001::/23: Teredo and other protocols (RFC 2928); 2002::/16: 6to4, IPv4 within (RFC 3056).
    let is_protocol_assignment = (a == 0x2001 && b < 0x200) || a == 0x2002;
    let is_documentation = (a, b) == (0x2001, 0xdb8) || (a == 0x3fff && b < 0x1000);
    // 2000::/3 is all that was ever given out as global unicast.
    a >> 13 == 1 && !(is_protocol_assignment || is_documentation)
}

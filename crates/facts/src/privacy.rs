//! What is kept of the addresses that facts come from (spec section 8; GDPR, article 5 (1) (c)).
//!
//! Promise: what is not to be stored is not in what [`IpStorage::of`] gives back. Whose addresses are stored how, and
//! asking here before a row reaches the store, is left to whoever takes rows in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How much of an address is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IpStorage {
    /// All of it.
    #[default]
    Whole,
    /// The first 24 bits of an IPv4 address, the first 48 of an IPv6 one; the rest is zero.
    Shortened,
    /// Nothing.
    None,
}

/// Bits of a shortened address.
const SHORT_V4_BITS: u32 = 24;
const SHORT_V6_BITS: u32 = 48;

impl IpStorage {
    /// What is stored of an address. A text that is no address is stored only where all of it may be.
    #[must_use]
    pub fn of(self, ip: Option<&str>) -> Stored<'_> {
        match (self, ip) {
            (Self::Whole, Some(ip)) => Stored::AsSent(ip),
            (Self::Shortened, Some(ip)) => match ip.parse::<IpAddr>() {
                Ok(address) => Stored::Changed(shortened(address).to_string()),
                Err(_) => Stored::Nothing,
            },
            (_, None) | (Self::None, _) => Stored::Nothing,
        }
    }
}

/// What is stored of one address.
#[derive(Debug, PartialEq, Eq)]
pub enum Stored<'a> {
    /// Nothing.
    Nothing,
    /// The text as it came.
    AsSent(&'a str),
    /// A shortened address.
    Changed(String),
}

impl Stored<'_> {
    /// The text for the row.
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::AsSent(text) => Some(text),
            Self::Changed(text) => Some(text),
        }
    }
}

fn shortened(address: IpAddr) -> IpAddr {
    // An IPv4 address in IPv6 clothes is one: its first 48 bits are the same for all.
    match address.to_canonical() {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & (u32::MAX << (32 - SHORT_V4_BITS))).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << (128 - SHORT_V6_BITS))).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_stored_whole_shortened_or_not_at_all() {
        for (sent, short) in [
            ("203.0.113.77", Some("203.0.113.0")),
            ("2001:db8:1234:5678::9", Some("2001:db8:1234::")),
            ("::ffff:203.0.113.77", Some("203.0.113.0")),
            ("203.0.113.77:80", None),
            ("somewhere", None),
        ] {
            assert_eq!(IpStorage::Whole.of(Some(sent)).as_deref(), Some(sent));
            assert_eq!(IpStorage::Shortened.of(Some(sent)).as_deref(), short, "{sent}");
            assert_eq!(IpStorage::None.of(Some(sent)), Stored::Nothing);
        }
        assert_eq!(IpStorage::Whole.of(None), Stored::Nothing);
    }
}

//! Whose address a request comes from: the connection's other end, or, when that is a trusted proxy, whom it
//! forwards for.
//!
//! Promise: an address that no trusted proxy vouches for is never taken. `X-Forwarded-For` and `Forwarded`
//! (RFC 7239) are read from the right, trusted proxies skipped; what an untrusted peer writes there is ignored.

mod forwarded;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::http::HeaderMap;
use parking_lot::RwLock;

use crate::client_address::forwarded::{forwarded_for, x_forwarded_for};

/// The proxies whose word on a request's origin is taken; none by default. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<RwLock<Vec<Network>>>);

/// An address, or all addresses that share its first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

/// Why a text is no list of proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a trusted proxy is an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32")]
pub struct InvalidNetwork;

impl TrustedProxies {
    /// Trusts these from now on, and no others.
    pub fn set(&self, others: &Self) {
        let networks = others.0.read().clone();
        *self.0.write() = networks;
    }

    /// Whether this is one of them; of an IPv4 address in IPv6 clothes only bare.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.read().iter().any(|network| network.contains(address))
    }

    /// Whom a request from `peer` comes from.
    ///
    /// When both headers are there and disagree, neither is believed and the peer's address counts: a proxy
    /// writes one of them, and passes on what its client wrote in the other.
    #[must_use]
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let by_x_forwarded = x_forwarded_for(headers).map(|hops| self.origin(peer, &hops));
        let by_forwarded = forwarded_for(headers).map(|hops| self.origin(peer, &hops));
        match (by_x_forwarded, by_forwarded) {
            (Some(one), Some(other)) if one != other => peer,
            (one, other) => one.or(other).unwrap_or(peer),
        }
    }

    /// Walks from the nearest hop outwards to the first that is no trusted proxy. A hop that is no address ends
    /// the walk at the proxy that reported it.
    fn origin(&self, peer: IpAddr, hops: &[Option<IpAddr>]) -> IpAddr {
        let mut nearest = peer;
        for hop in hops.iter().rev() {
            let Some(address) = hop else { return nearest };
            nearest = *address;
            if !self.trusts(nearest) {
                return nearest;
            }
        }
        nearest
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix_bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix_bits)
            }
            _ => false,
        }
    }
}

impl FromStr for TrustedProxies {
    type Err = InvalidNetwork;

    /// Addresses and networks, separated by commas; none in an empty text.
    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let networks = text.split(',').map(str::trim).filter(|network| !network.is_empty());
        networks
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(|networks| Self(Arc::new(RwLock::new(networks))))
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            None => longest,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| InvalidNetwork)?
            }
            Some(_) => return Err(InvalidNetwork),
        };
        if prefix_bits > longest {
            return Err(InvalidNetwork);
        }
        Ok(Self { address, prefix_bits })
    }
}

//! How many connections one address holds, so that none takes them all.
//!
//! Promise: a connection counts until its place is dropped. Whoever forwards for others, a trusted proxy, has no bound.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::client_address::TrustedProxies;

/// Bits of an IPv6 address that one holder's addresses share: he is given a /64 at least (RFC 6177).
const HOLDER_V6_BITS: u32 = 64;

/// The connections by address.
#[derive(Debug)]
pub struct PerAddress {
    most: usize,
    trusted: TrustedProxies,
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection's place among its address's, until it is dropped.
#[derive(Debug)]
pub struct AddressPlace {
    holder: IpAddr,
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl PerAddress {
    /// None yet, and never more than `most` of one address at once.
    pub fn new(most: usize, trusted: TrustedProxies) -> Self {
        Self { most, trusted, held: Arc::default() }
    }

    /// A place for one more connection of this address; `Ok(None)` when it needs none.
    ///
    /// # Errors
    /// It has as many as it may have; here is how many.
    pub fn enter(&self, address: IpAddr) -> Result<Option<AddressPlace>, usize> {
        if self.trusted.trusts(address.to_canonical()) {
            return Ok(None);
        }
        let holder = holder(address);
        let mut held = self.held.lock();
        let count = held.entry(holder).or_default();
        if *count >= self.most {
            return Err(self.most);
        }
        *count += 1;
        Ok(Some(AddressPlace { holder, held: Arc::clone(&self.held) }))
    }
}

impl Drop for AddressPlace {
    fn drop(&mut self) {
        let mut held = self.held.lock();
        if let Some(count) = held.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.holder);
            }
        }
    }
}

fn holder(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << (128 - HOLDER_V6_BITS))).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_so_many_places_and_a_trusted_proxy_any_number() {
        let places = PerAddress::new(2, "10.0.0.0/8".parse().unwrap());
        let first = places.enter(address("192.0.2.1")).unwrap();
        let _second = places.enter(address("::ffff:192.0.2.1")).unwrap();
        assert_eq!(places.enter(address("192.0.2.1")).unwrap_err(), 2);
        assert!(places.enter(address("192.0.2.2")).is_ok());
        drop(first);
        assert!(places.enter(address("192.0.2.1")).is_ok());
        let of_proxy: Vec<_> = (0..10).map(|_| places.enter(address("10.1.2.3"))).collect();
        assert!(of_proxy.iter().all(|place| matches!(place, Ok(None))));
    }

    #[test]
    fn addresses_of_one_64_are_one_holders_and_nothing_is_left_behind() {
        let places = PerAddress::new(1, TrustedProxies::default());
        let held = places.enter(address("2001:db8::1")).unwrap();
        assert!(places.enter(address("2001:db8::ffff:2")).is_err());
        assert!(places.enter(address("2001:db8:0:1::1")).is_ok());
        drop(held);
        assert!(places.held.lock().is_empty());
    }
}

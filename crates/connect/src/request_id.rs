//! The id of a record: what makes a repeat the same request.
//!
//! Promise: the same records at the head of a list get the same ids whenever and by whomever they are read, and
//! different records different ones. The id is made of the record's bytes, and of how many of the very same bytes
//! stand before it in what was read at once; it depends neither on the list nor on anything remembered, so that a
//! crash, a second connector or a Redis that comes back with its state of a second ago changes nothing.
//!
//! Its price: two requests whose records are the same to the last byte, nanosecond of their time included, and that
//! are read apart, count as one.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

/// Bytes of the hash that are kept.
const ID_BYTES: usize = 16;
/// What ids begin with, so that they can be told from ids of other senders.
const PREFIX: &str = "tyk-";

/// Makes the ids of what is read at once, in its order.
#[derive(Debug, Default)]
pub struct RequestIds {
    seen: HashMap<[u8; ID_BYTES], u64>,
}

impl RequestIds {
    /// The id of the next record.
    pub fn next(&mut self, record: &[u8]) -> String {
        let mut hash = [0; ID_BYTES];
        hash.copy_from_slice(&Sha256::digest(record)[..ID_BYTES]);
        let before = self.seen.entry(hash).or_default();
        let number = u128::from_be_bytes(hash);
        let id = match *before {
            0 => format!("{PREFIX}{number:032x}"),
            again => format!("{PREFIX}{number:032x}-{again}"),
        };
        *before += 1;
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_read_again_gives_the_same_ids_however_much_follows_it() {
        let ids = |records: &[&[u8]]| -> Vec<String> {
            let mut ids = RequestIds::default();
            records.iter().map(|record| ids.next(record)).collect()
        };
        let short = ids(&[b"a", b"b", b"a"]);
        assert_eq!(short, ids(&[b"a", b"b", b"a", b"a", b"c"])[..3]);
        assert_eq!(short[0], "tyk-ca978112ca1bbdcafac231b39a23dc4d");
        assert_eq!(short[2], format!("{}-1", short[0]));
        assert_ne!(short[0], short[1]);
    }
}

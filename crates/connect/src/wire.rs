//! A record's bytes, read into a [`GatewayRecord`].
//!
//! Promise: any bytes give a checked record or a reason; nothing is read beyond them, and nothing panics.

mod instant;
pub mod messagepack;
pub mod protobuf;
mod text;

use crate::gateway_record::{GatewayRecord, Unusable};
use crate::lists::Encoding;

/// Longest record that is looked at, in bytes: with request and response recorded a record can be large, but a request
/// of this size was not meant to be analytics.
pub const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;

/// Reads one record.
///
/// # Errors
/// [`Unusable`]: why it cannot be stored.
pub fn read(encoding: Encoding, bytes: &[u8]) -> Result<GatewayRecord, Unusable> {
    if bytes.len() > MAX_RECORD_BYTES {
        return Err(Unusable::new("the record is too long"));
    }
    let record = match encoding {
        Encoding::MessagePack => messagepack::read(bytes),
        Encoding::Protobuf => protobuf::read(bytes),
    }?;
    record.checked()
}

#[cfg(test)]
mod tests;

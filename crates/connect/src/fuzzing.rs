//! The readers of a gateway's records as fuzz targets: each takes any bytes, and panics where a reader breaks its promise.
//!
//! For tests and for `cargo fuzz`, which sets `cfg(fuzzing)`: no other build has this module. What the targets are and
//! how they are run stands in `fuzz/README.md`.

use crate::gateway_record::GatewayRecord;
use crate::lists::Encoding;
use crate::request_id::RequestIds;
use crate::wire;

/// `P` and a record in Protobuf, or a record in MessagePack, which never begins so.
///
/// Checking a checked record changes nothing, and a record's id is of its bytes alone.
pub fn gateway_record(data: &[u8]) {
    let (encoding, data) = match data.split_first() {
        Some((b'P', record)) => (Encoding::Protobuf, record),
        _ => (Encoding::MessagePack, data),
    };
    match wire::read(encoding, data) {
        Ok(record) => {
            assert!(!record.api_id.is_empty() && !record.path.is_empty(), "a record can be stored");
            assert_eq!(record.clone().checked().as_ref(), Ok(&record), "what was checked is good");
            assert_eq!(wire::read(encoding, data), Ok::<GatewayRecord, _>(record));
            assert_eq!(RequestIds::default().next(data), RequestIds::default().next(data));
        }
        Err(reason) => assert!(!reason.0.is_empty(), "a refusal has a reason"),
    }
}

#[cfg(test)]
mod any_bytes_are_taken_by {
    tidegauge_fuzz_replay::tests! { gateway_record }
}

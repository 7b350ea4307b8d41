//! A Go `time.Time` as it stands in a record: seconds and nanoseconds, or MessagePack's timestamp extension.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use tidegauge_facts::Micros;
use tidegauge_facts::time::{EARLIEST, LATEST, SECOND};

use crate::gateway_record::Unusable;

/// Go's zero time, 0001-01-01T00:00:00Z, in Unix seconds: nobody has set it.
const ZERO_TIME: i64 = -62_135_596_800;
const NANOS: i64 = 1_000_000_000;
/// MessagePack's type of a timestamp.
const TIMESTAMP: i8 = -1;

/// Unix seconds, and nanoseconds into them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    pub seconds: i64,
    pub nanos: i64,
}

impl Instant {
    /// As it is kept; `None` for Go's zero time.
    pub fn kept(self) -> Result<Option<Micros>, Unusable> {
        if self == (Self { seconds: ZERO_TIME, nanos: 0 }) {
            return Ok(None);
        }
        let micros = self.seconds.checked_mul(SECOND).map(|micros| Micros(micros + self.nanos / 1000));
        micros
            .filter(|at| (EARLIEST..=LATEST).contains(at) && (0..NANOS).contains(&self.nanos))
            .map(Some)
            .ok_or_else(|| Unusable::new("TimeStamp is no instant"))
    }

    /// The three widths of MessagePack's timestamp.
    fn from_extension(bytes: &[u8]) -> Option<Self> {
        let unsigned = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        match bytes.len() {
            4 => Some(Self { seconds: unsigned(bytes) as i64, nanos: 0 }),
            8 => {
                let both = unsigned(bytes);
                Some(Self { seconds: (both & ((1 << 34) - 1)) as i64, nanos: (both >> 34) as i64 })
            }
            12 => {
                let (nanos, seconds) = bytes.split_at(4);
                Some(Self { seconds: unsigned(seconds) as i64, nanos: unsigned(nanos) as i64 })
            }
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = Instant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Instant, A::Error> {
        let missing = || A::Error::custom("a time has seconds and nanoseconds");
        let seconds = list.next_element()?.ok_or_else(missing)?;
        let nanos = list.next_element()?.ok_or_else(missing)?;
        Ok(Instant { seconds, nanos })
    }

    /// How the reader of MessagePack shows an extension: its type and its bytes.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, extension: D) -> Result<Instant, D::Error> {
        match <(i8, Timestamp)>::deserialize(extension)? {
            (TIMESTAMP, Timestamp(Some(instant))) => Ok(instant),
            _ => Err(D::Error::custom("the extension is no timestamp")),
        }
    }
}

/// The bytes of a timestamp extension, if they are that.
struct Timestamp(Option<Instant>);

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Widths)
    }
}

struct Widths;

impl Visitor<'_> for Widths {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("4, 8 or 12 bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Timestamp, E> {
        Ok(Timestamp(Instant::from_extension(bytes)))
    }
}

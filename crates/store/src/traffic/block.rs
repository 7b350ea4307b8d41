//! Blocks: some entries that follow each other, as bytes.
//!
//! An entry says how much of its key it shares with the one before, the rest of the key, and its measure in numbers of
//! variable length, small as most of them are. A block begins without a key before it, so that it can be read alone.

use super::measure::Measure;

/// Entries being written.
#[derive(Debug, Default)]
pub(super) struct BlockWriter {
    pub bytes: Vec<u8>,
    key: Vec<u8>,
    last_hit: i64,
}

impl BlockWriter {
    /// Appends an entry; keys come in ascending order.
    pub fn push(&mut self, key: &[u8], measure: &Measure) {
        let shared = self.key.iter().zip(key).take_while(|(a, b)| a == b).count();
        write_number(&mut self.bytes, shared as u64);
        write_number(&mut self.bytes, (key.len() - shared) as u64);
        self.bytes.extend_from_slice(&key[shared..]);
        self.key.truncate(shared);
        self.key.extend_from_slice(&key[shared..]);
        write_measure(&mut self.bytes, measure, self.last_hit);
        self.last_hit = measure.last_hit;
    }

    /// Begins a new block.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.key.clear();
        self.last_hit = 0;
    }
}

/// Reads a block's entries, first to last.
#[derive(Debug)]
pub(super) struct BlockReader {
    bytes: Vec<u8>,
    at: usize,
    last_hit: i64,
    pub key: Vec<u8>,
    pub measure: Measure,
}

/// A block ends in the middle of an entry, or says what cannot be.
#[derive(Debug)]
pub(super) struct Malformed;

impl BlockReader {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0, last_hit: 0, key: Vec::new(), measure: Measure::NONE }
    }

    /// Goes to the next entry; false at the end.
    pub fn advance(&mut self) -> Result<bool, Malformed> {
        if self.at == self.bytes.len() {
            return Ok(false);
        }
        let mut rest = &self.bytes[self.at..];
        let shared = usize::try_from(read_number(&mut rest)?).map_err(|_| Malformed)?;
        let more = usize::try_from(read_number(&mut rest)?).map_err(|_| Malformed)?;
        if shared > self.key.len() || more > rest.len() {
            return Err(Malformed);
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(&rest[..more]);
        rest = &rest[more..];
        self.measure = read_measure(&mut rest, self.last_hit)?;
        self.last_hit = self.measure.last_hit;
        self.at = self.bytes.len() - rest.len();
        Ok(true)
    }
}

/// A single request's measure, the most common by far, is its own minimum and maximum: it says so by a low bit.
fn write_measure(bytes: &mut Vec<u8>, measure: &Measure, last_hit: i64) {
    let Measure { hits, success, errors, .. } = *measure;
    let mut number = |value| write_number(bytes, value);
    let kind = match hits {
        1 => 1 + success + 2 * errors,
        _ => 0,
    };
    number(hits << 2 | kind);
    number(zigzag(measure.last_hit.wrapping_sub(last_hit)));
    number(measure.latency);
    number(zigzag(measure.request_time.wrapping_sub(measure.latency).cast_signed()));
    number(zigzag(measure.latency.wrapping_sub(measure.upstream).cast_signed()));
    if hits != 1 {
        [
            success,
            errors,
            measure.max_latency,
            measure.max_upstream,
            measure.min_latency,
            measure.min_upstream,
        ]
        .into_iter()
        .for_each(number);
    }
}

fn read_measure(rest: &mut &[u8], last_hit: i64) -> Result<Measure, Malformed> {
    let head = read_number(rest)?;
    let (hits, kind) = (head >> 2, head & 3);
    let last_hit = last_hit.wrapping_add(unzigzag(read_number(rest)?));
    let latency = read_number(rest)?;
    let request_time = latency.wrapping_add(unzigzag(read_number(rest)?).cast_unsigned());
    let upstream = latency.wrapping_sub(unzigzag(read_number(rest)?).cast_unsigned());
    let mut measure = Measure {
        hits,
        success: u64::from(kind == 2),
        errors: u64::from(kind == 3),
        last_hit,
        request_time,
        latency,
        upstream,
        max_latency: latency,
        max_upstream: upstream,
        min_latency: latency,
        min_upstream: upstream,
    };
    if kind == 0 {
        measure.success = read_number(rest)?;
        measure.errors = read_number(rest)?;
        measure.max_latency = read_number(rest)?;
        measure.max_upstream = read_number(rest)?;
        measure.min_latency = read_number(rest)?;
        measure.min_upstream = read_number(rest)?;
    }
    Ok(measure)
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
pub(super) fn write_number(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

pub(super) fn read_number(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (&byte, more) = rest.split_first().ok_or(Malformed)?;
        *rest = more;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
        shift += 7;
        if shift > 63 {
            return Err(Malformed);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn measure() -> impl Strategy<Value = Measure> {
        let number = || prop_oneof![0..200_u64, any::<u32>().prop_map(u64::from), any::<u64>()];
        let many = (1..1_u64 << 60, any::<i64>(), proptest::array::uniform9(number())).prop_map(
            |(hits, last_hit, n)| Measure {
                hits,
                success: n[0],
                errors: n[1],
                last_hit,
                request_time: n[2],
                latency: n[3],
                upstream: n[4],
                max_latency: n[5],
                max_upstream: n[6],
                min_latency: n[7],
                min_upstream: n[8],
            },
        );
        let one = (100..600_i64, any::<i64>(), number(), number(), number()).prop_map(
            |(code, at, request_time, latency, upstream)| {
                Measure::from(super::super::Hit { code, at, request_time, latency, upstream })
            },
        );
        prop_oneof![many.prop_filter("one hit is one request's", |many| many.hits > 1), one]
    }

    proptest! {
        #[test]
        fn entries_are_read_as_written(
            entries in proptest::collection::btree_map(proptest::collection::vec(0..3_u8, 0..12), measure(), 0..30)
        ) {
            let mut writer = BlockWriter::default();
            entries.iter().for_each(|(key, measure)| writer.push(key, measure));
            let mut reader = BlockReader::new(writer.bytes.clone());
            for (key, measure) in &entries {
                prop_assert!(reader.advance().unwrap());
                prop_assert_eq!(&reader.key, key);
                prop_assert_eq!(&reader.measure, measure);
            }
            prop_assert!(!reader.advance().unwrap());
        }

        #[test]
        fn whatever_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = BlockReader::new(bytes);
            while let Ok(true) = reader.advance() {}
        }
    }
}

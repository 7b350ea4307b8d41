//! Parts, written and read.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::measure::{Hit, Measure};
use super::*;

/// Keys of which many begin alike for longer than the index keeps of them.
fn key() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![0..4_usize, 120..140_usize];
    (length, prop::collection::vec(0..6_u8, 0..6)).prop_map(|(length, end)| {
        let mut key = vec![7; length];
        key.extend(end);
        key
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_range_of_keys_is_read_whole_wherever_blocks_begin(
        keys in prop::collection::btree_set(key(), 1..2000),
        ranges in prop::collection::vec((key(), key()), 20),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = PartWriter::begin(dir.path(), 1).unwrap();
        let entries: BTreeMap<Vec<u8>, Measure> = keys.into_iter().zip(0..).map(|(key, at)| {
            let hit = Hit { code: 200, at: at * 1_000_003, request_time: 1 << 40, latency: 1 << 50, upstream: 3 };
            (key, Measure::from(hit))
        }).collect();
        entries.iter().for_each(|(key, measure)| writer.push(key, measure).unwrap());
        let part = Part::new(dir.path(), writer.finish().unwrap());
        for (from, to) in ranges {
            let mut read = Vec::new();
            part.visit(&from, &to, |key, measure| read.push((key.to_vec(), *measure))).unwrap();
            let expected: Vec<_> = entries
                .iter()
                .filter(|(key, _)| **key >= from && **key < to)
                .map(|(key, measure)| (key.clone(), *measure))
                .collect();
            prop_assert_eq!(read, expected);
        }
        part.verify().unwrap();
    }
}

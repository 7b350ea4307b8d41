//! The fuzz target of the readers of a part.

use std::cell::OnceCell;
use std::fs;
use std::path::PathBuf;

use super::block::BlockReader;
use super::key;
use super::measure::{Hit, Measure};
use super::part::{Part, PartMeta, PartWriter};
use super::{Family, Level, Traffic, Wanted};
use crate::error::StoreError;
use crate::fuzzing::{Scratch, damaged};

const TENANT: &str = "acme";

/// A good part, and what is in it.
struct Good {
    scratch: Scratch,
    meta: PartMeta,
    content: Vec<u8>,
    entries: Vec<(Vec<u8>, Measure)>,
}

thread_local! {
    static GOOD: OnceCell<Option<Good>> = const { OnceCell::new() };
}

/// A byte that says what follows: damage to a good part, an index, or a block, with checksums that fit.
///
/// What is read of a damaged part is what was written, as far as it is read at all.
pub fn traffic_part(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    GOOD.with(|good| {
        let good = good.get_or_init(|| Good::make().ok());
        let Some(good) = good else { return assert!(good.is_some(), "a good part is written") };
        match kind % 3 {
            0 => {
                let file = damaged(&good.content, rest);
                let has_changed = file != good.content;
                let entries = good.read(&file, good.meta.clone());
                assert!(good.entries.starts_with(&entries), "what is read is what was written");
                assert!(has_changed || entries.len() == good.entries.len(), "a good part is read whole");
            }
            1 => {
                let index = rest.to_vec();
                let mut file = good.content.clone();
                let at = file.len() as u64;
                file.extend_from_slice(&index);
                file.extend_from_slice(&at.to_le_bytes());
                file.extend_from_slice(&(index.len() as u64).to_le_bytes());
                file.extend_from_slice(&crc32c::crc32c(&index).to_le_bytes());
                file.extend_from_slice(b"TGTRAF01");
                good.read(&file, PartMeta { bytes: file.len() as u64, ..good.meta.clone() });
            }
            _ => block(rest),
        }
    });
}

/// Whatever a block's checksum fits on is read to an end.
fn block(bytes: &[u8]) {
    let mut reader = BlockReader::new(bytes.to_vec());
    let mut entries = 0;
    while let Ok(true) = reader.advance() {
        entries += 1;
        assert!(entries <= bytes.len(), "an entry takes a byte at least");
    }
}

impl Good {
    fn make() -> Result<Self, StoreError> {
        let scratch = Scratch::new("traffic");
        let mut entries = Vec::new();
        for family in Family::ALL {
            for level in [Level::Hour, Level::Day] {
                for span in 0..40 {
                    let hit = Hit { code: 200, at: span, request_time: 9, latency: 8, upstream: 7 };
                    entries.push((key_of(family, level, span), Measure::from(hit)));
                }
            }
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        let mut writer = PartWriter::begin(scratch.path(), 1)?;
        for (key, measure) in &entries {
            writer.push(key, measure)?;
        }
        let meta = writer.finish()?;
        let path = Self::path(&scratch);
        let content = fs::read(&path).map_err(StoreError::io("cannot read", &path))?;
        Ok(Self { scratch, meta, content, entries })
    }

    fn path(scratch: &Scratch) -> PathBuf {
        scratch.path().join("traffic-0000000001.part")
    }

    /// What can be read of a file in place of the good one, by a reader of all and by one of a range.
    fn read(&self, file: &[u8], meta: PartMeta) -> Vec<(Vec<u8>, Measure)> {
        let mut entries = Vec::new();
        if fs::write(Self::path(&self.scratch), file).is_err() {
            return entries;
        }
        let traffic = Traffic::of_parts(self.scratch.path(), vec![meta]);
        let wanted =
            Wanted { tenant: TENANT, family: Family::Key, who: "key", level: Level::Day, spans: 5..20 };
        _ = traffic.visit(&wanted, |entry| _ = entry.texts.read());
        for part in &traffic.parts {
            let part: &Part = part;
            _ = part.verify();
            if let Ok(open) = part.open() {
                let mut reader = part.entries(&open);
                while let Ok(true) = reader.advance() {
                    entries.push((reader.key().to_vec(), *reader.measure()));
                }
            }
        }
        entries
    }
}

fn key_of(family: Family, level: Level, span: i64) -> Vec<u8> {
    let mut key = Vec::new();
    key::begin(&mut key, family, level, TENANT, "key");
    let mut key = key::at_span(&key, span);
    for text in ["api", "/orders", "name", "p"] {
        key::write_text(&mut key, text);
    }
    key
}

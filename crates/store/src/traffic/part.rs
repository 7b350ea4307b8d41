//! A part: a file of sorted entries, in compressed blocks, with an index of the blocks' first keys at its end.
//!
//! Promise: a part is whole on the disk before a manifest names it, and is never changed after. Each block's checksum is
//! verified whenever it is read; a damaged part is refused by its name.
//!
//! `blocks, index, trailer`: the trailer is the index's place (8 bytes), length (8) and CRC-32C (4), low bytes first, and
//! eight bytes that say what the file is.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::block::{BlockReader, BlockWriter, Malformed, read_number, write_number};
use super::key::is_of_hour;
use super::measure::Measure;
use crate::directory::sync_dir;
use crate::error::StoreError;

/// A block is closed at so many bytes before compression: a report reads a few of the coarse levels', and long runs of hours.
const BLOCK_BYTES: usize = 4 * 1024;
const HOUR_BLOCK_BYTES: usize = 16 * 1024;
/// A block is refused when it says that it is longer: what is held in memory for one.
const MAX_BLOCK_BYTES: u64 = 4 * 1024 * 1024;
/// zstd's level: these files are read again soon.
const COMPRESSION: i32 = 1;
/// So much of a block's first key is kept in the index: what is in memory for a block is bounded.
const MAX_INDEX_KEY_BYTES: usize = 128;
const MAGIC: [u8; 8] = *b"TGTRAF01";
const TRAILER_BYTES: u64 = 28;

/// What the manifest says of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartMeta {
    /// The file's number.
    pub number: u64,
    /// Entries.
    pub entries: u64,
    /// Length of the file.
    pub bytes: u64,
}

/// A part's file. It stays readable while somebody holds this, also once it is obsolete.
#[derive(Debug)]
pub(crate) struct Part {
    pub meta: PartMeta,
    path: PathBuf,
    is_damaged: AtomicBool,
    is_obsolete: AtomicBool,
    /// Read when an entry is first asked for.
    open: OnceLock<Arc<OpenPart>>,
}

impl Drop for Part {
    fn drop(&mut self) {
        if *self.is_obsolete.get_mut()
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(file = %self.path.display(), %error, "cannot remove a merged part");
        }
    }
}

impl Part {
    pub fn new(dir: &Path, meta: PartMeta) -> Self {
        Self {
            path: dir.join(name(meta.number)),
            meta,
            is_damaged: false.into(),
            is_obsolete: false.into(),
            open: OnceLock::new(),
        }
    }

    /// Visits the entries with `from <= key < to`.
    pub fn visit(
        &self,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8], &Measure),
    ) -> Result<(), StoreError> {
        let open = self.open()?;
        let mut entries = Entries { part: self, open: &open, next_block: open.block_of(from), block: None };
        let mut is_before = true;
        while entries.advance()? && entries.key() < to {
            is_before &= entries.key() < from;
            if !is_before {
                visit(entries.key(), entries.measure());
            }
        }
        Ok(())
    }

    /// All entries, to be gone through one by one.
    pub fn entries<'p>(&'p self, open: &'p OpenPart) -> Entries<'p> {
        Entries { part: self, open, next_block: 0, block: None }
    }

    pub fn open(&self) -> Result<Arc<OpenPart>, StoreError> {
        if let Some(open) = self.open.get() {
            return Ok(Arc::clone(open));
        }
        let open =
            OpenPart::read(&self.path, self.meta.bytes).inspect_err(|error| self.mark_if_damaged(error))?;
        Ok(Arc::clone(self.open.get_or_init(|| Arc::new(open))))
    }

    /// Reads the file whole.
    pub fn verify(&self) -> Result<(), StoreError> {
        let open = self.open()?;
        let mut entries = self.entries(&open);
        let mut count = 0;
        while entries.advance()? {
            count += 1;
        }
        match count == self.meta.entries {
            true => Ok(()),
            false => Err(self.damaged(format!("it has {count} entries, not {}", self.meta.entries))),
        }
    }

    /// True once a read of it has failed, or if it is missing.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    fn mark_if_damaged(&self, error: &StoreError) {
        // A file that is not there will not come back either.
        if matches!(error, StoreError::Damaged { .. }) || !self.path.exists() {
            self.is_damaged.store(true, Ordering::Relaxed);
        }
    }

    fn damaged(&self, reason: impl ToString) -> StoreError {
        let error = StoreError::damaged(&self.path, reason);
        self.mark_if_damaged(&error);
        error
    }

    /// The file goes once nobody holds it any more.
    pub fn make_obsolete(&self) {
        self.is_obsolete.store(true, Ordering::Relaxed);
    }
}

/// An open file, and where its blocks are.
#[derive(Debug)]
pub(crate) struct OpenPart {
    file: File,
    /// The beginnings of the blocks' first keys, one after the other.
    keys: Vec<u8>,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    at: u64,
    /// Where its first key ends in the list of them.
    key_end: u32,
    bytes: u32,
    /// Its length before compression.
    raw_bytes: u32,
    crc32c: u32,
}

thread_local! {
    /// One a thread: a decompressor is costlier than a block.
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

impl OpenPart {
    fn read(path: &Path, bytes: u64) -> Result<Self, StoreError> {
        let damaged = |reason: &str| StoreError::damaged(path, reason);
        let file = File::open(path).map_err(StoreError::io("cannot read", path))?;
        let length = file.metadata().map_err(StoreError::io("cannot read", path))?.len();
        if length != bytes || bytes < TRAILER_BYTES {
            return Err(damaged(&format!("it is {length} bytes long, not {bytes}")));
        }
        let read = |at: u64, bytes: usize| {
            let mut content = vec![0; bytes];
            file.read_exact_at(&mut content, at)
                .map_err(StoreError::io("cannot read", path))
                .map(|()| content)
        };
        let trailer = read(bytes - TRAILER_BYTES, TRAILER_BYTES as usize)?;
        let number =
            |at: usize| trailer[at..at + 8].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let (at, index_bytes, crc) = (number(0), number(8), number(16) as u32);
        if trailer[20..] != MAGIC || at.checked_add(index_bytes) != Some(bytes - TRAILER_BYTES) {
            return Err(damaged("its end is not one of a part"));
        }
        let index = read(at, usize::try_from(index_bytes).map_err(|_| damaged("its index is too long"))?)?;
        if crc32c::crc32c(&index) != crc {
            return Err(damaged("its index's checksum is wrong"));
        }
        let (keys, blocks) = read_index(&index).map_err(|Malformed| damaged("its index is malformed"))?;
        Ok(Self { file, keys, blocks })
    }

    /// The block to begin with to meet every entry from `key` on: the last one that begins before it for sure.
    fn block_of(&self, key: &[u8]) -> usize {
        let key = &key[..key.len().min(MAX_INDEX_KEY_BYTES)];
        let first = |n: usize| {
            let begin = n.checked_sub(1).map_or(0, |before| self.blocks[before].key_end);
            &self.keys[begin as usize..self.blocks[n].key_end as usize]
        };
        let (mut start, mut end) = (0, self.blocks.len());
        while start < end {
            let middle = start + (end - start) / 2;
            match first(middle) < key {
                true => start = middle + 1,
                false => end = middle,
            }
        }
        start.saturating_sub(1)
    }
}

fn read_index(mut rest: &[u8]) -> Result<(Vec<u8>, Vec<Block>), Malformed> {
    let (mut keys, mut blocks, mut at) = (Vec::new(), Vec::new(), 0_u64);
    let rest = &mut rest;
    while !rest.is_empty() {
        let key = usize::try_from(read_number(rest)?).map_err(|_| Malformed)?;
        let (first, more) = rest.split_at_checked(key).ok_or(Malformed)?;
        keys.extend_from_slice(first);
        *rest = more;
        let [bytes, raw_bytes] = [read_number(rest)?, read_number(rest)?];
        let crc32c = u32::try_from(read_number(rest)?).map_err(|_| Malformed)?;
        if raw_bytes.max(bytes) > MAX_BLOCK_BYTES {
            return Err(Malformed);
        }
        let key_end = u32::try_from(keys.len()).map_err(|_| Malformed)?;
        // Both are below `MAX_BLOCK_BYTES`.
        blocks.push(Block { at, key_end, bytes: bytes as u32, raw_bytes: raw_bytes as u32, crc32c });
        at += bytes;
    }
    keys.shrink_to_fit();
    blocks.shrink_to_fit();
    Ok((keys, blocks))
}

/// A part's entries, one after the other.
pub(crate) struct Entries<'p> {
    part: &'p Part,
    open: &'p OpenPart,
    next_block: usize,
    block: Option<BlockReader>,
}

impl Entries<'_> {
    /// Goes to the next entry; false at the end.
    pub fn advance(&mut self) -> Result<bool, StoreError> {
        loop {
            if let Some(block) = &mut self.block
                && block.advance().map_err(|Malformed| self.part.damaged("a block is malformed"))?
            {
                return Ok(true);
            }
            let Some(block) = self.open.blocks.get(self.next_block) else {
                self.block = None;
                return Ok(false);
            };
            self.next_block += 1;
            self.block = Some(BlockReader::new(self.read(block)?));
        }
    }

    /// The key of the entry it is at; empty before the first and after the last.
    pub fn key(&self) -> &[u8] {
        self.block.as_ref().map_or(&[], |block| block.key.as_slice())
    }

    /// The measure of the entry it is at.
    pub fn measure(&self) -> &Measure {
        const NONE: &Measure = &Measure::NONE;
        self.block.as_ref().map_or(NONE, |block| &block.measure)
    }

    fn read(&self, block: &Block) -> Result<Vec<u8>, StoreError> {
        let path = &self.part.path;
        let mut content = vec![0; block.bytes as usize];
        self.open.file.read_exact_at(&mut content, block.at).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.part.damaged("it ends early"),
            _ => StoreError::io("cannot read", path)(error),
        })?;
        if crc32c::crc32c(&content) != block.crc32c {
            return Err(self.part.damaged("a block's checksum is wrong"));
        }
        let decompressed = DECOMPRESSOR.with_borrow_mut(|decompressor| {
            let decompressor = match decompressor {
                Some(decompressor) => decompressor,
                none => none.insert(zstd::bulk::Decompressor::new()?),
            };
            decompressor.decompress(&content, block.raw_bytes as usize)
        });
        decompressed.map_err(|error| self.part.damaged(error))
    }
}

/// A part being written.
pub(super) struct PartWriter {
    path: PathBuf,
    dir: PathBuf,
    meta: PartMeta,
    file: BufWriter<File>,
    compressor: zstd::bulk::Compressor<'static>,
    block: BlockWriter,
    first_key: Vec<u8>,
    index: Vec<u8>,
    at: u64,
    is_finished: bool,
}

impl Drop for PartWriter {
    /// Half a part is none, and must not take the last of the disk.
    fn drop(&mut self) {
        if !self.is_finished
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(file = %self.path.display(), %error, "cannot remove an unfinished part");
        }
    }
}

impl PartWriter {
    pub fn begin(dir: &Path, number: u64) -> Result<Self, StoreError> {
        let path = dir.join(name(number));
        let begin = || Ok((File::create(&path)?, zstd::bulk::Compressor::new(COMPRESSION)?));
        let (file, compressor) = begin().map_err(StoreError::io("cannot write", &path))?;
        Ok(Self {
            path,
            dir: dir.to_owned(),
            meta: PartMeta { number, entries: 0, bytes: 0 },
            file: BufWriter::with_capacity(1 << 18, file),
            compressor,
            block: BlockWriter::default(),
            first_key: Vec::new(),
            index: Vec::new(),
            at: 0,
            is_finished: false,
        })
    }

    /// Appends an entry; keys come in ascending order, each once.
    pub fn push(&mut self, key: &[u8], measure: &Measure) -> Result<(), StoreError> {
        if self.block.bytes.is_empty() {
            self.first_key.clear();
            self.first_key.extend_from_slice(key);
        }
        self.block.push(key, measure);
        self.meta.entries += 1;
        if self.block.bytes.len() >= if is_of_hour(key) { HOUR_BLOCK_BYTES } else { BLOCK_BYTES } {
            self.end_block()?;
        }
        Ok(())
    }

    /// Entries so far.
    pub fn entries(&self) -> u64 {
        self.meta.entries
    }

    fn end_block(&mut self) -> Result<(), StoreError> {
        let mut write = || {
            let block = self.compressor.compress(&self.block.bytes)?;
            self.file.write_all(&block)?;
            let first = &self.first_key[..self.first_key.len().min(MAX_INDEX_KEY_BYTES)];
            write_number(&mut self.index, first.len() as u64);
            self.index.extend_from_slice(first);
            write_number(&mut self.index, block.len() as u64);
            write_number(&mut self.index, self.block.bytes.len() as u64);
            write_number(&mut self.index, u64::from(crc32c::crc32c(&block)));
            self.at += block.len() as u64;
            Ok(())
        };
        write().map_err(StoreError::io("cannot write", &self.path))?;
        self.block.clear();
        Ok(())
    }

    /// Makes the file whole and durable.
    pub fn finish(mut self) -> Result<PartMeta, StoreError> {
        if !self.block.bytes.is_empty() {
            self.end_block()?;
        }
        let mut write = || {
            self.file.write_all(&self.index)?;
            self.file.write_all(&self.at.to_le_bytes())?;
            self.file.write_all(&(self.index.len() as u64).to_le_bytes())?;
            self.file.write_all(&crc32c::crc32c(&self.index).to_le_bytes())?;
            self.file.write_all(&MAGIC)?;
            self.file.flush()?;
            self.file.get_ref().sync_all()?;
            sync_dir(&self.dir)
        };
        write().map_err(StoreError::io("cannot write", &self.path))?;
        self.is_finished = true;
        self.meta.bytes = self.at + self.index.len() as u64 + TRAILER_BYTES;
        Ok(self.meta.clone())
    }
}

fn name(number: u64) -> String {
    format!("traffic-{number:010}.part")
}

/// Removes the parts that no manifest names: a crash left them half done, or they are of another version.
pub(crate) fn remove_orphans(dir: &Path, known: &[Arc<Part>]) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(StoreError::io("cannot read", dir))? {
        let path = entry.map_err(StoreError::io("cannot read", dir))?.path();
        let is_part = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
            name.strip_prefix("traffic-").and_then(|rest| rest.strip_suffix(".part")).is_some()
        });
        if is_part && !known.iter().any(|part| part.path == path) {
            tracing::info!(file = %path.display(), "removing a part that no manifest names");
            fs::remove_file(&path).map_err(StoreError::io("cannot remove", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::measure::Hit;
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
}

//! Reading a part: its index, kept in memory, and its blocks, read when an entry of theirs is wanted.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::super::block::{BlockReader, Malformed, read_number};
use super::super::measure::Measure;
use super::{MAGIC, MAX_INDEX_KEY_BYTES, Part, TRAILER_BYTES};
use crate::error::StoreError;

/// A block is refused when it says that it is longer: what is held in memory for one.
const MAX_BLOCK_BYTES: u64 = 4 * 1024 * 1024;

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
    /// Opens a file of so many bytes, and reads its index.
    pub fn read(path: &Path, bytes: u64) -> Result<Self, StoreError> {
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

impl<'p> Entries<'p> {
    /// From the first one on.
    pub fn all(part: &'p Part, open: &'p OpenPart) -> Self {
        Self { part, open, next_block: 0, block: None }
    }

    /// From one on that is not behind `key`.
    pub fn from(part: &'p Part, open: &'p OpenPart, key: &[u8]) -> Self {
        Self { part, open, next_block: open.block_of(key), block: None }
    }

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

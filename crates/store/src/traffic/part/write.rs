//! Writing a part: entry after entry, block after block, and the index last.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::super::block::{BlockWriter, write_number};
use super::super::key::is_of_hour;
use super::super::measure::Measure;
use super::{MAGIC, MAX_INDEX_KEY_BYTES, PartMeta, TRAILER_BYTES, name};
use crate::directory::sync_dir;
use crate::error::StoreError;

/// A block is closed at so many bytes before compression: a report reads a few of the coarse levels', and long runs of hours.
const BLOCK_BYTES: usize = 4 * 1024;
const HOUR_BLOCK_BYTES: usize = 16 * 1024;
/// zstd's level: these files are read again soon.
const COMPRESSION: i32 = 1;

/// A part being written.
pub(in crate::traffic) struct PartWriter {
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

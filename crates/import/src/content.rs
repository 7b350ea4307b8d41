//! A file's content, whatever it is compressed with, from any byte on.
//!
//! The compression is told by the first bytes, not by the name: a rotated log is renamed and compressed, and its
//! content is still the same. Members and frames that follow each other are one content, as `zcat` reads them.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

/// Bytes read from the file at a time.
const READ_BYTES: usize = 256 * 1024;
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Where content comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    File(PathBuf),
    /// It cannot be read twice.
    Stdin,
}

impl Source {
    /// As it is named in messages.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Stdin => Path::new("-"),
        }
    }

    /// The content from byte `offset` on; `read` counts the bytes of the file that were read, compressed as they are.
    pub fn open(&self, offset: u64, read: &Arc<AtomicU64>) -> io::Result<Content> {
        let mut magic = Vec::with_capacity(4);
        match self {
            Self::Stdin => {
                let mut input = io::stdin();
                Read::by_ref(&mut input).take(4).read_to_end(&mut magic)?;
                Content::new(Box::new(io::Cursor::new(magic.clone()).chain(input)), &magic, offset, read)
            }
            Self::File(path) => {
                let mut file = File::open(path)?;
                Read::by_ref(&mut file).take(4).read_to_end(&mut magic)?;
                if compression(&magic).is_none() {
                    // What is beyond the end of the file is found out by reading.
                    file.seek(SeekFrom::Start(offset))?;
                    read.store(offset, Ordering::Relaxed);
                    return Content::new(Box::new(file), &magic, 0, read);
                }
                file.seek(SeekFrom::Start(0))?;
                read.store(0, Ordering::Relaxed);
                Content::new(Box::new(file), &magic, offset, read)
            }
        }
    }
}

/// Decompressed bytes.
pub(crate) struct Content {
    reader: Box<dyn Read + Send>,
    /// True when the file is not compressed: a log that may still be growing.
    pub is_plain: bool,
}

impl Content {
    fn new(raw: Box<dyn Read + Send>, magic: &[u8], skip: u64, read: &Arc<AtomicU64>) -> io::Result<Self> {
        let counted = BufReader::with_capacity(READ_BYTES, Counted { raw, read: Arc::clone(read) });
        let compression = compression(magic);
        let mut reader: Box<dyn Read + Send> = match compression {
            Some(Compression::Gzip) => Box::new(MultiGzDecoder::new(counted)),
            Some(Compression::Zstd) => Box::new(zstd::stream::read::Decoder::with_buffer(counted)?),
            None => Box::new(counted),
        };
        io::copy(&mut Read::by_ref(&mut reader).take(skip), &mut io::sink())?;
        Ok(Self { reader, is_plain: compression.is_none() })
    }

    #[cfg(any(test, fuzzing))]
    pub fn of(reader: impl Read + Send + 'static) -> Self {
        Self { reader: Box::new(reader), is_plain: true }
    }

    /// The content behind `head`, which was read from it.
    pub fn behind(self, head: Vec<u8>) -> Self {
        Self { reader: Box::new(io::Cursor::new(head).chain(self.reader)), ..self }
    }

    /// Up to `most` bytes.
    pub fn read_up_to(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Read::by_ref(&mut self.reader).take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into)
    }
}

enum Compression {
    Gzip,
    Zstd,
}

fn compression(magic: &[u8]) -> Option<Compression> {
    if magic.starts_with(GZIP_MAGIC) {
        Some(Compression::Gzip)
    } else if magic.starts_with(ZSTD_MAGIC) {
        Some(Compression::Zstd)
    } else {
        None
    }
}

struct Counted {
    raw: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(into)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

//! A file as it was written: its length and its SHA-256.
//!
//! Promise: [`Copied::of`] returns once the file is on the disk, and its sum is of the bytes that were written.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Who may read and write a new file.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Its owner.
    Owner,
    /// Its owner, who may only read it: a backup does not change, whatever command it is taken for.
    ReadOnly,
}

impl Access {
    /// As the file system has it.
    pub fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::ReadOnly => 0o400,
        }
    }
}

/// A file's length and sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Length.
    pub bytes: u64,
    /// SHA-256 of the content, as hexadecimal digits.
    pub sha256: String,
}

impl Copied {
    /// Makes the new file `path` of what `write` writes.
    pub fn of<E: From<io::Error>>(
        path: &Path,
        access: Access,
        write: impl FnOnce(&mut Summing<BufWriter<File>>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let file = OpenOptions::new().write(true).create_new(true).mode(access.mode()).open(path)?;
        let mut summing = Summing::new(BufWriter::new(file));
        write(&mut summing)?;
        summing.to.flush()?;
        summing.to.get_ref().sync_all()?;
        Ok(summing.end())
    }

    /// Copies from one to the other, `piece_bytes` at a time.
    pub fn through(mut from: impl Read, to: &mut impl Write, piece_bytes: usize) -> io::Result<Self> {
        let mut piece = vec![0; piece_bytes];
        let mut summing = Summing::new(to);
        loop {
            match from.read(&mut piece)? {
                0 => return Ok(summing.end()),
                read => summing.write_all(&piece[..read])?,
            }
        }
    }
}

/// A writer that sums what passes.
pub struct Summing<W> {
    to: W,
    sum: Sha256,
    bytes: u64,
}

impl<W> Summing<W> {
    fn new(to: W) -> Self {
        Self { to, sum: Sha256::new(), bytes: 0 }
    }

    fn end(self) -> Copied {
        let sha256 = self.sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Copied { bytes: self.bytes, sha256 }
    }
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sum.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Makes the names in a directory durable.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

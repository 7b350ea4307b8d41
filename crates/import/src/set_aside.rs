//! The file that keeps bad lines: `FILE:LINE: REASON: ` and then the line, byte for byte.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::bad::Bad;
use crate::error::ImportError;

/// Bad lines of one import. The file is made when there is one.
#[derive(Debug)]
pub(crate) struct SetAside {
    path: PathBuf,
    out: Option<BufWriter<File>>,
}

impl SetAside {
    pub fn new(path: PathBuf) -> Self {
        Self { path, out: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line.
    pub fn keep(&mut self, file: &Path, bad: &Bad) -> Result<(), ImportError> {
        let write = || {
            let out = match &mut self.out {
                Some(out) => out,
                None => {
                    let file = OpenOptions::new().create(true).append(true).open(&self.path)?;
                    self.out.insert(BufWriter::new(file))
                }
            };
            write!(out, "{}:{}: {}: ", file.display(), bad.line, bad.reason)?;
            out.write_all(&bad.text)?;
            out.write_all(b"\n")
        };
        let mut write = write;
        write().map_err(ImportError::io("cannot write", &self.path))
    }

    /// Makes durable what was added, before a record counts it.
    pub fn sync(&mut self) -> Result<(), ImportError> {
        let sync = |out: &mut BufWriter<File>| -> io::Result<()> {
            if !out.buffer().is_empty() {
                out.flush()?;
                out.get_ref().sync_data()?;
            }
            Ok(())
        };
        self.out.as_mut().map_or(Ok(()), sync).map_err(ImportError::io("cannot write", &self.path))
    }
}

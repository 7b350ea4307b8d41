//! `BACKUP.json`: the files of a backup, each with its length and SHA-256.
//!
//! Promise: it is written after everything it lists is on the disk. A directory without it is no whole backup, and a
//! file that differs from what it says is not restored.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use super::copied::{Access, Copied, sync_dir};

/// Its name in a backup.
pub const LIST: &str = "BACKUP.json";
/// The version of the list. Another one is not read.
const VERSION: u32 = 1;
/// A list is read into memory: about a million files.
const MAX_LIST_BYTES: u64 = 256 << 20;
const PIECE_BYTES: usize = 1024 * 1024;

/// The list.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupList {
    /// The version of this list.
    version: u32,
    /// The Tidegauge that made it.
    pub tidegauge: String,
    /// The format of the data directory.
    pub format: u32,
    /// When it began: what was acknowledged before is in it.
    pub begun_at: String,
    /// What was damaged or missing in the data directory already, a sentence a file.
    pub damaged: Vec<String>,
    /// The files.
    pub files: Vec<ListedFile>,
}

/// A file of a backup.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListedFile {
    /// Where it stands, in the backup as in the data directory.
    pub path: PathBuf,
    #[serde(flatten)]
    pub copied: Copied,
}

impl BackupList {
    pub fn new(format: u32, begun_at: String) -> Self {
        let tidegauge = env!("CARGO_PKG_VERSION").to_owned();
        Self { version: VERSION, tidegauge, format, begun_at, damaged: Vec::new(), files: Vec::new() }
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.copied.bytes).sum()
    }

    /// Writes it into a backup whose files are on the disk.
    pub fn write(&self, backup: &Path) -> anyhow::Result<()> {
        let unnamed = backup.join("BACKUP.json.tmp");
        let write = || {
            Copied::of(&unnamed, Access::ReadOnly, |to| {
                serde_json::to_writer_pretty(&mut *to, self)?;
                io::Write::write_all(to, b"\n")
            })?;
            fs::rename(&unnamed, backup.join(LIST))?;
            sync_dir(backup)
        };
        write().with_context(|| format!("cannot write {}", backup.join(LIST).display()))
    }

    /// Reads it from a backup.
    pub fn read(backup: &Path) -> anyhow::Result<Self> {
        let path = backup.join(LIST);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound && backup.is_dir() => {
                bail!("{} is no whole backup: it has no {LIST}, which is written last", backup.display())
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mut text = Vec::new();
        file.take(MAX_LIST_BYTES)
            .read_to_end(&mut text)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let list: Self =
            serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))?;
        ensure!(
            list.version == VERSION,
            "{} is of version {}, and this Tidegauge reads {VERSION}: restore with the one that made it, {}",
            path.display(),
            list.version,
            list.tidegauge
        );
        for file in &list.files {
            let is_inside = file.path.components().all(|part| matches!(part, Component::Normal(_)));
            ensure!(is_inside, "{} is damaged: it lists {}", path.display(), file.path.display());
        }
        Ok(list)
    }

    /// Reads every file, and compares it with what the list says.
    pub fn verify(&self, backup: &Path) -> anyhow::Result<()> {
        for listed in &self.files {
            let path = backup.join(&listed.path);
            let damaged = match sum(&path) {
                Ok(found) if found == listed.copied => None,
                Ok(found) if found.bytes != listed.copied.bytes => {
                    Some(format!("it is {} bytes long, not {}", found.bytes, listed.copied.bytes))
                }
                Ok(_) => Some("its SHA-256 is another".to_owned()),
                Err(error) => Some(error.to_string()),
            };
            if let Some(reason) = damaged {
                bail!("{} is damaged: {reason}; nothing was restored", path.display());
            }
        }
        Ok(())
    }
}

/// The sum of a file.
pub fn sum(path: &Path) -> io::Result<Copied> {
    Copied::through(File::open(path)?, &mut io::sink(), PIECE_BYTES)
}

/// Copies a listed file, and compares once more what was copied.
pub fn copy(listed: &ListedFile, from: &Path, to: &Path) -> anyhow::Result<()> {
    let source = from.join(&listed.path);
    let target = to.join(&listed.path);
    let copied = Copied::of(&target, Access::Owner, |out| {
        Copied::through(File::open(&source)?, out, PIECE_BYTES).map(drop)
    });
    let copied =
        copied.with_context(|| format!("cannot copy {} to {}", source.display(), target.display()))?;
    ensure!(copied == listed.copied, "{} has changed while it was copied", source.display());
    Ok(())
}

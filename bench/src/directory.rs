//! Where a server keeps its files while it is measured: a fresh directory, removed afterwards, that owes nothing to the
//! files of the servers before it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rustix::fs::{IFlags, Mode, OFlags};
use tempfile::TempDir;

/// A directory of its own for one server, removed when dropped.
pub struct Directory {
    home: PathBuf,
    _outer: TempDir,
}

impl Directory {
    /// Makes it below `under`. Everyone may pass through it: a peer may run as another user.
    ///
    /// ext4 puts a directory's files into its parent's block group and, for some minutes, steps over inodes that were just
    /// freed, one by one. A server that makes many files (ClickHouse) would pay for the clean-up of the one before:
    /// 20 times slower was seen. So the directory lies in one that is marked as the top of a hierarchy, whose children
    /// ext4 spreads over the disk by a hash of their name.
    pub fn fresh(under: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(under).with_context(|| format!("cannot make {}", under.display()))?;
        let outer = tempfile::Builder::new().prefix("tidegauge-bench-").tempdir_in(under)?;
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o755))?;
        // Other filesystems have no such mark, and no such trouble.
        let _ = mark_as_top(outer.path());
        let name = outer.path().file_name().context("a temporary directory has a name")?;
        let home = outer.path().join(name);
        fs::create_dir(&home)?;
        Ok(Self { home, _outer: outer })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.home
    }
}

fn mark_as_top(directory: &Path) -> rustix::io::Result<()> {
    let handle =
        rustix::fs::open(directory, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let flags = rustix::fs::ioctl_getflags(&handle)?;
    rustix::fs::ioctl_setflags(&handle, flags | IFlags::TOPDIR)
}

/// Bytes the files below `directory` take on the disk.
pub fn bytes_on_disk(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_on_disk(&entry.path()),
            Ok(metadata) => metadata.blocks() * 512,
            // Files come and go while a server runs.
            Err(_) => 0,
        })
        .sum()
}

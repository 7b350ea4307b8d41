//! Hard links to the files of one state of a data directory, in a directory inside it.
//!
//! Promise: they are all of one manifest, or none is made. What a killed backup leaves is removed by the next one, or by
//! the next start of the server.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::named::{Named, NamedFile};
use super::{HeldFile, Kind, free_lock, give_to_owner};
use crate::error::StoreError;
use crate::log;

/// The directory of the links.
const LINKS: &str = "backup.links";
const MANIFEST: &str = "MANIFEST.json";
const LOG: &str = "log";
const ERASURES: &str = "erasures";
/// Endings of files that get their names once they are whole.
const UNNAMED: [&str; 2] = ["tmp", "new"];

/// A directory of the data directory that the store knows nothing of, to be held with it.
pub struct Beside<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether what is held (the first directory) still fits the store, by what is there now (the second). What is
    /// held is older than the store's state, by moments.
    pub still_fits: &'a dyn Fn(&Path, &Path) -> io::Result<bool>,
}

#[derive(Debug)]
pub(super) struct Links {
    dir: PathBuf,
    pub files: Vec<HeldFile>,
    pub missing: Vec<String>,
}

impl Drop for Links {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(dir = %self.dir.display(), %error, "cannot remove the links of a backup");
        }
    }
}

impl Links {
    /// Makes the links; none if the state changed meanwhile.
    pub fn make(data: &Path, beside: &[Beside<'_>]) -> Result<Option<Self>, StoreError> {
        let mut links = Self { dir: data.join(LINKS), files: Vec::new(), missing: Vec::new() };
        links.make_dir("")?;
        give_to_owner(data, &links.dir);
        for beside in beside {
            links.link_all(data, beside.name)?;
        }
        // Before the log, so that what an erasure is to take is in it.
        links.link_all(data, ERASURES)?;
        let manifest = read(data)?;
        let named = Named::parse(&data.join(MANIFEST), &manifest)?;
        let place = links.place(Path::new(MANIFEST));
        fs::write(&place, &manifest).map_err(StoreError::io("cannot write", &place))?;
        links.files.push(HeldFile { path: MANIFEST.into(), kind: Kind::Whole { crc32c: None } });
        for dir in named.dirs() {
            links.make_dir(dir)?;
        }
        for NamedFile { path, crc32c, is_derived } in named.files() {
            if links.link(data, &path)? {
                links.files.push(HeldFile { path, kind: Kind::Whole { crc32c } });
            } else if !is_derived {
                links.missing.push(format!("{} is missing", path.display()));
            }
        }
        let mut is_one_state = links.link_log(data)?;
        for beside in beside {
            let (held, now) = (links.place(Path::new(beside.name)), data.join(beside.name));
            is_one_state &= (beside.still_fits)(&held, &now).map_err(StoreError::io("cannot read", &now))?;
        }
        // An erasure's record says which rows are still to go, and what it knows of them already.
        is_one_state &= links.has_the_files_of(data, ERASURES)?;
        // No manifest comes back: each has a number, or a flush, of its own.
        is_one_state &= read(data)? == manifest;
        Ok(is_one_state.then_some(links))
    }

    /// Where the link to a file of the data directory stands.
    pub fn place(&self, path: &Path) -> PathBuf {
        self.dir.join(path)
    }

    fn make_dir(&self, name: &str) -> Result<(), StoreError> {
        let dir = self.dir.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(StoreError::io("cannot make", &dir))
    }

    /// False if there is no such file.
    fn link(&self, data: &Path, path: &Path) -> Result<bool, StoreError> {
        let from = data.join(path);
        match fs::hard_link(&from, self.place(path)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StoreError::io("cannot make a hard link to", &from)(error)),
        }
    }

    /// Links every log file, and notes how long each is now. What is acknowledged from here on may be in them too.
    /// False if one may have been passed over.
    fn link_log(&mut self, data: &Path) -> Result<bool, StoreError> {
        self.make_dir(LOG)?;
        let dir = data.join(LOG);
        let mut newest = 0;
        let mut seen = log::file_numbers(&dir)?;
        for number in &seen {
            let path = log::file_path(Path::new(LOG), *number);
            // A file that is gone was in segments before: removed after the manifest said so.
            if self.link(data, &path)? {
                let place = self.place(&path);
                let length = fs::metadata(&place).map_err(StoreError::io("cannot read", &place))?.len();
                self.files.push(HeldFile { path, kind: Kind::Log { number: *number, length } });
                newest = *number;
            }
        }
        // A directory that changes while it is read may show a file and not the one before it.
        let again = log::file_numbers(&dir)?;
        seen.retain(|number| *number <= newest);
        Ok(again.iter().filter(|number| **number <= newest).all(|number| seen.contains(number)))
    }

    /// Links every file of a directory, if there is one.
    fn link_all(&mut self, data: &Path, name: &str) -> Result<(), StoreError> {
        self.make_dir(name)?;
        for file in names(&data.join(name))? {
            let path = Path::new(name).join(file);
            if self.link(data, &path)? {
                self.files.push(HeldFile { path, kind: Kind::Whole { crc32c: None } });
            }
        }
        Ok(())
    }

    /// Whether a directory, whose files are replaced and never changed, is still as it was linked.
    fn has_the_files_of(&self, data: &Path, name: &str) -> Result<bool, StoreError> {
        let (held, now) = (self.dir.join(name), data.join(name));
        let file = |path: PathBuf| fs::metadata(path).map(|file| file.ino()).ok();
        let held_names = names(&held)?;
        Ok(held_names == names(&now)?
            && held_names.iter().all(|name| file(held.join(name)) == file(now.join(name))))
    }
}

/// The names of the files in a directory, if there is one, in order.
fn names(dir: &Path) -> Result<Vec<OsString>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("cannot read", dir)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::io("cannot read", dir))?;
        let path = entry.path();
        let is_unnamed =
            path.extension().is_some_and(|ending| UNNAMED.iter().any(|unnamed| ending == *unnamed));
        if !is_unnamed && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            names.push(entry.file_name());
        }
    }
    names.sort();
    Ok(names)
}

fn read(data: &Path) -> Result<Vec<u8>, StoreError> {
    let path = data.join(MANIFEST);
    fs::read(&path).map_err(StoreError::io("cannot read", &path))
}

/// Removes the links that a killed backup left.
pub(super) fn remove(data: &Path) -> Result<(), StoreError> {
    let dir = data.join(LINKS);
    match fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("cannot remove", &dir)(error))
        }
        _ => Ok(()),
    }
}

/// Removes the links that a killed backup left: they keep the disk space of files that are gone, and what was erased
/// from them.
///
/// # Errors
/// A backup is under way, or the system refused.
pub(crate) fn remove_leftovers(data: &Path) -> Result<(), StoreError> {
    if !data.join(LINKS).exists() {
        return Ok(());
    }
    let Some(_lock) = free_lock(data) else {
        return Err(StoreError::BackupUnderWay { path: data.to_owned() });
    };
    remove(data)
}

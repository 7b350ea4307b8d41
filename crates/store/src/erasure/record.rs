//! What an erasure leaves on the disk: the request until it is done, then what it did, without the person.
//!
//! Promise: a record is replaced as a whole, and synced with its name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tidegauge_facts::Micros;

use super::{Erased, ErasureId, Person};
use crate::directory::{DataDir, replace_file, sync_dir};
use crate::error::StoreError;

/// One erasure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub id: ErasureId,
    pub tenant: String,
    #[serde(with = "micros")]
    pub requested_at: Micros,
    pub stage: Stage,
}

/// How far it is, as far as a restart is concerned.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Wanted(Wanted),
    Done(Erased),
}

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub person: Person,
    /// The newest frame of the log at the request: what came later is not meant.
    pub through: u64,
    /// The newest log file at the request: it and those before it are to go.
    pub log_file: u64,
    /// The person's sessions and connections are all written down: from now on the rows may go, and erasures that look for
    /// theirs later do not see them.
    #[serde(default)]
    pub has_links: bool,
}

impl Record {
    pub fn save(&self, dir: &DataDir) -> Result<(), StoreError> {
        let content = serde_json::to_vec_pretty(self)
            .map_err(|error| StoreError::format("write an erasure's record")(error.into()))?;
        replace_file(&path(dir, self.id), &content)
    }

    /// Takes away what a writing that failed may have left.
    pub fn forget(&self, dir: &DataDir) {
        let path = path(dir, self.id);
        for file in [path.with_extension("tmp"), path] {
            if let Err(error) = remove(&file) {
                tracing::error!(%error, "the rest of a request for erasure stays behind");
            }
        }
    }

    pub fn remove(&self, dir: &DataDir) -> Result<(), StoreError> {
        remove(&path(dir, self.id))
    }
}

/// The prints of the sessions and connections that an erasure has found to be the person's.
pub(super) fn links_path(dir: &DataDir, id: ErasureId) -> PathBuf {
    path(dir, id).with_extension("links")
}

fn path(dir: &DataDir, id: ErasureId) -> PathBuf {
    dir.erasure_dir().join(format!("{id}.json"))
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    removed
        .and_then(|()| sync_dir(path.parent().unwrap_or(Path::new("."))))
        .map_err(StoreError::io("cannot remove", path))
}

/// Every record, oldest first, and what is wrong with those that cannot be read.
pub(crate) fn inspect(dir: &DataDir) -> Result<(Vec<Record>, Vec<StoreError>), StoreError> {
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    for path in files(dir)?.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "json"))
    {
        let read = fs::read(&path).map_err(StoreError::io("cannot read", &path));
        let record = read.and_then(|text| {
            serde_json::from_slice::<Record>(&text).map_err(|error| StoreError::damaged(&path, error))
        });
        match record {
            Ok(record) => records.push(record),
            Err(error) => errors.push(error),
        }
    }
    records.sort_by_key(|record| record.id);
    Ok((records, errors))
}

/// Removes what a crash left half written, and links that no request is left for.
pub(super) fn remove_orphans(dir: &DataDir, wanted: &[ErasureId]) -> Result<(), StoreError> {
    let is_needed = |path: &PathBuf| wanted.iter().any(|id| links_path(dir, *id) == *path);
    for path in files(dir)? {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending == Some("tmp") || ending == Some("links") && !is_needed(&path) {
            remove(&path)?;
        }
    }
    Ok(())
}

fn files(dir: &DataDir) -> Result<Vec<PathBuf>, StoreError> {
    let dir = dir.erasure_dir();
    let entries = match fs::read_dir(&dir) {
        // A directory of an earlier version has none.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(StoreError::io("cannot read", &dir))?,
    };
    entries.map(|entry| Ok(entry.map_err(StoreError::io("cannot read", &dir))?.path())).collect()
}

/// Instants as they are written: whole microseconds since 1970.
pub(super) mod micros {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use tidegauge_facts::Micros;

    pub fn serialize<S: Serializer>(at: &Micros, serializer: S) -> Result<S::Ok, S::Error> {
        at.0.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Micros, D::Error> {
        i64::deserialize(deserializer).map(Micros)
    }
}

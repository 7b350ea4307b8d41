//! Where a demo is kept, and what it is made from.
//!
//! Promise: nothing is written to a directory that holds anything but a demo.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tidegauge_facts::Micros;

use super::SEED;

/// The file that makes a data directory a demo's.
const FILE: &str = "demo.json";

/// A demo's data directory.
pub enum Place {
    /// It goes with this value.
    Temporary(TempDir, Made),
    /// It stays.
    Kept(PathBuf, Made),
}

/// What a demo was made from.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Made {
    seed: u64,
    /// When, in microseconds since 1970.
    origin: i64,
}

impl Place {
    /// The directory that was given, or a temporary one.
    pub fn take(given: Option<&Path>, seed: Option<u64>) -> anyhow::Result<Self> {
        let made = Made { seed: seed.unwrap_or(SEED), origin: Micros::now().0 };
        let Some(path) = given else {
            let directory = tempfile::Builder::new().prefix("tidegauge-demo-").tempdir();
            let directory =
                directory.context("cannot make a temporary directory; --data names another place")?;
            made.write(directory.path())?;
            return Ok(Self::Temporary(directory, made));
        };
        if let Some(made) = Made::read(path)? {
            if let Some(seed) = seed.filter(|seed| *seed != made.seed) {
                bail!("the demo in {} was made with --seed {}, not {seed}", path.display(), made.seed);
            }
            return Ok(Self::Kept(path.to_owned(), made));
        }
        if !is_empty(path)? {
            bail!(
                "{} holds something that is no demo's: it is left alone; --data names another place",
                path.display()
            );
        }
        made.write(path)?;
        Ok(Self::Kept(path.to_owned(), made))
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Temporary(directory, _) => directory.path(),
            Self::Kept(path, _) => path,
        }
    }

    fn made(&self) -> Made {
        match self {
            Self::Temporary(_, made) | Self::Kept(_, made) => *made,
        }
    }

    pub fn seed(&self) -> u64 {
        self.made().seed
    }

    pub fn origin(&self) -> Micros {
        Micros(self.made().origin)
    }
}

impl Made {
    /// What a directory's demo was made from; none where there is no demo.
    fn read(directory: &Path) -> anyhow::Result<Option<Self>> {
        let file = directory.join(FILE);
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        let made = serde_json::from_slice(&text);
        made.map(Some).with_context(|| format!("{} does not say what the demo was made from", file.display()))
    }

    fn write(self, directory: &Path) -> anyhow::Result<()> {
        let file = directory.join(FILE);
        let written =
            fs::create_dir_all(directory).and_then(|()| fs::write(&file, serde_json::to_vec(&self)?));
        written.with_context(|| format!("cannot write {}", file.display()))
    }
}

fn is_empty(directory: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", directory.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_anything_in_it_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("FORMAT"), "1\n").unwrap();
        let refused = Place::take(Some(directory.path()), None).err().unwrap().to_string();
        assert!(refused.contains("no demo's"), "{refused}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_demo_is_known_again_by_its_seed_and_its_instant() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new");
        let first = Place::take(Some(&path), Some(7)).unwrap();
        let again = Place::take(Some(&path), None).unwrap();
        assert_eq!((again.seed(), again.origin()), (7, first.origin()));
        assert!(Place::take(Some(&path), Some(7)).is_ok());
        let refused = Place::take(Some(&path), Some(8)).err().unwrap().to_string();
        assert!(refused.contains("--seed 7"), "{refused}");
        fs::write(path.join(FILE), "{").unwrap();
        assert!(Place::take(Some(&path), None).is_err());
    }

    #[test]
    fn a_temporary_place_goes_when_it_is_no_longer_needed() {
        let place = Place::take(None, None).unwrap();
        let path = place.path().to_owned();
        assert!(path.join(FILE).exists());
        drop(place);
        assert!(!path.exists());
    }
}

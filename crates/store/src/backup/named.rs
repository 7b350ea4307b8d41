//! The files that a manifest names.
//!
//! Promise: all of them. It is read from the manifest's text, without opening anything.

use std::path::{Path, PathBuf};

use crate::error::StoreError;
use crate::manifest::ManifestFile;
use crate::{directory, traffic};

pub(super) struct Named(ManifestFile);

impl Named {
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(text).map(Self).map_err(|error| StoreError::damaged(path, error))
    }

    /// The directories that they are in.
    pub fn dirs(&self) -> [&'static str; 2] {
        ["segments", "traffic"]
    }

    /// The files.
    pub fn files(&self) -> Vec<NamedFile> {
        let Self(manifest) = self;
        let checkpoint = manifest.checkpoint.iter().map(|meta| NamedFile {
            path: directory::checkpoint_name(meta.number).into(),
            crc32c: Some(meta.crc32c),
            is_derived: true,
        });
        let segments = manifest.segments.iter().map(|meta| NamedFile {
            path: Path::new("segments").join(&meta.name),
            crc32c: Some(meta.crc32c),
            is_derived: false,
        });
        let parts = manifest.traffic.iter().flat_map(|traffic| &traffic.parts).map(|meta| NamedFile {
            path: Path::new("traffic").join(traffic::part_name(meta.number)),
            crc32c: None,
            is_derived: true,
        });
        checkpoint.chain(segments).chain(parts).collect()
    }
}

pub(super) struct NamedFile {
    /// Where it stands in the data directory.
    pub path: PathBuf,
    /// Its checksum, where the manifest has it.
    pub crc32c: Option<u32>,
    /// It is made again from the segments when it is missing.
    pub is_derived: bool,
}

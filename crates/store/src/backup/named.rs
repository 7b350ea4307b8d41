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

    /// Each file's place in the data directory and, where the manifest has it, its CRC-32C.
    pub fn files(&self) -> Vec<(PathBuf, Option<u32>)> {
        let Self(manifest) = self;
        let checkpoint = manifest.checkpoint.iter();
        let checkpoint =
            checkpoint.map(|meta| (directory::checkpoint_name(meta.number).into(), Some(meta.crc32c)));
        let segments = manifest.segments.iter();
        let segments = segments.map(|meta| (Path::new("segments").join(&meta.name), Some(meta.crc32c)));
        let parts = manifest.traffic.iter().flat_map(|traffic| &traffic.parts);
        let parts = parts.map(|meta| (Path::new("traffic").join(traffic::part_name(meta.number)), None));
        checkpoint.chain(segments).chain(parts).collect()
    }
}

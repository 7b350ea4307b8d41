//! The manifest: which segments there are, and how far the log is in them.
//!
//! Promise: it is replaced as a whole, after everything it names is on the disk. What it says is the
//! truth from which a start goes on.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use std::fs;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidegauge_facts::Micros;

use crate::checkpoint::Checkpoint;
use crate::directory::{DataDir, replace_file};
use crate::error::StoreError;
use crate::segment::{Segment, SegmentMeta};
use crate::traffic::{self, PartMeta, Traffic};

/// The manifest as a snapshot holds it.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Every frame up to this sequence stands in segments.
    pub flushed_through: u64,
    /// Facts written to segments since the store was created.
    pub facts_flushed: u64,
    /// When segments were last written, or the store was created.
    pub last_flush: Micros,
    /// All segments, oldest first.
    pub segments: Vec<Arc<Segment>>,
    /// What is added up of the requests in segments.
    pub traffic: Traffic,
    pub(crate) next_number: u64,
    pub(crate) checkpoint: Option<CheckpointMeta>,
}

/// The file that holds the gauges as of `flushed_through`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckpointMeta {
    pub number: u64,
    pub crc32c: u32,
}

/// The file. A backup takes every file that it names (`backup/named.rs`).
#[derive(Serialize, Deserialize)]
pub(crate) struct ManifestFile {
    flushed_through: u64,
    facts_flushed: u64,
    last_flush_micros: i64,
    next_number: u64,
    pub checkpoint: Option<CheckpointMeta>,
    pub segments: Vec<SegmentMeta>,
    /// Manifests before the first version of it have none.
    #[serde(default)]
    pub traffic: Option<TrafficFile>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TrafficFile {
    version: u32,
    pub parts: Vec<PartMeta>,
}

impl Manifest {
    /// Bytes of all segments.
    #[must_use]
    pub fn segment_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.meta.bytes).sum()
    }

    /// Reads the manifest; an empty one in a new directory.
    pub(crate) fn load(dir: &DataDir) -> Result<Self, StoreError> {
        match Self::read(dir)? {
            Some(read) => Ok(read),
            None => Self::create(dir),
        }
    }

    /// Reads the manifest, if there is one; writes nothing.
    pub(crate) fn read(dir: &DataDir) -> Result<Option<Self>, StoreError> {
        let path = dir.manifest();
        let text = match fs::read(&path) {
            Ok(text) => text,
            // A directory that has facts has had a manifest: without it nothing says which of them count.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match dir.has_facts()? {
                    true => {
                        Err(StoreError::damaged(&path, "it is missing, though there are segments or logs"))
                    }
                    false => Ok(None),
                };
            }
            Err(error) => return Err(StoreError::io("cannot read", &path)(error)),
        };
        Self::decode(dir, &text).map(Some)
    }

    /// The manifest of a directory, from its file's text.
    fn decode(dir: &DataDir, text: &[u8]) -> Result<Self, StoreError> {
        let file: ManifestFile =
            serde_json::from_slice(text).map_err(|error| StoreError::damaged(&dir.manifest(), error))?;
        let segment_dir = dir.segment_dir();
        let traffic = match file.traffic {
            Some(traffic) if traffic.version == traffic::VERSION => {
                Traffic::of_parts(&dir.traffic_dir(), traffic.parts)
            }
            _ => Traffic { parts: Vec::new(), is_stale: true },
        };
        Ok(Self {
            traffic,
            flushed_through: file.flushed_through,
            facts_flushed: file.facts_flushed,
            last_flush: Micros(file.last_flush_micros),
            segments: file
                .segments
                .into_iter()
                .map(|meta| Arc::new(Segment::new(&segment_dir, meta)))
                .collect(),
            next_number: file.next_number,
            checkpoint: file.checkpoint,
        })
    }

    fn create(dir: &DataDir) -> Result<Self, StoreError> {
        let manifest = Self {
            flushed_through: 0,
            facts_flushed: 0,
            last_flush: Micros::now(),
            segments: Vec::new(),
            traffic: Traffic::default(),
            next_number: 1,
            checkpoint: None,
        };
        manifest.save(dir)?;
        Ok(manifest)
    }

    /// Writes the checkpoint under `number`, then the manifest that names it, then removes the one before.
    pub(crate) fn save_with(
        &mut self,
        dir: &DataDir,
        checkpoint: &Checkpoint,
        number: u64,
    ) -> Result<(), StoreError> {
        let before = self.checkpoint;
        self.next_number = number + 1;
        self.checkpoint = Some(checkpoint.save(dir, number)?);
        self.save(dir)?;
        if let Some(before) = before {
            let path = dir.checkpoint(before.number);
            if let Err(error) = fs::remove_file(&path) {
                // The manifest no longer names it; the next start removes it.
                tracing::warn!(file = %path.display(), %error, "cannot remove the checkpoint of before");
            }
        }
        Ok(())
    }

    /// Writes the manifest.
    pub(crate) fn save(&self, dir: &DataDir) -> Result<(), StoreError> {
        replace_file(&dir.manifest(), &self.encode()?)
    }

    fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let file = ManifestFile {
            flushed_through: self.flushed_through,
            facts_flushed: self.facts_flushed,
            last_flush_micros: self.last_flush.0,
            next_number: self.next_number,
            checkpoint: self.checkpoint,
            segments: self.segments.iter().map(|segment| segment.meta.clone()).collect(),
            // Parts that do not tell everything are not named: they will be made again.
            traffic: (!self.traffic.is_stale).then(|| TrafficFile {
                version: traffic::VERSION,
                parts: self.traffic.parts.iter().map(|part| part.meta.clone()).collect(),
            }),
        };
        serde_json::to_vec_pretty(&file)
            .map_err(|error| StoreError::format("write the manifest")(error.into()))
    }

    /// Removes checkpoints that a crash left behind.
    pub(crate) fn remove_orphans(&self, dir: &DataDir) -> Result<(), StoreError> {
        let keep = self.checkpoint.map(|checkpoint| dir.checkpoint(checkpoint.number));
        for entry in fs::read_dir(dir.path()).map_err(StoreError::io("cannot read", dir.path()))? {
            let path = entry.map_err(StoreError::io("cannot read", dir.path()))?.path();
            let is_checkpoint = path
                .file_name()
                .and_then(|name| name.to_str())
                // A file of the first version was called after the gauges alone.
                .is_some_and(|name| name.starts_with("checkpoint-") || name.starts_with("gauges-"));
            if is_checkpoint && Some(&path) != keep.as_ref() {
                fs::remove_file(&path).map_err(StoreError::io("cannot remove", &path))?;
            }
        }
        Ok(())
    }
}

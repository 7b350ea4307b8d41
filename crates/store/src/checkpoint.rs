//! The checkpoint: what is known of the facts in segments, so that a start need not read them all.
//!
//! Promise: it can be had again from the facts. One that is damaged, or of another version, is left aside.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tidegauge_facts::{Micros, Table};

use crate::connections::LedgerPast;
use crate::directory::{DataDir, replace_file};
use crate::error::StoreError;
use crate::gauges::Gauges;
use crate::manifest::{CheckpointMeta, Manifest};

/// The version of what is written. Another one is not read, but made anew.
const VERSION: u32 = 2;

/// What is known of the facts in segments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub gauges: Gauges,
    /// The ledger's past; it may have heard of later facts too.
    pub past: LedgerPast,
}

impl Checkpoint {
    /// Of a store without facts.
    pub fn empty(now: Micros) -> Self {
        Self { gauges: Gauges::default(), past: LedgerPast::none(now) }
    }

    /// Writes it as file `number`.
    pub fn save(&self, dir: &DataDir, number: u64) -> Result<CheckpointMeta, StoreError> {
        let content = self.encode()?;
        replace_file(&dir.checkpoint(number), &content)?;
        Ok(CheckpointMeta { number, crc32c: crc32c::crc32c(&content) })
    }

    /// Reads the file that the manifest names.
    ///
    /// # Errors
    /// It is missing, damaged, or of another version.
    pub fn load(dir: &DataDir, meta: CheckpointMeta) -> Result<Self, StoreError> {
        let path = dir.checkpoint(meta.number);
        let content = fs::read(&path).map_err(StoreError::io("cannot read", &path))?;
        if crc32c::crc32c(&content) != meta.crc32c {
            return Err(StoreError::damaged(&path, "its checksum is wrong"));
        }
        Self::decode(&path, &content)
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let failed =
            |error: rmp_serde::encode::Error| StoreError::format("write the checkpoint")(error.into());
        rmp_serde::to_vec(&(VERSION, self)).map_err(failed)
    }

    pub(crate) fn decode(path: &Path, content: &[u8]) -> Result<Self, StoreError> {
        match rmp_serde::from_slice(content) {
            Ok((VERSION, checkpoint)) => Ok(checkpoint),
            Ok((version, _)) => Err(StoreError::damaged(path, format!("it is of version {version}"))),
            Err(error) => Err(StoreError::damaged(path, error)),
        }
    }

    /// What the segments' facts say of the gauges. The past is left empty: every message about it makes its day
    /// stale, and stale days are counted from the facts.
    pub fn from_facts(manifest: &Manifest, now: Micros) -> Self {
        let mut checkpoint = Self::empty(now);
        // What nobody asks for any more is not even counted.
        checkpoint.gauges.forget_the_past(now);
        for segment in &manifest.segments {
            let Some(table) = segment.table() else { continue };
            let counted = segment.read(columns_of(table)).and_then(|batches| {
                for batch in batches {
                    checkpoint.gauges.apply(table, &batch?)?;
                }
                Ok(())
            });
            if let Err(error) = counted {
                segment.mark_if_damaged(&error);
                tracing::error!(%error, "a segment cannot be read: what it holds is not counted");
            }
        }
        checkpoint.gauges.all_flushed();
        checkpoint.gauges.forget_the_past(now);
        checkpoint
    }
}

/// The columns that the gauges are made of.
fn columns_of(table: Table) -> Option<&'static [&'static str]> {
    match table {
        Table::Events => {
            Some(&["tenant_id", "project_id", "event_name", "category", "event_time", "received_at"])
        }
        Table::Connections => Some(&["tenant_id", "project_id", "event_time"]),
        Table::Sessions | Table::Requests => Some(&["tenant_id", "project_id"]),
    }
}

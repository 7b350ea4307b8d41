//! Compaction: small segments of a table that follow each other become one.
//!
//! Promise: every row stands in exactly one segment of every manifest; readers of an older manifest keep
//! the files they hold.

use std::sync::Arc;

use tidegauge_facts::Table;

use crate::error::StoreError;
use crate::manifest::Manifest;
use crate::segment::{self, Segment};
use crate::shared::Shared;

/// This many small segments in a row become one.
const RUN: usize = 8;
/// At most so many at once, so that what is held in memory stays bounded.
const MAX_RUN: usize = 64;
/// A segment below the first size is small among the smallest, and so on up.
const TIERS_ROWS: [u64; 3] = [8 * 1024, 64 * 1024, 512 * 1024];
/// A merged segment has at most so many rows, of so many bytes: what is held in memory while
/// merging.
const MAX_ROWS: u64 = 1024 * 1024;
const MAX_RAW_BYTES: u64 = 512 * 1024 * 1024;

/// Merges one run of small segments per table, if there is one. A damaged segment is left alone.
pub(crate) fn compact(shared: &Shared) -> Result<(), StoreError> {
    let apart = shared.erasures.lock().boundaries();
    for table in Table::ALL {
        let manifest = Arc::clone(&shared.view.read().manifest);
        let of_table: Vec<Arc<Segment>> =
            manifest.segments.iter().filter(|segment| segment.table() == Some(table)).cloned().collect();
        if let Some(run) = find_run(&of_table, &apart) {
            merge_run(shared, &manifest, table, run)?;
        }
    }
    Ok(())
}

/// A run to merge; none that has rows of both sides of a sequence that is to be kept `apart`.
fn find_run<'s>(segments: &'s [Arc<Segment>], apart: &[u64]) -> Option<&'s [Arc<Segment>]> {
    let is_one_side = |a: &Segment, b: &Segment| {
        apart.iter().all(|sequence| (a.meta.through <= *sequence) == (b.meta.through <= *sequence))
    };
    TIERS_ROWS.into_iter().find_map(|limit| {
        let is_small = |segment: &Arc<Segment>| segment.meta.rows < limit && !segment.is_damaged();
        segments
            .chunk_by(|a, b| is_small(a) && is_small(b) && is_one_side(a, b))
            .flat_map(|run| (0..run.len()).map(move |start| &run[start..]))
            .map(|run| &run[..fitting(run)])
            .find(|run| run.len() >= RUN)
    })
}

/// How many of the segments can be merged into one.
fn fitting(run: &[Arc<Segment>]) -> usize {
    let (mut rows, mut raw_bytes) = (0, 0);
    let fitting = run.iter().take(MAX_RUN).take_while(|segment| {
        rows += segment.meta.rows;
        raw_bytes += segment.meta.raw_bytes;
        rows <= MAX_ROWS && raw_bytes <= MAX_RAW_BYTES
    });
    fitting.count()
}

fn merge_run(
    shared: &Shared,
    manifest: &Manifest,
    table: Table,
    run: &[Arc<Segment>],
) -> Result<(), StoreError> {
    let mut batches = Vec::new();
    for segment in run {
        let read = segment.read(None).and_then(|batches| batches.collect::<Result<Vec<_>, _>>());
        match read {
            Ok(more) => batches.extend(more),
            Err(error) if segment.is_lost_by(&error) => {
                segment.mark_damaged();
                shared.note_damage(segment, &error);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    let mut manifest = manifest.clone();
    let dir = shared.dir.segment_dir();
    let mut meta = segment::write(&dir, shared.next_number(), table, &batches)?;
    meta.through = run.iter().map(|segment| segment.meta.through).max().unwrap_or(0);
    drop(batches);
    let merged = Arc::new(Segment::new(&dir, meta));
    let is_first = |segment: &Arc<Segment>| run.first().is_some_and(|first| Arc::ptr_eq(segment, first));
    let is_in_run = |segment: &Arc<Segment>| run.iter().any(|other| Arc::ptr_eq(segment, other));
    manifest.segments = manifest
        .segments
        .into_iter()
        .filter_map(|segment| match is_in_run(&segment) {
            true if is_first(&segment) => Some(Arc::clone(&merged)),
            true => None,
            false => Some(segment),
        })
        .collect();
    manifest.next_number = shared.next_number();
    manifest.save(&shared.dir)?;
    shared.view.write().manifest = Arc::new(manifest);
    run.iter().for_each(|segment| segment.retire());
    tracing::debug!(table = table.name(), segments = run.len(), rows = merged.meta.rows, "segments merged");
    Ok(())
}

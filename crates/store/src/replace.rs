//! A segment gives way to itself without some of its rows.
//!
//! Promise: one replacement of the manifest decides it. Before it the old file counts, after it the new one; a crash on
//! either side leaves a file that no manifest names, and the next opening removes it. Readers keep what they hold.
//! It is done by the flush thread alone, as flushing and merging are: no merge brings back what went.

use std::sync::Arc;

use arrow_buffer::BooleanBuffer;
use tidegauge_facts::Table;

use crate::error::StoreError;
use crate::manifest::Manifest;
use crate::segment::{self, Segment};
use crate::shared::Shared;
use crate::traffic::Traffic;

/// Puts what is left of a segment in its place. When API requests go, what is added up of them goes too, to be made anew.
pub(crate) fn without(
    shared: &Shared,
    table: Table,
    segment: &Arc<Segment>,
    doomed: &BooleanBuffer,
) -> Result<(), StoreError> {
    let dir = shared.dir.segment_dir();
    let meta = segment::rewrite(&dir, shared.next_number(), table, segment, doomed)?;
    shared.at_step("a segment is written");
    let rest = meta.map(|meta| Arc::new(Segment::new(&dir, meta)));
    put_in_place(shared, table, segment, rest.as_ref())?;
    segment.retire();
    shared.at_step("a segment is replaced");
    Ok(())
}

/// Leaves a segment out whose file is gone, so that nothing looks for it any more: its rows are lost already.
pub(crate) fn lost(shared: &Shared, table: Table, segment: &Arc<Segment>) -> Result<(), StoreError> {
    let (name, rows) = (&segment.meta.name, segment.meta.rows);
    tracing::warn!(segment = name, rows, "the file of a segment is gone: its rows are given up");
    put_in_place(shared, table, segment, None)?;
    shared.note_gone(segment);
    Ok(())
}

fn put_in_place(
    shared: &Shared,
    table: Table,
    segment: &Arc<Segment>,
    rest: Option<&Arc<Segment>>,
) -> Result<(), StoreError> {
    let mut manifest = Manifest::clone(&shared.view.read().manifest);
    manifest.segments = manifest
        .segments
        .into_iter()
        .filter_map(|other| if Arc::ptr_eq(&other, segment) { rest.cloned() } else { Some(other) })
        .collect();
    let mut parts = Vec::new();
    if table == Table::Requests {
        let before = std::mem::replace(&mut manifest.traffic, Traffic { parts: Vec::new(), is_stale: true });
        parts = before.parts;
    }
    manifest.next_number = shared.next_number();
    manifest.save(&shared.dir)?;
    shared.at_step("a manifest is written");
    shared.view.write().manifest = Arc::new(manifest);
    parts.iter().for_each(|part| part.retire());
    Ok(())
}

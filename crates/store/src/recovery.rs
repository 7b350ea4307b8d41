//! Opening a store: from whatever a crash left to the state as of the last durable frame.
//!
//! Promise: every frame that was acknowledged is there once. What is damaged is named in the log, set
//! aside, and never guessed at.

use std::sync::Arc;

use arrow_array::RecordBatch;
use tidegauge_facts::time::SECOND;
use tidegauge_facts::{Micros, Table};

use crate::dedupe::{Dedupe, Fingerprinter, WINDOW_SECONDS};
use crate::directory::DataDir;
use crate::error::StoreError;
use crate::gauges::Gauges;
use crate::hot::Hot;
use crate::log::{self, LogFile, LogWriter};
use crate::log_recovery::{self, Damage};
use crate::manifest::Manifest;
use crate::read::{self, Labels};
use crate::segment::{self, Segment};
use crate::snapshot::View;

/// A store's state when it opens.
pub(crate) struct Opened {
    pub view: View,
    /// The gauges of everything in segments.
    pub checkpoint: Gauges,
    pub dedupe: Dedupe,
    pub log: LogWriter,
    pub next_sequence: u64,
    pub damage: Vec<Damage>,
}

/// Reads a data directory and begins a new log file.
pub(crate) fn open(dir: &DataDir, prints: Fingerprinter, max_ids: usize) -> Result<Opened, StoreError> {
    let (manifest, checkpoint) = Manifest::load(dir)?;
    manifest.remove_orphans(dir)?;
    segment::remove_orphans(&dir.segment_dir(), &manifest.segments)?;

    let mut dedupe = Dedupe::new(max_ids);
    remember_segments(&manifest.segments, &mut dedupe, prints, max_ids);

    let log_dir = dir.log_dir();
    let mut opening = Opening {
        hot: Hot::default(),
        gauges: checkpoint.clone(),
        dedupe,
        prints,
        log_files: Vec::new(),
        sequence: manifest.flushed_through,
        damage: Vec::new(),
    };
    let numbers = log::file_numbers(&log_dir)?;
    let mut last = 0;
    for number in &numbers {
        opening.replay(log_recovery::recover(&log_dir, *number, manifest.flushed_through + 1, &mut last)?)?;
    }
    let next_number = numbers.last().map_or(1, |last| last + 1);
    let log = LogWriter::begin(&log_dir, next_number)?;
    let sequence = opening.sequence;
    opening.log_files.push((Arc::clone(log.file()), sequence));
    let view = View {
        sequence,
        hot: Arc::new(opening.hot),
        manifest: Arc::new(manifest),
        gauges: opening.gauges,
        log_files: opening.log_files,
    };
    let damage = opening.damage;
    Ok(Opened { view, checkpoint, dedupe: opening.dedupe, log, next_sequence: sequence + 1, damage })
}

struct Opening {
    hot: Hot,
    gauges: Gauges,
    dedupe: Dedupe,
    prints: Fingerprinter,
    log_files: Vec<(Arc<LogFile>, u64)>,
    sequence: u64,
    damage: Vec<Damage>,
}

impl Opening {
    fn replay(&mut self, recovered: log_recovery::Recovered) -> Result<(), StoreError> {
        if let Some(damage) = recovered.damage {
            tracing::warn!(
                file = damage.file,
                offset = damage.offset,
                bytes_set_aside = damage.bytes_set_aside,
                reason = damage.reason,
                "a log file ends early: everything before this place was recovered"
            );
            self.damage.push(damage);
        }
        let frames = recovered.frames.len();
        if let Some((first, _)) = recovered.frames.first()
            && first.header.sequence != self.sequence + 1
        {
            let (from, to) = (self.sequence + 1, first.header.sequence - 1);
            tracing::warn!(
                file = recovered.number,
                from,
                to,
                "frames of the log are missing before this file"
            );
        }
        for (frame, batch) in recovered.frames {
            let table = frame.header.table;
            self.sequence = frame.header.sequence;
            self.gauges.apply(table, &batch)?;
            remember(&mut self.dedupe, self.prints, table, &batch, window_start())?;
            self.hot.push(frame, batch)?;
        }
        if frames > 0 {
            tracing::info!(file = recovered.number, frames, bytes = recovered.bytes, "log file replayed");
        }
        if let Some(file) = recovered.file {
            self.log_files.push((file, self.sequence));
        }
        Ok(())
    }
}

/// Notes the clients' ids of the newest segments, oldest first, as far as the window reaches.
fn remember_segments(segments: &[Arc<Segment>], dedupe: &mut Dedupe, prints: Fingerprinter, max_ids: usize) {
    let window_start = window_start();
    let mut ids = 0;
    let wanted: Vec<&Arc<Segment>> = segments
        .iter()
        .rev()
        .filter(|segment| segment.meta.client_ids > 0 && segment.meta.max_received >= window_start)
        .take_while(|segment| {
            let is_wanted = ids < max_ids as u64;
            ids += segment.meta.client_ids;
            is_wanted
        })
        .collect();
    for segment in wanted.into_iter().rev() {
        let Some(table) = segment.table() else { continue };
        let Some(id) = id_column(table) else { continue };
        let columns = ["tenant_id", "project_id", id, "id_assigned", "received_at"];
        let read = segment.read(Some(&columns)).and_then(|batches| {
            for batch in batches {
                remember(dedupe, prints, table, &batch?, window_start)?;
            }
            Ok(())
        });
        if let Err(error) = read {
            segment.mark_if_damaged(&error);
            tracing::error!(%error, "a segment cannot be read: repeats of its events will not be noticed");
        }
    }
}

/// From when on ids are remembered, in microseconds.
fn window_start() -> i64 {
    Micros::now().0 - i64::from(WINDOW_SECONDS) * SECOND
}

fn remember(
    dedupe: &mut Dedupe,
    prints: Fingerprinter,
    table: Table,
    batch: &RecordBatch,
    window_start: i64,
) -> Result<(), StoreError> {
    let Some(id) = id_column(table) else { return Ok(()) };
    let tenants = Labels::of(batch, "tenant_id")?;
    let projects = Labels::of(batch, "project_id")?;
    let ids = read::texts(batch, id)?;
    let received = read::instants(batch, "received_at")?;
    for (row, received) in received.iter().enumerate() {
        let is_clients = !read::flag(batch, "id_assigned", row) && !ids.value(row).is_empty();
        if *received >= window_start && is_clients {
            let second = u32::try_from(received / SECOND).unwrap_or(0);
            dedupe.insert(prints.of(tenants.get(row), projects.get(row), table, ids.value(row)), second);
        }
    }
    Ok(())
}

/// The column by which repeats are noticed.
fn id_column(table: Table) -> Option<&'static str> {
    match table {
        Table::Events => Some("event_id"),
        Table::Sessions => Some("session_id"),
        Table::Requests => Some("request_id"),
        Table::Connections => None,
    }
}

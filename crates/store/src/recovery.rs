//! Opening a store: from whatever a crash left to the state as of the last durable frame.
//!
//! Promise: every frame that was acknowledged is there once. What is damaged is named in the log, set
//! aside, and never guessed at.

use std::sync::Arc;

use tidegauge_facts::{Micros, Table};

use crate::backup;
use crate::checkpoint::Checkpoint;
use crate::connections::{Ledger, MAX_IDLE, Messages};
use crate::dedupe::{Dedupe, Fingerprinter};
use crate::directory::DataDir;
use crate::error::StoreError;
use crate::gauges::Gauges;
use crate::hot::Hot;
use crate::log::{self, LogFile, LogWriter};
use crate::log_recovery::{self, Damage};
use crate::manifest::Manifest;
use crate::remembered;
use crate::segment::{self, Segment};
use crate::shared::Options;
use crate::snapshot::View;
use crate::traffic;

/// A store's state when it opens.
pub(crate) struct Opened {
    pub view: View,
    /// The gauges of everything in segments.
    pub gauges: Gauges,
    pub dedupe: Dedupe,
    pub log: LogWriter,
    pub next_sequence: u64,
    pub damage: Vec<Damage>,
}

/// Reads a data directory and begins a new log file. What was committed up to each sequence of `apart` is not mixed with
/// what came later.
pub(crate) fn open(
    dir: &DataDir,
    prints: Fingerprinter,
    options: &Options,
    apart: &[u64],
) -> Result<Opened, StoreError> {
    let manifest = Manifest::load(dir)?;
    let now = Micros::now();
    let (checkpoint, is_whole) = load_checkpoint(dir, &manifest, now);
    manifest.remove_orphans(dir)?;
    if let Err(error) = backup::remove_leftovers(dir.path()) {
        tracing::info!(%error, "links of a backup are left");
    }
    segment::remove_orphans(&dir.segment_dir(), &manifest.segments)?;
    traffic::remove_orphans(&dir.traffic_dir(), &manifest.traffic.parts)?;

    let max_ids = options.max_dedupe_ids;
    let mut dedupe = Dedupe::new(max_ids);
    remembered::of_segments(&manifest.segments, &mut dedupe, prints, max_ids);
    let idle = i64::try_from(options.idle_timeout.as_micros()).unwrap_or(MAX_IDLE).clamp(1, MAX_IDLE);
    let mut ledger = Ledger::new(checkpoint.past, idle);
    recover_connections(&manifest.segments, &mut ledger, is_whole, now);

    let log_dir = dir.log_dir();
    let mut opening = Opening {
        hot: Hot::default(),
        gauges: checkpoint.gauges.clone(),
        ledger,
        now,
        dedupe,
        prints,
        log_files: Vec::new(),
        sequence: manifest.flushed_through,
        damage: Vec::new(),
    };
    apart.iter().for_each(|sequence| opening.hot.keep_apart(*sequence));
    let numbers = log::file_numbers(&log_dir)?;
    let mut last = 0;
    for number in &numbers {
        opening.replay(log_recovery::recover(&log_dir, *number, manifest.flushed_through + 1, &mut last)?)?;
    }
    let next_number = numbers.last().map_or(1, |last| last + 1);
    let log = LogWriter::begin(&log_dir, next_number)?;
    let sequence = opening.sequence;
    opening.log_files.push((Arc::clone(log.file()), sequence));
    let mut view = View {
        sequence,
        hot: Arc::new(opening.hot),
        manifest: Arc::new(manifest),
        gauges: opening.gauges,
        ledger: opening.ledger,
        log_files: opening.log_files,
    };
    let damage = opening.damage;
    view.ledger.tend_all(now);
    Ok(Opened {
        view,
        gauges: checkpoint.gauges,
        dedupe: opening.dedupe,
        log,
        next_sequence: sequence + 1,
        damage,
    })
}

struct Opening {
    hot: Hot,
    gauges: Gauges,
    ledger: Ledger,
    now: Micros,
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
            if table == Table::Connections {
                self.ledger.replay(&batch, self.now)?;
            }
            remembered::of_batch(&mut self.dedupe, self.prints, table, &batch)?;
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

/// The checkpoint, and whether it is the one that was written: if not, it was made from the facts.
fn load_checkpoint(dir: &DataDir, manifest: &Manifest, now: Micros) -> (Checkpoint, bool) {
    match manifest.checkpoint.map(|meta| Checkpoint::load(dir, meta)) {
        None => (Checkpoint::empty(now), true),
        Some(Ok(checkpoint)) => (checkpoint, true),
        Some(Err(error)) => {
            tracing::warn!(%error, "the checkpoint cannot be used: counting all facts again");
            (Checkpoint::from_facts(manifest, now), false)
        }
    }
}

/// Reads the messages about connections that may still be open, or ended lately. Without the past's peaks it
/// reads them all, and says which days are to be counted again.
fn recover_connections(segments: &[Arc<Segment>], ledger: &mut Ledger, has_past: bool, now: Micros) {
    let since = if has_past { ledger.since() - MAX_IDLE } else { i64::MIN };
    let wanted = segments
        .iter()
        .filter(|segment| segment.table() == Some(Table::Connections) && segment.meta.max_received >= since);
    for segment in wanted {
        let read = segment.read(Some(&Messages::COLUMNS)).and_then(|batches| {
            for batch in batches {
                match has_past {
                    true => ledger.recover(&batch?, now)?,
                    false => ledger.replay(&batch?, now)?,
                }
            }
            Ok(())
        });
        if let Err(error) = read {
            segment.mark_if_damaged(&error);
            tracing::error!(%error, "a segment cannot be read: its connections are not counted");
        }
        if !has_past {
            ledger.tend_all(now);
        }
    }
}

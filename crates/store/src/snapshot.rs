//! What a reader sees: everything committed up to one sequence number.

use std::sync::Arc;

use arrow_array::RecordBatch;
use tidegauge_facts::{Micros, Table};

use crate::connections::Ledger;
use crate::error::StoreError;
use crate::gauges::Gauges;
use crate::hot::Hot;
use crate::log::LogFile;
use crate::manifest::Manifest;

/// The committed state, as of one sequence number. It is replaced in place by each commit and flush, so
/// it is looked at under a lock that is held for moments; a [`Snapshot`] can be kept.
#[derive(Debug)]
pub struct View {
    /// The newest committed frame.
    pub sequence: u64,
    /// Facts in no segment yet.
    pub hot: Arc<Hot>,
    /// Segments.
    pub manifest: Arc<Manifest>,
    /// Per tenant and project.
    pub gauges: Gauges,
    /// Connections that are open, or were lately.
    pub ledger: Ledger,
    /// The log's files and their newest frames, oldest first; the last one is being written.
    pub(crate) log_files: Vec<(Arc<LogFile>, u64)>,
}

impl View {
    /// The view's tables, to be read at leisure.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { sequence: self.sequence, hot: Arc::clone(&self.hot), manifest: Arc::clone(&self.manifest) }
    }
}

/// The four tables as of one sequence number. What it names stays readable while it lives.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The newest frame in it.
    pub sequence: u64,
    pub(crate) hot: Arc<Hot>,
    pub(crate) manifest: Arc<Manifest>,
}

impl Snapshot {
    /// Every row of a table, a batch at a time: segments first, then hot. A part that cannot be read
    /// yields an error that names it, and the rest goes on.
    pub fn scan(&self, table: Table) -> impl Iterator<Item = Result<RecordBatch, StoreError>> {
        self.scan_from(table, Micros(i64::MIN), None)
    }

    /// As [`Snapshot::scan`], but of segments only those that have a row taken in at `since` or later, and of them only
    /// the named columns. Rows taken in earlier may be among the others.
    pub fn scan_from(
        &self,
        table: Table,
        since: Micros,
        columns: Option<&[&str]>,
    ) -> impl Iterator<Item = Result<RecordBatch, StoreError>> {
        let segments =
            self.manifest.segments.iter().filter(move |segment| {
                segment.table() == Some(table) && segment.meta.max_received >= since.0
            });
        let from_segments = segments.flat_map(move |segment| match segment.read(columns) {
            Ok(batches) => Box::new(batches) as Box<dyn Iterator<Item = _>>,
            Err(error) => Box::new(std::iter::once(Err(error))),
        });
        let parts = self.hot.parts().iter().filter(move |part| part.table == table);
        from_segments.chain(parts.map(|part| part.load()))
    }
}

//! What a reader sees: everything committed up to one sequence number.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use tidegauge_facts::{Micros, Table};

use crate::budget::Budget;
use crate::connections::Ledger;
use crate::error::StoreError;
use crate::gauges::Gauges;
use crate::hot::{Hot, Part};
use crate::log::LogFile;
use crate::manifest::Manifest;
use crate::read::Labels;
use crate::traffic::Traffic;

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
        Snapshot {
            sequence: self.sequence,
            hot: Arc::clone(&self.hot),
            manifest: Arc::clone(&self.manifest),
            budget: Arc::new(Budget::unlimited()),
        }
    }
}

/// The four tables as of one sequence number. What it names stays readable while it lives.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The newest frame in it.
    pub sequence: u64,
    pub(crate) hot: Arc<Hot>,
    pub(crate) manifest: Arc<Manifest>,
    budget: Arc<Budget>,
}

impl Snapshot {
    /// The snapshot, for a report of this budget.
    #[must_use]
    pub fn within(self, budget: Arc<Budget>) -> Self {
        Self { budget, ..self }
    }

    /// What its report may take.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// What is added up of the requests in segments.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.manifest.traffic
    }

    /// A tenant's rows that are in no segment yet, with whatever columns they have, in no order; of those parts that
    /// may have some in a span of time, with the others of the parts.
    pub fn unflushed(
        &self,
        table: Table,
        tenant: &str,
        instants: &Range<i64>,
    ) -> impl Iterator<Item = Result<RecordBatch, StoreError>> {
        let may_have = move |part: &&Arc<Part>| {
            let overlaps = *part.times.start() < instants.end && *part.times.end() >= instants.start;
            part.table == table && overlaps && part.tenants.iter().any(|(name, _)| **name == *tenant)
        };
        self.hot.parts().iter().filter(may_have).map(move |part| {
            self.budget.check()?;
            let batch = part.load()?;
            match part.tenants.len() {
                1 => Ok(batch),
                _ => of_tenant(tenant, &batch),
            }
        })
    }

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

fn of_tenant(tenant: &str, batch: &RecordBatch) -> Result<RecordBatch, StoreError> {
    let tenants = Labels::of(batch, "tenant_id")?;
    let is_ours: Vec<bool> = tenants.distinct().map(|name| name == tenant).collect();
    let ours: BooleanArray = tenants.codes.iter().map(|code| Some(is_ours[*code as usize])).collect();
    filter_record_batch(batch, &ours).map_err(|error| StoreError::format("pick rows")(error.into()))
}

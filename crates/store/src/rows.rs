//! One tenant's rows of a span of time: what is asked for, and which segments and parts may hold some.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch, UInt32Array};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::take::take_record_batch;
use tidegauge_facts::Table;

use crate::error::StoreError;
use crate::hot::Part;
use crate::merge::with_columns_of;
use crate::read::{self, Labels};
use crate::segment::{Segment, id_column};
use crate::snapshot::Snapshot;

/// Which rows are asked for, and which of their columns.
#[derive(Debug, Clone)]
pub struct Query {
    /// The table.
    pub table: Table,
    /// Whose rows.
    pub tenant: String,
    /// Earliest `event_time`, in microseconds.
    pub from: i64,
    /// Latest `event_time`, in microseconds.
    pub to: i64,
    /// The columns to answer. A column that a source lacks is all null.
    pub columns: Vec<&'static str>,
    /// Which of the rows, all if it is none.
    pub test: Option<RowTest>,
}

/// Says which rows of a batch are wanted, by a few columns that are read before the others.
#[derive(Clone)]
pub struct RowTest {
    /// The columns it looks at; one that a source lacks is all null.
    pub columns: Vec<&'static str>,
    /// True for each row that is wanted; never null.
    pub test: Arc<dyn Fn(&RecordBatch) -> BooleanArray + Send + Sync>,
}

impl std::fmt::Debug for RowTest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowTest").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Query {
    /// The query's columns as they are answered: the row's instant and id first.
    pub(crate) fn schema(&self) -> SchemaRef {
        let order = ["event_time", id_column(self.table)];
        let more = self.columns.iter().filter(|name| !order.contains(name));
        schema_of(self.table, order.iter().chain(more))
    }
}

/// The table's columns of these names, in their order.
pub(crate) fn schema_of<'n>(table: Table, names: impl Iterator<Item = &'n &'static str>) -> SchemaRef {
    let all = table.schema();
    let fields = names.filter_map(|name| Some(Arc::clone(all.fields().find(name)?.1)));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// What may hold rows that are asked for.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Segment(Arc<Segment>),
    Part(Arc<Part>),
}

impl Source {
    /// No row of it is later than this.
    pub fn latest(&self) -> i64 {
        match self {
            Self::Segment(segment) => segment.meta.max_time,
            Self::Part(part) => *part.times.end(),
        }
    }

    fn earliest(&self) -> i64 {
        match self {
            Self::Segment(segment) => segment.meta.min_time,
            Self::Part(part) => *part.times.start(),
        }
    }
}

impl Snapshot {
    /// The segments, then the parts, that may hold rows of the query.
    pub(crate) fn sources(&self, query: &Query) -> Vec<Source> {
        let segments = self.manifest.segments.iter();
        let segments = segments.filter(|segment| segment.table() == Some(query.table)).cloned();
        let parts = self.hot.parts().iter().filter(|part| {
            part.table == query.table && part.tenants.iter().any(|(tenant, _)| **tenant == *query.tenant)
        });
        let all = segments.map(Source::Segment).chain(parts.cloned().map(Source::Part));
        all.filter(|source| source.earliest() <= query.to && source.latest() >= query.from).collect()
    }
}

/// How many rows of a part the query asks for, its test aside.
pub(crate) fn count_of_part(query: &Query, part: &Part) -> Result<usize, StoreError> {
    let is_within = query.from <= *part.times.start() && *part.times.end() <= query.to;
    let of_tenant = part.tenants.iter().find(|(tenant, _)| **tenant == *query.tenant);
    if is_within {
        return Ok(of_tenant.map_or(0, |(_, rows)| usize::try_from(*rows).unwrap_or(usize::MAX)));
    }
    Ok(rows_of_part(query, &part.load()?)?.len())
}

/// The rows of a part that the query asks for, its test aside, by time, then id.
pub(crate) fn rows_of_part(query: &Query, batch: &RecordBatch) -> Result<Vec<u32>, StoreError> {
    let tenants = Labels::of(batch, "tenant_id")?;
    let times = read::instants(batch, "event_time")?;
    let ids = read::texts(batch, id_column(query.table))?;
    let is_ours: Vec<bool> = tenants.distinct().map(|tenant| tenant == query.tenant).collect();
    let in_time = |time: i64| (query.from..=query.to).contains(&time);
    let rows = tenants.codes.iter().zip(times).enumerate();
    // Invariant: a part is bounded by `MAX_GROUP_BYTES` or by what is merged, far below 2^32 rows.
    let mut keys: Vec<(i64, u32)> = rows
        .filter(|(_, (tenant, time))| is_ours[**tenant as usize] && in_time(**time))
        .map(|(row, (_, time))| (*time, row as u32))
        .collect();
    keys.sort();
    for instant in keys.chunk_by_mut(|a, b| a.0 == b.0) {
        let id = |key: &(i64, u32)| ids.value(key.1 as usize);
        if !instant.is_sorted_by(|a, b| id(a) <= id(b)) {
            instant.sort_by(|a, b| id(a).cmp(id(b)));
        }
    }
    Ok(keys.into_iter().map(|(_, row)| row).collect())
}

/// Those of the rows that pass the test, in the same order.
pub(crate) fn tested(
    table: Table,
    test: &RowTest,
    batch: &RecordBatch,
    rows: Vec<u32>,
) -> Result<Vec<u32>, StoreError> {
    let looked_at = with_columns_of(&schema_of(table, test.columns.iter()), batch)?;
    let looked_at = pick(&looked_at, &rows)?;
    let wanted = (test.test)(&looked_at);
    Ok(rows.into_iter().zip(wanted.values()).filter(|(_, wanted)| *wanted).map(|(row, _)| row).collect())
}

/// The rows at these places, in this order.
pub(crate) fn pick(batch: &RecordBatch, rows: &[u32]) -> Result<RecordBatch, StoreError> {
    if batch.num_columns() == 0 {
        // Rows of which nothing is known are rows too.
        return Ok(batch.slice(0, rows.len()));
    }
    take_record_batch(batch, &UInt32Array::from(rows.to_vec()))
        .map_err(|error| StoreError::format("pick rows")(error.into()))
}

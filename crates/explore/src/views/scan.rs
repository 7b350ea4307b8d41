//! A scan as the engine runs it.

use std::fmt;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SortOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics, internal_err};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::sort_pushdown::SortOrderPushdownResult;
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};

use super::shape::Shape;
use crate::session::BATCH_ROWS;

/// Where a scan's rows come from.
pub(super) trait Source: fmt::Debug + Send + Sync {
    /// How many parts can be read side by side.
    fn partitions(&self) -> usize;

    /// A part's rows: what the shape wants, not yet in the types that are answered.
    fn read(&self, partition: usize) -> BoxStream<'static, Result<RecordBatch>>;

    /// How many rows there are, where that is known without reading them.
    fn rows(&self) -> Option<usize> {
        None
    }

    /// The same rows in one part, newest first, then by descending id; none where they cannot be had so.
    fn newest_first(&self) -> Option<Arc<dyn Source>> {
        None
    }
}

/// The scan of a view.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    shape: Arc<Shape>,
    source: Arc<dyn Source>,
    properties: Arc<PlanProperties>,
    limit: Option<usize>,
    is_newest_first: bool,
}

impl Scan {
    pub fn new(shape: Arc<Shape>, source: Arc<dyn Source>, limit: Option<usize>) -> Self {
        let properties = properties(&shape, &*source, None);
        Self { shape, source, properties, limit, is_newest_first: false }
    }
}

fn properties(shape: &Shape, source: &dyn Source, ordering: Option<LexOrdering>) -> Arc<PlanProperties> {
    let mut equivalence = EquivalenceProperties::new(Arc::clone(&shape.schema));
    if let Some(ordering) = ordering {
        equivalence.add_orderings([ordering]);
    }
    let properties = PlanProperties::new(
        equivalence,
        Partitioning::UnknownPartitioning(source.partitions()),
        EmissionType::Incremental,
        Boundedness::Bounded,
    );
    Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative))
}

impl DisplayAs for Scan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<&str> =
            self.shape.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "Scan: {}, columns=[{}]", self.shape.view.name(), columns.join(", "))?;
        if self.is_newest_first {
            f.write_str(", newest first")?;
        }
        match self.limit {
            Some(limit) => write!(f, ", limit={limit}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for Scan {
    fn name(&self) -> &str {
        "Scan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition >= self.source.partitions() {
            return internal_err!("a scan has no partition {partition}");
        }
        let shape = Arc::clone(&self.shape);
        // What was read is held until its last slice is handed on.
        let held = MemoryConsumer::new("rows of a scan").register(context.memory_pool());
        let batches = self.source.read(partition).map(move |batch| {
            let batch = batch?;
            held.try_resize(batch.get_array_memory_size())?;
            Ok::<_, DataFusionError>(futures::stream::iter(slices(batch)))
        });
        let batches = batches.try_flatten().map(move |batch| shape.output(&batch?));
        let batches: BoxStream<'static, Result<RecordBatch>> = match self.limit {
            Some(limit) => up_to(batches.boxed(), limit),
            None => batches.boxed(),
        };
        Ok(Box::pin(cooperative(RecordBatchStreamAdapter::new(self.schema(), batches))))
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        arguments: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        // A limit holds for each part alone.
        if let (None, None, Some(rows)) = (arguments.partition(), self.limit, self.source.rows()) {
            statistics.num_rows = Precision::Exact(rows);
        }
        Ok(Arc::new(statistics))
    }

    fn supports_limit_pushdown(&self) -> bool {
        false
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { limit, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.limit
    }

    /// An order that the rows of facts have when they are read newest first.
    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
    ) -> Result<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        let has_order = is_newest_first(&self.shape, order);
        let Some(source) = self.source.newest_first().filter(|_| has_order && self.limit.is_none()) else {
            return Ok(SortOrderPushdownResult::Unsupported);
        };
        let properties = properties(&self.shape, &*source, LexOrdering::new(order.to_vec()));
        let scan = Self { source, properties, is_newest_first: true, ..self.clone() };
        Ok(SortOrderPushdownResult::Exact { inner: Arc::new(scan) })
    }
}

/// Whether an order is by `event_time`, and then perhaps by the row's id, both descending.
fn is_newest_first(shape: &Shape, order: &[PhysicalSortExpr]) -> bool {
    let id = match shape.view {
        super::View::Events => "event_id",
        super::View::Requests => "request_id",
        super::View::Sessions | super::View::Connections => return false,
    };
    let is = |sort: &PhysicalSortExpr, name: &str| {
        // Neither column is ever null: where nulls go is all the same.
        let SortOptions { descending, .. } = sort.options;
        descending && sort.expr.downcast_ref::<Column>().is_some_and(|column| column.name() == name)
    };
    match order {
        [time] => is(time, "event_time"),
        [time, second] => is(time, "event_time") && is(second, id),
        _ => false,
    }
}

/// The batch in batches as the engine likes them.
fn slices(batch: RecordBatch) -> impl Iterator<Item = Result<RecordBatch>> {
    let rows = batch.num_rows();
    (0..rows).step_by(BATCH_ROWS).map(move |start| Ok(batch.slice(start, BATCH_ROWS.min(rows - start))))
}

/// The first rows of a stream.
fn up_to(
    batches: BoxStream<'static, Result<RecordBatch>>,
    rows: usize,
) -> BoxStream<'static, Result<RecordBatch>> {
    let first = futures::stream::unfold((batches, rows), |(mut batches, left)| async move {
        if left == 0 {
            return None;
        }
        let batch = batches.next().await?;
        let batch = batch.map(|batch| batch.slice(0, batch.num_rows().min(left)));
        let left = batch.as_ref().map_or(0, |batch| left - batch.num_rows());
        Some((batch, (batches, left)))
    });
    first.boxed()
}

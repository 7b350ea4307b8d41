//! One question on its way: planned and worked on by the explorer's threads, handed out as it comes.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{DataFrame, SessionContext};
use futures::{FutureExt as _, StreamExt as _};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::answer::{Answer, Batches, Receiving, Truncated, WAITING_BATCHES, Work};
use crate::ending::Over;
use crate::error::ExploreError;
use crate::explorer::Explorer;
use crate::memory::QuestionMemory;
use crate::sql;
use crate::views::Question;

/// A question of one asker, of one state of the store.
#[derive(Debug)]
pub struct Asking {
    explorer: Explorer,
    question: Arc<Question>,
    context: Context,
}

/// [`SessionContext`] has nothing to say for itself.
#[derive(Clone)]
struct Context(SessionContext);

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionContext")
    }
}

impl Asking {
    pub(crate) fn new(explorer: Explorer, question: Arc<Question>, context: SessionContext) -> Self {
        Self { explorer, question, context: Context(context) }
    }

    /// The engine with the tables `events`, `sessions`, `connections` and `requests`, to build a query with. What is built goes
    /// to [`Asking::run`]: nothing else keeps to the bounds.
    #[must_use]
    pub fn context(&self) -> &SessionContext {
        &self.context.0
    }

    /// Answers SQL: one statement that reads. `$1`, `$2`... stand for the parameters.
    ///
    /// # Errors
    /// See [`ExploreError`]; what happens before the first batch is told here.
    pub async fn sql(&self, text: &str, parameters: &[Value], limit: usize) -> Result<Answer, ExploreError> {
        let statement = sql::Statement::parse(text)?;
        let parameters = sql::parameters(parameters)?;
        let context = self.context.0.clone();
        self.answer(async move { statement.plan(&context, parameters).await }, limit).await
    }

    /// Answers a query that was built on [`Asking::context`].
    ///
    /// # Errors
    /// As [`Asking::sql`].
    pub async fn run(&self, frame: DataFrame, limit: usize) -> Result<Answer, ExploreError> {
        self.answer(std::future::ready(Ok(frame)), limit).await
    }

    async fn answer(
        &self,
        frame: impl Future<Output = Result<DataFrame, ExploreError>> + Send + 'static,
        limit: usize,
    ) -> Result<Answer, ExploreError> {
        let turn = self.explorer.turn(self.question.tenant()).await?;
        let handle = self.explorer.handle().ok_or(ExploreError::Failed)?;
        let budget = self.question.budget();
        // The time of waiting for a turn is nobody's.
        budget.go_on();
        let memory = QuestionMemory::new(
            usize::try_from(budget.bytes()).unwrap_or(usize::MAX),
            Arc::clone(self.explorer.memory()),
        );
        let limits = self.explorer.limits();
        let (to, from) = mpsc::channel(WAITING_BATCHES);
        let (tell, told) = oneshot::channel();
        let writing = Writing {
            to: to.clone(),
            rows: limit.min(limits.max_rows),
            bytes: limits.max_answer_bytes,
            truncated: Truncated::default(),
            question: Arc::clone(&self.question),
        };
        let over = Over::default();
        let ending = over.clone();
        let truncated = writing.truncated.clone();
        let work = async move {
            let done = AssertUnwindSafe(work(frame, memory, writing, tell, ending)).catch_unwind().await;
            let failed = match done {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error),
                Err(_) => Some(ExploreError::Failed),
            };
            if let Some(error) = failed {
                let _ = to.send(Err(error)).await;
            }
            // The place goes with the work, also when nobody waits for it any more.
            drop(turn);
        };
        let work = Work { task: handle.spawn(work).abort_handle(), over };
        let time = budget.time();
        let mut receiving = Receiving { from, left: time, time, _work: work };
        let first = receiving.next().await.transpose()?;
        let schema = told.await.map_err(|_| ExploreError::Failed)?;
        Ok(Answer { schema, batches: Batches::new(first, receiving), truncated })
    }
}

async fn work(
    frame: impl Future<Output = Result<DataFrame, ExploreError>>,
    memory: QuestionMemory,
    mut writing: Writing,
    tell: oneshot::Sender<SchemaRef>,
    over: Over,
) -> Result<(), ExploreError> {
    let frame = frame.await?;
    let is_explained = matches!(frame.logical_plan(), LogicalPlan::Explain(_) | LogicalPlan::Analyze(_));
    // One more than is answered: whether there are more is to be said. An explanation stands for itself.
    let frame = if is_explained { frame } else { frame.limit(0, Some(writing.rows + 1))? };
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(memory))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .build_arc()?;
    let task = Arc::new(frame.task_ctx().with_runtime(runtime));
    let (state, plan) = frame.into_parts();
    let plan = over.stops(state.optimize(&plan)?)?;
    let plan = state.query_planner().create_physical_plan(&plan, &state).await?;
    let mut batches = execute_stream(plan, task)?;
    let _ = tell.send(batches.schema());
    while let Some(batch) = batches.next().await {
        if !writing.write(batch?).await {
            break;
        }
    }
    Ok(())
}

/// What may still be answered.
struct Writing {
    to: mpsc::Sender<Result<RecordBatch, ExploreError>>,
    rows: usize,
    bytes: usize,
    truncated: Truncated,
    question: Arc<Question>,
}

impl Writing {
    /// Hands a batch out, as much of it as may be; false when nothing more is wanted.
    async fn write(&mut self, batch: RecordBatch) -> bool {
        let mut rows = batch.num_rows().min(self.rows);
        while rows > 0 && bytes_of(&batch.slice(0, rows)) > self.bytes {
            rows /= 2;
        }
        let is_cut = rows < batch.num_rows();
        let batch = batch.slice(0, rows);
        self.rows -= rows;
        self.bytes = self.bytes.saturating_sub(bytes_of(&batch));
        if is_cut {
            self.truncated.set();
        }
        let is_wanted = rows == 0 || self.to.send(Ok(batch)).await.is_ok();
        // Nobody's time while a reader took his.
        self.question.budget().go_on();
        is_wanted && !is_cut
    }
}

/// About how many bytes the rows take, without what they share with others.
pub(crate) fn bytes_of(batch: &RecordBatch) -> usize {
    let of = |column: &arrow_array::ArrayRef| match column.data_type() {
        DataType::Utf8View => column.as_string_view().lengths().map(|length| length as usize + 16).sum(),
        DataType::BinaryView => column.as_binary_view().lengths().map(|length| length as usize + 16).sum(),
        _ => column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size()),
    };
    batch.columns().iter().map(of).sum()
}

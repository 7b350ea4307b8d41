//! An answer as it comes: batches, as fast as their reader takes them.
//!
//! Promise: nothing of a question goes on that nobody waits for, and none goes on for longer than it may.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::Stream;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::ending::Over;
use crate::error::ExploreError;

/// Batches that wait for their reader.
pub(crate) const WAITING_BATCHES: usize = 2;

/// The answer to a question.
#[derive(Debug)]
pub struct Answer {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows. Dropping this ends the work.
    pub batches: Batches,
    /// Whether there are more; known once the batches have ended.
    pub truncated: Truncated,
}

/// Whether there were more rows than are answered.
#[derive(Debug, Clone, Default)]
pub struct Truncated(Arc<AtomicBool>);

impl Truncated {
    /// Whether there were; before the batches have ended, none are known.
    #[must_use]
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// An answer's rows. After an error there is nothing more.
pub struct Batches(BoxStream<'static, Result<RecordBatch, ExploreError>>);

impl std::fmt::Debug for Batches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}

impl Stream for Batches {
    type Item = Result<RecordBatch, ExploreError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl Batches {
    pub(crate) fn new(first: Option<RecordBatch>, more: Receiving) -> Self {
        let first = futures::stream::iter(first.map(Ok));
        let more = futures::stream::unfold(Some(more), |more| async move {
            let mut more = more?;
            match more.next().await? {
                Ok(batch) => Some((Ok(batch), Some(more))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Self(first.chain(more).boxed())
    }
}

/// The receiving end of a question's work: it counts the time that is waited for the work, and not that of a slow reader.
#[derive(Debug)]
pub(crate) struct Receiving {
    pub from: mpsc::Receiver<Result<RecordBatch, ExploreError>>,
    pub left: Duration,
    /// What it may take in all.
    pub time: Duration,
    /// Held until nothing more is wanted.
    pub _work: Work,
}

impl Receiving {
    /// The next batch; none at the end.
    pub async fn next(&mut self) -> Option<Result<RecordBatch, ExploreError>> {
        let since = Instant::now();
        let next = tokio::time::timeout(self.left, self.from.recv()).await;
        self.left = self.left.saturating_sub(since.elapsed());
        next.unwrap_or_else(|_| Some(Err(ExploreError::TookTooLong { seconds: self.time.as_secs() })))
    }
}

/// A question's work, which ends when this goes.
#[derive(Debug)]
pub(crate) struct Work {
    pub task: AbortHandle,
    pub over: Over,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.over.set();
        self.task.abort();
    }
}

//! Events and requests: the facts themselves, in pieces that are read side by side.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::Result;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tidegauge_store::{NewestFirst, Piece};

use super::Question;
use super::scan::Source;
use super::shape::Shape;
use super::table::failed;

/// The facts of a shape.
pub(super) async fn source(question: &Arc<Question>, shape: &Arc<Shape>) -> Result<Arc<dyn Source>> {
    let (own, wanted) = (Arc::clone(question), Arc::clone(shape));
    let found = blocking(move || {
        let pieces = own.snapshot.pieces(wanted.query(&own)).map_err(failed)?;
        // Where every row counts, how many there are is known without looking at any.
        let rows = match wanted.wants_all() {
            true => Some(pieces.iter().map(Piece::rows).sum::<Result<usize, _>>().map_err(failed)?),
            false => None,
        };
        Ok((pieces.into_iter().map(Arc::new).collect::<Vec<_>>(), rows))
    });
    let (pieces, rows) = found.await?;
    let partitions = question.partitions.min(pieces.len()).max(1);
    let (question, shape) = (Arc::clone(question), Arc::clone(shape));
    Ok(Arc::new(Pieces { question, shape, pieces, partitions, rows }))
}

/// Waits for work that reads files, on a thread that may wait for a disk. Work that nobody waits for does not begin.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match SpawnedTask::spawn_blocking(work).join_unwind().await {
        Ok(done) => done,
        Err(_) => Err(failed(crate::ExploreError::Failed)),
    }
}

#[derive(Debug)]
struct Pieces {
    question: Arc<Question>,
    shape: Arc<Shape>,
    pieces: Vec<Arc<Piece>>,
    partitions: usize,
    rows: Option<usize>,
}

impl Source for Pieces {
    fn partitions(&self) -> usize {
        self.partitions
    }

    fn read(&self, partition: usize) -> BoxStream<'static, Result<RecordBatch>> {
        let own: Vec<_> = self.pieces.iter().skip(partition).step_by(self.partitions).cloned().collect();
        let shape = Arc::clone(&self.shape);
        let batches = stream::iter(own).then(move |piece| {
            let shape = Arc::clone(&shape);
            blocking(move || read(&piece, &shape))
        });
        batches.boxed()
    }

    fn rows(&self) -> Option<usize> {
        self.rows
    }

    fn newest_first(&self) -> Option<Arc<dyn Source>> {
        let (question, shape) = (Arc::clone(&self.question), Arc::clone(&self.shape));
        Some(Arc::new(Newest { question, shape }))
    }
}

fn read(piece: &Piece, shape: &Shape) -> Result<RecordBatch> {
    if shape.columns().is_empty() {
        let options = RecordBatchOptions::new().with_row_count(Some(piece.rows().map_err(failed)?));
        return Ok(RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)?);
    }
    shape.filter(piece.read().map_err(failed)?)
}

/// The facts newest first.
#[derive(Debug)]
struct Newest {
    question: Arc<Question>,
    shape: Arc<Shape>,
}

impl Source for Newest {
    fn partitions(&self) -> usize {
        1
    }

    fn read(&self, _: usize) -> BoxStream<'static, Result<RecordBatch>> {
        let rows = self.question.snapshot.newest_first(self.shape.tested_query(&self.question), None);
        let shape = Arc::clone(&self.shape);
        let batches = stream::try_unfold(rows, move |rows: NewestFirst| {
            let shape = Arc::clone(&shape);
            blocking(move || {
                let mut rows = rows;
                let Some(batch) = rows.next().transpose().map_err(failed)? else { return Ok(None) };
                Ok(Some((shape.filter(batch)?, rows)))
            })
        });
        batches.boxed()
    }
}

//! Sessions: of each, the version that was received last.
//!
//! A session is known by its project and id. All versions are looked at, whatever time is asked for: one that was replaced by
//! a newer one is gone from every time.

use std::sync::Arc;

use ahash::RandomState;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMicrosecondType;
use datafusion::error::Result;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use hashbrown::HashMap;
use tidegauge_facts::Table;
use tidegauge_store::{Piece, Query};

use super::Question;
use super::facts::blocking;
use super::filters::Span;
use super::scan::Source;
use super::shape::Shape;
use super::table::failed;
use super::texts::Texts;

const KEYS: [&str; 4] = ["project_id", "session_id", "received_at", "event_time"];
/// What a session takes while the newest versions are looked for, about.
const SESSION_BYTES: usize = 64;

/// The sessions of a shape.
pub(super) async fn source(question: &Arc<Question>, shape: &Arc<Shape>) -> Result<Arc<dyn Source>> {
    let (own, wanted) = (Arc::clone(question), Arc::clone(shape));
    let pieces = blocking(move || newest_versions(&own, wanted.span)).await?;
    let partitions = question.partitions.min(pieces.len()).max(1);
    Ok(Arc::new(Sessions { shape: Arc::clone(shape), pieces, partitions }))
}

/// Rows of a piece: those that count.
type Rows = Arc<(Piece, Vec<u32>)>;

#[derive(Debug)]
struct Sessions {
    shape: Arc<Shape>,
    pieces: Vec<Rows>,
    partitions: usize,
}

impl Source for Sessions {
    fn partitions(&self) -> usize {
        self.partitions
    }

    fn read(&self, partition: usize) -> BoxStream<'static, Result<RecordBatch>> {
        let own: Vec<Rows> = self.pieces.iter().skip(partition).step_by(self.partitions).cloned().collect();
        let shape = Arc::clone(&self.shape);
        let batches = stream::iter(own).then(move |rows| {
            let shape = Arc::clone(&shape);
            blocking(move || shape.filter(rows.0.pick(&rows.1, &shape.columns()).map_err(failed)?))
        });
        batches.boxed()
    }

    fn rows(&self) -> Option<usize> {
        self.shape.wants_all().then(|| self.pieces.iter().map(|rows| rows.1.len()).sum())
    }
}

/// A version of a session: the later one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    received: i64,
    time: i64,
    piece: u32,
    row: u32,
}

/// The versions that count and are of the time.
fn newest_versions(question: &Question, span: Span) -> Result<Vec<Rows>> {
    let query = Query {
        table: Table::Sessions,
        tenant: question.tenant().to_owned(),
        from: Span::ALL.from,
        to: Span::ALL.to,
        columns: KEYS.to_vec(),
        test: None,
    };
    let pieces = question.snapshot.pieces(query).map_err(failed)?;
    // A hash of 128 bits of two random keys stands for a session: that two meet in one is not to be expected, nor to be made.
    let hashers = [RandomState::new(), RandomState::new()];
    let mut newest: HashMap<u128, Version, RandomState> = HashMap::default();
    for (piece, place) in pieces.iter().zip(0..) {
        let batch = piece.read().map_err(failed)?;
        let known = newest.len();
        for (row, key, [received, time]) in versions(&batch, &hashers, question.project()) {
            let version = Version { received, time, piece: place, row };
            newest.entry(key).and_modify(|known| *known = version.max(*known)).or_insert(version);
        }
        question.budget().take((newest.len() - known) * SESSION_BYTES).map_err(failed)?;
    }
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); pieces.len()];
    for version in newest.into_values().filter(|version| (span.from..=span.to).contains(&version.time)) {
        rows[version.piece as usize].push(version.row);
    }
    rows.iter_mut().for_each(|rows| rows.sort_unstable());
    let found = pieces.into_iter().zip(rows).filter(|(_, rows)| !rows.is_empty());
    Ok(found.map(Arc::new).collect())
}

/// The sessions of a batch, of the asker's project if he has one: their rows, what stands for them, and when they were
/// received and created. A row without an id only describes a client.
fn versions<'a>(
    batch: &'a RecordBatch,
    hashers: &'a [RandomState; 2],
    own: Option<&'a str>,
) -> impl Iterator<Item = (u32, u128, [i64; 2])> + 'a {
    let [projects, ids] = ["project_id", "session_id"].map(|column| Texts::of(batch, column));
    let instants = ["received_at", "event_time"].map(|column| {
        let instants = batch
            .column_by_name(column)
            .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        instants.map(|instants| instants.values())
    });
    // Invariant: a piece is far below 2^32 rows.
    (0..batch.num_rows() as u32).filter_map(move |row| {
        let at = row as usize;
        let id = ids.get(at).filter(|id| !id.is_empty())?;
        let project = projects.get(at)?;
        if own.is_some_and(|own| own != project) {
            return None;
        }
        let [high, low] = [0, 1].map(|one| u128::from(hashers[one].hash_one((project, id))));
        Some((row, high << 64 | low, instants.map(|instants| instants.map_or(0, |instants| instants[at]))))
    })
}

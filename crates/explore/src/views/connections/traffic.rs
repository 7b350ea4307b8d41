//! What the ledger does not keep of a connection: bytes, and why it was closed. The newest message that says so counts.

use ahash::RandomState;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, Int64Array, RecordBatch};
use arrow_schema::SchemaRef;
use datafusion::error::Result;
use hashbrown::HashMap;
use tidegauge_facts::Table;
use tidegauge_store::Query;
use tidegauge_store::connections::Life;

use crate::views::Question;
use crate::views::table::failed;
use crate::views::texts::Texts;

const ASKED: [&str; 3] = ["bytes_in", "bytes_out", "close_reason"];
/// What one connection takes, about.
const SAID_BYTES: usize = 128;

/// By project and id.
#[derive(Default)]
pub(super) struct Traffic {
    hashers: [RandomState; 2],
    said: HashMap<u128, Said, RandomState>,
}

/// What messages said of one connection, each with its instant.
#[derive(Default)]
pub(super) struct Said {
    bytes_in: Option<(i64, i64)>,
    bytes_out: Option<(i64, i64)>,
    close_reason: Option<(i64, Box<str>)>,
}

impl Said {
    pub fn bytes_in(&self) -> Option<i64> {
        Some(self.bytes_in?.1)
    }

    pub fn bytes_out(&self) -> Option<i64> {
        Some(self.bytes_out?.1)
    }

    pub fn close_reason(&self) -> Option<&str> {
        Some(&self.close_reason.as_ref()?.1)
    }
}

impl Traffic {
    /// What was said of these connections, where a column asks for it.
    pub fn read(question: &Question, schema: &SchemaRef, places: &[(u32, Life)]) -> Result<Self> {
        let mut traffic = Self::default();
        let asked: Vec<&'static str> =
            ASKED.into_iter().filter(|name| schema.field_with_name(name).is_ok()).collect();
        let opened = places.iter().map(|(_, life)| life.opened).min();
        let Some(from) = opened.filter(|_| !asked.is_empty()) else { return Ok(traffic) };
        let query = Query {
            table: Table::Connections,
            tenant: question.tenant().to_owned(),
            // No message of theirs is older than they are.
            from,
            to: i64::MAX,
            columns: ["project_id", "connection_id", "event_time"].into_iter().chain(asked).collect(),
            test: None,
        };
        for piece in question.snapshot.pieces(query).map_err(failed)? {
            let known = traffic.said.len();
            traffic.add(&piece.read().map_err(failed)?);
            question.budget().take((traffic.said.len() - known) * SAID_BYTES).map_err(failed)?;
        }
        Ok(traffic)
    }

    pub fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// What was said of a connection.
    pub fn of(&self, project: &str, id: &str) -> Option<&Said> {
        self.said.get(&self.key(project, id))
    }

    fn key(&self, project: &str, id: &str) -> u128 {
        let [high, low] = [0, 1].map(|one| u128::from(self.hashers[one].hash_one((project, id))));
        high << 64 | low
    }

    fn add(&mut self, batch: &RecordBatch) {
        let [projects, ids, reasons] =
            ["project_id", "connection_id", "close_reason"].map(|column| Texts::of(batch, column));
        let [bytes_in, bytes_out] = ["bytes_in", "bytes_out"].map(|column| {
            batch.column_by_name(column).and_then(|column| column.as_primitive_opt::<Int64Type>())
        });
        let times = batch.column_by_name("event_time");
        let Some(times) = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>()) else {
            return;
        };
        for row in 0..batch.num_rows() {
            let said = [int(bytes_in, row), int(bytes_out, row)];
            let reason = reasons.get(row);
            let (Some(project), Some(id)) = (projects.get(row), ids.get(row)) else { continue };
            if said == [None, None] && reason.is_none() {
                continue;
            }
            let at = times.value(row);
            let of = self.said.entry(self.key(project, id)).or_default();
            let [bytes_in, bytes_out] = said.map(|bytes| bytes.map(|bytes| (at, bytes)));
            // Of two at one instant the larger: bytes are counted so far.
            of.bytes_in = of.bytes_in.max(bytes_in);
            of.bytes_out = of.bytes_out.max(bytes_out);
            if let Some(reason) = reason.filter(|reason| {
                of.close_reason.as_ref().is_none_or(|known| (known.0, &*known.1) < (at, *reason))
            }) {
                of.close_reason = Some((at, reason.into()));
            }
        }
    }
}

fn int(column: Option<&Int64Array>, row: usize) -> Option<i64> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

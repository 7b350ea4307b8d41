//! Clients' ids found again when the store opens, so that repeats are noticed across a restart.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use tidegauge_facts::connections::message_id;
use tidegauge_facts::time::SECOND;
use tidegauge_facts::{Micros, Table};

use crate::dedupe::{Dedupe, Fingerprinter, WINDOW_SECONDS};
use crate::error::StoreError;
use crate::read::{self, Labels};
use crate::segment::{Segment, id_column};

/// Notes the clients' ids of the newest segments, oldest first, as far as the window reaches.
pub(crate) fn of_segments(
    segments: &[Arc<Segment>],
    dedupe: &mut Dedupe,
    prints: Fingerprinter,
    max_ids: usize,
) {
    let window_start = window_start();
    let mut ids = 0;
    let wanted: Vec<&Arc<Segment>> = segments
        .iter()
        .rev()
        .filter(|segment| segment.meta.client_ids > 0 && segment.meta.max_received >= window_start)
        .take_while(|segment| {
            let is_wanted = ids < max_ids as u64;
            ids += segment.meta.client_ids;
            is_wanted
        })
        .collect();
    for segment in wanted.into_iter().rev() {
        let Some(table) = segment.table() else { continue };
        let read = segment.read(Some(&columns(table))).and_then(|batches| {
            for batch in batches {
                of_batch(dedupe, prints, table, &batch?)?;
            }
            Ok(())
        });
        if let Err(error) = read {
            segment.mark_if_damaged(&error);
            tracing::error!(%error, "a segment cannot be read: repeats of its events will not be noticed");
        }
    }
}

/// From when on ids are remembered, in microseconds.
fn window_start() -> i64 {
    Micros::now().0 - i64::from(WINDOW_SECONDS) * SECOND
}

/// Notes the clients' ids of a batch, as far as the window reaches.
pub(crate) fn of_batch(
    dedupe: &mut Dedupe,
    prints: Fingerprinter,
    table: Table,
    batch: &RecordBatch,
) -> Result<(), StoreError> {
    let window_start = window_start();
    let tenants = Labels::of(batch, "tenant_id")?;
    let projects = Labels::of(batch, "project_id")?;
    let ids = Ids::of(table, batch)?;
    let received = read::instants(batch, "received_at")?;
    for (row, received) in received.iter().enumerate().filter(|(_, at)| **at >= window_start) {
        if let Some(id) = ids.get(row) {
            let second = u32::try_from(received / SECOND).unwrap_or(0);
            dedupe.insert(prints.of(tenants.get(row), projects.get(row), table, &id), second);
        }
    }
    Ok(())
}

/// The columns by which repeats are noticed.
fn columns(table: Table) -> Vec<&'static str> {
    let mut columns = vec!["tenant_id", "project_id", "received_at", id_column(table)];
    match table {
        Table::Events | Table::Requests => columns.push("id_assigned"),
        Table::Connections => columns.extend(["at_assigned", "state", "event_time"]),
        Table::Sessions => {}
    }
    columns
}

/// What each row is known by, if its sender gave it a name.
enum Ids<'a> {
    Plain { ids: &'a StringArray, batch: &'a RecordBatch },
    Messages { ids: &'a StringArray, states: Labels<'a>, times: &'a [i64], batch: &'a RecordBatch },
}

impl<'a> Ids<'a> {
    fn of(table: Table, batch: &'a RecordBatch) -> Result<Self, StoreError> {
        let ids = read::texts(batch, id_column(table))?;
        if table != Table::Connections {
            return Ok(Self::Plain { ids, batch });
        }
        let (states, times) = (Labels::of(batch, "state")?, read::instants(batch, "event_time")?);
        Ok(Self::Messages { ids, states, times, batch })
    }

    fn get(&self, row: usize) -> Option<Cow<'a, str>> {
        match self {
            Self::Plain { ids, batch } => {
                // A session's row without an id only describes a client.
                let is_clients = !read::flag(batch, "id_assigned", row) && !ids.value(row).is_empty();
                is_clients.then(|| Cow::Borrowed(ids.value(row)))
            }
            Self::Messages { ids, states, times, batch } => (!read::flag(batch, "at_assigned", row))
                .then(|| Cow::Owned(message_id(ids.value(row), states.get(row), times[row]))),
        }
    }
}

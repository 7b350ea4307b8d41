//! What a store took in since an import's last record: after a crash, rows behind the record may be among it.
//!
//! The store's own memory of ids would not do: it ends after a day, and rows whose ids an import has made are not in it,
//! so that they push no client's id out of it and no start has to read them.

use std::collections::HashMap;

use tidegauge_facts::connections::message_id;
use tidegauge_facts::{Micros, Table};
use tidegauge_store::{Fingerprint, Store};

use crate::column::Value;
use crate::error::ImportError;
use crate::identity::session_id;
use crate::parquet_rows::Batch;

/// Rows that are brought together at most: about 1.5 GB.
const MAX_ROWS: usize = 32_000_000;

/// Rows by what each is known by, and how often: a message about a connection that has no name of its own may stand in a
/// file twice.
pub(crate) type Left = HashMap<Fingerprint, u32>;

/// The rows of a table that were taken in at `since` or later; of these, where `made_by` names an import that makes the
/// ids of all its rows, only its own.
pub(crate) fn rows_since(
    store: &Store,
    table: Table,
    since: i64,
    made_by: Option<&str>,
) -> Result<Left, ImportError> {
    let wanted: &[&str] = match table {
        Table::Events => &["tenant_id", "project_id", "received_at", "event_id"],
        Table::Sessions => {
            &["tenant_id", "project_id", "received_at", "session_id", "client_id", "event_time"]
        }
        Table::Connections => {
            &["tenant_id", "project_id", "received_at", "connection_id", "state", "event_time"]
        }
        Table::Requests => &["tenant_id", "project_id", "received_at", "request_id"],
    };
    let mut found = HashMap::new();
    let snapshot = store.snapshot();
    for batch in snapshot.scan_from(table, Micros(since), Some(wanted)) {
        let batch = batch?;
        let columns: Vec<Option<Batch>> = wanted.iter().map(|name| Batch::single(&batch, name)).collect();
        for row in 0..batch.num_rows() {
            let value = |at: usize| columns[at].as_ref().map_or(Value::Null, |column| column.first(row));
            let text = |at: usize| match value(at) {
                Value::Text(text) => text.into_owned(),
                _ => String::new(),
            };
            let instant = |at: usize| match value(at) {
                Value::Instant(at) => at,
                _ => 0,
            };
            if instant(2) < since {
                continue;
            }
            let id = match table {
                Table::Events | Table::Requests => text(3),
                Table::Sessions => session_id(&text(3), &text(4), instant(5)).into_owned(),
                Table::Connections => message_id(&text(3), &text(4), instant(5)),
            };
            if made_by.is_none_or(|import| id.starts_with(import)) {
                *found.entry(store.fingerprint(&text(0), &text(1), table, &id)).or_default() += 1;
            }
        }
        if found.len() > MAX_ROWS {
            return Err(ImportError::TooManySince);
        }
    }
    Ok(found)
}

//! What has landed in the minute before a stream begins, read from the facts.
//!
//! It is read newest first and up to [`MAX_PAST_ROWS`]; of a flood, the oldest seconds of that minute may be missing from the
//! top names and the error rate until the stream itself has seen a minute.

use tidegauge_facts::time::SECOND;
use tidegauge_facts::{Micros, Table};
use tidegauge_store::{Snapshot, StoreError};

use super::arrivals::{Streams, count_events, count_requests};
use super::channel::Key;
use super::columns::Values;
use super::window::{SECONDS, Second};

/// Rows of a table that are looked at.
pub const MAX_PAST_ROWS: usize = 2_000_000;
const EVENT_COLUMNS: &[&str] = &["tenant_id", "project_id", "received_at", "event_name"];
const REQUEST_COLUMNS: &[&str] = &["tenant_id", "project_id", "received_at", "response_code"];

/// The seconds before `now`, the newest last.
pub(super) fn past(snapshot: &Snapshot, key: &Key, now: Micros) -> Result<Vec<Second>, StoreError> {
    let mut seconds = vec![Second::default(); SECONDS];
    let since = Micros(now.0 - SECONDS as i64 * SECOND);
    for (table, columns) in [(Table::Events, EVENT_COLUMNS), (Table::Requests, REQUEST_COLUMNS)] {
        let mut looked_at = 0;
        for batch in snapshot.received_since(table, since, columns) {
            let batch = batch?;
            snapshot.budget().check()?;
            looked_at += batch.num_rows();
            let mut streams = Streams::default();
            streams.add(key.tenant.as_str(), key.project.as_ref().map(|project| project.as_str()), 0);
            let received = Values::of(&batch, "received_at");
            let second_of = |row: &u32| {
                let age = (now.0 - received.int(*row as usize)?).max(0) / SECOND;
                SECONDS.checked_sub(1 + usize::try_from(age).ok()?)
            };
            for (_, rows) in streams.rows(&batch) {
                // Rows of a second mostly come together.
                for run in rows.chunk_by(|a, b| second_of(a) == second_of(b)) {
                    let Some(second) = second_of(&run[0]) else { continue };
                    match table {
                        Table::Events => count_events(&batch, run, &mut seconds[second]),
                        _ => count_requests(&batch, run, &mut seconds[second]),
                    }
                }
            }
            if looked_at >= MAX_PAST_ROWS {
                break;
            }
        }
    }
    Ok(seconds)
}

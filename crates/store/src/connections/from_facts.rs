//! A tenant's connections as the facts tell them, for the time before the ledger begins.
//!
//! Promise: the same rules as the ledger's, by the same code; it costs what the facts since then weigh.

use tidegauge_facts::Table;
use tidegauge_facts::time::{DAY, HOUR};

use super::ledger::StaleDay;
use super::message::Messages;
use super::tenant::{Moment, TenantLedger};
use crate::error::StoreError;
use crate::rows::Query;
use crate::snapshot::Snapshot;

/// Every connection of a tenant that was open at some moment since `from`.
///
/// # Errors
/// Something cannot be read.
pub fn connections_since(
    snapshot: &Snapshot,
    tenant: &str,
    from: i64,
    idle: i64,
    now: i64,
) -> Result<TenantLedger, StoreError> {
    let moment = Moment { now, since: i64::MIN, is_recovery: true };
    let mut ledger = TenantLedger::new(idle);
    let query = Query {
        table: Table::Connections,
        tenant: tenant.to_owned(),
        from,
        to: i64::MAX,
        columns: Messages::COLUMNS.to_vec(),
        test: None,
    };
    for batch in snapshot.newest_first(query, None) {
        let batch = batch?;
        let messages = Messages::of(&batch)?;
        (0..messages.len()).for_each(|row| ledger.apply(&messages.get(row), moment));
    }
    Ok(ledger)
}

/// A day's peaks by the hour.
pub(crate) fn peaks_of(facts: &TenantLedger, stale: &StaleDay) -> Vec<(i64, u32)> {
    let Some(project) = facts.project(&stale.project) else { return Vec::new() };
    (stale.day * 24..).zip(project.peaks.highest(stale.day * DAY, HOUR, 24)).collect()
}

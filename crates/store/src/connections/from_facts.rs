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

/// Most connections that are brought together for one question.
pub const MAX_CONNECTIONS_READ: usize = 2_000_000;

/// What one of them takes in memory, about.
const LIFE_BYTES: usize = 300;

/// Every connection of a tenant that was open at some moment since `from`.
///
/// # Errors
/// Something cannot be read, or there are more than [`MAX_CONNECTIONS_READ`].
pub fn connections_since(
    snapshot: &Snapshot,
    tenant: &str,
    from: i64,
    idle: i64,
    now: i64,
) -> Result<TenantLedger, StoreError> {
    read_until(snapshot, tenant, from, idle, now, || false)
}

/// [`connections_since`], given up when `is_over`.
pub(crate) fn read_until(
    snapshot: &Snapshot,
    tenant: &str,
    from: i64,
    idle: i64,
    now: i64,
    is_over: impl Fn() -> bool,
) -> Result<TenantLedger, StoreError> {
    let moment = Moment { now, since: i64::MIN, is_recovery: true, is_replay: true };
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
        let known = ledger.known();
        let batch = batch?;
        let messages = Messages::of(&batch)?;
        (0..messages.len()).for_each(|row| ledger.apply(&messages.get(row), moment));
        snapshot.budget().take((ledger.known() - known) * LIFE_BYTES)?;
        if ledger.known() > MAX_CONNECTIONS_READ || is_over() {
            return Err(StoreError::TooMuch { what: "connections" });
        }
    }
    ledger.expire(moment, usize::MAX);
    Ok(ledger)
}

/// A day's peaks by the hour.
pub(crate) fn peaks_of(facts: &TenantLedger, stale: &StaleDay) -> Vec<(i64, u32)> {
    let Some(project) = facts.project(&stale.project) else { return Vec::new() };
    (stale.day * 24..).zip(project.peaks.highest(stale.day * DAY, HOUR, 24)).collect()
}

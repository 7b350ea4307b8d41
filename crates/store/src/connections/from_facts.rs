//! A tenant's connections as the facts tell them, for the time before the ledger begins.
//!
//! Promise: the same rules as the ledger's, by the same code; it costs what the facts since then weigh.

use tidegauge_facts::Table;
use tidegauge_facts::time::{DAY, HOUR};

use super::ledger::StaleDay;
use super::message::Messages;
use super::tenant::{Moment, TenantLedger};
use crate::error::StoreError;
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
    for batch in snapshot.scan_since(Table::Connections, from) {
        let batch = batch?;
        let messages = Messages::of(&batch)?;
        for row in 0..messages.len() {
            let message = messages.get(row);
            if message.at >= from && messages.tenant(row) == tenant {
                ledger.apply(&message, moment);
            }
        }
    }
    Ok(ledger)
}

/// A day's peaks by the hour.
pub(crate) fn peaks_of(facts: &TenantLedger, stale: &StaleDay) -> Vec<(i64, u32)> {
    let Some(project) = facts.project(&stale.project) else { return Vec::new() };
    (stale.day * 24..).zip(project.peaks.highest(stale.day * DAY, HOUR, 24)).collect()
}

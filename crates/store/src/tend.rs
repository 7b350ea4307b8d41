//! What happens to connections by the passing of time alone: two threads beside the flush.
//!
//! Promise: a connection that was silent for too long has ended within a tick, also while flushes fail or take long;
//! who commits waits for moments only. Days whose peaks late messages have changed are counted again, a tenant after the
//! other, however many there are.

use std::sync::Arc;
use std::time::Duration;

use tidegauge_facts::Micros;
use tidegauge_facts::time::DAY;

use crate::connections::{peaks_of, read_until};
use crate::error::StoreError;
use crate::shared::Shared;

/// How often silence is looked for.
const TICK: Duration = Duration::from_millis(100);
/// How often days are looked for that are to be counted again.
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How far counting days again stands back behind everything else (`nice`; on Linux of one thread).
const NICENESS: i32 = 10;

/// Ends what was silent for too long, until the store closes.
pub(crate) fn tend(shared: &Shared) {
    while !shared.is_closing(TICK) {
        loop {
            let now = Micros::now();
            if !shared.view.read().ledger.is_due(now) || shared.is_closing(Duration::ZERO) {
                break;
            }
            shared.view.write().ledger.tend(now);
        }
    }
}

/// Counts stale days again, until the store closes.
pub(crate) fn renew(shared: &Arc<Shared>) {
    let _ = rustix::process::nice(NICENESS);
    while !shared.is_closing(RENEW_EVERY) {
        let tenants = shared.view.read().ledger.stale_tenants();
        for tenant in tenants {
            if shared.is_closing(Duration::ZERO) {
                return;
            }
            // Readers of a stale day count it themselves: nothing is lost by a failure but time.
            if let Err(error) = renew_tenant(shared, &tenant)
                && !shared.is_closing(Duration::ZERO)
            {
                tracing::warn!(%error, "past peaks of connections could not be counted again");
            }
        }
    }
}

fn renew_tenant(shared: &Shared, tenant: &str) -> Result<(), StoreError> {
    let (snapshot, days, from, idle) = {
        let view = shared.view.read();
        let days = view.ledger.stale_days(tenant);
        let Some(first) = days.iter().map(|stale| stale.day).min() else { return Ok(()) };
        let from = view.ledger.tenant(tenant).map_or(first * DAY, |ledger| ledger.facts_from(first * DAY));
        (view.snapshot(), days, from, view.ledger.idle(tenant))
    };
    let is_closing = || shared.is_closing(Duration::ZERO);
    let facts = read_until(&snapshot, tenant, from, idle, Micros::now().0, is_closing)?;
    let peaks: Vec<_> = days.iter().map(|stale| (stale, peaks_of(&facts, stale))).collect();
    let mut view = shared.view.write();
    for (stale, hours) in peaks {
        view.ledger.renew(tenant, stale, &hours);
    }
    Ok(())
}

//! Events counted one by one: what whole buckets of time leave over at the ends of a span.

use std::collections::BTreeMap;

use tidegauge_facts::{Micros, ProjectId, Table, TenantId};
use tidegauge_store::{Query, Snapshot, StoreError};

use crate::values::Values;

/// A tenant's or one project's events by name, from `from` to `to`, excluded. It costs what the span weighs.
///
/// # Errors
/// Something cannot be read.
pub(crate) fn count_events(
    snapshot: &Snapshot,
    tenant: &TenantId,
    project: Option<&ProjectId>,
    (from, to): (Micros, Micros),
) -> Result<BTreeMap<Box<str>, u64>, StoreError> {
    let mut counts = BTreeMap::new();
    if from >= to {
        return Ok(counts);
    }
    let query = Query {
        table: Table::Events,
        tenant: tenant.as_str().to_owned(),
        from: from.0,
        to: to.0 - 1,
        columns: vec!["project_id", "event_name"],
        test: None,
    };
    for batch in snapshot.newest_first(query, None) {
        let batch = batch?;
        let (projects, names) = (Values::of(&batch, "project_id"), Values::of(&batch, "event_name"));
        for row in 0..batch.num_rows() {
            if project.is_none_or(|project| projects.text(row) == Some(project.as_str())) {
                *counts.entry(names.text(row).unwrap_or_default().into()).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

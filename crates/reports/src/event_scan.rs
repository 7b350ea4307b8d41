//! Events counted one by one: what whole buckets of time leave over at the ends of a span.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{Array as _, DictionaryArray, RecordBatch, StringArray};
use tidegauge_facts::{Micros, ProjectId, Table, TenantId};
use tidegauge_store::{Snapshot, StoreError};

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
    for batch in snapshot.scan_since(Table::Events, from.0) {
        let batch = batch?;
        let (Some(tenants), Some(projects), Some(names), Some(times)) = (
            labels(&batch, "tenant_id"),
            labels(&batch, "project_id"),
            labels(&batch, "event_name"),
            batch.column_by_name("event_time").and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>()),
        ) else {
            continue;
        };
        for (row, at) in times.values().iter().enumerate() {
            let is_wanted = (from.0..to.0).contains(at)
                && text(&tenants, row) == tenant.as_str()
                && project.is_none_or(|project| text(&projects, row) == project.as_str());
            if is_wanted {
                *counts.entry(Box::from(text(&names, row))).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

type Labels<'a> = (&'a DictionaryArray<Int32Type>, &'a StringArray);

fn labels<'a>(batch: &'a RecordBatch, name: &str) -> Option<Labels<'a>> {
    let array = batch.column_by_name(name)?.as_dictionary_opt::<Int32Type>()?;
    Some((array, array.values().as_string_opt::<i32>()?))
}

fn text<'a>((array, values): &Labels<'a>, row: usize) -> &'a str {
    array.key(row).map_or("", |key| values.value(key))
}

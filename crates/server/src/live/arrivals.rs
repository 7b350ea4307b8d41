//! A batch's rows by the streams that they belong to, and how they count.
//!
//! Each row belongs to the stream of its project and to that of its whole tenant, where there are such.

use std::collections::HashMap;

use arrow_array::RecordBatch;

use super::columns::Values;
use super::window::Second;

/// Streams by tenant: the whole tenant's, and those of projects. A stream is told by its place in a list.
#[derive(Debug, Default)]
pub(super) struct Streams<'k>(HashMap<&'k str, OfTenant<'k>>);

#[derive(Debug, Default)]
struct OfTenant<'k> {
    whole: Option<usize>,
    projects: HashMap<&'k str, usize>,
}

impl<'k> Streams<'k> {
    pub fn add(&mut self, tenant: &'k str, project: Option<&'k str>, stream: usize) {
        let of_tenant = self.0.entry(tenant).or_default();
        match project {
            Some(project) => drop(of_tenant.projects.insert(project, stream)),
            None => of_tenant.whole = Some(stream),
        }
    }

    /// Each stream's rows of the batch, ascending; streams without any are left out.
    pub fn rows(&self, batch: &RecordBatch) -> Vec<(usize, Vec<u32>)> {
        let (tenants, projects) = (Values::of(batch, "tenant_id"), Values::of(batch, "project_id"));
        let mut rows: HashMap<usize, Vec<u32>> = HashMap::new();
        let (mut last, mut found) = (None, [None, None]);
        // Invariant: a batch is bounded by `MAX_GROUP_BYTES`, far below 2^32 rows.
        for (row, at) in (0..batch.num_rows()).zip(0_u32..) {
            let (Some(tenant), Some(project)) = (tenants.code(row), projects.code(row)) else { continue };
            // Rows of one project mostly come together.
            if last.replace((tenant, project)) != Some((tenant, project)) {
                found = self.of_row(tenants.text(row), projects.text(row));
            }
            for stream in found.into_iter().flatten() {
                rows.entry(stream).or_default().push(at);
            }
        }
        rows.into_iter().collect()
    }

    fn of_row(&self, tenant: Option<&str>, project: Option<&str>) -> [Option<usize>; 2] {
        let Some(of_tenant) = tenant.and_then(|tenant| self.0.get(tenant)) else { return [None, None] };
        let project = project.and_then(|project| of_tenant.projects.get(project).copied());
        [of_tenant.whole, project]
    }
}

/// Counts events.
pub(super) fn count_events(batch: &RecordBatch, rows: &[u32], second: &mut Second) {
    let names = Values::of(batch, "event_name");
    let mut counts = vec![0_u64; names.codes()];
    for code in rows.iter().filter_map(|row| names.code(*row as usize)) {
        counts[code as usize] += 1;
    }
    let Values::Labels { texts, .. } = names else { return };
    for (code, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        second.count_name(texts.value(code), count);
    }
}

/// Counts API requests; rows of network statistics are none (spec section 7).
pub(super) fn count_requests(batch: &RecordBatch, rows: &[u32], second: &mut Second) {
    let codes = Values::of(batch, "response_code");
    for code in rows.iter().map(|row| codes.int(*row as usize)) {
        second.requests += u64::from(code != Some(-1));
        second.errors += u64::from(code.is_some_and(|code| code >= 400));
    }
}

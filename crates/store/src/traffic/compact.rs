//! Parts are merged while they are small, and all are made again from the facts when they cannot be used.
//!
//! Promise: the parts of every manifest have measured each request in its segments once; readers of an older
//! manifest keep the files they hold.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tidegauge_facts::Table;

use super::Traffic;
use super::measure::Measure;
use super::part::{OpenPart, Part, PartMeta, PartWriter};
use super::tally::{COLUMNS, write_tally};
use crate::error::StoreError;
use crate::manifest::Manifest;
use crate::shared::Shared;

/// This many parts of about one size become one.
const RUN: usize = 4;
/// Entries between two looks whether a merge is to go on.
const LOOK_EVERY: u64 = 64 * 1024;
/// Parts of fewer entries are of one size, the smallest; and so on up.
const TIERS_ENTRIES: [u64; 4] = [64 * 1024, 512 * 1024, 4 * 1024 * 1024, 16 * 1024 * 1024];

/// Merges the parts of one size, if there are enough of them.
pub(crate) fn compact(shared: &Shared) -> Result<(), StoreError> {
    let manifest = Arc::clone(&shared.view.read().manifest);
    match find_run(&manifest.traffic.parts).filter(|run| has_space(shared, run)) {
        Some(run) => merge_run(shared, &manifest, &run, || true).map(|_| ()),
        None => Ok(()),
    }
}

/// Whether there is something to merge when there is nothing else to do.
pub(crate) fn can_tidy(shared: &Shared) -> bool {
    let manifest = Arc::clone(&shared.view.read().manifest);
    let traffic = &manifest.traffic;
    traffic.is_whole() && find_idle_run(&traffic.parts).is_some_and(|run| has_space(shared, &run))
}

/// Merges parts further, when there is nothing else to do: the fewer there are, the sooner a report is read. False if it
/// was given up, because it was no longer to go on.
pub(crate) fn tidy(shared: &Shared, goes_on: impl FnMut() -> bool) -> Result<bool, StoreError> {
    let manifest = Arc::clone(&shared.view.read().manifest);
    match find_idle_run(&manifest.traffic.parts) {
        Some(run) => merge_run(shared, &manifest, &run, goes_on),
        None => Ok(true),
    }
}

/// Whether the disk has room for the parts once more, beside what intake needs.
fn has_space(shared: &Shared, run: &[Arc<Part>]) -> bool {
    let bytes: u64 = run.iter().map(|part| part.meta.bytes).sum();
    shared.dir.free_bytes().is_ok_and(|free| free >= bytes + 2 * shared.options.min_free_bytes)
}

fn merge_run(
    shared: &Shared,
    manifest: &Manifest,
    run: &[Arc<Part>],
    goes_on: impl FnMut() -> bool,
) -> Result<bool, StoreError> {
    let dir = shared.dir.traffic_dir();
    let Some(meta) = merge(&dir, shared.next_number(), run, goes_on)? else { return Ok(false) };
    let merged = Arc::new(Part::new(&dir, meta));
    let is_in_run = |part: &Arc<Part>| run.iter().any(|other| Arc::ptr_eq(part, other));
    let mut parts: Vec<_> = manifest.traffic.parts.iter().filter(|part| !is_in_run(part)).cloned().collect();
    parts.push(merged);
    install(shared, manifest, parts)?;
    run.iter().for_each(|part| part.retire());
    tracing::debug!(parts = run.len(), "parts of traffic merged");
    Ok(true)
}

/// Measures all requests in segments again. Gives up, and leaves everything as it is, when a segment cannot be read or the
/// store closes: what is added up must not tell less than the facts.
pub(crate) fn rebuild(shared: &Shared) -> Result<(), StoreError> {
    let manifest = Arc::clone(&shared.view.read().manifest);
    tracing::info!("adding up all requests again");
    let dir = shared.dir.traffic_dir();
    let mut parts: Vec<Arc<Part>> = Vec::new();
    let result =
        manifest.segments.iter().filter(|segment| segment.table() == Some(Table::Requests)).try_for_each(
            |segment| {
                if shared.is_closing(Duration::ZERO) {
                    return Err(StoreError::format("add up requests")("the store closes".into()));
                }
                let batches = segment.read(Some(&COLUMNS)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
                let batches = batches.inspect_err(|error| segment.mark_if_damaged(error))?;
                let part = write_tally(&dir, shared.next_number(), &batches)?;
                parts.extend(part.map(|meta| Arc::new(Part::new(&dir, meta))));
                Ok(())
            },
        );
    let result = result.and_then(|()| install(shared, &manifest, parts.clone()));
    let useless = if result.is_ok() { &manifest.traffic.parts } else { &parts };
    useless.iter().for_each(|part| part.retire());
    result
}

fn install(shared: &Shared, manifest: &Manifest, parts: Vec<Arc<Part>>) -> Result<(), StoreError> {
    let mut manifest = manifest.clone();
    manifest.traffic = Traffic { parts, is_stale: false };
    manifest.next_number = shared.next_number();
    manifest.save(&shared.dir)?;
    shared.view.write().manifest = Arc::new(manifest);
    Ok(())
}

fn find_run(parts: &[Arc<Part>]) -> Option<Vec<Arc<Part>>> {
    let tier = |part: &Part| TIERS_ENTRIES.iter().position(|limit| part.meta.entries < *limit);
    (0..TIERS_ENTRIES.len()).find_map(|wanted| {
        let of_tier: Vec<_> = parts.iter().filter(|part| tier(part) == Some(wanted)).cloned().collect();
        (of_tier.len() >= RUN).then(|| of_tier.into_iter().take(RUN).collect())
    })
}

/// The smallest parts, as many as the largest of them is no more than twice the others together: so each entry is
/// written again only when there is half as much beside it.
fn find_idle_run(parts: &[Arc<Part>]) -> Option<Vec<Arc<Part>>> {
    let mut parts = parts.to_vec();
    parts.sort_by_key(|part| part.meta.entries);
    let mut sum = 0;
    let run = parts.iter().enumerate().filter_map(|(others, part)| {
        let is_worth_it = others > 0 && part.meta.entries <= 2 * sum;
        sum += part.meta.entries;
        is_worth_it.then_some(others + 1)
    });
    let run = run.max()?;
    parts.truncate(run);
    Some(parts)
}

/// The parts as one; none if it was given up.
fn merge(
    dir: &Path,
    number: u64,
    run: &[Arc<Part>],
    mut goes_on: impl FnMut() -> bool,
) -> Result<Option<PartMeta>, StoreError> {
    let open: Vec<Arc<OpenPart>> = run.iter().map(|part| part.open()).collect::<Result<_, _>>()?;
    let mut heads = Vec::new();
    for (part, open) in run.iter().zip(&open) {
        let mut entries = part.entries(open);
        if entries.advance()? {
            heads.push(entries);
        }
    }
    let mut writer = PartWriter::begin(dir, number)?;
    let (mut key, mut sum) = (Vec::new(), Measure::NONE);
    while let Some(least) = (0..heads.len()).min_by(|a, b| heads[*a].key().cmp(heads[*b].key())) {
        if heads[least].key() != key {
            if sum.hits > 0 {
                writer.push(&key, &sum)?;
                if writer.entries().is_multiple_of(LOOK_EVERY) && !goes_on() {
                    return Ok(None);
                }
            }
            key.clear();
            key.extend_from_slice(heads[least].key());
            sum = Measure::NONE;
        }
        sum.add(heads[least].measure());
        if !heads[least].advance()? {
            heads.swap_remove(least);
        }
    }
    if sum.hits > 0 {
        writer.push(&key, &sum)?;
    }
    writer.finish().map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::measure::Hit;
    use super::*;

    #[test]
    fn a_merge_that_is_given_up_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let hit = Hit { code: 200, at: 0, request_time: 1, latency: 1, upstream: 1 };
        let part = |number: u64| {
            let mut writer = PartWriter::begin(dir.path(), number).unwrap();
            for n in 0..LOOK_EVERY + 10 {
                writer.push(&n.to_be_bytes(), &Measure::from(hit)).unwrap();
            }
            Arc::new(Part::new(dir.path(), writer.finish().unwrap()))
        };
        let run = [part(1), part(2)];
        assert!(merge(dir.path(), 3, &run, || false).unwrap().is_none());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
        let merged = Part::new(dir.path(), merge(dir.path(), 4, &run, || true).unwrap().unwrap());
        let mut hits = 0;
        merged.visit(&[], &[0xff], |_, measure| hits += measure.hits).unwrap();
        assert_eq!((merged.meta.entries, hits), (LOOK_EVERY + 10, 2 * LOOK_EVERY + 20));
    }
}

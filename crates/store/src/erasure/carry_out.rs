//! Carrying erasures out, several in one go through the segments, by the flush thread.
//!
//! While a backup is under way none begins: it could not be done. The log is emptied up to the requests; the person's sessions and connections are found and written down; each segment
//! that holds rows of his is put in the manifest anew without them; the ledger forgets his connections; and last, what was
//! wanted is replaced by what was done. Each step can be done twice: after a crash all are done again.
//!
//! Promise: what goes is what would go if a tenant's erasures were carried out one after the other, however they share passes
//! and wherever a crash comes between: the rows that one takes tell those behind it of no session or connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arrow_buffer::BooleanBufferBuilder;
use tidegauge_facts::Micros;

use super::links::MAX_LINKS;
use super::person::Target;
use super::{Erased, logs};
use crate::backup;
use crate::connections::forget;
use crate::directory::sync_dir;
use crate::error::StoreError;
use crate::flush::Flusher;
use crate::manifest::Manifest;
use crate::segment::{self, OpenSegment, Segment};
use crate::shared::Shared;
use crate::{replace, traffic};

/// Carries out what is due.
pub(crate) fn carry_out(flusher: &mut Flusher) -> Result<(), StoreError> {
    let shared = Arc::clone(&flusher.shared);
    let due = shared.erasures.lock().begin();
    backup::refuse_under_way(shared.dir.path())?;
    shared.at_step("an erasure begins");
    let mut targets = Target::of_all(&shared.dir, due)?;
    match go_through(flusher, &mut targets)? {
        true => finish(&shared, &targets),
        false => Ok(()),
    }
}

/// Removes the targets' rows. False when the store closes meanwhile.
fn go_through(flusher: &mut Flusher, targets: &mut [Target]) -> Result<bool, StoreError> {
    let shared = Arc::clone(&flusher.shared);
    if !logs::empty(flusher, targets)? {
        return Ok(false);
    }
    shared.at_step("the log is empty");
    if !find_all_links(flusher, targets)? {
        return Ok(false);
    }
    for target in &mut *targets {
        target.links.save(&shared.dir)?;
        shared.at_step("an erasure's links are written");
        // What could not be read may tell of more, once somebody has restored it.
        if target.damaged.is_empty() {
            shared.erasures.lock().note_links(target.id, &shared.dir)?;
        }
    }
    shared.at_step("all links are written");
    let ids: Vec<_> = targets.iter().map(|target| target.id).collect();
    let segments: Vec<_> = covered(&shared, targets);
    let total = segments.len();
    for (done, segment) in segments.iter().enumerate() {
        shared.erasures.lock().note_progress(&ids, done, total);
        if shared.is_closing(Duration::ZERO) {
            return Ok(false);
        }
        remove_from(&shared, segment, targets)?;
        flusher.keep_up()?;
    }
    for target in targets.iter().filter(|target| !target.links.is_empty()) {
        forget::forget(&shared, &target.tenant, |project, connection| {
            target.links.contains(target.links.of_connection(project, connection))
        })?;
    }
    Ok(true)
}

/// The segments that may hold rows of the targets.
fn covered(shared: &Shared, targets: &[Target]) -> Vec<Arc<Segment>> {
    let manifest = Arc::clone(&shared.view.read().manifest);
    let is_covered = |segment: &&Arc<Segment>| targets.iter().any(|target| target.is_about(segment));
    manifest.segments.iter().filter(is_covered).cloned().collect()
}

/// Finds the targets' sessions and connections, in their turn. False when the store closes meanwhile.
fn find_all_links(flusher: &mut Flusher, targets: &mut [Target]) -> Result<bool, StoreError> {
    let shared = Arc::clone(&flusher.shared);
    let begun = shared.erasures.lock().begun();
    let of_tenants =
        |tenant: &str| targets.iter().any(|target| target.tenant == tenant && !target.has_links());
    let begun = begun.into_iter().filter(|(record, _)| of_tenants(&record.tenant));
    let begun = Target::of_all(&shared.dir, begun)?;
    for turn in 0..targets.len() {
        let (before, rest) = targets.split_at_mut(turn);
        let Some((target, behind)) = rest.split_first_mut().filter(|(target, _)| !target.has_links()) else {
            continue;
        };
        let before: Vec<&Target> = begun.iter().chain(before.iter()).collect();
        let others: usize = before.iter().copied().chain(behind.iter()).map(|other| other.links.len()).sum();
        if !find_links(flusher, target, &before, MAX_LINKS.saturating_sub(others))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Finds those of one target in what others `before` it leave.
fn find_links(
    flusher: &mut Flusher,
    target: &mut Target,
    before: &[&Target],
    max_links: usize,
) -> Result<bool, StoreError> {
    let shared = Arc::clone(&flusher.shared);
    for segment in covered(&shared, std::slice::from_ref(target)) {
        let Some(table) = segment.table().filter(|table| target.has_links_in(*table)) else { continue };
        if shared.is_closing(Duration::ZERO) {
            return Ok(false);
        }
        // What cannot be read here is told when its rows are to go.
        let Opened::Whole(open) = opened(&shared, &segment, &mut [&mut *target])? else { continue };
        let found = target.find_links(&segment, &open, table, before);
        found.inspect_err(|error| segment.mark_if_damaged(error))?;
        // Too many for one go are few enough, it may be, for each alone.
        if target.links.len() > max_links {
            let reason = format!("more than {MAX_LINKS} sessions and connections: erase by session first");
            return Err(StoreError::format("erase a person")(reason.into()));
        }
        flusher.keep_up()?;
    }
    Ok(true)
}

fn remove_from(shared: &Shared, segment: &Arc<Segment>, targets: &mut [Target]) -> Result<(), StoreError> {
    let Some(table) = segment.table() else { return Ok(()) };
    let mut targets: Vec<_> = targets.iter_mut().filter(|target| target.is_about(segment)).collect();
    let open = match opened(shared, segment, &mut targets)? {
        Opened::Whole(open) => open,
        Opened::Damaged => return Ok(()),
        // Somebody has removed it with all that it holds. What was added up of it goes too.
        Opened::Gone => return replace::lost(shared, table, segment),
    };
    let rows = usize::try_from(segment.meta.rows).unwrap_or(usize::MAX);
    let mut doomed = BooleanBufferBuilder::new(rows);
    doomed.append_n(rows, false);
    let mut marked = Vec::with_capacity(targets.len());
    for target in &targets {
        let count = target.mark(&open, table, &mut doomed);
        marked.push(count.inspect_err(|error| segment.mark_if_damaged(error))?);
    }
    if marked.iter().all(|count| *count == 0) {
        return Ok(());
    }
    replace::without(shared, table, segment, &doomed.finish())?;
    for (target, count) in targets.into_iter().zip(marked) {
        target.rows[table as usize - 1] += count;
    }
    Ok(())
}

/// What has become of a segment's file.
enum Opened {
    Whole(OpenSegment),
    /// Nothing of it can be read, which the targets have noted.
    Damaged,
    /// It is not there.
    Gone,
}

fn opened(shared: &Shared, segment: &Segment, targets: &mut [&mut Target]) -> Result<Opened, StoreError> {
    let result =
        if segment.is_damaged() { segment.verify().and_then(|()| segment.open()) } else { segment.open() };
    match result {
        Ok(open) => Ok(Opened::Whole(open)),
        Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Opened::Gone),
        Err(error @ StoreError::Damaged { .. }) => {
            if !segment.is_damaged() {
                segment.mark_damaged();
                shared.note_damage(segment, &error);
            }
            for target in targets.iter_mut().filter(|target| !target.damaged.contains(&segment.meta.name)) {
                target.damaged.push(segment.meta.name.clone());
            }
            Ok(Opened::Damaged)
        }
        Err(error) => Err(error),
    }
}

/// Makes sure that no file of before is left, and notes what was done.
fn finish(shared: &Shared, targets: &[Target]) -> Result<(), StoreError> {
    let is_whole = |target: &&Target| target.damaged.is_empty();
    let set_aside = |target: &Target| logs::set_aside_with(shared, target.wanted.person.id());
    let set_aside = targets.iter().filter(is_whole).map(set_aside).collect::<Result<Vec<_>, _>>()?;
    // A backup holds files of before by other names, until it has copied them, and one that began now would hold the records.
    let _held_off = backup::hold_off(shared.dir.path())?;
    let mut manifest = Manifest::clone(&shared.view.read().manifest);
    // Where replacing it has failed halfway the disk has another one, which names what is removed now.
    manifest.next_number = shared.next_number();
    manifest.save(&shared.dir)?;
    // What failed halfway, or could not be removed when it was replaced. Only this thread writes such files.
    segment::remove_orphans(&shared.dir.segment_dir(), &manifest.segments)?;
    traffic::remove_orphans(&shared.dir.traffic_dir(), &manifest.traffic.parts)?;
    for dir in [shared.dir.segment_dir(), shared.dir.traffic_dir()] {
        sync_dir(&dir).map_err(StoreError::io("cannot sync", &dir))?;
    }
    shared.at_step("all rows are gone");
    let mut set_aside = set_aside.into_iter();
    for target in targets {
        if target.damaged.is_empty() {
            let set_aside = set_aside.next().unwrap_or_default();
            let erased = Erased { at: Micros::now(), rows: target.rows, set_aside };
            tracing::info!(erasure = %target.id, rows = target.rows.iter().sum::<u64>(), "a person's data is erased");
            shared.erasures.lock().finish(target.id, erased, &shared.dir)?;
        } else {
            let segments = target.damaged.join(", ");
            let reason = format!(
                "damaged: {segments}. Restore the file, or remove it with all that it holds, and start again"
            );
            shared.erasures.lock().note_stuck(target.id, reason);
        }
        shared.at_step("an erasure is noted");
    }
    Ok(())
}

//! Removing what has expired, a segment after the other.
//!
//! Promise: what is in the way in one segment keeps no other from being looked at, and no row goes that an erasure has yet to
//! read.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tidegauge_facts::{Micros, Table};

use super::Kept;
use super::expired::Expired;
use super::schedule::TableLook;
use crate::error::StoreError;
use crate::flush::Flusher;
use crate::replace;
use crate::segment::Segment;
use crate::shared::Shared;

/// Removes what has expired. Gives way to a store that closes and to erasures that wait: then it is done again soon.
///
/// # Errors
/// The first that came up; everything else was looked at.
pub(crate) fn carry_out(flusher: &mut Flusher) -> Result<(), StoreError> {
    let shared = Arc::clone(&flusher.shared);
    let look = flusher.retention.begin(&mut shared.retention.lock());
    let mut result = Ok(());
    for table in &look.tables {
        if !remove_expired(flusher, table, look.is_whole, &mut result) {
            flusher.retention.give_way(look, &mut shared.retention.lock());
            break;
        }
    }
    let manifest = Arc::clone(&shared.view.read().manifest);
    flusher.retention.forget_all_but(&manifest);
    result
}

/// Removes a table's expired rows. False when it gave way.
fn remove_expired(
    flusher: &mut Flusher,
    look: &TableLook,
    is_whole: bool,
    result: &mut Result<(), StoreError>,
) -> bool {
    let shared = Arc::clone(&flusher.shared);
    let now = Micros::now().0;
    let manifest = Arc::clone(&shared.view.read().manifest);
    for segment in manifest.segments.iter().filter(|segment| segment.table() == Some(look.table)) {
        if segment.is_damaged() {
            continue;
        }
        if shared.is_closing(Duration::ZERO) || shared.erasures.lock().is_due() {
            return false;
        }
        let done = match is_whole {
            true => look_at(flusher, look, segment, now),
            false => look_at_shortened(flusher, look, segment, now),
        };
        if done.is_err() {
            flusher.retention.set_quiet_until_at_most(&segment.meta.name, now);
        }
        match done {
            Err(error) if segment.is_lost_by(&error) => {
                segment.mark_damaged();
                shared.note_damage(segment, &error);
            }
            done => keep_first(result, done),
        }
        keep_first(result, flusher.keep_up());
    }
    true
}

fn keep_first(result: &mut Result<(), StoreError>, other: Result<(), StoreError>) {
    if result.is_ok() {
        *result = other;
    }
}

/// Looks at everybody's rows.
fn look_at(
    flusher: &mut Flusher,
    look: &TableLook,
    segment: &Arc<Segment>,
    now: i64,
) -> Result<(), StoreError> {
    let name = &segment.meta.name;
    let kept = free_of_erasures(&flusher.shared, look, segment);
    if look.shortened.is_empty() && flusher.retention.is_quiet(name, now) {
        return Ok(());
    }
    let end = earliest_end(segment, &look.kept);
    if end >= now {
        flusher.retention.set_quiet_until_at_most(name, end);
        return Ok(());
    }
    let expired = Expired::find(segment, &kept, now)?;
    if expired.rows == 0 && kept.len() == look.kept.len() {
        flusher.retention.set_quiet(name, expired.next);
    } else {
        flusher.retention.set_quiet_until_at_most(name, now);
    }
    remove(&flusher.shared, look.table, segment, expired, now)
}

/// Looks at the rows of those who keep less than before.
fn look_at_shortened(
    flusher: &mut Flusher,
    look: &TableLook,
    segment: &Arc<Segment>,
    now: i64,
) -> Result<(), StoreError> {
    let name = &segment.meta.name;
    let kept = free_of_erasures(&flusher.shared, look, segment);
    let end = earliest_end(segment, &look.kept);
    if end >= now {
        flusher.retention.set_quiet_until_at_most(name, end);
        return Ok(());
    }
    let expired = Expired::find_of(segment, &kept, now)?;
    let is_all = expired.rows == 0 && kept.len() == look.kept.len();
    // What is there and stays for now is looked at again with everything else.
    flusher.retention.set_quiet_until_at_most(name, if is_all { expired.next } else { now });
    remove(&flusher.shared, look.table, segment, expired, now)
}

fn remove(
    shared: &Shared,
    table: Table,
    segment: &Arc<Segment>,
    expired: Expired,
    now: i64,
) -> Result<(), StoreError> {
    if expired.is_worth_it(now) {
        let rows = expired.rows;
        replace::without(shared, table, segment, &expired.doomed())?;
        tracing::debug!(segment = segment.meta.name, rows, "rows have expired");
    }
    Ok(())
}

/// Before this no row of the segment expires.
fn earliest_end(segment: &Segment, kept: &Kept) -> i64 {
    kept.values().min().map_or(i64::MAX, |shortest| segment.meta.min_time.saturating_add(*shortest))
}

/// Whose rows may go: while an erasure has not written down which sessions and connections are the person's, those of its
/// tenant stay that may tell.
fn free_of_erasures<'l>(shared: &Shared, look: &'l TableLook, segment: &Segment) -> Cow<'l, Kept> {
    if !matches!(look.table, Table::Sessions | Table::Connections) {
        return Cow::Borrowed(&look.kept);
    }
    let held = shared.erasures.lock().without_links(segment.meta.through);
    if held.is_empty() {
        return Cow::Borrowed(&look.kept);
    }
    let mut kept = look.kept.clone();
    for tenant in held {
        kept.remove(tenant.as_str());
    }
    Cow::Owned(kept)
}

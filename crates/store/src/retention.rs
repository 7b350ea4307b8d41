//! Retention: rows older than their tenant keeps them go, by the flush thread when there is time.
//!
//! Promise: a row is gone about a day after it has expired at the latest, one of API requests after two; until then reports may
//! show it. A segment is written again when at least a tenth of it has expired, or some row of it a day ago: so each is
//! written a few times in its life, however its rows' times lie. Without a tenant that has a retention nothing is read.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use tidegauge_facts::time::DAY;
use tidegauge_facts::{Micros, Table};

use crate::error::StoreError;
use crate::flush::Flusher;
use crate::read::{self, Labels};
use crate::replace;
use crate::segment::Segment;
use crate::shared::Shared;

/// How many days a tenant's rows are kept, by their `event_time`: of events, sessions, connections and requests; for ever
/// without a number.
pub type RetentionDays = [Option<NonZeroU32>; 4];

/// How often it is looked what has expired.
pub const RETENTION_CHECK_EVERY: Duration = Duration::from_secs(3600);
/// The same of API requests: whenever some go, what is added up of them is made anew from all the others.
pub const REQUEST_RETENTION_CHECK_EVERY: Duration = Duration::from_secs(24 * 3600);
/// While commits are busy a check is put off, but not for longer.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);
/// A segment is written again when one of so many of its rows has expired.
const EXPIRED_SHARE: usize = 10;
/// And when some row of it has expired so long ago.
const LONGEST_OVERDUE: i64 = DAY;

/// What the tenants keep.
#[derive(Debug, Default)]
pub(crate) struct Retention {
    tenants: HashMap<Box<str>, RetentionDays>,
    /// Counts the changes.
    changes: u64,
    /// The change after which all was looked at last.
    pub checked: u64,
}

impl Retention {
    pub fn set(&mut self, tenant: &str, days: RetentionDays) {
        let before = match days == RetentionDays::default() {
            true => self.tenants.remove(tenant),
            false => self.tenants.insert(tenant.into(), days),
        };
        if before.unwrap_or_default() != days {
            self.changes += 1;
        }
    }

    #[cfg(test)]
    pub fn is_checked(&self) -> bool {
        self.checked == self.changes
    }

    /// How long rows of a table are kept, in microseconds, by those who do not keep them for ever.
    fn of(&self, table: Table) -> HashMap<Box<str>, i64> {
        let days = |days: &RetentionDays| days[table as usize - 1].map(|days| i64::from(days.get()) * DAY);
        self.tenants.iter().filter_map(|(tenant, all)| Some((tenant.clone(), days(all)?))).collect()
    }
}

/// When the flush thread looks, and what it need not look at.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    checked: Option<Instant>,
    requests_checked: Option<Instant>,
    /// Nothing of these segments expires before an instant, as long as nobody changes what he keeps.
    quiet: HashMap<String, i64>,
}

/// What of a segment has expired.
struct Expired {
    doomed: BooleanBuffer,
    /// How many rows.
    rows: usize,
    /// When the first of them has.
    first: i64,
    /// When the next row will.
    next: i64,
}

impl Schedule {
    /// True when it is time to look; while commits are busy, when it is high time.
    pub fn is_due(&self, retention: &Retention, is_busy: bool) -> bool {
        let delay = if is_busy { LONGEST_DELAY } else { Duration::ZERO };
        let is_time = self.checked.is_none_or(|at| at.elapsed() >= RETENTION_CHECK_EVERY + delay);
        let is_changed = retention.checked != retention.changes;
        !retention.tenants.is_empty() && (is_time || is_changed && !is_busy)
    }
}

/// Looks at all segments and removes what has expired. Gives way to a store that closes and to erasures that wait: then it
/// is done again soon.
pub(crate) fn carry_out(flusher: &mut Flusher) -> Result<(), StoreError> {
    let shared = Arc::clone(&flusher.shared);
    let (kept, changes) = {
        let retention = shared.retention.lock();
        if retention.checked != retention.changes {
            flusher.retention = Schedule::default();
        }
        (Table::ALL.map(|table| retention.of(table)), retention.changes)
    };
    let schedule = &mut flusher.retention;
    let has_requests_due =
        schedule.requests_checked.is_none_or(|at| at.elapsed() >= REQUEST_RETENTION_CHECK_EVERY);
    // Also after a failure: what is in the way now may still be in an hour, and reading is not for nothing.
    schedule.checked = Some(Instant::now());
    if has_requests_due {
        schedule.requests_checked = Some(Instant::now());
    }
    shared.retention.lock().checked = changes;
    let now = Micros::now().0;
    for (table, kept) in Table::ALL.into_iter().zip(&kept) {
        let is_due = !kept.is_empty() && (table != Table::Requests || has_requests_due);
        if is_due && !remove_expired(flusher, table, kept, now)? {
            flusher.retention = Schedule::default();
            return Ok(());
        }
    }
    let manifest = Arc::clone(&shared.view.read().manifest);
    flusher
        .retention
        .quiet
        .retain(|name, _| manifest.segments.iter().any(|segment| segment.meta.name == *name));
    Ok(())
}

/// Removes a table's expired rows. False when it gave way.
fn remove_expired(
    flusher: &mut Flusher,
    table: Table,
    kept: &HashMap<Box<str>, i64>,
    now: i64,
) -> Result<bool, StoreError> {
    let shared = Arc::clone(&flusher.shared);
    let shortest = kept.values().min().copied().unwrap_or(i64::MAX);
    let manifest = Arc::clone(&shared.view.read().manifest);
    for segment in manifest.segments.iter().filter(|segment| segment.table() == Some(table)) {
        let is_quiet = flusher.retention.quiet.get(&segment.meta.name).is_some_and(|until| *until > now);
        if segment.meta.min_time >= now.saturating_sub(shortest) || is_quiet || segment.is_damaged() {
            continue;
        }
        if shared.is_closing(Duration::ZERO) || shared.erasures.lock().is_due() {
            return Ok(false);
        }
        remove_from(flusher, table, segment, kept, now)?;
        flusher.keep_up()?;
    }
    Ok(true)
}

fn remove_from(
    flusher: &mut Flusher,
    table: Table,
    segment: &Arc<Segment>,
    kept: &HashMap<Box<str>, i64>,
    now: i64,
) -> Result<(), StoreError> {
    let shared: Arc<Shared> = Arc::clone(&flusher.shared);
    let expired = match find(segment, kept, now) {
        Ok(expired) => expired,
        Err(error) if matches!(error, StoreError::Damaged { .. }) => {
            segment.mark_damaged();
            shared.note_damage(segment, &error);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if expired.rows == 0 {
        flusher.retention.quiet.insert(segment.meta.name.clone(), expired.next);
        return Ok(());
    }
    let is_worth_it = expired.rows * EXPIRED_SHARE >= expired.doomed.len();
    if is_worth_it || now.saturating_sub(expired.first) >= LONGEST_OVERDUE {
        replace::without(&shared, table, segment, &expired.doomed)?;
        tracing::debug!(segment = segment.meta.name, rows = expired.rows, "rows have expired");
    }
    Ok(())
}

fn find(segment: &Segment, kept: &HashMap<Box<str>, i64>, now: i64) -> Result<Expired, StoreError> {
    let mut doomed = BooleanBufferBuilder::new(usize::try_from(segment.meta.rows).unwrap_or(0));
    let (mut rows, mut first, mut next) = (0, i64::MAX, i64::MAX);
    for batch in segment.read(Some(&["tenant_id", "event_time"]))? {
        let batch = batch?;
        let tenants = Labels::of(&batch, "tenant_id")?;
        let kept: Vec<Option<i64>> = tenants.distinct().map(|tenant| kept.get(tenant).copied()).collect();
        for (code, at) in tenants.codes.iter().zip(read::instants(&batch, "event_time")?) {
            let end = kept[*code as usize].map_or(i64::MAX, |kept| at.saturating_add(kept));
            let is_expired = end < now;
            doomed.append(is_expired);
            rows += usize::from(is_expired);
            match is_expired {
                true => first = first.min(end),
                false => next = next.min(end),
            }
        }
    }
    Ok(Expired { doomed: doomed.finish(), rows, first, next })
}

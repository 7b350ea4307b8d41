//! When it is looked what has expired, at what, and what need not be looked at.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tidegauge_facts::Table;

use super::{Kept, REQUEST_RETENTION_CHECK_EVERY, RETENTION_CHECK_EVERY, Retention, Tenants, place};
use crate::manifest::Manifest;

/// While commits are busy a look is put off, but not for longer.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(crate) struct Schedule {
    /// When it was looked last, at however little; at first, when the store opened.
    looked: Instant,
    /// When all was looked at, and when API requests were.
    checked: Option<Instant>,
    requests_checked: Option<Instant>,
    /// Nothing of these segments expires before an instant, as long as nobody keeps less.
    quiet: HashMap<String, i64>,
}

/// What is looked at in one go.
#[derive(Debug)]
pub(super) struct Look {
    /// At everybody's rows; else only at those of tenants who keep less than before.
    pub is_whole: bool,
    pub tables: Vec<TableLook>,
    before: (Option<Instant>, Option<Instant>),
}

#[derive(Debug)]
pub(super) struct TableLook {
    pub table: Table,
    /// Whose rows are looked at.
    pub kept: Kept,
    /// Who keeps less than before.
    pub shortened: Tenants,
}

impl Schedule {
    pub fn new() -> Self {
        Self { looked: Instant::now(), checked: None, requests_checked: None, quiet: HashMap::new() }
    }

    /// True when it is time to look; while commits are busy, when it is high time.
    pub fn is_due(&self, retention: &Retention, is_busy: bool) -> bool {
        let delay = if is_busy { LONGEST_DELAY } else { Duration::ZERO };
        let is_time = self.checked.is_none_or(|at| at.elapsed() >= RETENTION_CHECK_EVERY + delay);
        !retention.tenants.is_empty()
            && self.looked.elapsed() >= retention.pause
            && (is_time || retention.is_shortened() && !is_busy)
    }

    /// What is to be looked at now. It counts as looked at also when that fails: what is in the way now may still be in an
    /// hour, and reading is not for nothing.
    pub(super) fn begin(&mut self, retention: &mut Retention) -> Look {
        let before = (self.checked, self.requests_checked);
        let has_passed = |at: Option<Instant>, time| at.is_none_or(|at| at.elapsed() >= time);
        let is_whole = has_passed(self.checked, RETENTION_CHECK_EVERY);
        let has_requests = is_whole && has_passed(self.requests_checked, REQUEST_RETENTION_CHECK_EVERY);
        self.looked = Instant::now();
        if is_whole {
            self.checked = Some(self.looked);
        }
        if has_requests {
            self.requests_checked = Some(self.looked);
        }
        let tables = Table::ALL.into_iter().filter(|table| *table != Table::Requests || has_requests);
        let tables = tables.map(|table| {
            let mut kept = retention.of(table);
            let shortened = std::mem::take(&mut retention.shortened[place(table)]);
            kept.retain(|tenant, _| is_whole || shortened.contains(tenant));
            TableLook { table, kept, shortened }
        });
        let tables = tables.filter(|look| !look.kept.is_empty()).collect();
        Look { is_whole, tables, before }
    }

    /// The look has given way to something else: it is made once more.
    pub(super) fn give_way(&mut self, look: Look, retention: &mut Retention) {
        (self.checked, self.requests_checked) = look.before;
        for TableLook { table, shortened, .. } in look.tables {
            retention.shortened[place(table)].extend(shortened);
        }
    }

    pub fn is_quiet(&self, segment: &str, now: i64) -> bool {
        self.quiet.get(segment).is_some_and(|until| *until > now)
    }

    /// Notes when the next of all rows of a segment expires.
    pub fn set_quiet(&mut self, segment: &str, until: i64) {
        self.quiet.insert(segment.to_owned(), until);
    }

    /// Notes that some row of a segment expires then, maybe earlier than was known.
    pub fn set_quiet_until_at_most(&mut self, segment: &str, until: i64) {
        if let Some(known) = self.quiet.get_mut(segment) {
            *known = until.min(*known);
        }
    }

    /// Lets go of what is known of segments that are no more.
    pub fn forget_all_but(&mut self, manifest: &Manifest) {
        self.quiet.retain(|name, _| manifest.segments.iter().any(|segment| segment.meta.name == *name));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::RetentionDays;
    use crate::retention::RETENTION_PAUSE;

    fn all(days: u32) -> RetentionDays {
        [NonZeroU32::new(days); 4]
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// As if so much time had passed.
    fn pass(schedule: &mut Schedule, time: Duration) {
        let Schedule { looked, checked, requests_checked, .. } = schedule;
        for at in [Some(looked), checked.as_mut(), requests_checked.as_mut()].into_iter().flatten() {
            *at = at.checked_sub(time).unwrap();
        }
    }

    fn looked_at(look: &Look) -> Vec<(Table, Vec<String>)> {
        let tenants = |look: &'_ TableLook| {
            let mut tenants: Vec<_> = look.kept.keys().map(|tenant| tenant.to_string()).collect();
            tenants.sort_unstable();
            tenants
        };
        look.tables.iter().map(|look| (look.table, tenants(look))).collect()
    }

    #[test]
    fn whoever_changes_his_retention_again_and_again_has_his_own_rows_looked_at_once_a_minute() {
        let (mut schedule, mut retention) = (Schedule::new(), Retention::default());
        retention.set("a", all(30));
        retention.set("b", all(30));
        assert!(!schedule.is_due(&retention, false), "others may not have been heard of");
        pass(&mut schedule, RETENTION_PAUSE);
        let look = schedule.begin(&mut retention);
        assert!(look.is_whole);
        assert_eq!(looked_at(&look), Table::ALL.map(|table| (table, names(&["a", "b"]))));

        for days in [29, 28, 27] {
            retention.set("a", all(30));
            retention.set("a", [None, NonZeroU32::new(days), None, NonZeroU32::new(days)]);
            assert!(!schedule.is_due(&retention, false));
            pass(&mut schedule, RETENTION_PAUSE);
            assert!(!schedule.is_due(&retention, true));
            assert!(schedule.is_due(&retention, false));
            let look = schedule.begin(&mut retention);
            assert!(!look.is_whole);
            assert_eq!(looked_at(&look)[0], (Table::Sessions, names(&["a"])));
        }
        pass(&mut schedule, RETENTION_PAUSE);
        assert!(!schedule.is_due(&retention, false), "nothing has changed");
        // Requests wait for their day, whatever was changed meanwhile.
        pass(&mut schedule, RETENTION_CHECK_EVERY);
        let look = schedule.begin(&mut retention);
        assert!(look.is_whole && looked_at(&look).iter().all(|(table, _)| *table != Table::Requests));
        pass(&mut schedule, REQUEST_RETENTION_CHECK_EVERY);
        let look = schedule.begin(&mut retention);
        assert_eq!(looked_at(&look)[3], (Table::Requests, names(&["a", "b"])));
        assert!(look.tables[3].shortened.contains("a"));
    }

    #[test]
    fn who_keeps_more_has_nothing_looked_at_and_what_gave_way_is_looked_at_once_more() {
        let (mut schedule, mut retention) = (Schedule::new(), Retention::default());
        retention.set("a", all(30));
        pass(&mut schedule, RETENTION_PAUSE);
        let look = schedule.begin(&mut retention);
        schedule.give_way(look, &mut retention);
        assert!(!schedule.is_due(&retention, false));
        pass(&mut schedule, RETENTION_PAUSE);
        let look = schedule.begin(&mut retention);
        assert!(look.is_whole && look.tables.len() == 4 && look.tables[3].shortened.contains("a"));
        pass(&mut schedule, RETENTION_PAUSE);
        for days in [all(31), [None; 4]] {
            retention.set("a", days);
            assert!(!schedule.is_due(&retention, false));
        }
    }
}

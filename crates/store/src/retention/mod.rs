//! Retention: rows older than their tenant keeps them go, by the flush thread when there is time.
//!
//! Promise: a row is gone about a day after it has expired at the latest, one of API requests after two; until then reports may
//! show it. A segment is written again when at least a tenth of it has expired, or some row of it a day ago: so each is
//! written a few times in its life, however its rows' times lie. Without a tenant that has a retention nothing is read, and
//! who changes his again and again has only his own rows looked at.

mod carry_out;
mod expired;
mod schedule;

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::time::Duration;

use tidegauge_facts::Table;
use tidegauge_facts::time::DAY;

pub(crate) use carry_out::carry_out;
pub(crate) use schedule::Schedule;

/// How many days a tenant's rows are kept, by their `event_time`: of events, sessions, connections and requests; for ever
/// without a number.
pub type RetentionDays = [Option<NonZeroU32>; 4];

/// How often it is looked what has expired.
pub const RETENTION_CHECK_EVERY: Duration = Duration::from_secs(3600);
/// The same of API requests: whenever some go, what is added up of them is made anew from all the others.
pub const REQUEST_RETENTION_CHECK_EVERY: Duration = Duration::from_secs(24 * 3600);
/// How long it is not looked again, whatever tenants change; and how long not after the start, until all have been heard of.
pub const RETENTION_PAUSE: Duration = Duration::from_secs(60);

/// Some tenants of a table.
type Tenants = HashSet<Box<str>>;
/// How long tenants keep rows of a table, in microseconds; who is not in it keeps them for ever.
type Kept = HashMap<Box<str>, i64>;

/// What the tenants keep.
#[derive(Debug)]
pub(crate) struct Retention {
    tenants: HashMap<Box<str>, RetentionDays>,
    /// By table, who keeps its rows for a shorter time than when it was looked last.
    shortened: [Tenants; 4],
    pub pause: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { tenants: HashMap::new(), shortened: Default::default(), pause: RETENTION_PAUSE }
    }
}

impl Retention {
    pub fn set(&mut self, tenant: &str, days: RetentionDays) {
        let before = match days == RetentionDays::default() {
            true => self.tenants.remove(tenant),
            false => self.tenants.insert(tenant.into(), days),
        };
        let before = before.unwrap_or_default();
        let tables = before.into_iter().zip(days).zip(&mut self.shortened);
        for ((before, days), shortened) in tables {
            if days.is_some_and(|days| before.is_none_or(|before| days < before)) {
                shortened.insert(tenant.into());
            }
        }
    }

    /// Whether somebody keeps less than when it was looked last. Of API requests it can wait for its day.
    fn is_shortened(&self) -> bool {
        let others = Table::ALL.into_iter().filter(|table| *table != Table::Requests);
        others.into_iter().any(|table| !self.shortened[place(table)].is_empty())
    }

    #[cfg(test)]
    pub fn is_checked(&self) -> bool {
        self.shortened.iter().all(HashSet::is_empty)
    }

    fn of(&self, table: Table) -> Kept {
        let days = |days: &RetentionDays| days[place(table)].map(|days| i64::from(days.get()) * DAY);
        self.tenants.iter().filter_map(|(tenant, all)| Some((tenant.clone(), days(all)?))).collect()
    }
}

fn place(table: Table) -> usize {
    table as usize - 1
}

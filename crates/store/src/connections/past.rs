//! The peaks of hours and days that have left the ledger.
//!
//! Promise: what stands here is what the facts say. A message about a day gone by makes that day stale; then it
//! is read from the facts, until somebody has counted it anew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegauge_facts::time::{DAY, HOUR};

/// Hours are kept for so long: the longest period told by the hour is a week.
const HOURS_KEPT: i64 = 9 * DAY;
/// Days are kept for so long: the longest period is 90 days.
const DAYS_KEPT: i64 = 92 * DAY;

/// One project's highest numbers of connections open at once, by UTC hour and day before the ledger begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastPeaks {
    hours: BTreeMap<i64, u32>,
    days: BTreeMap<i64, u32>,
    /// Days that a late message has changed, and how often.
    stale: BTreeMap<i64, u64>,
}

impl PastPeaks {
    /// The hour's peak, counted in hours since 1970; `None` when its day is stale.
    #[must_use]
    pub fn hour(&self, hour: i64) -> Option<u32> {
        let is_stale = self.stale.contains_key(&hour.div_euclid(24));
        (!is_stale).then(|| self.hours.get(&hour).copied().unwrap_or(0))
    }

    /// The peak of the day's hours that have left the ledger, counted in days since 1970; `None` when it is stale.
    #[must_use]
    pub fn day(&self, day: i64) -> Option<u32> {
        (!self.stale.contains_key(&day)).then(|| self.days.get(&day).copied().unwrap_or(0))
    }

    pub(super) fn note(&mut self, hour: i64, peak: u32) {
        if peak > 0 {
            self.hours.insert(hour, peak);
            let day = self.days.entry(hour.div_euclid(24)).or_default();
            *day = peak.max(*day);
        }
    }

    /// A message has changed what is known of the time from `from` to `to`, both included.
    pub(super) fn mark_stale(&mut self, from: i64, to: i64, now: i64) {
        let first = from.max(now - DAYS_KEPT).div_euclid(DAY);
        for day in first..=to.div_euclid(DAY) {
            *self.stale.entry(day).or_default() += 1;
        }
    }

    /// The stale days, each with the number of its changes.
    pub(super) fn stale(&self) -> &BTreeMap<i64, u64> {
        &self.stale
    }

    /// Replaces a stale day by what the facts say, unless it has changed again since.
    pub(super) fn renew(&mut self, day: i64, changes: u64, hours: impl Iterator<Item = (i64, u32)>) {
        if self.stale.get(&day) != Some(&changes) {
            return;
        }
        self.stale.remove(&day);
        self.days.remove(&day);
        let (first, last) = (day * 24, day * 24 + 23);
        self.hours.retain(|hour, _| !(first..=last).contains(hour));
        for (hour, peak) in hours {
            self.note(hour, peak);
        }
    }

    pub(super) fn forget_before(&mut self, now: i64) {
        self.hours = self.hours.split_off(&(now - HOURS_KEPT).div_euclid(HOUR));
        self.days = self.days.split_off(&(now - DAYS_KEPT).div_euclid(DAY));
        self.stale = self.stale.split_off(&(now - DAYS_KEPT).div_euclid(DAY));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hours.is_empty() && self.days.is_empty() && self.stale.is_empty()
    }
}

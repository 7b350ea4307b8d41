//! One project's events by time: finely and by name for what is lately, coarsely for what is longer ago.
//!
//! Promise: a bucket that is kept is complete: it counts every event of its time, whenever it came.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use tidegauge_facts::Micros;
use tidegauge_facts::time::{DAY, HOUR, MINUTE, SECOND};

/// Names a project's events are counted by; those beyond it are counted together.
pub const MAX_NAMES: usize = 4096;
/// An event whose own instant lies farther ahead of its arrival is not counted by time.
pub const MAX_AHEAD: i64 = DAY;
/// From so many names on those that are no longer used are looked for.
const MANY_NAMES: usize = 256;
/// The code of all names beyond [`MAX_NAMES`].
const OTHER: u32 = u32::MAX;

/// How long each kind of bucket is kept: a little longer than the longest question about it.
const SECONDS_KEPT: i64 = 2 * MINUTE + 10 * SECOND;
const MINUTES_KEPT: i64 = 2 * HOUR + MINUTE;
const NAMED_HOURS_KEPT: i64 = 26 * HOUR;
const HOURS_KEPT: i64 = 9 * DAY;
const DAYS_KEPT: i64 = 92 * DAY;

/// From when on each kind of bucket is kept, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    seconds: i64,
    minutes: i64,
    named_hours: i64,
    hours: i64,
    days: i64,
}

impl Default for Horizon {
    fn default() -> Self {
        let always = i64::MIN;
        Self { seconds: always, minutes: always, named_hours: always, hours: always, days: always }
    }
}

impl Horizon {
    /// The horizon at `now`; it never goes back.
    #[must_use]
    pub(super) fn at(self, now: Micros) -> Self {
        let start = |kept: i64, width: i64| (now.0 - kept).div_euclid(width) * width;
        Self {
            seconds: start(SECONDS_KEPT, MINUTE).max(self.seconds),
            minutes: start(MINUTES_KEPT, HOUR).max(self.minutes),
            named_hours: start(NAMED_HOURS_KEPT, HOUR).max(self.named_hours),
            hours: start(HOURS_KEPT, HOUR).max(self.hours),
            days: start(DAYS_KEPT, DAY).max(self.days),
        }
    }
}

/// Events by name, sorted by the names' codes.
type ByName = Vec<(u32, u64)>;

/// One project's events by time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCounts {
    names: Names,
    seconds: BTreeMap<i64, ByName>,
    minutes: BTreeMap<i64, ByName>,
    named_hours: BTreeMap<i64, ByName>,
    hours: BTreeMap<i64, u64>,
    days: BTreeMap<i64, u64>,
}

/// The part of a span that whole buckets cover, and what they count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    /// The buckets cover from here, in microseconds.
    pub from: i64,
    /// To here, excluded.
    pub to: i64,
    /// Events by name.
    pub by_name: BTreeMap<Box<str>, u64>,
    /// Events whose names are not told apart here: there were too many names.
    pub unnamed: u64,
}

impl EventCounts {
    /// Events in the UTC hour, counted since 1970.
    #[must_use]
    pub fn in_hour(&self, hour: i64) -> u64 {
        self.hours.get(&hour).copied().unwrap_or(0)
    }

    /// Events in the UTC day, counted since 1970.
    #[must_use]
    pub fn on_day(&self, day: i64) -> u64 {
        self.days.get(&day).copied().unwrap_or(0)
    }

    /// Events in the UTC minute, counted since 1970; of the last two hours.
    #[must_use]
    pub fn in_minute(&self, minute: i64) -> u64 {
        self.minutes.get(&minute).map_or(0, |names| names.iter().map(|(_, count)| count).sum())
    }

    /// Counts the events from `from` to `to`, excluded, as far as whole buckets cover that: at most a second is left over
    /// at either end within the last two minutes, a minute within the last two hours, an hour before.
    #[must_use]
    pub fn between(&self, from: i64, to: i64, horizon: &Horizon) -> Covered {
        let finest = |at: i64| match at {
            at if at >= horizon.seconds => SECOND,
            at if at >= horizon.minutes => MINUTE,
            _ => HOUR,
        };
        let start = finest(from);
        let first = from.saturating_add(start - 1).div_euclid(start) * start;
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        let mut at = first;
        while at < to {
            let fits = |width: i64| at % width == 0 && at + width <= to;
            let (buckets, width) = if fits(HOUR) {
                (&self.named_hours, HOUR)
            } else if fits(MINUTE) && at >= horizon.minutes {
                (&self.minutes, MINUTE)
            } else if fits(SECOND) && at >= horizon.seconds {
                (&self.seconds, SECOND)
            } else {
                break;
            };
            for (name, count) in buckets.get(&at.div_euclid(width)).into_iter().flatten() {
                *counts.entry(*name).or_default() += count;
            }
            at += width;
        }
        let mut covered = Covered { from: first.min(to), to: at.min(to), ..Covered::default() };
        for (code, count) in counts {
            match self.names.get(code) {
                Some(name) => *covered.by_name.entry(name.into()).or_default() += count,
                None => covered.unnamed += count,
            }
        }
        covered
    }

    /// Counts events of one second by name.
    pub(super) fn add<'n>(
        &mut self,
        second: i64,
        received: Micros,
        names: impl Iterator<Item = (&'n str, u64)>,
        horizon: &Horizon,
    ) {
        let at = second * SECOND;
        if at < horizon.days || at > received.0 + MAX_AHEAD {
            return;
        }
        let mut total = 0;
        for (name, count) in names {
            total += count;
            if at >= horizon.named_hours {
                let code = self.names.code(name);
                put(self.named_hours.entry(at.div_euclid(HOUR)).or_default(), code, count);
                if at >= horizon.minutes {
                    put(self.minutes.entry(at.div_euclid(MINUTE)).or_default(), code, count);
                }
                if at >= horizon.seconds {
                    put(self.seconds.entry(second).or_default(), code, count);
                }
            }
        }
        if at >= horizon.hours {
            *self.hours.entry(at.div_euclid(HOUR)).or_default() += total;
        }
        *self.days.entry(at.div_euclid(DAY)).or_default() += total;
    }

    /// Forgets the buckets before the horizon, and names that no bucket has any more.
    pub(super) fn forget_before(&mut self, horizon: &Horizon) {
        let keep = |buckets: &mut BTreeMap<i64, ByName>, since: i64, width: i64| {
            if buckets.first_key_value().is_some_and(|(first, _)| *first < since.div_euclid(width)) {
                *buckets = buckets.split_off(&since.div_euclid(width));
            }
        };
        keep(&mut self.seconds, horizon.seconds, SECOND);
        keep(&mut self.minutes, horizon.minutes, MINUTE);
        keep(&mut self.named_hours, horizon.named_hours, HOUR);
        let keep = |buckets: &mut BTreeMap<i64, u64>, since: i64, width: i64| {
            if buckets.first_key_value().is_some_and(|(first, _)| *first < since.div_euclid(width)) {
                *buckets = buckets.split_off(&since.div_euclid(width));
            }
        };
        keep(&mut self.hours, horizon.hours, HOUR);
        keep(&mut self.days, horizon.days, DAY);
        // Every second and minute that is kept lies in an hour that is kept: names that no hour has are had by none.
        if self.names.texts.len() >= MANY_NAMES {
            self.forget_names();
        }
    }

    /// Forgets the names that no bucket has any more, once they are half of all.
    fn forget_names(&mut self) {
        let mut is_used = vec![false; self.names.texts.len()];
        for (code, _) in self.named_hours.values().flatten().filter(|(code, _)| *code != OTHER) {
            is_used[*code as usize] = true;
        }
        if is_used.iter().filter(|used| **used).count() * 2 > is_used.len() {
            return;
        }
        let mut new_codes = vec![OTHER; is_used.len()];
        let mut names = Names::default();
        for (code, text) in self.names.texts.iter().enumerate().filter(|(code, _)| is_used[*code]) {
            new_codes[code] = names.code(text);
        }
        for buckets in [&mut self.seconds, &mut self.minutes, &mut self.named_hours] {
            for (code, _) in buckets.values_mut().flatten().filter(|(code, _)| *code != OTHER) {
                *code = new_codes[*code as usize];
            }
        }
        self.names = names;
    }
}

fn put(counts: &mut ByName, code: u32, count: u64) {
    match counts.binary_search_by_key(&code, |(known, _)| *known) {
        Ok(place) => counts[place].1 += count,
        Err(place) => counts.insert(place, (code, count)),
    }
}

/// Event names by code, in the order in which they came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Names {
    texts: Vec<Box<str>>,
    /// Made again after it was read from a file.
    #[serde(skip)]
    codes: HashMap<Box<str>, u32, ahash::RandomState>,
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for Names {}

impl Names {
    fn get(&self, code: u32) -> Option<&str> {
        self.texts.get(code as usize).map(|text| &**text)
    }

    fn code(&mut self, name: &str) -> u32 {
        if self.codes.len() != self.texts.len() {
            self.codes = (0..).zip(&self.texts).map(|(code, text)| (text.clone(), code)).collect();
        }
        if let Some(code) = self.codes.get(name) {
            return *code;
        }
        if self.texts.len() == MAX_NAMES {
            return OTHER;
        }
        let code = u32::try_from(self.texts.len()).unwrap_or(OTHER);
        self.texts.push(name.into());
        self.codes.insert(name.into(), code);
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000 * SECOND;

    proptest::proptest! {
        #[test]
        fn buckets_cover_all_of_a_span_but_its_ragged_ends(
            ages in proptest::collection::vec((0_i64..26 * 3600, 0_usize..3), 0..200),
            age in 0_i64..25 * HOUR,
            length in 0_i64..25 * HOUR,
            pruned in proptest::bool::ANY,
        ) {
            let mut counts = EventCounts::default();
            let mut horizon = Horizon::default();
            if pruned {
                horizon = horizon.at(Micros(NOW));
                counts.forget_before(&horizon);
            }
            let names = ["a", "b", "c"];
            let events: Vec<(i64, &str)> = ages.iter().map(|(age, n)| (NOW / SECOND - age, names[*n])).collect();
            for (second, name) in &events {
                counts.add(*second, Micros(NOW), std::iter::once((*name, 1)), &horizon);
            }
            let (from, to) = (NOW - age, (NOW - age + length).min(NOW));
            let covered = counts.between(from, to, &horizon);
            proptest::prop_assert!(from <= covered.from && covered.from <= covered.to && covered.to <= to);
            let is_recent = pruned && from < horizon.minutes;
            let ragged = if is_recent { HOUR } else { MINUTE };
            proptest::prop_assert!(covered.from - from < ragged);
            proptest::prop_assert!(to - covered.to < ragged || to < horizon.seconds);
            let mut expected: BTreeMap<Box<str>, u64> = BTreeMap::new();
            for (second, name) in &events {
                if (covered.from..covered.to).contains(&(second * SECOND)) {
                    *expected.entry((*name).into()).or_default() += 1;
                }
            }
            proptest::prop_assert_eq!(covered.by_name, expected);
        }
    }

    #[test]
    fn names_beyond_the_bound_are_counted_together() {
        let (mut counts, horizon) = (EventCounts::default(), Horizon::default());
        for n in 0..MAX_NAMES + 3 {
            counts.add(NOW / SECOND, Micros(NOW), std::iter::once((&*n.to_string(), 1)), &horizon);
        }
        let covered = counts.between(NOW, NOW + SECOND, &horizon);
        assert_eq!((covered.by_name.len(), covered.unnamed), (MAX_NAMES, 3));
        assert_eq!(counts.in_minute(NOW / MINUTE), MAX_NAMES as u64 + 3);
    }

    #[test]
    fn names_that_no_bucket_has_any_more_make_room_for_others() {
        let (mut counts, mut horizon) = (EventCounts::default(), Horizon::default());
        let later = NOW + 30 * HOUR;
        for n in 0..MAX_NAMES {
            counts.add(NOW / SECOND, Micros(NOW), std::iter::once((&*n.to_string(), 1)), &horizon);
        }
        let names = ["7", "new"];
        counts.add(later / SECOND, Micros(later), names.map(|name| (name, 2)).into_iter(), &horizon);
        horizon = horizon.at(Micros(later));
        counts.forget_before(&horizon);
        counts.add(later / SECOND, Micros(later), names.map(|name| (name, 1)).into_iter(), &horizon);
        let covered = counts.between(later, later + SECOND, &horizon);
        let by_name: Vec<_> = covered.by_name.iter().map(|(name, count)| (&**name, *count)).collect();
        // The first time the new name came, there was no room for it.
        assert_eq!((by_name, covered.unnamed), (vec![("7", 3), ("new", 1)], 2));
    }
}

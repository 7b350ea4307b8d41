//! How many connections were open at once, by the minute.
//!
//! Promise: a connection counts at every instant from its opening to its end, both included, so that one of a
//! single instant was open too. What is asked for does not depend on the order in which it was told.

use std::collections::BTreeMap;

use tidegauge_facts::time::MINUTE;

/// The openings and endings since an instant, and how many were open before.
#[derive(Debug, Clone, Default)]
pub struct Peaks {
    /// Openings less endings before the first minute.
    base: i64,
    minutes: BTreeMap<i64, Minute>,
}

/// What happened in one minute; sorted.
#[derive(Debug, Clone, Default)]
struct Minute {
    openings: Vec<i64>,
    endings: Vec<i64>,
}

impl Peaks {
    pub(super) fn add_opening(&mut self, at: i64, since: i64) {
        match self.minute(at, since) {
            Some(minute) => insert(&mut minute.openings, at),
            None => self.base += 1,
        }
    }

    pub(super) fn remove_opening(&mut self, at: i64, since: i64) {
        match self.minute(at, since) {
            Some(minute) => remove(&mut minute.openings, at),
            None => self.base -= 1,
        }
        self.drop_if_empty(at);
    }

    pub(super) fn add_ending(&mut self, at: i64, since: i64) {
        match self.minute(at, since) {
            Some(minute) => insert(&mut minute.endings, at),
            None => self.base -= 1,
        }
    }

    pub(super) fn remove_ending(&mut self, at: i64, since: i64) {
        match self.minute(at, since) {
            Some(minute) => remove(&mut minute.endings, at),
            None => self.base += 1,
        }
        self.drop_if_empty(at);
    }

    /// The highest number open at once in each of `count` spans of `width`, the first one beginning at
    /// `from`; instants and widths are whole minutes, in microseconds.
    #[must_use]
    pub fn highest(&self, from: i64, width: i64, count: usize) -> Vec<u32> {
        let mut level = self.base;
        let mut minutes = self.minutes.iter().peekable();
        while let Some((_, minute)) = minutes.next_if(|(start, _)| **start < from) {
            level += minute.net();
        }
        let mut peaks = Vec::with_capacity(count);
        let mut end = from;
        for _ in 0..count {
            end += width;
            let mut peak = level;
            while let Some((_, minute)) = minutes.next_if(|(start, _)| **start < end) {
                peak = peak.max(level + minute.highest());
                level += minute.net();
            }
            peaks.push(u32::try_from(peak.max(0)).unwrap_or(u32::MAX));
        }
        peaks
    }

    /// Forgets the minutes before `since`, of which only the level that they led to remains.
    pub(super) fn fold_before(&mut self, since: i64) {
        let kept = self.minutes.split_off(&since);
        self.base += self.minutes.values().map(Minute::net).sum::<i64>();
        self.minutes = kept;
    }

    /// True when nothing is known and nothing is open.
    pub(super) fn is_empty(&self) -> bool {
        self.base == 0 && self.minutes.is_empty()
    }

    fn minute(&mut self, at: i64, since: i64) -> Option<&mut Minute> {
        (at >= since).then(|| self.minutes.entry(start_of_minute(at)).or_default())
    }

    fn drop_if_empty(&mut self, at: i64) {
        let start = start_of_minute(at);
        if self.minutes.get(&start).is_some_and(|m| m.openings.is_empty() && m.endings.is_empty()) {
            self.minutes.remove(&start);
        }
    }
}

impl Minute {
    fn net(&self) -> i64 {
        self.openings.len() as i64 - self.endings.len() as i64
    }

    /// The highest level above the level at the minute's start.
    fn highest(&self) -> i64 {
        let mut endings = self.endings.iter().peekable();
        let (mut level, mut highest) = (0, 0);
        for opening in &self.openings {
            while endings.next_if(|ending| *ending < opening).is_some() {
                level -= 1;
            }
            level += 1;
            highest = highest.max(level);
        }
        highest
    }
}

fn start_of_minute(at: i64) -> i64 {
    at.div_euclid(MINUTE) * MINUTE
}

fn insert(sorted: &mut Vec<i64>, at: i64) {
    let place = sorted.partition_point(|other| *other <= at);
    sorted.insert(place, at);
}

fn remove(sorted: &mut Vec<i64>, at: i64) {
    if let Ok(place) = sorted.binary_search(&at) {
        sorted.remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule itself: the most lives that share an instant of a span. Only at a span's start and at openings
    /// can the number be highest.
    fn highest_by_the_rule(lives: &[(i64, Option<i64>)], from: i64, to: i64) -> u32 {
        let open_at =
            |t: i64| lives.iter().filter(|(o, e)| *o <= t && e.is_none_or(|end| end >= t)).count() as u32;
        let openings = lives.iter().map(|(o, _)| *o).filter(|o| (from..to).contains(o));
        openings.chain([from]).map(open_at).max().unwrap_or_default()
    }

    proptest::proptest! {
        #[test]
        fn peaks_are_what_the_rule_says_also_after_folding(
            lives in proptest::collection::vec((0_i64..600, 0_i64..200, proptest::bool::ANY), 0..60),
            removed in 0_usize..10,
            fold in 0_i64..6,
        ) {
            let second = MINUTE / 60;
            let lives: Vec<(i64, Option<i64>)> = lives
                .iter()
                .map(|(o, length, ends)| (o * second, ends.then_some((o + length) * second)))
                .collect();
            let mut peaks = Peaks::default();
            let since = i64::MIN;
            for (opened, ended) in &lives {
                peaks.add_opening(*opened, since);
                ended.inspect(|end| peaks.add_ending(*end, since));
            }
            let gone = removed.min(lives.len());
            for (opened, ended) in &lives[..gone] {
                peaks.remove_opening(*opened, since);
                ended.inspect(|end| peaks.remove_ending(*end, since));
            }
            peaks.fold_before(fold * MINUTE);
            for width in [1, 2, 5] {
                let count = (15 / width) as usize;
                let expected: Vec<u32> = (0..count as i64)
                    .map(|bucket| fold + bucket * width)
                    .map(|from| highest_by_the_rule(&lives[gone..], from * MINUTE, (from + width) * MINUTE))
                    .collect();
                proptest::prop_assert_eq!(peaks.highest(fold * MINUTE, width * MINUTE, count), expected);
            }
        }
    }
}

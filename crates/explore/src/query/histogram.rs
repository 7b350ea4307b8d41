//! Values counted, to find percentiles in.
//!
//! Promise: what it says depends on the values alone, not on the order in which they came or how they were split up among
//! threads. It is exact up to [`MAX_EXACT`] different values; with more, a percentile is at most 0.4 % off.

use ahash::RandomState;
use hashbrown::HashMap;

/// Different values that are counted each by itself.
pub(super) const MAX_EXACT: usize = 4_096;
/// The lower bits of a number that are left out when there are more: what is left has seven bits of it behind the
/// leading one, so that the middle of what is counted as one is within 1/256 of each.
const COARSE_BITS: u32 = 45;
const SIGN: u64 = 1 << 63;

/// Counts by value, or by range of values.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    /// By the numbers' bits, turned so that they are in the numbers' order.
    pub counts: HashMap<u64, u64, RandomState>,
    pub is_coarse: bool,
    /// The least and the greatest value are known exactly.
    pub least: f64,
    pub greatest: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        let counts = HashMap::with_hasher(RandomState::default());
        Self { counts, is_coarse: false, least: f64::INFINITY, greatest: f64::NEG_INFINITY }
    }
}

impl Histogram {
    pub fn add(&mut self, value: f64) {
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        self.count(place(value), 1);
    }

    /// Adds counts of another one.
    pub fn count(&mut self, place: u64, times: u64) {
        let place = if self.is_coarse { coarse(place) } else { place };
        *self.counts.entry(place).or_default() += times;
        if !self.is_coarse && self.counts.len() > MAX_EXACT {
            self.coarsen();
        }
    }

    pub fn coarsen(&mut self) {
        if std::mem::replace(&mut self.is_coarse, true) {
            return;
        }
        for (place, times) in std::mem::take(&mut self.counts) {
            *self.counts.entry(coarse(place)).or_default() += times;
        }
    }

    /// The value below which `p` percent lie, between two neighbours if need be (as SQL's `percentile_cont` has it);
    /// none when there are no values.
    pub fn percentile(&self, p: f64) -> Option<f64> {
        let total: u64 = self.counts.values().sum();
        let wanted = p / 100.0 * total.checked_sub(1)? as f64;
        let mut places: Vec<(u64, u64)> = self.counts.iter().map(|(place, times)| (*place, *times)).collect();
        places.sort_unstable();
        let at = |rank: f64| {
            let mut passed = 0;
            let found = places.iter().find(|(_, times)| {
                passed += times;
                passed as f64 > rank
            });
            found.or(places.last()).map(|(place, _)| self.value(*place))
        };
        let (low, high) = (at(wanted.floor())?, at(wanted.ceil())?);
        let between = if low == high { low } else { low + (high - low) * wanted.fract() };
        Some(between.clamp(self.least, self.greatest.max(self.least)))
    }

    fn value(&self, place: u64) -> f64 {
        let is_zero = place == SIGN;
        let place = if self.is_coarse && !is_zero { place | 1 << (COARSE_BITS - 1) } else { place };
        f64::from_bits(if place & SIGN == 0 { !place } else { place & !SIGN })
    }

    /// Bytes that it takes, about.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.counts.allocation_size()
    }
}

/// The bits of a number, in the numbers' order.
fn place(value: f64) -> u64 {
    // There is one zero, and one word for what is no number.
    let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn coarse(place: u64) -> u64 {
    place >> COARSE_BITS << COARSE_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|value| histogram.add(value));
        histogram
    }

    fn slow(mut values: Vec<f64>, p: f64) -> f64 {
        values.sort_by(f64::total_cmp);
        let place = p / 100.0 * (values.len() - 1) as f64;
        let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
        low + (high - low) * place.fract()
    }

    const PERCENTS: [f64; 9] = [0.0, 0.1, 5.0, 50.0, 66.6, 95.0, 99.0, 99.99, 100.0];

    #[test]
    fn of_few_different_values_it_is_exact() {
        for values in
            [vec![5.0], vec![1.0, 2.0], (0..4_000).map(|value| f64::from(value % 977) - 300.5).collect()]
        {
            for p in PERCENTS {
                assert_eq!(of(values.clone()).percentile(p), Some(slow(values.clone(), p)), "{p}");
            }
        }
        assert_eq!(of([]).percentile(50.0), None);
        assert_eq!(of([-0.0, 0.0]).percentile(50.0), Some(0.0));
        assert_eq!(of([f64::MAX, f64::MIN]).percentile(100.0), Some(f64::MAX));
    }

    #[test]
    fn of_many_it_is_within_the_error_that_is_told_and_its_ends_are_exact() {
        let values: Vec<f64> = (0..50_000)
            .map(|value| (f64::from(value) * 0.618_033_988_749).fract().powi(9) * 1e6 - 1_000.0)
            .collect();
        let histogram = of(values.clone());
        assert!(histogram.is_coarse);
        for p in PERCENTS {
            let (fast, slow) = (histogram.percentile(p).unwrap(), slow(values.clone(), p));
            assert!((fast - slow).abs() <= slow.abs() * 0.004, "{p}: {fast} for {slow}");
        }
        for (p, exact) in [(0.0, f64::min as fn(f64, f64) -> f64), (100.0, f64::max)] {
            let exact = values.iter().copied().reduce(exact).unwrap();
            assert!((histogram.percentile(p).unwrap() - exact).abs() <= exact.abs() * 0.004);
        }
    }

    #[test]
    fn how_the_values_were_split_up_makes_no_difference() {
        let values: Vec<f64> = (0..6_000).map(|value| f64::from(value * 7 % 6_000)).collect();
        let whole = of(values.clone());
        for parts in [2, 7, 500] {
            let mut merged = Histogram::default();
            for part in values.chunks(parts) {
                let part = of(part.iter().copied());
                merged.least = merged.least.min(part.least);
                merged.greatest = merged.greatest.max(part.greatest);
                part.counts.iter().for_each(|(place, times)| merged.count(*place, *times));
            }
            for p in PERCENTS {
                assert_eq!(merged.percentile(p), whole.percentile(p));
            }
        }
    }
}

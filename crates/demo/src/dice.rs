//! Chance that can be had again: numbers that look random and follow from a seed and a place alone (SplitMix64).

/// A series of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Dice {
    /// The series of this seed at this place: equal ones are equal, others have nothing in common.
    pub fn of(seed: u64, place: &[u64]) -> Self {
        let state = place.iter().fold(mix(seed.wrapping_add(STEP)), |state, part| {
            mix(state.wrapping_add(STEP) ^ mix(part.wrapping_mul(STEP).wrapping_add(1)))
        });
        Self(state)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// From 0 up to and without 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True in this share of cases.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// From 0 up to and without `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// From `low` up to and without `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high.abs_diff(low).max(1) as usize) as i64
    }

    /// One of them.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// The place of one of them, by their weights.
    pub fn weighted(&mut self, weights: impl IntoIterator<Item = f64> + Clone) -> usize {
        let mut rest = self.unit() * weights.clone().into_iter().sum::<f64>();
        let mut last = 0;
        for (place, weight) in weights.into_iter().enumerate() {
            last = place;
            rest -= weight;
            if rest < 0.0 {
                break;
            }
        }
        last
    }

    /// A number of the standard normal distribution.
    fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    /// Half of these are below the median; `spread` is the deviation of their logarithm.
    pub fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        median * (spread * self.normal()).exp()
    }

    /// How many of something come that come independently of each other, so many on average.
    pub fn poisson(&mut self, mean: f64) -> usize {
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as usize;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// Text of so many hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            let bits = self.next();
            text.extend((0..16).map(|digit| {
                let value = (bits >> (4 * digit) & 0xf) as u32;
                char::from_digit(value, 16).unwrap_or('0')
            }));
        }
        text.truncate(digits);
        text
    }

    /// The text of a UUIDv7 (RFC 9562) of an instant in microseconds.
    pub fn uuid(&mut self, at: i64) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        let mut random = [0; 10];
        random.copy_from_slice(&bits.to_be_bytes()[..10]);
        let millis = u64::try_from(at / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_gives_the_same_numbers_and_another_gives_others() {
        let first = |seed, place: &[u64]| Dice::of(seed, place).next();
        assert_eq!(first(1, &[2, 3]), first(1, &[2, 3]));
        for other in [first(2, &[2, 3]), first(1, &[3, 2]), first(1, &[2]), first(1, &[2, 3, 0])] {
            assert_ne!(other, first(1, &[2, 3]));
        }
    }

    #[test]
    fn numbers_are_spread_as_they_are_meant_to_be() {
        let mut dice = Dice::of(7, &[]);
        let mean = |mut of: Box<dyn FnMut() -> f64>| (0..20_000).map(|_| of()).sum::<f64>() / 20_000.0;
        let mut other = dice.clone();
        assert!((mean(Box::new(move || other.unit())) - 0.5).abs() < 0.01);
        for wanted in [0.2, 4.0, 80.0] {
            let mut other = dice.clone();
            let found = mean(Box::new(move || other.poisson(wanted) as f64));
            assert!((found / wanted - 1.0).abs() < 0.05, "{wanted}: {found}");
        }
        let below = (0..20_000).filter(|_| dice.log_normal(9.0, 1.0) < 9.0).count();
        assert!((9_700..10_300).contains(&below), "{below}");
        let heavy = (0..20_000).filter(|_| dice.weighted([1.0, 3.0]) == 1).count();
        assert!((14_700..15_300).contains(&heavy), "{heavy}");
        assert_eq!((dice.hex(5).len(), dice.hex(64).len(), dice.uuid(5).len()), (5, 64, 36));
    }
}

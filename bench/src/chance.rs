//! The one source of chance: SplitMix64 with a fixed seed, so that every run on every machine sends the same events.
//! Not for secrets.

/// A small deterministic generator.
pub struct Chance(u64);

impl Chance {
    /// Starts the sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        debug_assert!(bound > 0, "nothing lies below 0");
        (self.bits() % bound as u64) as usize
    }

    /// One of `choices`.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// True in `percent` of a hundred draws.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// SplitMix64's finaliser: a bijection, so distinct numbers stay distinct while looking random.
pub fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Draws ranks `0..n` with weight 1/(rank+1): few names carry most of the traffic, as in life.
pub struct Zipf {
    /// Running sums of the weights.
    sums: Vec<f64>,
}

impl Zipf {
    /// Prepares a draw among `n` ranks; `n` must not be 0.
    pub fn new(n: usize) -> Self {
        let mut sum = 0.0;
        let sums = (1..=n)
            .map(|rank| {
                sum += 1.0 / rank as f64;
                sum
            })
            .collect();
        Self { sums }
    }

    /// The rank drawn, 0 the most likely.
    pub fn draw(&self, chance: &mut Chance) -> usize {
        let total = self.sums.last().copied().unwrap_or(0.0);
        let point = (chance.bits() >> 11) as f64 / (1u64 << 53) as f64 * total;
        self.sums.partition_point(|sum| *sum <= point).min(self.sums.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rank_is_drawn_about_twice_as_often_as_the_second() {
        let (zipf, mut chance, mut counts) = (Zipf::new(40), Chance::new(7), [0u32; 40]);
        for _ in 0..100_000 {
            counts[zipf.draw(&mut chance)] += 1;
        }
        let ratio = f64::from(counts[0]) / f64::from(counts[1]);
        assert!((1.8..2.2).contains(&ratio), "{ratio}");
        assert!(counts.iter().all(|count| *count > 0));
    }
}

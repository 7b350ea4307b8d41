//! A rate that may not be exceeded for long: the generic cell rate algorithm (ITU-T I.371), with debt.
//!
//! Promise: over any time, no more is let through than `rate × time`, one second's worth ahead, and the last call's
//! weight. A call that weighs more than a second's worth is let through and paid for afterwards: libraries that
//! weigh calls refuse such a one for ever, and a batch is not to be refused for being larger than the rate.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a second's worth is let through ahead, in nanoseconds.
const AHEAD_NANOS: u64 = 1_000_000_000;
/// Longest debt of one call, in nanoseconds: 30 days, which the longest body takes at the least rate.
const MAX_DEBT_NANOS: u64 = 30 * 86_400 * 1_000_000_000;

/// One rate, in units a second.
#[derive(Debug)]
pub struct Rate {
    per_second: u64,
    since: Instant,
    /// When everything let through so far will have been paid for, in nanoseconds since `since`.
    paid_at: AtomicU64,
}

/// What is left after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Units that would be let through now.
    pub units: u64,
    /// Until all of a second's worth is free again.
    pub whole_after: Duration,
}

impl Rate {
    /// A rate of so many units a second; none of them is used yet. A rate of 0 lets nothing through.
    #[must_use]
    pub fn new(per_second: u64) -> Self {
        Self { per_second, since: Instant::now(), paid_at: AtomicU64::new(0) }
    }

    /// Units a second.
    #[must_use]
    pub fn per_second(&self) -> u64 {
        self.per_second
    }

    /// Lets a call of this weight through, or says how long to wait.
    ///
    /// # Errors
    /// Until when the next call would be refused too.
    pub fn take(&self, weight: u64) -> Result<Left, Duration> {
        self.take_at(weight, nanos(self.since.elapsed()))
    }

    /// Whether all that was let through is paid for.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.paid_at.load(Ordering::Relaxed) <= nanos(self.since.elapsed())
    }

    fn take_at(&self, weight: u64, now: u64) -> Result<Left, Duration> {
        if self.per_second == 0 {
            return Err(Duration::from_nanos(AHEAD_NANOS));
        }
        let one = AHEAD_NANOS / self.per_second;
        let cost = u128::from(weight) * 1_000_000_000 / u128::from(self.per_second);
        let cost = u64::try_from(cost).unwrap_or(u64::MAX).min(MAX_DEBT_NANOS);
        let mut paid_at = self.paid_at.load(Ordering::Relaxed);
        loop {
            let owed = paid_at.saturating_sub(now);
            // There must be room for one unit at least.
            if owed + one > AHEAD_NANOS {
                return Err(Duration::from_nanos(owed + one - AHEAD_NANOS));
            }
            let next = paid_at.max(now).saturating_add(cost);
            match self.paid_at.compare_exchange_weak(paid_at, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(self.left(next.saturating_sub(now))),
                Err(other) => paid_at = other,
            }
        }
    }

    fn left(&self, owed: u64) -> Left {
        let free = AHEAD_NANOS.saturating_sub(owed);
        let units = u128::from(free) * u128::from(self.per_second) / 1_000_000_000;
        Left { units: u64::try_from(units).unwrap_or(u64::MAX), whole_after: Duration::from_nanos(owed) }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_seconds_worth_is_let_through_at_once_and_then_the_rate() {
        let rate = Rate::new(10);
        for used in 1..=10 {
            assert_eq!(rate.take_at(1, 0).unwrap().units, 10 - used);
        }
        assert_eq!(rate.take_at(1, 0), Err(Duration::from_millis(100)));
        assert!(rate.take_at(1, SECOND / 10).is_ok() && rate.take_at(1, SECOND / 10).is_err());
    }

    #[test]
    fn a_batch_larger_than_the_rate_is_let_through_and_paid_for() {
        let rate = Rate::new(100);
        assert_eq!(rate.take_at(1_000, 0).unwrap().units, 0);
        assert_eq!(rate.take_at(1, 5 * SECOND), Err(Duration::from_millis(4_010)));
        assert!(rate.take_at(1, 9 * SECOND + 10_000_000).is_ok());
    }

    #[test]
    fn a_rate_of_none_lets_nothing_through_and_a_huge_one_everything() {
        assert!(Rate::new(0).take(1).is_err());
        let rate = Rate::new(u64::MAX);
        assert!((0..1_000).all(|_| rate.take(u64::MAX / 1_000_000).is_ok()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::with_cases(64) })]

        /// Whatever comes when, what was let through before the last call is within the rate.
        #[test]
        fn no_more_than_the_rate_is_let_through(
            per_second in 1u64..1_000,
            calls in prop::collection::vec((0u64..SECOND, 1u64..300), 1..200),
        ) {
            let rate = Rate::new(per_second);
            let (mut now, mut let_through) = (0, 0u128);
            for (pause, weight) in calls {
                now += pause;
                let allowed = u128::from(per_second) * u128::from(now + SECOND) / u128::from(SECOND);
                if rate.take_at(weight, now).is_ok() {
                    prop_assert!(let_through <= allowed + 1, "{let_through} of {allowed}");
                    let_through += u128::from(weight);
                } else {
                    // Who is refused has used his second's worth.
                    prop_assert!(let_through + 300 >= u128::from(per_second), "refused after {let_through}");
                }
            }
        }
    }
}

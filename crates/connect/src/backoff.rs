//! How long to wait before the next try: longer each time, and never at the same moment as others.

use std::time::Duration;

/// The first wait, at most.
pub const FIRST_WAIT: Duration = Duration::from_millis(200);
/// The longest wait that is chosen here.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// The longest wait that the other side can ask for.
pub const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// The waits of one row of failures.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure: between half and all of a span that doubles, and no less than was asked for.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        let span = FIRST_WAIT.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        let span = span.min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1).min(30);
        let half = span / 2;
        let chance = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
        let wait = half + half.mul_f64(chance);
        asked.map_or(wait, |asked| asked.min(LONGEST_ASKED).max(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound_and_honour_what_was_asked_within_reason() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..40).map(|_| backoff.next(None)).collect();
        assert!(waits[0] >= FIRST_WAIT / 2 && waits[0] <= FIRST_WAIT);
        assert!(waits[1] >= FIRST_WAIT && waits[39] >= LONGEST_WAIT / 2);
        assert!(waits.iter().all(|wait| *wait <= LONGEST_WAIT));
        assert_eq!(backoff.next(Some(Duration::from_secs(30))), Duration::from_secs(30));
        assert_eq!(backoff.next(Some(Duration::from_secs(9999))), LONGEST_ASKED);
    }
}

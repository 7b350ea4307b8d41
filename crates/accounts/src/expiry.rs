//! How long a key lives, as the command line writes it: `90d`, `12h`, `30m`, `45s`.
//!
//! Promise: what parses is between one second and [`MAX_EXPIRY`].

use std::time::Duration;

use crate::duration_text::{InvalidDuration, parse_duration};

const SECONDS_PER_DAY: u64 = 86_400;

/// Longest life that a key can be given: 36,500 days, about a hundred years.
pub const MAX_EXPIRY: Duration = Duration::from_secs(36_500 * SECONDS_PER_DAY);

/// Why a text is no key's life.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExpiry {
    /// Not a whole number and a unit.
    #[error(transparent)]
    Shape(#[from] InvalidDuration),
    /// Zero: the key would never work.
    #[error("an expiry of zero makes a key that never works; leave it out for a key that never expires")]
    Zero,
    /// Past [`MAX_EXPIRY`].
    #[error("an expiry is at most {}d; leave it out for a key that never expires", MAX_EXPIRY.as_secs() / SECONDS_PER_DAY)]
    TooLong,
}

/// The time that `text` says, such as `90d`, `12h`, `30m` or `45s`.
///
/// # Errors
/// [`InvalidExpiry`] when it says none, or one out of bounds.
pub fn parse_expiry(text: &str) -> Result<Duration, InvalidExpiry> {
    match parse_duration(text)? {
        Duration::ZERO => Err(InvalidExpiry::Zero),
        expiry if expiry <= MAX_EXPIRY => Ok(expiry),
        _ => Err(InvalidExpiry::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_from_one_second_to_a_hundred_years() {
        for (text, seconds) in [("1s", 1), ("90d", 7_776_000), ("36500d", 3_153_600_000)] {
            assert_eq!(parse_expiry(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_says_what_is_wrong() {
        assert_eq!(parse_expiry("90"), Err(InvalidExpiry::Shape(InvalidDuration)));
        for zero in ["0s", "000d"] {
            assert_eq!(parse_expiry(zero), Err(InvalidExpiry::Zero), "{zero}");
        }
        for long in ["36501d", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_expiry(long), Err(InvalidExpiry::TooLong), "{long}");
        }
    }
}

//! How long a key lives, as the command line writes it: `90d`, `12h`, `30m`, `45s`.
//!
//! Promise: what parses is between one second and [`MAX_EXPIRY`].

use std::time::Duration;

const SECONDS_PER_DAY: u64 = 86_400;

/// Longest life that a key can be given: 36,500 days, about a hundred years.
pub const MAX_EXPIRY: Duration = Duration::from_secs(36_500 * SECONDS_PER_DAY);

/// Why a text is no key's life.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExpiry {
    /// Not a whole number and a unit.
    #[error("an expiry is a whole number and a unit, d, h, m or s: 90d, 12h, 30m, 45s")]
    Shape,
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
    let unit_start =
        text.len().checked_sub(1).filter(|at| text.is_char_boundary(*at)).ok_or(InvalidExpiry::Shape)?;
    let (number, unit) = text.split_at(unit_start);
    let seconds_per_unit = match unit {
        "d" => SECONDS_PER_DAY,
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        _ => return Err(InvalidExpiry::Shape),
    };
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InvalidExpiry::Shape);
    }
    // Only digits are left, so the one way to fail is to be too large.
    let number: u64 = number.parse().map_err(|_| InvalidExpiry::TooLong)?;
    match number.checked_mul(seconds_per_unit).map(Duration::from_secs) {
        Some(Duration::ZERO) => Err(InvalidExpiry::Zero),
        Some(expiry) if expiry <= MAX_EXPIRY => Ok(expiry),
        _ => Err(InvalidExpiry::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_understood() {
        for (text, seconds) in
            [("90d", 7_776_000), ("12h", 43_200), ("30m", 1800), ("45s", 45), ("36500d", 3_153_600_000)]
        {
            assert_eq!(parse_expiry(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_says_what_is_wrong() {
        for bad in ["", "d", "90", "90 d", " 90d", "-1d", "+1d", "1.5h", "90D", "1w", "1dd", "9ä", "ä"] {
            assert_eq!(parse_expiry(bad), Err(InvalidExpiry::Shape), "{bad}");
        }
        for zero in ["0s", "000d"] {
            assert_eq!(parse_expiry(zero), Err(InvalidExpiry::Zero), "{zero}");
        }
        for long in ["36501d", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_expiry(long), Err(InvalidExpiry::TooLong), "{long}");
        }
    }
}

//! A length of time as the command line writes it: `90d`, `12h`, `30m`, `45s`.
//!
//! Promise: the shape alone is judged here. How long something may be is the rule of what it is for.

use std::time::Duration;

/// Why a text is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a whole number and a unit, d, h, m or s: 90d, 12h, 30m, 45s")]
pub struct InvalidDuration;

/// The time that `text` says, such as `90d`, `12h`, `30m` or `45s`. One too long to count in seconds is the
/// longest that can be.
///
/// # Errors
/// [`InvalidDuration`] when it is not digits and a unit.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let unit_start =
        text.len().checked_sub(1).filter(|at| text.is_char_boundary(*at)).ok_or(InvalidDuration)?;
    let (number, unit) = text.split_at(unit_start);
    let seconds_per_unit = match unit {
        "d" => 86_400,
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        _ => return Err(InvalidDuration),
    };
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InvalidDuration);
    }
    // Only digits are left, so the one way to fail is to be too large.
    let number: u64 = number.parse().unwrap_or(u64::MAX);
    Ok(Duration::from_secs(number.saturating_mul(seconds_per_unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_understood() {
        let known = [("90d", 7_776_000), ("12h", 43_200), ("30m", 1800), ("45s", 45), ("000s", 0)];
        for (text, seconds) in known {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_too_long_to_count_is_the_longest() {
        for text in ["99999999999999999999s", "18446744073709551615d", "18446744073709551615s"] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(u64::MAX)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["", "d", "90", "90 d", " 90d", "-1d", "+1d", "1.5h", "90D", "1w", "1dd", "9ä", "ä"] {
            assert_eq!(parse_duration(bad), Err(InvalidDuration), "{bad}");
        }
    }
}

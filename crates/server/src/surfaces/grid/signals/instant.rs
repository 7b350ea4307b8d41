//! Moments as JavaScript writes them: `Date.toString()`, ISO 8601, and milliseconds since the epoch.
//!
//! Promise: strict. A date that no calendar has is refused, years are 1 to 9999, and digits past the microsecond
//! are dropped. The weekday must be one, but whether it fits the date is not asked: the date says it all.

use speedate::{Date, DateTime, MicrosecondsPrecisionOverflowBehavior, Time, TimeConfig};

use super::scalar::Scalar;

/// What a field of this kind expects.
pub(super) const EXPECTED: &str = "should be a time: ISO 8601, JavaScript's Date.toString() or milliseconds since 1970, \
                                   in the years 1 to 9999";

/// 0001-01-01T00:00:00Z, in microseconds since the epoch.
const EARLIEST: i64 = -62_135_596_800_000_000;
/// 9999-12-31T23:59:59.999999Z.
const LATEST: i64 = 253_402_300_799_999_999;

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Microseconds since the epoch.
pub(super) fn from_scalar(scalar: &Scalar<'_>) -> Option<i64> {
    let micros = match scalar {
        Scalar::Text(text) => from_iso(text).or_else(|| from_iso(&js_to_iso(text)?))?,
        Scalar::Number(millis) => from_millis(millis)?,
        Scalar::Flag(_) => return None,
    };
    (EARLIEST..=LATEST).contains(&micros).then_some(micros)
}

/// ISO 8601 in the form of RFC 3339; UTC when it names no offset, midnight when it names no time.
fn from_iso(text: &str) -> Option<i64> {
    let config = TimeConfig {
        microseconds_precision_overflow_behavior: MicrosecondsPrecisionOverflowBehavior::Truncate,
        unix_timestamp_offset: Some(0),
    };
    let parsed = match DateTime::parse_bytes_rfc3339_with_config(text.as_bytes(), &config) {
        Ok(parsed) => parsed,
        Err(_) => DateTime {
            date: Date::parse_bytes_rfc3339(text.as_bytes()).ok()?,
            time: Time { hour: 0, minute: 0, second: 0, microsecond: 0, tz_offset: None },
        },
    };
    Some(parsed.timestamp_tz() * 1_000_000 + i64::from(parsed.time.microsecond))
}

/// `Sat Nov 21 2026 07:03:52 GMT+0000 (Coordinated Universal Time)`, with any name of the zone or none, as ISO 8601.
/// The fields' lengths are checked here, their digits by whoever reads the outcome.
fn js_to_iso(text: &str) -> Option<String> {
    let moment = match text.split_once(" (") {
        Some((moment, zone_name)) => zone_name.ends_with(')').then_some(moment)?,
        None => text,
    };
    let words: [&str; 6] = moment.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let [weekday, month, day, year, time, offset] = words;
    let month = 1 + MONTHS.iter().position(|name| *name == month)?;
    let (hours, minutes) = offset.strip_prefix("GMT")?.split_at_checked(3)?;
    let is_well_formed = WEEKDAYS.contains(&weekday)
        && (day.len(), year.len(), time.len(), minutes.len()) == (2, 4, 8, 2)
        && hours.starts_with(['+', '-']);
    is_well_formed.then(|| format!("{year}-{month:02}-{day}T{time}{hours}:{minutes}"))
}

/// What `Date.now()` and `Date.getTime()` give; fractions of a millisecond count.
fn from_millis(text: &str) -> Option<i64> {
    let millis = text.parse::<f64>().ok()?;
    let micros_of_fraction = (millis.fract() * 1000.0).round();
    #[allow(clippy::cast_possible_truncation, reason = "what is out of range saturates, and is refused")]
    (millis as i64).checked_mul(1000)?.checked_add(micros_of_fraction as i64)
}

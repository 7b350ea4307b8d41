//! Instants: microseconds since 1970-01-01T00:00:00Z, and the ways the surfaces print them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

/// An instant in UTC, in microseconds since the epoch (spec section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

/// Microseconds in one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in one hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// Microseconds in one day.
pub const DAY: i64 = 24 * HOUR;

impl Micros {
    /// The server's clock.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// The start of the UTC hour, counted in hours since the epoch.
    #[must_use]
    pub fn hour(self) -> i64 {
        self.0.div_euclid(HOUR)
    }

    /// The start of the UTC day, counted in days since the epoch.
    #[must_use]
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// The start of the UTC month.
    #[must_use]
    pub fn month_start(self) -> Self {
        let date = self.instant().to_zoned(TimeZone::UTC).date().first_of_month();
        let days =
            i64::from(date.since((Unit::Day, Date::constant(1970, 1, 1))).map_or(0, |span| span.get_days()));
        Self(days * DAY)
    }

    /// `2024-01-15T10:00:00.000Z`: three decimals, as seeds 000 and 002 print instants.
    #[must_use]
    pub fn to_millis_text(self) -> String {
        self.print(3)
    }

    /// `2024-01-15T10:00:00.000000Z`: six decimals, all that is kept.
    #[must_use]
    pub fn to_micros_text(self) -> String {
        self.print(6)
    }

    /// `2024-01-14T08:15:30.0000000Z`: seven decimals, as seed 001 prints instants (.NET's ticks of 100 ns).
    #[must_use]
    pub fn to_ticks_text(self) -> String {
        self.print(7)
    }

    fn print(self, decimals: u8) -> String {
        DateTimePrinter::new().precision(Some(decimals)).timestamp_to_string(&self.instant())
    }

    /// Invariant: years 1 to 9999 pass the door; what a file might hold beyond that is clamped.
    fn instant(self) -> Timestamp {
        let end = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_microsecond(self.0).unwrap_or(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_with_three_and_six_decimals() {
        let at = Micros(1_705_312_800_000_000);
        assert_eq!(at.to_millis_text(), "2024-01-15T10:00:00.000Z");
        assert_eq!(Micros(at.0 + 1_500).to_millis_text(), "2024-01-15T10:00:00.001Z");
        assert_eq!(Micros(at.0 + 1_500).to_micros_text(), "2024-01-15T10:00:00.001500Z");
        assert_eq!(Micros(at.0 + 1_500).to_ticks_text(), "2024-01-15T10:00:00.0015000Z");
        assert_eq!(Micros(-1).to_millis_text(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Micros(i64::MAX).to_millis_text().len(), 24);
    }

    #[test]
    fn months_begin_on_their_first_day_also_in_leap_years_and_before_the_epoch() {
        for (within, start) in [
            ("2024-02-29T23:59:59.999999Z", "2024-02-01T00:00:00Z"),
            ("2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-01T00:00:00Z"),
            ("0001-01-31T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-30T00:00:00Z", "9999-12-01T00:00:00Z"),
        ] {
            let at = |text: &str| Micros(text.parse::<Timestamp>().unwrap().as_microsecond());
            assert_eq!(at(within).month_start(), at(start), "{within}");
        }
    }

    #[test]
    fn hours_and_days_before_the_epoch_round_down() {
        assert_eq!(Micros(-1).hour(), -1);
        assert_eq!(Micros(-1).day(), -1);
        assert_eq!(Micros(DAY).day(), 1);
    }
}

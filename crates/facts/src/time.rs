//! Instants: microseconds since 1970-01-01T00:00:00Z, and the ways the surfaces print them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::{Timestamp, ToSpan as _, Unit};

/// An instant in UTC, in microseconds since the epoch (spec section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

/// Microseconds in one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in one hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// 0001-01-01 and 9999-12-31, in days since the epoch.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;
/// 0001-01-01T00:00:00Z: no API request is dated before it.
pub const EARLIEST: Micros = Micros(FIRST_DAY * DAY);
/// 9999-12-30T22:00:00Z: the last whole second whose day is one of the years 1 to 9999 wherever on Earth it is read. No API
/// request is dated after it.
pub const LATEST: Micros = Micros(253_402_207_200 * SECOND);
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
        let before = i64::from(self.date().day()) - 1;
        Self((self.day().clamp(FIRST_DAY, LAST_DAY) - before) * DAY)
    }

    /// Its UTC date and hour.
    #[must_use]
    pub fn calendar(self) -> Calendar {
        let date = self.date();
        // Invariant: from 0 to 23.
        let hour = (self.0.rem_euclid(DAY) / HOUR) as i8;
        Calendar { year: date.year(), month: date.month(), day: date.day(), hour }
    }

    /// Its UTC date; what is before the year 1 or after 9999 is clamped.
    fn date(self) -> Date {
        let day = self.day().clamp(FIRST_DAY, LAST_DAY);
        Date::constant(1970, 1, 1).saturating_add(day.days())
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

/// A UTC date of the Gregorian calendar, and an hour of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// 1 to 9999.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// 0 to 23.
    pub hour: i8,
}

/// The day of a date of the years 1 to 9999, counted in days since the epoch; none if there is no such date.
#[must_use]
pub fn day_of_date(year: i16, month: i8, day: i8) -> Option<i64> {
    let date = Date::new(year, month, day).ok().filter(|date| date.year() >= 1)?;
    date.since((Unit::Day, Date::constant(1970, 1, 1))).ok().map(|span| i64::from(span.get_days()))
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
    #[test]
    fn dates_are_days_and_days_are_dates_from_year_1_to_9999() {
        for (year, month, day, days) in [
            (1970, 1, 1, 0),
            (1969, 12, 31, -1),
            (2024, 2, 29, 19_782),
            (1, 1, 1, -719_162),
            (9999, 12, 31, 2_932_896),
        ] {
            assert_eq!(day_of_date(year, month, day), Some(days));
            let calendar = Micros(days * DAY + 23 * HOUR).calendar();
            assert_eq!(calendar, Calendar { year, month, day, hour: 23 });
        }
        for (year, month, day) in
            [(2023, 2, 29), (1900, 2, 29), (2024, 2, 31), (0, 1, 1), (-1, 1, 1), (2024, 13, 1), (2024, 1, 0)]
        {
            assert_eq!(day_of_date(year, month, day), None, "{year}-{month}-{day}");
        }
    }
}

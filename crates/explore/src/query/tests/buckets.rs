//! Buckets of time against jiff's calendar, one instant at a time.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Unit, Zoned, ZonedRound};

use crate::query::Interval;
use crate::query::calendar::{Calendar, zone};

/// The start of a bucket, the slow way: of two that the clock shows, set back over a border, the one that had begun.
fn slow_start(interval: Interval, zone: &TimeZone, at: i64) -> i64 {
    let next = Timestamp::from_microsecond(at).unwrap().checked_add(1.microsecond()).unwrap();
    let change = zone.preceding(next).next().map(|change| change.timestamp().as_microsecond());
    let before = change.map(|change| shown_start(interval, zone, change - 1));
    shown_start(interval, zone, at).max(before.unwrap_or(i64::MIN))
}

/// The start of the bucket that the clock shows.
fn shown_start(interval: Interval, zone: &TimeZone, at: i64) -> i64 {
    let here = Timestamp::from_microsecond(at).unwrap().to_zoned(zone.clone());
    let midnight = |here: &Zoned| here.start_of_day().unwrap();
    let start = match interval {
        Interval::Day => midnight(&here),
        Interval::Week => {
            let since = here.date().weekday().to_monday_zero_offset();
            midnight(&here.date().checked_sub(since.days()).unwrap().to_zoned(zone.clone()).unwrap())
        }
        Interval::Month => midnight(&here.date().first_of_month().to_zoned(zone.clone()).unwrap()),
        Interval::SixHours => {
            let clock = here.date().to_datetime(Time::constant(here.hour() / 6 * 6, 0, 0, 0));
            clock.to_zoned(zone.clone()).unwrap()
        }
        // Back to the last full one on the clock, and not over a change of it.
        short => {
            let (unit, increment) = match short {
                Interval::Second => (Unit::Second, 1),
                Interval::Minute => (Unit::Minute, 1),
                Interval::FiveMinutes => (Unit::Minute, 5),
                Interval::QuarterHour => (Unit::Minute, 15),
                _ => (Unit::Hour, 1),
            };
            let fixed = here.offset().to_time_zone();
            let rounding = ZonedRound::new().smallest(unit).increment(increment).mode(jiff::RoundMode::Floor);
            let floor =
                here.timestamp().to_zoned(fixed).round(rounding).unwrap().timestamp().as_microsecond();
            let next = here.timestamp().checked_add(1.microsecond()).unwrap();
            let change = zone.preceding(next).next().map(|change| change.timestamp().as_microsecond());
            return floor.max(change.unwrap_or(i64::MIN));
        }
    };
    start.timestamp().as_microsecond()
}

/// Around every change of the clock since 1900, and at instants between.
fn instants(zone: &TimeZone) -> Vec<i64> {
    let from: Timestamp = "1900-01-01T00:00Z".parse().unwrap();
    let to: Timestamp = "2040-01-01T00:00Z".parse().unwrap();
    let mut all = Vec::new();
    for change in zone.following(from).take_while(|change| change.timestamp() < to) {
        let at = change.timestamp().as_microsecond();
        let hour = 3_600_000_000_i64;
        for hours in [-31, -25, -24, -12, -3, -2, -1, 0, 1, 2, 3, 12, 23, 24, 30] {
            all.extend([-1, 0, 1, 1_800_000_000].map(|more| at + hours * hour + more));
        }
    }
    let span = to.as_microsecond() - from.as_microsecond();
    all.extend((0..3_000).map(|step: i64| from.as_microsecond() + span / 3_000 * step + step * 7_919));
    all
}

#[test]
fn buckets_are_those_of_the_calendar_in_every_kind_of_time_zone() {
    let zones = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Asia/Beirut",
        "America/Havana",
        "Pacific/Apia",
        "Africa/Casablanca",
        "America/St_Johns",
        "Asia/Kathmandu",
    ];
    for name in zones {
        let zone = zone(name).unwrap();
        let mut instants = instants(&zone);
        for interval in Interval::ALL {
            let mut calendar = Calendar::new(interval, &zone);
            for at in &instants {
                let (start, slow) = (calendar.start_of(*at), slow_start(interval, &zone, *at));
                let told = |at| Timestamp::from_microsecond(at).unwrap();
                assert_eq!(told(start), told(slow), "{interval:?} of {} in {name}", told(*at));
            }
            instants.reverse();
        }
    }
}

#[test]
fn later_instants_are_never_in_earlier_buckets_and_a_start_is_in_its_own() {
    for name in ["Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"] {
        let zone = zone(name).unwrap();
        let mut instants = instants(&zone);
        instants.sort_unstable();
        for interval in Interval::ALL {
            let mut calendar = Calendar::new(interval, &zone);
            let starts: Vec<i64> = instants.iter().map(|at| calendar.start_of(*at)).collect();
            assert!(starts.is_sorted(), "{interval:?} in {name}");
            assert!(starts.iter().all(|start| calendar.start_of(*start) == *start), "{interval:?} in {name}");
        }
    }
}

#[test]
fn days_of_a_changed_clock_have_23_and_25_hours_and_the_ends_of_time_are_no_trouble() {
    let berlin = zone("Europe/Berlin").unwrap();
    let mut calendar = Calendar::new(Interval::Day, &berlin);
    let mut start = |text: &str| {
        let at: Timestamp = text.parse().unwrap();
        Timestamp::from_microsecond(calendar.start_of(at.as_microsecond())).unwrap().to_string()
    };
    assert_eq!(start("2026-03-29T21:59:59Z"), "2026-03-28T23:00:00Z");
    assert_eq!(start("2026-03-29T22:00:00Z"), "2026-03-29T22:00:00Z");
    assert_eq!(start("2026-10-25T22:59:59Z"), "2026-10-24T22:00:00Z");
    assert_eq!(start("2026-10-25T23:00:00Z"), "2026-10-25T23:00:00Z");
    for interval in Interval::ALL {
        let mut calendar = Calendar::new(interval, &berlin);
        for at in [
            i64::MIN,
            i64::MIN + 1,
            Timestamp::MIN.as_microsecond(),
            0,
            Timestamp::MAX.as_microsecond(),
            i64::MAX,
        ] {
            assert!(calendar.start_of(at) <= at);
        }
    }
    assert!(zone("Mars/Olympus").is_none() && zone("").is_none() && zone("../etc/passwd").is_none());
}

/// `cargo test --release -p tidegauge-explore -- --ignored --nocapture buckets`
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout)]
fn how_fast_600_000_instants_find_their_buckets() {
    let zone = zone("Europe/Berlin").unwrap();
    let from = 1_795_262_400_000_000_i64 - 30 * 86_400_000_000;
    let sorted: Vec<i64> = (0..600_000).map(|row| from + row * 4_320_000).collect();
    let mixed: Vec<i64> = (0..600_000).map(|row: i64| sorted[(row * 7_919 % 600_000) as usize]).collect();
    for interval in Interval::ALL {
        for (what, instants) in [("in order", &sorted), ("mixed", &mixed)] {
            let begun = std::time::Instant::now();
            let mut calendar = Calendar::new(interval, &zone);
            let sum = instants.iter().fold(0_i64, |sum, at| sum.wrapping_add(calendar.start_of(*at)));
            println!("{interval:?} {what}: {:?} ({sum})", begun.elapsed());
        }
    }
}

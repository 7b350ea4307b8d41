//! Moments: whatever jiff prints as JavaScript would is read back, and nothing else is.

use jiff::{Timestamp, tz};
use proptest::prelude::*;

use super::super::instant::from_scalar;
use super::super::scalar::Scalar;

fn micros(text: &str) -> Option<i64> {
    from_scalar(&Scalar::Text(text.into()))
}

proptest! {
    #[test]
    fn what_date_to_string_prints_is_read_back(
        second in -62_135_000_000_i64..253_402_000_000,
        offset_minutes in -14 * 60..=14 * 60_i32,
        zone_name in prop_oneof![
            Just(String::new()),
            "[A-Za-zäöé+:0-9() ]{0,30}".prop_map(|name| format!(" ({name})")),
        ],
    ) {
        let offset = tz::Offset::from_seconds(offset_minutes * 60).unwrap();
        let shown = Timestamp::from_second(second).unwrap().to_zoned(tz::TimeZone::fixed(offset));
        let text = shown.strftime("%a %b %d %Y %H:%M:%S GMT%z").to_string() + &zone_name;
        prop_assert_eq!(micros(&text), Some(second * 1_000_000), "{}", text);
    }

    #[test]
    fn what_date_to_iso_string_prints_is_read_back(millis in -62_135_596_800_000_i64..253_402_000_000_000) {
        let text = format!("{:.3}", Timestamp::from_millisecond(millis).unwrap());
        prop_assert_eq!(micros(&text), Some(millis * 1000), "{}", text);
    }

    #[test]
    fn a_number_is_milliseconds(millis in -62_135_596_800_000_i64..=253_402_300_799_999) {
        let read = from_scalar(&Scalar::Number(&millis.to_string()));
        prop_assert_eq!(read, Some(millis * 1000));
    }

    #[test]
    fn a_changed_character_gives_another_time_or_none_but_no_panic(at in 0..61_usize, c in any::<char>()) {
        let good = "Sat Nov 21 2026 07:03:52 GMT+0000 (Coordinated Universal Time)";
        let changed: String =
            good.chars().enumerate().map(|(index, old)| if index == at { c } else { old }).collect();
        let _ = micros(&changed);
    }
}

#[test]
fn the_forms_that_clients_send() {
    let at = 1_795_244_632_000_000;
    for text in [
        "Sat Nov 21 2026 07:03:52 GMT+0000 (Coordinated Universal Time)",
        "Sat Nov 21 2026 07:03:52 GMT+0000",
        "Sat Nov 21 2026 08:03:52 GMT+0100 (mitteleuropäische Zeit (Normal))",
        "Sat Nov 21 2026 12:33:52 GMT+0530 ()",
        "Fri Nov 20 2026 23:03:52 GMT-0800 (PST)",
        // The weekday is not compared with the date.
        "Mon Nov 21 2026 07:03:52 GMT+0000",
        "2026-11-21T07:03:52.000Z",
        "2026-11-21T07:03:52Z",
        "2026-11-21T07:03:52",
        "2026-11-21 07:03:52",
        "2026-11-21T08:03:52+01:00",
    ] {
        assert_eq!(micros(text), Some(at), "{text}");
    }
    assert_eq!(micros("2026-11-21T07:03:52.1234567Z"), Some(at + 123_456));
    assert_eq!(micros("2026-11-21"), Some(at - 25_432_000_000));
    assert_eq!(from_scalar(&Scalar::Number("1795244632000.5")), Some(at + 500));
    assert_eq!(micros("0001-01-01T00:00:00Z"), Some(-62_135_596_800_000_000));
    assert_eq!(micros("9999-12-31T23:59:59.999999Z"), Some(253_402_300_799_999_999));
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "Invalid Date",
        "Sat Feb 30 2026 07:03:52 GMT+0000",
        "Sat Feb 29 2025 07:03:52 GMT+0000",
        "Sat Nov 21 2026 24:00:00 GMT+0000",
        "Sat Nov 21 2026 07:60:00 GMT+0000",
        "Sat Nov 21 2026 07:03:60 GMT+0000",
        "Sat Nov 21 2026 07:03:52 GMT+2500",
        "Sat Nov 21 2026 07:03:52 GMT+00:00",
        "Sat Nov 21 2026 07:03:52 GMT",
        "Sat Nov 21 2026 07:03:52 UTC+0000",
        "Sat Nov 21 2026 07:03:52 GMT+0000 (unfinished",
        "Sat Nov 21 2026 07:03:52",
        "Sat Nov  1 2026 07:03:52 GMT+0000",
        "Sam Nov 21 2026 07:03:52 GMT+0000",
        "Sat nov 21 2026 07:03:52 GMT+0000",
        "Sat Nov 21 12026 07:03:52 GMT+0000",
        "Sat Nov 21 -000001 07:03:52 GMT+0000",
        "Sat Nov 21 0000 07:03:52 GMT+0000",
        "Sat, 21 Nov 2026 07:03:52 GMT",
        "+012026-11-21T07:03:52.000Z",
        "2026-02-30T07:03:52Z",
        "2026-11-21T07:03:52+99:00",
        "0001-01-01T00:00:00+01:00",
        "0000-12-31T23:00:00Z",
        "1795244632000",
        "now",
        " ",
    ] {
        assert_eq!(micros(text), None, "{text}");
    }
    for number in ["253402300800000", "-62135596800001", "1e300", "-1e300", "1e999"] {
        assert_eq!(from_scalar(&Scalar::Number(number)), None, "{number}");
    }
}

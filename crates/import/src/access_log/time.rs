//! The time of an access log: `10/Oct/2000:13:55:36 -0700`.

use tidegauge_facts::time::SECOND;

/// The length of such a text.
pub(super) const TIME_LENGTH: usize = 26;

/// The instant in microseconds; `None` when the text is no time.
pub(super) fn parse(text: &[u8; TIME_LENGTH]) -> Option<i64> {
    let [
        d1,
        d2,
        b'/',
        m1,
        m2,
        m3,
        b'/',
        y1,
        y2,
        y3,
        y4,
        b':',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
        b' ',
        sign,
        oh1,
        oh2,
        oi1,
        oi2,
    ] = *text
    else {
        return None;
    };
    let day = number(&[d1, d2])?;
    let month = month(&[m1, m2, m3])?;
    let year = number(&[y1, y2, y3, y4])?;
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[i1, i2])?, number(&[s1, s2])?);
    let (offset_hours, offset_minutes) = (number(&[oh1, oh2])?, number(&[oi1, oi2])?);
    let offset = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    } * (offset_hours * 3600 + offset_minutes * 60);
    // A leap second is written as 60; it counts as the second after it.
    if year == 0 || hour > 23 || minute > 59 || second > 60 || offset_hours > 23 || offset_minutes > 59 {
        return None;
    }
    if day == 0 || day > days_of(month, year) {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(seconds * SECOND)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

fn month(name: &[u8; 3]) -> Option<i64> {
    const NAMES: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    NAMES.iter().zip(1..).find(|(known, _)| **known == name).map(|(_, month)| month)
}

fn days_of(month: i64, year: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar, counted in years that begin with March, so that a leap day ends its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use jiff::fmt::strtime;
    use proptest::prelude::*;

    use super::*;

    fn by_jiff(text: &str) -> Option<i64> {
        strtime::parse("%d/%b/%Y:%H:%M:%S %z", text).ok()?.to_timestamp().ok().map(|at| at.as_microsecond())
    }

    #[test]
    fn the_offset_is_honoured_and_senseless_dates_are_refused() {
        let at = |text: &str| parse(text.as_bytes().try_into().unwrap());
        assert_eq!(at("10/Oct/2000:13:55:36 -0700"), Some(971_211_336_000_000));
        assert_eq!(at("10/Oct/2000:13:55:36 -0700"), at("10/Oct/2000:20:55:36 +0000"));
        assert_eq!(at("29/Feb/2024:00:00:00 +0530"), by_jiff("29/Feb/2024:00:00:00 +0530"));
        assert_eq!(at("31/Dec/2016:23:59:60 +0000"), at("01/Jan/2017:00:00:00 +0000"));
        for none in [
            "29/Feb/2023:00:00:00 +0000",
            "00/Jan/2023:00:00:00 +0000",
            "01/jan/2023:00:00:00 +0000",
            "01/Jan/2023:24:00:00 +0000",
            "01/Jan/2023:00:00:00 00000",
            "01/Jan/0000:00:00:00 +0000",
        ] {
            assert_eq!(at(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn every_time_is_what_another_reader_makes_of_it(seconds in -62_000_000_000_i64..253_000_000_000, offset in -719_i32..720) {
            let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_seconds(offset * 60).unwrap());
            let at = jiff::Timestamp::from_second(seconds).unwrap().to_zoned(zone);
            let text = at.strftime("%d/%b/%Y:%H:%M:%S %z").to_string();
            prop_assert_eq!(parse(text.as_bytes().try_into().unwrap()), Some(seconds * SECOND), "{}", text);
        }
    }
}

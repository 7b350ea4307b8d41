//! Instants as files write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tidegauge_facts::time::{EARLIEST, LATEST};

/// RFC 3339, with `T` or a space; one without an offset is UTC. Years 1 to 9999, as at every door. Microseconds.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp(),
    };
    within(at.as_microsecond())
}

/// The instant, when it is one that a fact may have.
pub(crate) fn within(micros: i64) -> Option<i64> {
    (EARLIEST.0..=LATEST.0).contains(&micros).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_are_exported_and_as_other_tools_write_them() {
        let at = Some(1_705_312_800_123_456);
        for text in [
            "2024-01-15T10:00:00.123456Z",
            "2024-01-15T11:00:00.123456+01:00",
            "2024-01-15 10:00:00.123456+00",
            "2024-01-15 10:00:00.123456",
        ] {
            assert_eq!(parse(text), at, "{text}");
        }
        for text in [
            "",
            "now",
            "1705312800",
            "2024-13-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "-000001-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

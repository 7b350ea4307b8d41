//! Times as pydantic reads them: RFC 3339 and its neighbours, dates, and Unix numbers in seconds or milliseconds.
//!
//! Promise: whatever pydantic 2.14 accepts in lax mode comes out as the same instant, and whatever it refuses gets
//! its error text; both use speedate 0.18. A time without an offset is taken as UTC.

use std::borrow::Cow;

use speedate::{
    Date, DateTime, DateTimeConfig, MicrosecondsPrecisionOverflowBehavior, ParseError, TimeConfig,
};
use speedate::{Time, TimestampUnit};
use strum::EnumMessage;

use super::coerce::STRING_UNICODE;
use super::error::{Ctx, Problem};
use super::json::Json;

/// Digits past the microsecond are dropped, and numbers beyond 2e10 are milliseconds: pydantic's defaults.
const CONFIG: DateTimeConfig = DateTimeConfig {
    timestamp_unit: TimestampUnit::Infer,
    time_config: TimeConfig {
        microseconds_precision_overflow_behavior: MicrosecondsPrecisionOverflowBehavior::Truncate,
        unix_timestamp_offset: Some(0),
    },
};

/// Microseconds since 1970 UTC of any JSON value pydantic takes for a time.
pub fn from_json(value: &Json<'_>) -> Result<i64, Problem> {
    match value {
        Json::Str(text) if text.lone_surrogate => Err(STRING_UNICODE),
        Json::Str(text) => from_str(&text.text),
        Json::Int(digits) => match digits.parse::<i64>() {
            Ok(number) => from_int(number),
            // Python hands larger integers on as floats, and those beyond float's range not at all.
            Err(_) => match digits.parse::<f64>() {
                Ok(number) if number.is_finite() => from_float(number),
                _ => Err(NOT_A_TIME),
            },
        },
        Json::Float(_, number) => from_float(*number),
        Json::Null | Json::Bool(_) | Json::List(_) | Json::Dict(_) => Err(NOT_A_TIME),
    }
}

/// An RFC 3339 text, or nothing: the good path's reading, which [`from_json`] tries first too.
pub fn from_rfc3339(text: &str) -> Option<i64> {
    let parsed = DateTime::parse_bytes_rfc3339_with_config(text.as_bytes(), &CONFIG.time_config).ok()?;
    micros(&parsed).ok()
}

/// A Unix number: seconds up to 2e10 either way, milliseconds beyond.
pub fn from_int(number: i64) -> Result<i64, Problem> {
    let parsed = DateTime::from_timestamp_with_config(number, 0, &CONFIG).map_err(|error| parsing(&error))?;
    micros(&parsed)
}

const NOT_A_TIME: Problem = Problem::plain("datetime_type", "Input should be a valid datetime");

fn from_str(text: &str) -> Result<i64, Problem> {
    let bytes = text.as_bytes();
    if let Ok(parsed) = DateTime::parse_bytes_with_config(bytes, &CONFIG) {
        return micros(&parsed);
    }
    // pydantic tries a bare date next and, should that fail too, reports the date's error, not the time's.
    let date = Date::parse_bytes(bytes).map_err(|error| from_date_parsing(&error))?;
    let midnight = Time { hour: 0, minute: 0, second: 0, microsecond: 0, tz_offset: None };
    micros(&DateTime { date, time: midnight })
}

fn from_float(number: f64) -> Result<i64, Problem> {
    if number.is_nan() {
        return Err(problem(
            "datetime_parsing",
            "Input should be a valid datetime",
            "NaN values not permitted",
        ));
    }
    let parsed = DateTime::from_float_with_config(number, &CONFIG).map_err(|error| parsing(&error))?;
    micros(&parsed)
}

fn micros(time: &DateTime) -> Result<i64, Problem> {
    // speedate knows a year 0, Python's datetime does not. With years 1 to 9999 the product is far inside i64.
    if time.date.year == 0 {
        return Err(problem(
            "datetime_parsing",
            "Input should be a valid datetime",
            "year 0 is out of range",
        ));
    }
    Ok(time.timestamp_tz() * 1_000_000 + i64::from(time.time.microsecond))
}

fn parsing(error: &ParseError) -> Problem {
    problem(
        "datetime_parsing",
        "Input should be a valid datetime",
        error.get_documentation().unwrap_or_default(),
    )
}

fn from_date_parsing(error: &ParseError) -> Problem {
    let cause = error.get_documentation().unwrap_or_default();
    problem("datetime_from_date_parsing", "Input should be a valid datetime or date", cause)
}

fn problem(kind: &'static str, expected: &str, cause: &'static str) -> Problem {
    Problem { kind, msg: Cow::Owned(format!("{expected}, {cause}")), ctx: Some(Ctx::Error(cause)) }
}

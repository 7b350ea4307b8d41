//! The parameters and the body that the family's methods take.

use axum::extract::Query;
use axum::http::Uri;
use serde::Deserialize;
use tidegauge_facts::limits::MAX_LABEL_CHARS;
use tidegauge_reports::project_history::Period;

use super::failure::FailureKind;

/// Most users whose presence is asked for at once.
const MAX_USERS: usize = 1000;
/// The window when none is given, and the longest, in milliseconds (spec section 4).
const DEFAULT_WINDOW_MS: i64 = 60_000;
const MAX_WINDOW_MS: i64 = 86_400_000;

/// The period of `history`, and its name: `hour` is `1h`, and so on; `day` without one.
pub(super) fn period(uri: &Uri) -> Result<(Period, &'static str), FailureKind> {
    match parameter(uri, "period")?.as_deref() {
        None | Some("day") => Ok((Period::Day, "day")),
        Some("24h") => Ok((Period::Day, "24h")),
        Some("hour") => Ok((Period::Hour, "hour")),
        Some("1h") => Ok((Period::Hour, "1h")),
        Some("week") => Ok((Period::Week, "week")),
        Some("7d") => Ok((Period::Week, "7d")),
        Some("30d") => Ok((Period::Days30, "30d")),
        Some("90d") => Ok((Period::Days90, "90d")),
        Some(_) => invalid("period must be one of hour, 1h, day, 24h, week, 7d, 30d, 90d"),
    }
}

/// The window of `throughput`, in milliseconds.
pub(super) fn window_ms(uri: &Uri) -> Result<i64, FailureKind> {
    let Some(text) = parameter(uri, "window")? else { return Ok(DEFAULT_WINDOW_MS) };
    match text.parse() {
        Ok(window) if (1..=MAX_WINDOW_MS).contains(&window) => Ok(window),
        _ => invalid(&format!("window must be a whole number of milliseconds from 1 to {MAX_WINDOW_MS}")),
    }
}

#[derive(Deserialize)]
struct PresenceBody {
    #[serde(rename = "userIds")]
    user_ids: Vec<String>,
}

/// The users of a body of `presence`.
pub(super) fn user_ids(body: &[u8]) -> Result<Vec<String>, FailureKind> {
    let PresenceBody { user_ids } = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(error) => return invalid(&format!("the body must be {{\"userIds\": [\"...\"]}}: {error}")),
    };
    if user_ids.len() > MAX_USERS {
        return invalid(&format!("userIds must have at most {MAX_USERS} entries"));
    }
    if user_ids.iter().any(|id| id.chars().count() > MAX_LABEL_CHARS) {
        return invalid(&format!("each of userIds must have at most {MAX_LABEL_CHARS} characters"));
    }
    Ok(user_ids)
}

fn parameter(uri: &Uri, name: &str) -> Result<Option<String>, FailureKind> {
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
        return invalid("the query cannot be read");
    };
    let mut values = pairs.into_iter().filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => invalid(&format!("{name} must be given once")),
    }
}

fn invalid<T>(sentence: &str) -> Result<T, FailureKind> {
    Err(FailureKind::Invalid(sentence.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(query: &str) -> Uri {
        format!("/x?{query}").parse().unwrap()
    }

    #[test]
    fn periods_have_two_names_and_day_is_the_default() {
        for (query, expected) in [
            ("", Period::Day),
            ("period=1h", Period::Hour),
            ("period=hour", Period::Hour),
            ("period=24h", Period::Day),
            ("a=b&period=7d", Period::Week),
            ("period=week", Period::Week),
            ("period=30d", Period::Days30),
            ("period=90d", Period::Days90),
        ] {
            assert_eq!(period(&uri(query)).unwrap().0, expected, "{query}");
        }
        for query in ["period=", "period=2h", "period=day&period=day", "period=%ff", "period=DAY"] {
            assert!(period(&uri(query)).is_err(), "{query}");
        }
    }

    #[test]
    fn windows_are_whole_milliseconds_of_at_most_a_day() {
        assert_eq!(window_ms(&uri("")).unwrap(), 60_000);
        assert_eq!(window_ms(&uri("window=86400000")).unwrap(), 86_400_000);
        for query in ["window=0", "window=-1", "window=86400001", "window=1.5", "window=a", "window="] {
            assert!(window_ms(&uri(query)).is_err(), "{query}");
        }
    }

    #[test]
    fn users_are_a_list_of_bounded_texts() {
        assert_eq!(user_ids(br#"{"userIds": ["a", "b"], "more": 1}"#).unwrap(), ["a", "b"]);
        assert_eq!(user_ids(br#"{"userIds": []}"#).unwrap(), [""; 0]);
        let many = serde_json::json!({ "userIds": vec!["a"; MAX_USERS + 1] }).to_string();
        let long = serde_json::json!({ "userIds": ["a".repeat(MAX_LABEL_CHARS + 1)] }).to_string();
        for body in ["", "[]", "{}", r#"{"userIds": [1]}"#, r#"{"userIds": "a"}"#, "\u{fffd}", &many, &long] {
            assert!(user_ids(body.as_bytes()).is_err(), "{body:.40}");
        }
        assert!(user_ids(b"{\"userIds\": [\"\xff\"]}").is_err());
    }
}

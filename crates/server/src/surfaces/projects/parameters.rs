//! The parameters and the body that the family's methods take.

use serde::Deserialize;
use tidegauge_facts::limits::MAX_LABEL_CHARS;
use tidegauge_reports::project_history::Period;

use super::failure::FailureKind;
use crate::query::{BadQuery, Query};

/// Most users whose presence is asked for at once.
pub(super) const MAX_USERS: usize = 1000;
/// The window when none is given, and the longest, in milliseconds (spec section 4).
pub(super) const DEFAULT_WINDOW_MS: i64 = 60_000;
pub(super) const MAX_WINDOW_MS: i64 = 86_400_000;

/// The period of `history`, and its name: `hour` is `1h`, and so on; `day` without one.
pub(super) fn period(query: Query<'_>) -> Result<(Period, &'static str), BadQuery> {
    match query.one(&["period"])?.as_deref() {
        None | Some("day") => Ok((Period::Day, "day")),
        Some("24h") => Ok((Period::Day, "24h")),
        Some("hour") => Ok((Period::Hour, "hour")),
        Some("1h") => Ok((Period::Hour, "1h")),
        Some("week") => Ok((Period::Week, "week")),
        Some("7d") => Ok((Period::Week, "7d")),
        Some("30d") => Ok((Period::Days30, "30d")),
        Some("90d") => Ok((Period::Days90, "90d")),
        Some(_) => Err(BadQuery::Breaks("period", "one of hour, 1h, day, 24h, week, 7d, 30d, 90d")),
    }
}

/// The window of `throughput`, in milliseconds.
pub(super) fn window_ms(query: Query<'_>) -> Result<i64, BadQuery> {
    let Some(text) = query.one(&["window"])? else { return Ok(DEFAULT_WINDOW_MS) };
    let window = text.parse().ok().filter(|window| (1..=MAX_WINDOW_MS).contains(window));
    window.ok_or(BadQuery::Breaks("window", "a whole number of milliseconds from 1 to 86400000"))
}

#[derive(Deserialize)]
struct PresenceBody {
    #[serde(rename = "userIds")]
    user_ids: Vec<String>,
}

/// The users of a body of `presence`.
pub(super) fn user_ids(body: &[u8]) -> Result<Vec<String>, FailureKind> {
    // serde would read a list for an object too.
    if !body.trim_ascii_start().starts_with(b"{") {
        return invalid("the body must be a JSON object");
    }
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

fn invalid<T>(sentence: &str) -> Result<T, FailureKind> {
    Err(FailureKind::Invalid(sentence.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask<T>(query: &str, read: fn(Query<'_>) -> Result<T, BadQuery>) -> Result<T, BadQuery> {
        read(Query::of(&format!("/x?{query}").parse().unwrap()))
    }

    #[test]
    fn periods_have_two_names_and_day_is_the_default() {
        for (query, expected) in [
            ("", Period::Day),
            ("period=", Period::Day),
            ("period=1h", Period::Hour),
            ("period=hour", Period::Hour),
            ("period=24h", Period::Day),
            ("a=b&period=7d", Period::Week),
            ("period=week", Period::Week),
            ("period=30d", Period::Days30),
            ("period=90d", Period::Days90),
        ] {
            assert_eq!(ask(query, period).unwrap().0, expected, "{query}");
        }
        for query in ["period=2h", "period=day&period=day", "period=%ff", "period=DAY"] {
            assert!(ask(query, period).is_err(), "{query}");
        }
    }

    #[test]
    fn windows_are_whole_milliseconds_of_at_most_a_day() {
        assert_eq!(ask("", window_ms).unwrap(), 60_000);
        assert_eq!(ask("window=86400000", window_ms).unwrap(), 86_400_000);
        for query in ["window=0", "window=-1", "window=86400001", "window=1.5", "window=a"] {
            assert!(ask(query, window_ms).is_err(), "{query}");
        }
    }

    #[test]
    fn users_are_a_list_of_bounded_texts() {
        assert_eq!(user_ids(br#"{"userIds": ["a", "b"], "more": 1}"#).unwrap(), ["a", "b"]);
        assert_eq!(user_ids(br#"{"userIds": []}"#).unwrap(), [""; 0]);
        let many = serde_json::json!({ "userIds": vec!["a"; MAX_USERS + 1] }).to_string();
        let long = serde_json::json!({ "userIds": ["a".repeat(MAX_LABEL_CHARS + 1)] }).to_string();
        for body in [
            "",
            "[]",
            "[[\"a\"]]",
            "{}",
            r#"{"userIds": [1]}"#,
            r#"{"userIds": "a"}"#,
            "\u{fffd}",
            &many,
            &long,
        ] {
            assert!(user_ids(body.as_bytes()).is_err(), "{body:.40}");
        }
        assert!(user_ids(b"{\"userIds\": [\"\xff\"]}").is_err());
    }
}

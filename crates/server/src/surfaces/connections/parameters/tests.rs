//! Every parameter as it is taken, and as it is refused.

use axum::http::Uri;
use proptest::prelude::*;

use super::*;

const NOW: Micros = Micros(1_705_312_800_000_000);
const DAY: i64 = 86_400 * SECOND;

fn ask<T>(query: &str, read: fn(Query<'_>, Micros) -> Result<T, BadParameters>) -> Result<T, BadParameters> {
    let uri: Uri = format!("/x?{query}").parse().unwrap();
    read(Query::of(&uri), NOW)
}

fn period_of(query: &str) -> Result<(Option<i64>, Option<i64>), String> {
    let period = ask(query, summary).map_err(|error| error.to_string())?.1;
    Ok((period.from.map(|at| at.0 - NOW.0), period.to.map(|at| at.0 - NOW.0)))
}

#[test]
fn a_period_is_the_last_day_unless_asked_otherwise() {
    assert_eq!(period_of(""), Ok((Some(-DAY), Some(0))));
    assert_eq!(period_of("timeStart=&timeEnd=&minutes="), Ok((Some(-DAY), Some(0))));
    assert_eq!(period_of("minutes=1"), Ok((Some(-60 * SECOND), Some(0))));
    assert_eq!(period_of("minutes=2147483647"), Ok((Some(-2_147_483_647 * 60 * SECOND), Some(0))));
}

#[test]
fn one_end_alone_leaves_the_other_open() {
    assert_eq!(period_of("timeStart=2024-01-15T09:00:00Z"), Ok((Some(-3600 * SECOND), None)));
    assert_eq!(period_of("timeEnd=2024-01-15T10:00:00.0000000Z"), Ok((None, Some(0))));
    let both = "timeStart=2024-01-15T10:00:00Z&timeEnd=2024-01-15T10:00:00Z";
    assert_eq!(period_of(both), Ok((Some(0), Some(0))));
}

#[test]
fn offsets_are_read_encoded_or_not() {
    for text in [
        "2024-01-15T11:00:00%2B01:00",
        "2024-01-15T11:00:00+01:00",
        "2024-01-15T10:00:00",
        "2024-01-15t09:00:00-01:00",
    ] {
        assert_eq!(period_of(&format!("timeStart={text}")), Ok((Some(0), None)), "{text}");
    }
}

#[test]
fn a_wrong_period_is_told_by_its_parameter() {
    let instant = "must be an RFC 3339 instant, such as 2024-01-14T08:15:30Z";
    for text in
        ["yesterday", "2024-13-01T00:00:00Z", "2024-01-15", "1705312800", "0000-01-01T00:00:00Z", "%20"]
    {
        let told = period_of(&format!("timeStart={text}")).unwrap_err();
        assert_eq!(told, format!("the parameter timeStart {instant}"), "{text}");
    }
    for text in ["0", "-1", "1.5", "ten", "2147483648", "99999999999999999999", "%2B5", "+5"] {
        let told = period_of(&format!("minutes={text}")).unwrap_err();
        assert!(told.starts_with("the parameter minutes must be a whole number"), "{text}: {told}");
    }
    let end = "timeEnd=2024-01-15T10:00:00Z";
    for (query, told) in [
        (format!("minutes=5&{end}"), "the period is named twice: give minutes, or timeStart and timeEnd"),
        (format!("timeStart=2024-01-15T10:00:00.000001Z&{end}"), "timeStart is after timeEnd"),
        (format!("{end}&{end}"), "the parameter timeEnd is given more than once"),
    ] {
        assert_eq!(period_of(&query), Err(told.to_owned()));
    }
}

#[test]
fn filters_are_taken_as_they_stand() {
    let (filter, _) = ask("serviceName=a%20b&protocolName=&dataCenter=us-east-1/server-01", summary).unwrap();
    let expected = ConnectionFilter {
        service: Some("a b".into()),
        protocol: None,
        data_center: Some("us-east-1/server-01".into()),
    };
    assert_eq!(filter, expected);
    assert!(ask(&format!("serviceName={}", "x".repeat(1025)), summary).is_err());
    assert!(ask("serviceName=a&serviceName=b", summary).is_err());
}

#[test]
fn the_lists_have_filters_of_their_own() {
    let plain = ask("", list).unwrap();
    assert_eq!(
        (plain.limit, plain.active_only, plain.connection_id, plain.api_key),
        (1_000, false, None, None)
    );
    let id = "ba7816bf-8f01-8fea-8141-40de5dae2223";
    let full = ask(&format!("limit=10000&activeOnly=True&connectionId=c&apiKeyId={id}"), list).unwrap();
    assert_eq!((full.limit, full.active_only, full.connection_id), (10_000, true, Some("c".into())));
    assert_eq!(full.api_key.unwrap().to_string(), id);
    for bad in [
        "limit=0",
        "limit=10001",
        "limit=x",
        "activeOnly=yes",
        "activeOnly=1",
        "apiKeyId=abc",
        "limit=1&limit=1",
    ] {
        assert!(ask(bad, list).is_err(), "{bad}");
    }
    for state in [State::Open, State::Activity, State::Close] {
        assert_eq!(ask(&format!("eventType={}", event_type(state)), events).unwrap().state, Some(state));
    }
    assert!(ask("eventType=open", events).is_err());
}

proptest! {
    #[test]
    fn no_query_makes_it_panic(query in "(timeStart|timeEnd|minutes|limit|apiKeyId|serviceName)=[!-;=?-~é]{0,40}") {
        if let Ok(uri) = format!("/x?{query}").parse::<Uri>() {
            _ = summary(Query::of(&uri), NOW);
            _ = list(Query::of(&uri), NOW);
            _ = events(Query::of(&uri), NOW);
        }
    }
}

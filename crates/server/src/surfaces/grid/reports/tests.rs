use std::time::Duration;

use axum::body::to_bytes;
use axum::response::IntoResponse as _;
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use tidegauge_facts::Micros;
use tidegauge_reports::event_rows::EventRow;
use tidegauge_reports::recent_events::Interaction;
use tidegauge_reports::recent_sessions::SessionRow;
use tidegauge_reports::{Position, ReportError};

use super::cursor::{List, decode, encode};
use super::failure::Failure;
use super::json;
use super::params::Params;
use super::stream::{Report, Reports};
use crate::limits::Allowance;

const AT: Micros = Micros(1_705_312_800_123_456);

fn an_event() -> EventRow<'static> {
    EventRow {
        event_id: "e",
        event_time: AT,
        installation_id: "",
        device_id: "",
        space_id: "",
        data_residency: "",
        session_id: "",
        client_id: "",
        event_type: "view",
        interaction: false,
        ip: "",
        capture_id: "e",
        product_id: None,
        category_id: None,
        ints: [None; 5],
        strs: [None; 5],
        stateful: None,
        public: None,
    }
}

#[test]
fn an_event_of_which_little_is_known_has_every_required_field_and_no_other() {
    let (mut event, mut latest) = (String::new(), String::new());
    json::event(&mut event, "t", &an_event());
    json::latest_event(&mut latest, "t", &an_event());
    let rest = concat!(
        r#""eventTime":"2024-01-15T10:00:00.123Z","dataResidency":"","sessionId":"","clientId":"","#,
        r#""eventType":"view","interaction":false,"ip":"","captureId":"e"}"#
    );
    assert_eq!(event, format!(r#"{{"tenantId":"t",{rest}"#));
    assert_eq!(latest, format!(r#"{{"tenantId":"t","installationId":"","deviceId":"","spaceId":"",{rest}"#));
}

#[test]
fn an_event_of_which_all_is_known_has_every_field_in_the_seeds_order() {
    let mut out = String::new();
    let event = EventRow {
        installation_id: "i",
        device_id: "d",
        space_id: "s",
        data_residency: "eu",
        session_id: "se",
        client_id: "c",
        interaction: true,
        ip: "::1",
        capture_id: "ca",
        product_id: Some("p"),
        category_id: Some(""),
        ints: [Some(1), Some(-2), None, Some(i64::MAX), Some(i64::MIN)],
        strs: [Some("\"\\\n\u{1}é"), None, Some("3"), Some("4"), Some("5")],
        stateful: Some(false),
        public: Some(60_000),
        ..an_event()
    };
    json::latest_event(&mut out, "t", &event);
    assert_eq!(
        out,
        concat!(
            r#"{"tenantId":"t","installationId":"i","deviceId":"d","spaceId":"s","#,
            r#""eventTime":"2024-01-15T10:00:00.123Z","dataResidency":"eu","sessionId":"se","clientId":"c","#,
            r#""eventType":"view","interaction":true,"ip":"::1","captureId":"ca","productId":"p","categoryId":"","#,
            r#""int1":1,"int2":-2,"int4":9223372036854775807,"int5":-9223372036854775808,"#,
            "\"str1\":\"\\\"\\\\\\n\\u0001é\",",
            r#""str3":"3","str4":"4","str5":"5","stateful":false,"public":60000}"#
        )
    );
}

#[test]
fn a_session_has_every_field_in_the_seeds_order() {
    let row = SessionRow {
        session_id: "s",
        session_created: AT,
        environment: "prod",
        data_residency: "eu",
        country: "SE",
        space_id: "sp",
        app_id: "a",
        app_version: Some("1"),
        installation_version: Some("2"),
        installation_id: "i",
        device_id: Some("d"),
        client_id: "c",
        ip: "::1",
        location_accuracy: 12.0,
        latitude: -59.25,
        longitude: 0.0,
        capture_id: "ca",
    };
    let mut out = String::new();
    json::session(&mut out, "t", &row);
    assert_eq!(
        out,
        concat!(
            r#"{"tenantId":"t","sessionId":"s","sessionCreated":"2024-01-15T10:00:00.123Z","environment":"prod","#,
            r#""dataResidency":"eu","country":"SE","spaceId":"sp","appId":"a","appVersion":"1","#,
            r#""installationVersion":"2","installationId":"i","deviceId":"d","clientId":"c","ip":"::1","#,
            r#""locationAccuracy":12,"latitude":-59.25,"longitude":0,"captureId":"ca"}"#
        )
    );
    out.clear();
    json::session(
        &mut out,
        "t",
        &SessionRow { app_version: None, installation_version: None, device_id: None, ..row },
    );
    assert!(
        !["appVersion", "installationVersion", "deviceId"].iter().any(|name| out.contains(name)),
        "{out}"
    );
}

proptest! {
    #[test]
    fn any_text_is_written_as_json_reads_it(text in any::<String>()) {
        let mut out = String::new();
        json::event(&mut out, "t", &EventRow { session_id: &text, ..an_event() });
        let read: serde_json::Value = serde_json::from_str(&out).unwrap();
        prop_assert_eq!(read["sessionId"].as_str(), Some(&*text));
    }

    #[test]
    fn a_cursor_is_read_back_and_no_part_of_it_is(time in any::<i64>(), id in "[ -ÿ]{0,40}", seen in 0..9_usize) {
        let place = Position { time, id, seen };
        let cursor = encode(List::Events, &place);
        prop_assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        prop_assert_eq!(decode(List::Events, &cursor), Some(place));
        prop_assert_eq!(decode(List::Sessions, &cursor), None);
        for end in 0..cursor.len() {
            prop_assert_eq!(decode(List::Events, &cursor[..end]), None);
        }
    }

    #[test]
    fn no_text_breaks_the_cursor(text in any::<String>()) {
        decode(List::LatestEvents, &text);
    }
}

fn refused<T>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::BadRequest(message)) => message,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it passed"),
    }
}

#[test]
fn distinct_columns_come_in_every_form() {
    for query in [
        "distinctColumns=eventType,country",
        "distinctColumns=eventType&distinctColumns=country",
        "distinctColumns[]=eventType&distinctColumns[]=country",
        "distinctColumns%5B%5D=eventType&distinctColumns=country%2CeventType",
        "distinctColumns=+eventType,%20country,",
    ] {
        let params = Params::parse(Some(query)).unwrap();
        let names: Vec<_> = params.distinct_columns().unwrap().iter().map(|column| column.wire).collect();
        assert_eq!(names, ["eventType", "country"], "{query}");
    }
    for query in ["", "distinctColumns=", "distinctColumns=,", "distinctcolumns=country"] {
        let message = refused(Params::parse(Some(query)).unwrap().distinct_columns());
        assert_eq!(message, "distinctColumns is required", "{query}");
    }
    for query in ["distinctColumns=event_name", "distinctColumns=country,userId"] {
        let message = refused(Params::parse(Some(query)).unwrap().distinct_columns());
        assert!(message.starts_with("distinctColumns names an unknown column: "), "{message}");
    }
}

#[test]
fn parameters_that_say_two_things_or_none_are_refused() {
    let filter = |query| Params::parse(Some(query)).unwrap().event_filter();
    assert_eq!(refused(filter("eventType=a&eventType=a")), "eventType is given more than once");
    assert_eq!(
        refused(filter("interactionType=Interactive")),
        "interactionType is interactive, nonInteractive or all"
    );
    assert_eq!(filter("interactionType=nonInteractive").unwrap().interaction, Interaction::NonInteractive);
    assert_eq!(filter("spaceId=a%20b&unknown=1&unknown=2").unwrap().space_id.as_deref(), Some("a b"));
    assert_eq!(refused(Params::parse(Some("spaceId=%ff"))), "the query is not UTF-8");
    let page = |query| Params::parse(Some(query)).unwrap().page(List::Events);
    for query in ["limit=0", "limit=-1", "limit=", "limit=a", "limit=1.5", "limit=100001"] {
        assert_eq!(refused(page(query)), "limit is a whole number from 1 to 100000", "{query}");
    }
    assert_eq!(refused(page("cursor=")), "cursor is none that this report has given");
    assert_eq!(page("limit=100000").unwrap().limit, Some(100_000));
}

/// A report of `pieces` long rows that goes on for ever or fails then.
fn long_report(pieces: usize, then_fails: bool) -> Result<Report, ReportError> {
    let mut left = pieces;
    let rows = move |out: &mut String| {
        out.push(',');
        out.push('1');
        out.push_str(&"0".repeat(70_000));
        left = left.saturating_sub(1);
        match left == 0 && then_fails {
            true => Err(ReportError::TooManySessions(0)),
            false => Ok(true),
        }
    };
    Ok(Report { rows: Box::new(rows), link: None })
}

#[tokio::test]
async fn a_report_that_fails_halfway_ends_as_no_answer_ends() {
    let reports = Reports::new(1);
    let response = reports.answer(&Allowance::default(), |_| long_report(5, true)).await.unwrap();
    let mut body = response.into_body();
    let mut frames = 0;
    let error = loop {
        match body.frame().await.expect("an answer that is cut has no end") {
            Ok(_) => frames += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((frames, error.to_string().as_str()), (4, "the report could not be read to its end"));
    let failed = reports.answer(&Allowance::default(), |_| long_report(1, true)).await;
    assert!(matches!(failed, Err(Failure::TooManySessions(_))), "before the head is sent, it says so");
}

#[tokio::test]
async fn one_report_more_than_allowed_is_refused_until_one_ends_or_its_reader_goes() {
    let reports = Reports::new(1);
    let held = reports.answer(&Allowance::default(), |_| long_report(usize::MAX, false)).await.unwrap();
    let refused =
        reports.answer(&Allowance::default(), |_| long_report(1, false)).await.unwrap_err().into_response();
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].as_bytes()), (503, &b"1"[..]));
    let body = to_bytes(refused.into_body(), 1000).await.unwrap();
    let expected =
        r#"{"statusCode":503,"error":"Service Unavailable","message":"too many reports are under way"}"#;
    assert_eq!(body, expected);
    drop(held);
    let next = async {
        while matches!(
            reports.answer(&Allowance::default(), |_| long_report(usize::MAX, false)).await,
            Err(Failure::TooManyReports)
        ) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), next).await.expect("the place is given back");
}

#[tokio::test]
async fn a_short_report_is_one_piece_of_text_of_a_known_length() {
    let mut left = 2;
    let rows = move |out: &mut String| {
        left -= 1;
        out.push_str(if left < 0 { "" } else { ",1" });
        Ok(left >= 0)
    };
    let begin = move |_| Ok(Report { rows: Box::new(rows), link: None });
    let answer = Reports::new(1).answer(&Allowance::default(), begin).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(to_bytes(answer.into_body(), 1000).await.unwrap(), "[1,1]");
    let begin = |_| Ok(Report { rows: Box::new(|_| Ok(false)), link: None });
    let answer = Reports::new(1).answer(&Allowance::default(), begin).await.unwrap();
    assert_eq!(to_bytes(answer.into_body(), 1000).await.unwrap(), "[]");
}

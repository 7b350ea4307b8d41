//! Dates and parameters as they are taken, and as they are refused.

use axum::http::Uri;
use tidegauge_facts::time::day_of_date;
use tidegauge_reports::request_activity::Bucket;

use super::super::order::{By, Order};
use super::super::parameters::{BadQuestion, Page, Parameters, days};
use crate::query::Query;

fn ask(query: &str) -> Result<Parameters, String> {
    let uri: Uri = format!("/x?{query}").parse().unwrap();
    Parameters::of(Query::of(&uri)).map_err(|bad| bad.to_string())
}

fn between(path: &str) -> Result<(i64, i64), BadQuestion> {
    let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    days(&<[String; 6]>::try_from(parts).unwrap())
}

#[test]
fn dates_may_be_padded_and_reach_from_year_1_to_9999() {
    let day = |year, month, day| day_of_date(year, month, day).unwrap();
    assert_eq!(between("1/2/2024/29/02/2024"), Ok((day(2024, 2, 1), day(2024, 2, 29))));
    assert_eq!(between("01/01/0001/31/12/9999"), Ok((day(1, 1, 1), day(9999, 12, 31))));
    assert_eq!(between("29/2/2000/29/2/2000"), Ok((11_016, 11_016)));
}

#[test]
fn dates_that_do_not_exist_are_refused_with_the_one_that_is_wrong() {
    for date in [
        "31/2/2024",
        "29/2/2023",
        "29/2/1900",
        "31/4/2024",
        "0/1/2024",
        "1/0/2024",
        "1/13/2024",
        "32/1/2024",
        "1/1/0",
        "1/1/10000",
        "001/1/2024",
        "1/001/2024",
        "-1/1/2024",
        "+1/1/2024",
        "1/1/2e3",
        "a/1/2024",
        "1//2024",
        " 1/1/2024",
        "١/1/2024",
        "200/1/2024",
        "1/200/2024",
    ] {
        assert_eq!(between(&format!("{date}/1/3/2024")), Err(BadQuestion::NoSuchDate("start")), "{date}");
        assert_eq!(between(&format!("1/1/2024/{date}")), Err(BadQuestion::NoSuchDate("end")), "{date}");
    }
    assert_eq!(between("2/1/2024/1/1/2024"), Err(BadQuestion::Backwards));
}

#[test]
fn without_parameters_it_is_the_first_page_in_the_usual_order() {
    for query in ["", "res=&tags=&api=&p=&by=&sort=&api_version=", "other=1", "tags=,%20,"] {
        let order = Order { by: By::Hits, reversed: false };
        let usual = Parameters { bucket: None, api: None, tags: vec![], order, page: Page::Number(1) };
        assert_eq!(ask(query), Ok(usual), "{query}");
    }
}

#[test]
fn every_parameter_has_its_values() {
    let asked = ask("res=day&api=a%2Fb&tags=x,%20y%20,,z&by=Request_Time&sort=-1&p=-7").unwrap();
    assert_eq!((asked.bucket, asked.api.as_deref()), (Some(Bucket::Day), Some("a/b")));
    assert_eq!(asked.tags, ["x", "y", "z"]);
    assert_eq!((asked.order, asked.page), (Order { by: By::RequestTime, reversed: true }, Page::Everything));
    assert_eq!(ask("api_id=a").unwrap().api.as_deref(), Some("a"));
    for (page, expected) in [
        ("0", Page::Everything),
        ("-0", Page::Everything),
        ("-99999999999999999999", Page::Everything),
        ("1", Page::Number(1)),
        ("007", Page::Number(7)),
        ("99999999999999999999", Page::Number(u64::MAX)),
    ] {
        assert_eq!(ask(&format!("p={page}")).unwrap().page, expected, "{page}");
    }
    for name in ["hits", "Hits", "success", "error", "last_hit", "latency", "upstream_latency"] {
        assert!(ask(&format!("by={name}&sort=1")).is_ok(), "{name}");
    }
}

#[test]
fn a_bad_value_is_refused_and_its_parameter_named() {
    let many = format!("tags={}", vec!["x"; 101].join(","));
    for (query, parameter) in [
        ("res=week", "res"),
        ("res=Day", "res"),
        ("p=a", "p"),
        ("p=1.5", "p"),
        ("p=%201", "p"),
        ("p=+1", "p"),
        ("p=-", "p"),
        ("p=1&p=2", "p"),
        ("by=path", "by"),
        ("sort=2", "sort"),
        ("sort=desc", "sort"),
        ("api=%ff", "api"),
        ("api=a&api_id=b", "api"),
        ("api_version=v1", "api_version"),
        (&many, "tags"),
    ] {
        let refusal = ask(query).unwrap_err();
        assert!(refusal.contains(&format!("parameter {parameter}")), "{query}: {refusal}");
    }
}

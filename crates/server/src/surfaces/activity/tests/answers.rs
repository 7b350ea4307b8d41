//! Rows in order, in pages, and to the letter.

use tidegauge_reports::request_activity::{ActivityRow, Bucket, Group, Subject};
use tidegauge_store::traffic::{Hit, Measure};

use super::super::order::{By, MAX_ROWS, Order};
use super::super::parameters::Page;
use super::super::rows::ActivityAnswer;

const USUAL: Order = Order { by: By::Hits, reversed: false };

fn hit(code: i64, at: i64, millis: u64) -> Measure {
    Hit { code, at, request_time: millis, latency: millis, upstream: millis }.into()
}

fn sum(hits: &[Measure]) -> Measure {
    let (first, rest) = hits.split_first().unwrap();
    let mut sum = *first;
    rest.iter().for_each(|hit| sum.add(hit));
    sum
}

fn row(api: &str, path: &str, measure: Measure) -> ActivityRow {
    let group = Group { api: api.into(), path: path.into(), ..Group::default() };
    ActivityRow { group, label: "".into(), measure }
}

fn json(row: ActivityRow, subject: &Subject, bucket: Option<Bucket>) -> String {
    serde_json::to_string(&ActivityAnswer::new(vec![row], 1, subject, bucket)).unwrap()
}

#[test]
fn a_row_has_the_seed_s_fields_in_the_seed_s_order() {
    let measure = sum(&[hit(200, 1_602_598_731_582_400, 248), hit(500, 0, 747)]);
    assert_eq!(
        json(row("79fc", "/get", measure), &Subject::EndpointsOfKey("k".into()), None),
        concat!(
            r#"{"data":[{"id":{"day":0,"month":0,"year":0,"hour":0,"code":0,"path":"/get","key":"","alias":"","url":"","#,
            r#""iso_country":"","api_id":"79fc","api_name":""},"hits":2,"success":1,"error":1,"#,
            r#""last_hit":"2020-10-13T14:18:51.582Z","request_time":497.5,"latency":497.5,"upstream_latency":497.5,"#,
            r#""max_upstream_latency":747,"min_upstream_latency":248,"max_latency":747,"min_latency":248}],"pages":1}"#
        )
    );
    assert_eq!(serde_json::to_string(&ActivityAnswer::empty()).unwrap(), r#"{"data":[],"pages":0}"#);
}

#[test]
fn a_mean_is_a_whole_number_where_it_is_one_and_else_has_its_decimals() {
    let huge = u64::from(u32::MAX);
    for (times, expected) in [
        (&[569][..], "569"),
        (&[0, 0], "0"),
        (&[1, 0], "0.5"),
        (&[1, 0, 0], "0.3333333333333333"),
        (&[100, 200, 400, 1], "175.25"),
        (&[huge, huge], "4294967295"),
        (&[huge, huge - 1], "4294967294.5"),
    ] {
        let measure = sum(&times.iter().map(|time| hit(200, 0, *time)).collect::<Vec<_>>());
        let text = json(row("a", "/", measure), &Subject::Apis, None);
        assert!(text.contains(&format!(r#""request_time":{expected},"latency":{expected},"#)), "{text}");
    }
}

#[test]
fn a_bucket_fills_what_it_tells_apart() {
    let start = Some(1_602_597_600_000_000);
    for (bucket, expected) in [
        (Bucket::Hour, r#""day":13,"month":10,"year":2020,"hour":14,"#),
        (Bucket::Day, r#""day":13,"month":10,"year":2020,"hour":0,"#),
        (Bucket::Month, r#""day":0,"month":10,"year":2020,"hour":0,"#),
    ] {
        let group = Group { bucket: start, code: 404, ..Group::default() };
        let row = ActivityRow { group, label: "".into(), measure: hit(404, 0, 1) };
        let text = json(row, &Subject::Errors, Some(bucket));
        assert!(text.contains(expected) && text.contains(r#""code":404"#), "{text}");
    }
}

#[test]
fn a_label_is_a_key_s_alias_or_an_api_s_name() {
    let labelled = |subject| {
        let group = Group { key: "k".into(), ..Group::default() };
        json(ActivityRow { group, label: "shop".into(), measure: hit(200, 0, 1) }, &subject, None)
    };
    assert!(labelled(Subject::Keys).contains(r#""key":"k","alias":"shop""#));
    assert!(labelled(Subject::Apis).contains(r#""alias":"""#));
    assert!(labelled(Subject::Apis).contains(r#""api_name":"shop""#));
}

fn names(rows: &[ActivityRow]) -> Vec<String> {
    rows.iter().map(|row| format!("{}{}", row.group.api, row.group.path)).collect()
}

#[test]
fn the_usual_order_is_most_hits_first_then_api_then_path() {
    let two = sum(&[hit(200, 0, 1), hit(200, 0, 1)]);
    let one = hit(200, 0, 1);
    let rows = vec![row("b", "/1", one), row("a", "/2", one), row("z", "/9", two), row("a", "/1", one)];
    let (rows, pages) = USUAL.page(rows, Page::Number(1)).unwrap();
    assert_eq!((names(&rows), pages), (vec!["z/9".into(), "a/1".into(), "a/2".into(), "b/1".into()], 1));
    let (rows, _) = Order { by: By::Hits, reversed: true }.page(rows, Page::Everything).unwrap();
    assert_eq!(names(&rows), ["a/1", "a/2", "b/1", "z/9"]);
}

#[test]
fn rows_are_ordered_by_the_measure_asked_for() {
    let rows = || {
        vec![
            // 1/3 and 2/6 are the same mean, and tie.
            row("b", "", sum(&[hit(200, 5, 1), hit(200, 1, 0), hit(200, 2, 0)])),
            row(
                "a",
                "",
                sum(&[
                    hit(200, 4, 2),
                    hit(404, 1, 0),
                    hit(404, 1, 0),
                    hit(200, 1, 0),
                    hit(200, 1, 0),
                    hit(200, 1, 0),
                ]),
            ),
            row("c", "", hit(404, 9, 7)),
        ]
    };
    for (by, expected) in [
        (By::Hits, ["a", "b", "c"]),
        (By::Success, ["a", "b", "c"]),
        (By::Error, ["a", "c", "b"]),
        (By::LastHit, ["c", "b", "a"]),
        (By::RequestTime, ["c", "a", "b"]),
        (By::Latency, ["c", "a", "b"]),
        (By::UpstreamLatency, ["c", "a", "b"]),
    ] {
        let (rows, _) = Order { by, reversed: false }.page(rows(), Page::Everything).unwrap();
        assert_eq!(names(&rows), expected, "{by:?}");
    }
}

#[test]
fn buckets_come_in_the_order_of_time_whatever_else_is_asked() {
    let at = |bucket, hits: usize| {
        let mut row = row("a", "/", sum(&vec![hit(200, 0, 1); hits]));
        row.group.bucket = Some(bucket);
        row
    };
    for reversed in [false, true] {
        let order = Order { by: By::Hits, reversed };
        let (rows, _) = order.page(vec![at(7, 1), at(-7, 2), at(0, 3)], Page::Number(1)).unwrap();
        let buckets: Vec<_> = rows.iter().map(|row| row.group.bucket).collect();
        assert_eq!(buckets, [Some(-7), Some(0), Some(7)]);
    }
}

#[test]
fn pages_have_ten_rows_the_last_one_the_rest_and_those_beyond_none() {
    let rows = |count| (0..count).map(|n| row("a", &format!("/{n:06}"), hit(200, 0, 1))).collect::<Vec<_>>();
    let page = |count, page| USUAL.page(rows(count), page).map(|(rows, pages)| (rows.len(), pages));
    for (count, number, expected) in [
        (0, 1, (0, 0)),
        (10, 1, (10, 1)),
        (11, 1, (10, 2)),
        (11, 2, (1, 2)),
        (11, 3, (0, 2)),
        (11, u64::MAX, (0, 2)),
    ] {
        assert_eq!(page(count, Page::Number(number)), Ok(expected), "{count} {number}");
    }
    assert_eq!(page(0, Page::Everything), Ok((0, 0)));
    assert_eq!(page(25, Page::Everything), Ok((25, 1)));
    let (second, _) = USUAL.page(rows(25), Page::Number(2)).unwrap();
    assert_eq!((names(&second)[0].as_str(), names(&second)[9].as_str()), ("a/000010", "a/000019"));
    assert!(page(MAX_ROWS, Page::Everything).is_ok());
    assert!(page(MAX_ROWS + 1, Page::Everything).is_err());
    assert_eq!(page(MAX_ROWS + 1, Page::Number(1)), Ok((10, 10_001)));
}

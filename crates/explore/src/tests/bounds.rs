//! Every bound, reached.

use std::time::Duration;

use tidegauge_store::Budget;

use super::facts::{Asked, append, event, open, scope};
use crate::{ExploreError, ExploreLimits};

fn with_events(count: i64, limits: ExploreLimits, test: impl FnOnce(&Asked)) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let ids: Vec<String> = (0..count).map(|n| format!("event {n}")).collect();
    append(&store, ids.iter().zip(0..).map(|(id, n)| event("t", id, n)));
    test(&Asked::with(&store, scope("t", None), limits));
}

#[test]
fn rows_end_at_the_limit_and_it_is_said() {
    let limits = ExploreLimits { max_rows: 50, ..ExploreLimits::default() };
    with_events(100, limits, |asked| {
        let ask = |limit| asked.sql_with("SELECT event_id FROM events", &[], limit, Asked::budget()).unwrap();
        for (limit, rows, truncated) in [(10, 10, true), (50, 50, true), (1000, 50, true), (0, 0, true)] {
            let (found, more) = ask(limit);
            assert_eq!((found.len(), more), (rows, truncated), "{limit}");
        }
        let few = "SELECT event_id FROM events LIMIT 20";
        for (limit, truncated) in [(19, true), (20, false), (21, false)] {
            let (found, more) = asked.sql_with(few, &[], limit, Asked::budget()).unwrap();
            assert_eq!((found.len(), more), (limit.min(20), truncated));
        }
    });
}

#[test]
fn bytes_end_at_the_limit_and_it_is_said() {
    let limits = ExploreLimits { max_answer_bytes: 10_000, ..ExploreLimits::default() };
    with_events(1000, limits, |asked| {
        let text = "SELECT event_id, project_id FROM events";
        let (found, more) = asked.sql_with(text, &[], 1000, Asked::budget()).unwrap();
        assert!(more && !found.is_empty() && found.len() < 300, "{}", found.len());
    });
}

#[test]
fn memory_ends_at_the_tenant_s_bound_and_at_that_of_all() {
    with_events(20_000, ExploreLimits::default(), |asked| {
        let text = "SELECT event_id, count(*) FROM events GROUP BY 1";
        let little = || Budget::new(Duration::from_secs(60), 100_000);
        assert_eq!(asked.sql_with(text, &[], 10, little()), Err(ExploreError::TooMuchMemory));
        assert_eq!(
            asked.sql_with("SELECT count(*) FROM events", &[], 10, little()).unwrap().0[0][0].as_deref(),
            Some("20000")
        );
        let sorted = "SELECT event_id, event_name, properties FROM events ORDER BY event_id";
        assert_eq!(asked.sql_with(sorted, &[], 100_000, little()), Err(ExploreError::TooMuchMemory));
        assert_eq!(asked.explorer.memory().taken(), 0);
    });
    let limits = ExploreLimits { memory_bytes: 100_000, ..ExploreLimits::default() };
    with_events(20_000, limits, |asked| {
        assert_eq!(
            asked.sql("SELECT event_id, count(*) FROM events GROUP BY 1"),
            Err(ExploreError::TooMuchMemory)
        );
    });
}

#[test]
fn what_would_run_for_hours_ends_at_its_time_and_gives_its_place_and_memory_back() {
    with_events(20_000, ExploreLimits::default(), |asked| {
        for text in [
            "SELECT count(DISTINCT a.event_time) FROM events a, events b, events c",
            "SELECT count(*) FROM events a, events b, events c WHERE a.event_id || b.event_id < c.event_id",
            "SELECT count(*) FROM generate_series(1, 1000000000000)",
            "SELECT sum(value) FROM generate_series(1, 1000000000000) WHERE value % 7 = 8",
            "SELECT value FROM generate_series(1, 1000000000000) WHERE value < 0",
            "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
            "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT * FROM n WHERE i > 1",
            "SELECT count(*) FROM events a JOIN events b ON a.event_id || b.event_id = 'x' JOIN events c ON a.project_id = c.project_id",
            "SELECT count(*) FROM events a JOIN events b ON a.project_id = b.project_id AND a.event_id || b.event_id = 'x' JOIN events c ON b.project_id = c.project_id",
            "SELECT a.event_id FROM events a JOIN events b ON a.event_id < b.event_id JOIN events c ON b.event_id > c.event_id WHERE a.int1 > c.int1",
        ] {
            let budget = Budget::new(Duration::from_millis(300), 64 << 20);
            let answer = asked.sql_with(text, &[], 10, budget);
            assert!(
                matches!(answer, Err(ExploreError::TookTooLong { .. } | ExploreError::TooMuchMemory)),
                "{text}: {answer:?}"
            );
            at_rest(asked);
        }
    });
}

#[test]
fn whoever_goes_away_ends_the_work() {
    with_events(20_000, ExploreLimits::default(), |asked| {
        let asking = asked.asking(Asked::budget());
        let text = "SELECT a.event_id FROM events a, events b, events c";
        let answer = asked.runtime.block_on(asking.sql(text, &[], 100_000)).unwrap();
        assert_eq!(asked.explorer.under_way(), 1);
        drop(answer);
        at_rest(asked);
        let never =
            asking.sql("SELECT count(DISTINCT a.event_time) FROM events a, events b, events c", &[], 10);
        let waited =
            asked.runtime.block_on(async { tokio::time::timeout(Duration::from_millis(200), never).await });
        assert!(waited.is_err());
        at_rest(asked);
    });
}

#[test]
fn questions_beyond_the_bound_wait_and_are_refused_when_no_turn_comes() {
    let limits =
        ExploreLimits { questions: 1, turn_timeout: Duration::from_millis(50), ..ExploreLimits::default() };
    with_events(20_000, limits, |asked| {
        let asking = asked.asking(Asked::budget());
        let text = "SELECT a.event_id FROM events a, events b";
        let answer = asked.runtime.block_on(asking.sql(text, &[], 100_000)).unwrap();
        assert_eq!(asked.sql("SELECT 1"), Err(ExploreError::Busy));
        drop(answer);
        at_rest(asked);
        assert_eq!(asked.lines("SELECT 1"), ["1"]);
    });
}

#[test]
fn what_no_bound_would_see_is_refused_before_it_begins() {
    with_events(10, ExploreLimits::default(), |asked| {
        let doubling = (1..40)
            .map(|n| format!("\"a\"\"{n}\" AS (SELECT p.x FROM \"a\"\"{0}\" p, \"a\"\"{0}\" q)", n - 1));
        let doubling = doubling.collect::<Vec<_>>().join(", ");
        let words = vec!["''"; 9_000].join(", ");
        for text in [
            "SELECT approx_percentile_cont(value, 0.5, 10000000000000) FROM generate_series(1, 10)".into(),
            "SELECT approx_percentile_cont(0.5, 10000000000000) WITHIN GROUP (ORDER BY value) FROM generate_series(1, 10)".into(),
            "SELECT arrow_cast(NULL, 'FixedSizeList(2147483647, FixedSizeList(32768, Int64))')".into(),
            "SELECT arrow_cast(NULL, 'FixedSizeBinary(2147483647)') FROM events".into(),
            "SELECT CAST(NULL AS BIGINT[2147483647])".into(),
            "SELECT arrow_cast(repeat('x', 60000000), 'LargeUtf8') FROM generate_series(1, 8192)".into(),
            format!("SELECT length(concat_ws(repeat('x', 60000000), {words}))"),
            "SELECT array_to_string(string_to_array(repeat('a,', 1000000), ','), repeat('x', 50000000))".into(),
            format!("WITH \"a\"\"0\" AS (SELECT 1 AS x), {doubling} SELECT count(*) FROM \"a\"\"39\""),
            "SELECT count(*) FROM generate_series(1, 8000) g(n) WHERE 'x' ~ ('\\w{60}' || n::text)".into(),
            "SELECT count(*) FROM events WHERE event_name SIMILAR TO event_id".into(),
            "SELECT regexp_replace('x', event_id, 'y') FROM events".into(),
            "SELECT levenshtein(repeat('a', 30000000), repeat('b', 30000000))".into(),
            "SELECT sum(value) OVER () FROM generate_series(1, 100000000000)".into(),
            "SELECT row_number() OVER (ORDER BY value DESC) FROM generate_series(1, 100000000000)".into(),
        ] {
            let budget = Budget::new(Duration::from_secs(20), 64 << 20);
            let answer = asked.sql_with(&text, &[], 10, budget);
            let short: String = text.chars().take(80).collect();
            let is_refused = matches!(answer, Err(ExploreError::Bad { .. } | ExploreError::TooMuchMemory));
            assert!(is_refused, "{short}: {answer:?}");
            at_rest(asked);
        }
        for text in [
            "SELECT count(*) FROM events WHERE event_name ~ ('a' || '.*')",
            "SELECT arrow_cast('2026-11-21T00:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))')",
            "SELECT approx_percentile_cont(int1, 0.5) FROM events",
            "SELECT event_id, row_number() OVER (ORDER BY event_time) FROM events",
            "SELECT concat_ws('-', event_id, event_name) FROM events",
        ] {
            assert!(asked.sql(text).is_ok(), "{text}: {:?}", asked.sql(text));
        }
    });
}

#[test]
fn texts_that_nest_or_grow_without_end_are_refused_or_answered_and_nothing_falls_over() {
    with_events(10, ExploreLimits::default(), |asked| {
        let nested = |times: usize, open: &str, middle: &str, close: &str| {
            format!("SELECT {}{middle}{}", open.repeat(times), close.repeat(times))
        };
        let joined = |times: usize, one: &str, by: &str| vec![one; times].join(by);
        let joins =
            (0..100).map(|n| format!("JOIN events e{n} ON e{n}.event_id = e.event_id")).collect::<Vec<_>>();
        let ctes =
            (1..200).map(|n| format!("c{n} AS (SELECT * FROM c{})", n - 1)).collect::<Vec<_>>().join(", ");
        let doubling = (1..40)
            .map(|n| format!("c{n} AS (SELECT a.event_id FROM c{} a, c{} b)", n - 1, n - 1))
            .collect::<Vec<_>>()
            .join(", ");
        let longer = (1..40)
            .map(|n| format!("c{n} AS (SELECT s || s AS s FROM c{})", n - 1))
            .collect::<Vec<_>>()
            .join(", ");
        for text in [
            nested(10_000, "(", "1", ")"),
            nested(10_000, "-", "1", ""),
            nested(10_000, "NOT ", "true", ""),
            nested(1_000, "abs(", "1", ")"),
            nested(1_000, "[", "1", "]"),
            nested(1_000, "CASE WHEN true THEN ", "1", " END"),
            nested(1_000, "(SELECT ", "1", ")"),
            format!("SELECT * FROM {}events{}", "(SELECT * FROM ".repeat(1000), ")".repeat(1000)),
            format!("SELECT count(*) FROM events WHERE {}", joined(5_000, "event_id = 'a'", " OR ")),
            format!("SELECT count(*) FROM events WHERE {}", joined(5_000, "int1 > 5", " AND ")),
            format!("SELECT {}", joined(450, "1", " + ")),
            format!("SELECT {}", joined(450, "event_id", " || ") + " FROM events"),
            format!("SELECT count(*) FROM events WHERE {}", joined(240, "event_id = 'a'", " OR ")),
            format!("SELECT count(*) FROM events WHERE {}", joined(240, "int1 > 5", " AND ")),
            format!("SELECT {} FROM events", joined(450, "int1", " * ")),
            format!("SELECT {}", joined(9_000, "1", " + ")),
            format!("SELECT {} FROM events", joined(5_000, "event_id", ", ")),
            format!("SELECT count(*) FROM events WHERE event_id IN ({})", joined(9_000, "'a'", ", ")),
            joined(3_000, "SELECT 1", " UNION ALL "),
            joined(240, "SELECT 1", " UNION ALL "),
            joined(240, "SELECT 1", " UNION "),
            format!("SELECT count(*) FROM events e {}", joins.join(" ")),
            format!("WITH c0 AS (SELECT * FROM events), {ctes} SELECT count(*) FROM c199"),
            format!("SELECT count(*) FROM events e {}", joins[..20].join(" ")),
            format!("WITH c0 AS (SELECT event_id FROM events), {doubling} SELECT count(*) FROM c39"),
            format!("WITH c0 AS (SELECT 1 AS event_id), {doubling} SELECT count(*) FROM c39"),
            format!("WITH c0 AS (SELECT 'ab' AS s), {longer} SELECT length(s) FROM c39"),
            format!("WITH c0 AS (SELECT event_id AS s FROM events), {longer} SELECT length(s) FROM c39"),
            "SELECT length(repeat(event_id, 1000000000)) FROM events".into(),
            "SELECT length(repeat('x', 1000000000))".into(),
            "SELECT length(lpad('x', 1000000000, 'y')), length(rpad(event_id, 2000000000)) FROM events"
                .into(),
            "SELECT length(replace(repeat('x', 100000), 'x', repeat('x', 100000)))".into(),
            "SELECT length(regexp_replace(repeat('x', 100000), 'x', repeat('x', 100000), 'g'))".into(),
            "SELECT length(regexp_replace(repeat('x', 100000), '(x*)', repeat('\\1', 1000), 'g'))".into(),
            "SELECT array_repeat(1, 1000000000)".into(),
            "SELECT range(0, 1000000000000)".into(),
            "SELECT array_agg(a.event_id) FROM events a, events b".into(),
            "SELECT count(*) FROM events WHERE event_id ~ '(((a+)+)+)+$'".into(),
            "SELECT count(*) FROM events WHERE event_id ~ '((a{1000}){1000}){1000}'".into(),
            "SELECT 1 ".repeat(1_000_000),
            "'".repeat(1000),
            "\0".into(),
        ] {
            let budget = Budget::new(Duration::from_secs(5), 64 << 20);
            let answer = asked.sql_with(&text, &[], 10, budget);
            let short: String = text.chars().take(60).collect();
            assert!(!matches!(answer, Err(ExploreError::Failed | ExploreError::Busy)), "{short}: {answer:?}");
            at_rest(asked);
        }
    });
}

/// Waits until no question is being worked on, and nothing is kept of one.
fn at_rest(asked: &Asked) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while asked.explorer.under_way() > 0 || asked.explorer.memory().taken() > 0 {
        assert!(std::time::Instant::now() < deadline, "the work never ended");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_panic_of_the_engine_is_an_answer_and_the_next_question_is_answered() {
    use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
    use datafusion::prelude::{DataFrame, col};

    with_events(10, ExploreLimits::default(), |asked| {
        let asking = asked.asking(Asked::budget());
        let fails = |_: &[ColumnarValue]| -> datafusion::error::Result<ColumnarValue> {
            panic!("as if by the engine")
        };
        let fails = create_udf(
            "fails",
            vec![arrow_schema::DataType::Utf8View],
            arrow_schema::DataType::Utf8View,
            Volatility::Volatile,
            std::sync::Arc::new(fails),
        );
        let answer = asked.runtime.block_on(async {
            let events = asking.context().table("events").await.unwrap();
            let frame: DataFrame = events.select(vec![fails.call(vec![col("event_id")])]).unwrap();
            asking.run(frame, 10).await
        });
        assert!(matches!(answer, Err(ExploreError::Failed)));
        at_rest(asked);
        assert_eq!(asked.lines("SELECT count(*) FROM events"), ["10"]);
    });
}

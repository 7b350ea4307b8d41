//! Which SQL is answered, and what is said of the rest.

use serde_json::json;

use super::facts::{Asked, append, event, open, scope};
use crate::{ExploreError, Place};

fn with_one_event(test: impl FnOnce(&Asked)) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, [event("t", "1", 1_000_000)].into_iter());
    test(&Asked::new(&store, scope("t", None)));
}

fn bad(asked: &Asked, text: &str) -> (String, Option<Place>) {
    match asked.sql(text) {
        Err(ExploreError::Bad { message, place }) => (message, place),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn only_one_statement_that_reads_is_answered() {
    with_one_event(|asked| {
        for text in [
            "CREATE TABLE x (a INT)",
            "CREATE VIEW x AS SELECT 1",
            "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
            "DROP TABLE events",
            "INSERT INTO events VALUES (1)",
            "UPDATE events SET event_id = ''",
            "DELETE FROM events",
            "COPY events TO '/tmp/x.csv'",
            "COPY (SELECT 1) TO '/tmp/x.csv'",
            "SET datafusion.execution.batch_size = 1",
            "RESET datafusion.execution.batch_size",
            "SHOW TABLES",
            "SHOW ALL",
            "DESCRIBE events",
            "PREPARE q AS SELECT 1",
            "EXECUTE q",
            "BEGIN",
            "EXPLAIN CREATE TABLE x (a INT)",
            "EXPLAIN EXPLAIN SELECT 1",
            "SELECT 1; SELECT 2",
            "SELECT * INTO x FROM events",
            "WITH x AS (INSERT INTO events VALUES (1) RETURNING *) SELECT * FROM x",
            "TRUNCATE events",
            "",
            ";",
            "-- nothing",
        ] {
            bad(asked, text);
        }
        assert_eq!(asked.lines("SELECT 1;"), ["1"]);
        assert_eq!(asked.lines("VALUES (1), (2)"), ["1", "2"]);
        assert_eq!(asked.lines("WITH x AS (SELECT event_id FROM events) SELECT * FROM x"), ["1"]);
        assert!(asked.lines("EXPLAIN SELECT count(*) FROM events").len() >= 2);
        assert!(!asked.lines("EXPLAIN ANALYZE SELECT * FROM events").is_empty());
    });
}

#[test]
fn files_and_urls_and_what_the_engine_knows_of_itself_are_out_of_reach() {
    with_one_event(|asked| {
        for text in [
            "SELECT * FROM '/etc/passwd'",
            "SELECT * FROM \"/etc/passwd\"",
            "SELECT * FROM read_csv('/etc/passwd')",
            "SELECT * FROM parquet_metadata('x')",
            "SELECT * FROM information_schema.tables",
            "SELECT * FROM information_schema.df_settings",
            "SELECT * FROM pg_catalog.pg_tables",
        ] {
            bad(asked, text);
        }
    });
}

#[test]
fn an_unknown_table_or_column_is_named_with_what_there_is() {
    with_one_event(|asked| {
        let (message, _) = bad(asked, "SELECT * FROM nothing");
        assert_eq!(
            message,
            r#"there is no table "nothing"; there are events, sessions, connections, requests"#
        );
        let (message, place) = bad(asked, "SELECT event_id,\n  evnt_name FROM events");
        assert!(message.starts_with(r#"no such column "evnt_name"; there are "#), "{message}");
        assert_eq!(place, Some(Place { line: 2, column: 3 }));
        let (_, place) = bad(asked, "SELECT\nFROM WHERE");
        assert!(place.is_some());
        let (message, _) = bad(asked, "SELECT 1/0");
        assert_eq!(message, "a number is divided by zero");
        let (message, _) = bad(asked, "SELECT nofunction(1)");
        assert!(message.contains("nofunction"), "{message}");
    });
}

#[test]
fn parameters_stand_where_they_are_named_and_nowhere_else() {
    with_one_event(|asked| {
        let ask = |text: &str, parameters: &[serde_json::Value]| {
            asked.sql_with(text, parameters, 10, Asked::budget()).map(|(rows, _)| rows)
        };
        let count = "SELECT count(*) FROM events WHERE event_name = $1 AND event_time > $2";
        let found = ask(count, &[json!("view"), json!("1970-01-01T00:00:00Z")]).unwrap();
        assert_eq!(found, [[Some("1".to_owned())]]);
        let none = ask(count, &[json!("x' OR 'a' = 'a"), json!("1970-01-01T00:00:00Z")]).unwrap();
        assert_eq!(none, [[Some("0".to_owned())]]);
        assert!(matches!(ask(count, &[json!("view")]), Err(ExploreError::Bad { .. })));
        assert!(matches!(ask("SELECT $1", &[json!({"a": 1})]), Err(ExploreError::Bad { .. })));
        assert_eq!(ask("SELECT $1 + 1", &[json!(2)]).unwrap(), [[Some("3".to_owned())]]);
        assert_eq!(ask("SELECT $1 IS NULL", &[json!(null)]).unwrap(), [[Some("true".to_owned())]]);
    });
}

#[test]
fn every_column_of_a_view_is_explained_in_the_documentation() {
    let page = include_str!("../../../../docs/api/explore.md");
    for view in crate::View::ALL {
        let start = page.find(&format!("**`{}`**", view.name())).unwrap();
        let section = &page[start + 4..];
        let section = &section[..section.find("**`").unwrap_or(section.len())];
        for field in view.schema().fields() {
            let name = field.name();
            let is_numbered = name.starts_with("int") || name.starts_with("str");
            assert!(is_numbered || section.contains(&format!("`{name}`")), "{} of {}", name, view.name());
        }
    }
}

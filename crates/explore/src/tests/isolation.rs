//! Another tenant's rows, and another project's, do not exist, however they are asked for.

use std::time::Duration;

use futures::TryStreamExt as _;
use tidegauge_facts::Event;

use crate::formats::{Ending, Format, Writer};

use super::facts::{Asked, append, event, flush, open, scope};

#[test]
fn no_way_of_asking_leads_to_another_tenant_or_project() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for _ in 0..2 {
        append(&store, [event("t", "mine", 1_000_000)].into_iter());
        append(&store, [event("u", "theirs", 2_000_000), event("t:", "near", 2_000_000)].into_iter());
        append(&store, [Event { project_id: "q", ..event("t", "of q", 3_000_000) }].into_iter());
        if store.look(|view| view.manifest.segments.is_empty()) {
            flush(&store);
        }
    }
    let whole = Asked::new(&store, scope("t", None));
    let bound = Asked::new(&store, scope("t", Some("p")));
    for text in [
        "SELECT DISTINCT event_id FROM events",
        "SELECT DISTINCT event_id FROM public.events",
        "SELECT DISTINCT event_id FROM tidegauge.public.events",
        "SELECT event_id FROM events UNION SELECT event_id FROM events e WHERE true",
        "SELECT DISTINCT event_id FROM (SELECT * FROM events WHERE 1 = 1 OR project_id = 'q')",
        "WITH e AS (SELECT * FROM events) SELECT DISTINCT a.event_id FROM e a, e b",
        "SELECT DISTINCT event_id FROM events WHERE project_id IN ('p', 'q') OR project_id IS NULL",
        "SELECT DISTINCT event_id FROM events WHERE project_id IN ('p', 'q')",
        "SELECT DISTINCT a.event_id FROM events a FULL JOIN events b ON a.event_id = b.event_id",
        "SELECT DISTINCT event_id FROM events WHERE EXISTS (SELECT 1 FROM events x WHERE x.project_id >= 'a')",
        "SELECT DISTINCT event_id FROM (SELECT * FROM events ORDER BY event_time DESC, event_id DESC LIMIT 100)",
        "SELECT DISTINCT event_id FROM (SELECT event_id FROM events ORDER BY event_time DESC LIMIT 50)",
    ] {
        let mut all = whole.lines(text);
        all.sort();
        assert_eq!(all, ["mine", "of q"], "{text}");
        assert_eq!(bound.lines(text), ["mine"], "{text}");
    }
    for (text, all, own) in [
        ("SELECT count(*) FROM events", "4", "2"),
        ("SELECT count(1) FROM events", "4", "2"),
        ("SELECT count(*) FROM events WHERE event_time < '1970-01-01T00:00:02Z'", "2", "2"),
        ("SELECT count(*) FROM events WHERE project_id = 'q'", "2", "0"),
        ("SELECT count(DISTINCT project_id) FROM events", "2", "1"),
        ("SELECT max(event_time) FROM events", "1970-01-01T00:00:03Z", "1970-01-01T00:00:01Z"),
        ("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM events)", "8", "4"),
    ] {
        assert_eq!(whole.lines(text), [all], "{text}");
        assert_eq!(bound.lines(text), [own], "{text}");
    }
    for text in [
        "SELECT tenant_id FROM events",
        "SELECT id_assigned FROM events",
        "SELECT * FROM datafusion.public.events",
        "SELECT * FROM u.events",
        "SELECT * FROM u.public.events",
        "SELECT * FROM information_schema.columns",
    ] {
        assert!(whole.sql(text).is_err(), "{text}");
    }
    assert!(Asked::new(&store, scope("nobody", None)).lines("SELECT * FROM events").is_empty());
}

#[test]
fn no_byte_of_another_tenants_texts_is_in_an_answer_of_any_format() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let of = |tenant, id, referrer| Event { referrer: Some(referrer), ..event(tenant, id, 1_000_000) };
    let (mine, theirs) = ("https://mine.example/a-long-one", "https://theirs.example/a-long-one");
    append(&store, [of("t", "1", mine), of("u", "2", theirs)].into_iter());
    let asked = Asked::new(&store, scope("t", None));
    for text in [
        "SELECT referrer FROM events",
        "SELECT (event_name, referrer) AS s FROM events",
        "SELECT struct(referrer) AS s FROM events",
        "SELECT array_agg(referrer) AS l FROM events",
        "SELECT arrow_cast(referrer, 'FixedSizeList(1, Utf8View)') AS l FROM events",
        "SELECT arrow_cast(referrer, 'Dictionary(Int32, Utf8)') AS l FROM events",
        "SELECT first_value(referrer) AS l FROM events",
        "SELECT CASE WHEN event_id = '1' THEN referrer ELSE event_name END AS l FROM events",
    ] {
        let asking = asked.asking(Asked::budget());
        let Ok(answer) = asked.runtime.block_on(asking.sql(text, &[], 10)) else { continue };
        let schema = answer.schema.clone();
        let batches: Vec<_> = asked.runtime.block_on(answer.batches.try_collect()).unwrap();
        for format in Format::ALL {
            let Ok(mut writer) = Writer::new(format, &schema) else { continue };
            batches.iter().for_each(|batch| writer.write(batch).unwrap());
            writer.end(Ending { rows: 1, truncated: false, elapsed: Duration::ZERO }).unwrap();
            let body = writer.take();
            let has = |text: &str| body.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(!has("theirs.example"), "{format:?}: {text}");
            assert!(has("mine.example") || format == Format::Parquet, "{format:?}: {text}");
        }
    }
}

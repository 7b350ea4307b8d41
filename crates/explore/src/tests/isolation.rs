//! Another tenant's rows, and another project's, do not exist, however they are asked for.

use tidegauge_facts::Event;

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

//! A session is stored once, also across a crash; a row that only describes a client is no session.

use tidegauge_facts::Session;

use super::*;

/// Appends a session of tenant `t`, project `p`, and waits for the commit; true when it was stored.
fn put_session(store: &Store, id: &str) -> bool {
    let now = Micros::now().0;
    let row = Session {
        tenant_id: "t",
        project_id: "p",
        session_id: id,
        event_time: now,
        received_at: now,
        ..Session::default()
    };
    let fingerprint = (!id.is_empty()).then(|| store.fingerprint("t", "p", Table::Sessions, id));
    let appended = store.append(std::iter::once((fingerprint, row))).unwrap();
    let stored = appended.stored == 1;
    wait(appended).unwrap();
    stored
}

#[test]
fn a_repeat_is_noticed_at_once_after_a_crash_and_from_segments() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(put_session(&store, "in a segment"));
    flush(&store);
    assert!(put_session(&store, "in the log"));
    assert!(!put_session(&store, "in the log"));
    let (_copy, again) = crashed(dir.path());
    assert!(!put_session(&again, "in a segment"));
    assert!(!put_session(&again, "in the log"));
    assert!(put_session(&again, "new"));
}

#[test]
fn descriptions_of_clients_are_neither_counted_nor_remembered_as_ids() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for id in ["", "a", "", "b"] {
        assert!(put_session(&store, id));
    }
    flush(&store);
    let counted: u64 =
        store.look(|view| view.manifest.segments.iter().map(|segment| segment.meta.client_ids).sum());
    assert_eq!(counted, 2);
    let (_copy, again) = crashed(dir.path());
    assert!(put_session(&again, ""));
}

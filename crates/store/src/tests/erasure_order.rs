//! What several erasures of a tenant take does not depend on when they are carried out.

use std::fs;
use std::sync::mpsc;

use tidegauge_facts::Session;

use super::erasure::{put_row, until, until_done};
use super::*;
use crate::{ErasureState, Person};

/// A row that may name a user, a client and a session: an event, or a session's own.
#[derive(Clone, Copy)]
enum Put {
    Event(&'static str, [Option<&'static str>; 3]),
    Session(i64, [Option<&'static str>; 3]),
}

use Put::{Event as AnEvent, Session as ASession};

enum Step {
    Put(Put),
    Erase(Person),
}

fn put(store: &Store, row: Put) {
    match row {
        AnEvent(id, [user_id, client_id, session_id]) => {
            put_row(store, Event { user_id, client_id, session_id, ..event("t", "p", id, true) });
        }
        ASession(at, [user_id, client_id, session_id]) => put_row(
            store,
            Session {
                tenant_id: "t",
                project_id: "p",
                session_id: session_id.unwrap_or_default(),
                event_time: noon() + at,
                received_at: noon(),
                user_id,
                client_id,
                ..Session::default()
            },
        ),
    }
}

fn take(store: &Store, step: &Step) {
    match step {
        Step::Put(row) => put(store, *row),
        Step::Erase(person) => drop(store.erase("t", person.clone()).unwrap()),
    }
}

/// The events' ids, and the instants of the sessions' rows.
fn left(store: &Store) -> (Vec<String>, Vec<i64>) {
    let mut sessions = Vec::new();
    for batch in store.snapshot().scan(Table::Sessions) {
        sessions.extend(
            crate::read::instants(&batch.unwrap(), "event_time").unwrap().iter().map(|at| at - noon()),
        );
    }
    sessions.sort_unstable();
    (sorted_ids(store), sessions)
}

/// What is left when each erasure is done before the next is requested; then the same when all wait for one pass, and when
/// the first is under way while the others are requested.
fn outcomes(steps: &[Step]) -> [(Vec<String>, Vec<i64>); 3] {
    let dir = fast_dir();
    let store = open(dir.path());
    for step in steps {
        take(&store, step);
        until_done(&store);
    }
    let in_turns = left(&store);

    let dir = fast_dir();
    let store = open(dir.path());
    let (go, gone) = mpsc::channel::<()>();
    *store.shared().steps.lock() = Some(Box::new(move |_| {
        let _ = gone.recv();
    }));
    steps.iter().for_each(|step| take(&store, step));
    // Whoever opens what a crash leaves now has them all before him.
    let (_copy, again) = crashed(dir.path());
    until_done(&again);
    drop(go);
    until_done(&store);
    [in_turns, left(&again), left(&store)]
}

fn user(id: &str) -> Person {
    Person::User(id.into())
}

fn client(id: &str) -> Person {
    Person::Client(id.into())
}

fn assert_left(steps: &[Step], events: &[&str], sessions: &[i64]) {
    let expected = (events.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>(), sessions.to_vec());
    let [in_turns, at_once, one_ahead] = outcomes(steps);
    assert_eq!(in_turns, expected, "one after the other");
    assert_eq!(at_once, expected, "in one pass");
    assert_eq!(one_ahead, expected, "one ahead of the others");
}

#[test]
fn a_session_that_went_joins_nothing_to_the_same_person_s_next_request() {
    // Found by chance: the second request, in one pass with the first, took row 33, which came after the first.
    let steps = [
        Step::Put(ASession(4, [Some("3"), Some("3"), Some("s3")])),
        Step::Put(ASession(7, [None, Some("1"), Some("s3")])),
        Step::Put(ASession(15, [Some("2"), Some("2"), Some("s4")])),
        Step::Put(ASession(18, [Some("3"), None, Some("s4")])),
        Step::Put(AnEvent("23", [Some("1"), None, Some("s3")])),
        Step::Put(ASession(31, [Some("3"), Some("2"), None])),
        Step::Erase(user("3")),
        Step::Put(ASession(33, [None, Some("2"), Some("s4")])),
        Step::Put(AnEvent("34", [None, None, Some("s3")])),
        Step::Put(ASession(38, [Some("2"), Some("2"), Some("s2")])),
        Step::Put(ASession(41, [None, Some("2"), Some("s2")])),
        Step::Put(ASession(44, [Some("3"), None, Some("s3")])),
        Step::Put(ASession(48, [Some("2"), None, Some("s1")])),
        Step::Erase(user("3")),
    ];
    assert_left(&steps, &["23"], &[15, 33, 38, 41, 48]);
}

#[test]
fn of_a_user_and_a_client_who_share_a_session_the_first_request_decides_what_joins() {
    let rows = [
        ASession(1, [Some("ada"), Some("phone"), Some("s")]),
        AnEvent("nobody's", [None, None, Some("s")]),
        AnEvent("bob's, of no client", [Some("bob"), None, Some("s")]),
        AnEvent("of no user, the tablet's", [None, Some("tablet"), Some("s")]),
    ];
    let with = |people: [Person; 2]| -> Vec<Step> {
        rows.into_iter().map(Step::Put).chain(people.into_iter().map(Step::Erase)).collect()
    };
    assert_left(&with([user("ada"), client("phone")]), &["bob's, of no client"], &[]);
    assert_left(&with([client("phone"), user("ada")]), &["of no user, the tablet's"], &[]);
    // A session that is named goes whole, and joins nothing any more.
    let whole = with([Person::Session("s".into()), user("ada")]);
    assert_left(&whole, &[], &[]);
}

#[test]
fn what_the_one_joins_is_not_seen_by_the_next_either() {
    // The session's second row is the phone's by its own word and Ada's by the first row.
    let steps = [
        Step::Put(ASession(1, [Some("ada"), None, Some("s")])),
        Step::Put(ASession(2, [None, Some("phone"), Some("s")])),
        Step::Put(AnEvent("bob's", [Some("bob"), None, Some("s")])),
        Step::Erase(user("ada")),
        Step::Erase(client("phone")),
    ];
    assert_left(&steps, &["bob's"], &[]);
}

#[test]
fn another_tenant_s_erasures_take_nothing_from_it() {
    let dir = fast_dir();
    let store = open(dir.path());
    let (go, gone) = mpsc::channel::<()>();
    *store.shared().steps.lock() = Some(Box::new(move |_| {
        let _ = gone.recv();
    }));
    put(&store, ASession(1, [Some("ada"), Some("phone"), Some("s")]));
    put(&store, AnEvent("nobody's", [None, None, Some("s")]));
    store.erase("other", user("ada")).unwrap();
    store.erase("t", client("phone")).unwrap();
    let (_copy, again) = crashed(dir.path());
    until_done(&again);
    assert_eq!(left(&again), (vec![], vec![]));
    drop(go);
}

#[test]
fn one_that_failed_halfway_still_comes_before_those_who_overtake_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, ASession(1, [Some("ada"), Some("phone"), Some("s")]));
    put(&store, ASession(2, [Some("carol"), None, Some("hers")]));
    put(&store, AnEvent("bob's", [Some("bob"), None, Some("s")]));
    put(&store, AnEvent("nobody's", [None, None, Some("s")]));
    flush(&store);
    // The events' segment is written again, and a manifest; the sessions' cannot be.
    let number = store.shared().next_number() + 3;
    let in_the_way = dir.path().join("segments").join(format!("sessions-{number:010}.parquet"));
    fs::write(&in_the_way, "not yours").unwrap();
    store.erase("t", user("ada")).unwrap();
    until(&store, |states| matches!(states, [ErasureState::Failed { .. }]));
    assert_eq!(left(&store), (vec!["bob's".into()], vec![1, 2]));
    store.erase("t", client("phone")).unwrap();
    until(&store, |states| matches!(states, [ErasureState::Done(_), ErasureState::Failed { .. }]));
    assert_eq!(left(&store).0, ["bob's"], "the session was Ada's before it was the phone's");
    drop(store);
    let store = open(dir.path());
    until_done(&store);
    assert_eq!(left(&store), (vec!["bob's".into()], vec![2]));
}

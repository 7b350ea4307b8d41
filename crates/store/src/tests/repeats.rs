//! An id that was taken in is not stored again: at once, after a crash, from log and from segments.

use std::sync::Barrier;

use super::*;

#[test]
fn a_repeat_is_confirmed_and_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a"]);
    let second = put(&store, &["a", "b", "b"]);
    assert_eq!((second.stored, second.repeated), (1, 2));
    wait(second).unwrap();
    assert_eq!(sorted_ids(&store), ["a", "b"]);
}

#[test]
fn a_repeat_is_noticed_after_a_crash_and_from_segments() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["in a segment"]);
    flush(&store);
    put(&store, &["in the log"]);
    let (_copy, again) = crashed(dir.path());
    let repeats = put(&again, &["in a segment", "in the log", "new"]);
    assert_eq!((repeats.stored, repeats.repeated), (1, 2));
}

#[test]
fn of_many_that_arrive_at_once_one_is_stored_and_all_are_confirmed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let start = Barrier::new(8);
    let stored: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let mut stored = 0;
                    for i in 0..200 {
                        let id = i.to_string();
                        let print = store.fingerprint("t", "p", Table::Events, &id);
                        let rows = std::iter::once((Some(print), event("t", "p", &id, true)));
                        let appended = store.append(rows).unwrap();
                        stored += appended.stored;
                        wait(appended).unwrap();
                        // Confirmed means seen, also for who only repeated it.
                        assert!(total(&store) > i);
                    }
                    stored
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(stored, 200);
    assert_eq!(total(&store), 200);
}

#[test]
fn ids_the_server_made_are_not_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    wait(store.append(std::iter::once((None, event("t", "p", "made", false)))).unwrap()).unwrap();
    flush(&store);
    let (_copy, again) = crashed(dir.path());
    assert_eq!(put(&again, &["made"]).stored, 1);
}

#[test]
fn any_number_of_repeats_leaves_room_for_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let text = "x".repeat(1024 * 1024);
    let print = store.fingerprint("t", "p", Table::Events, "a");
    for _ in 0..40 {
        let row = Event { str1: Some(&text), ..event("t", "p", "a", true) };
        wait(store.append(std::iter::once((Some(print), row))).unwrap()).unwrap();
    }
    put(&store, &["b"]);
    assert_eq!(sorted_ids(&store), ["a", "b"]);
}

#[test]
fn projects_number_their_events_apart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for project in ["p", "q"] {
        let print = store.fingerprint("t", project, Table::Events, "1");
        let appended = store.append(std::iter::once((Some(print), event("t", project, "1", true)))).unwrap();
        assert_eq!(appended.stored, 1);
        wait(appended).unwrap();
    }
    let (_copy, again) = crashed(dir.path());
    let print = again.fingerprint("t", "q", Table::Events, "1");
    assert_eq!(again.append(std::iter::once((Some(print), event("t", "q", "1", true)))).unwrap().stored, 0);
}

#[test]
fn an_id_is_forgotten_a_day_after_it_came_also_across_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let print = store.fingerprint("t", "p", Table::Events, "old");
    let row = Event { received_at: Micros::now().0 - 25 * 3_600_000_000, ..event("t", "p", "old", true) };
    wait(store.append(std::iter::once((Some(print), row))).unwrap()).unwrap();
    put(&store, &["young"]);
    flush(&store);
    let (_copy, again) = crashed(dir.path());
    assert_eq!(put(&again, &["old", "young"]).stored, 1);
}

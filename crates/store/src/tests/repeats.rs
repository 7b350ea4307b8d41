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
                        let print = store.fingerprint("t", Table::Events, &id);
                        let rows = std::iter::once((Some(print), event("t", "p", &id, true)));
                        let appended = store.append(rows, 1).unwrap();
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
    wait(store.append(std::iter::once((None, event("t", "p", "made", false))), 1).unwrap()).unwrap();
    flush(&store);
    let (_copy, again) = crashed(dir.path());
    assert_eq!(put(&again, &["made"]).stored, 1);
}

//! Whoever follows is given what is committed, in order and once; and what is hot can be told by its place in the log.

use super::*;
use crate::{Followed, Published};

fn ids_of(batches: impl IntoIterator<Item = Published>) -> Vec<String> {
    let ids = |published: Published| {
        let column = published.batch.column_by_name("event_id").unwrap().as_string::<i32>().clone();
        column.iter().map(|id| id.unwrap().to_owned()).collect::<Vec<_>>()
    };
    batches.into_iter().flat_map(ids).collect()
}

fn committed_after(store: &Store, sequence: u64) -> Option<Vec<String>> {
    let snapshot = store.snapshot();
    let batches = snapshot.committed_after(Table::Events, sequence)?;
    Some(ids_of(batches.map(Result::unwrap)))
}

#[test]
fn a_follower_is_given_what_is_committed_from_then_on_in_order_and_once() {
    let dir = fast_dir();
    let store = open(dir.path());
    put(&store, &["before"]);
    let follower = store.follow(&[Table::Events]);
    let seen = store.look(|view| view.sequence);
    for id in ["a", "b", "c"] {
        put(&store, &[id]);
        wait(store.append(std::iter::once((None, connection(id, "p", State::Open, noon())))).unwrap())
            .unwrap();
    }
    let Followed { batches, lost_rows } = follower.take();
    assert_eq!(lost_rows, 0);
    assert!(batches.iter().all(|published| published.table == Table::Events && published.sequence > seen));
    assert!(batches.iter().is_sorted_by_key(|published| published.sequence));
    assert_eq!(ids_of(batches), ["a", "b", "c"]);
    assert!(follower.take().batches.is_empty());
    // Nobody is given anything once he is gone.
    drop(follower);
    assert!(!store.shared().feed.is_followed());
    put(&store, &["d"]);
}

#[test]
fn what_is_hot_is_found_behind_any_place_also_where_parts_were_merged_and_after_a_crash() {
    let dir = fast_dir();
    let store = open(dir.path());
    let ids: Vec<String> = (0..70).map(|number| format!("e{number:02}")).collect();
    let mut places = Vec::new();
    for id in &ids {
        places.push(store.look(|view| view.sequence));
        put(&store, &[id]);
    }
    assert!(store.look(|view| view.hot.parts().len()) < ids.len(), "small parts were merged");
    let (_copy, again) = crashed(dir.path());
    for store in [&store, &again] {
        for (place, number) in places.iter().zip(0..) {
            assert_eq!(committed_after(store, *place).unwrap(), ids[number..]);
        }
        let newest = store.look(|view| view.sequence);
        assert_eq!(committed_after(store, newest), Some(Vec::new()));
        assert_eq!(committed_after(store, newest + 1), None, "there is no such place yet");
    }
    flush(&store);
    put(&store, &["later"]);
    assert_eq!(committed_after(&store, places[3]), None, "what came after it is in a segment");
    assert_eq!(committed_after(&store, places[69] + 1), Some(vec!["later".to_owned()]));
}

#[test]
fn rows_of_the_last_moments_are_found_in_hot_and_in_segments() {
    let dir = fast_dir();
    let store = open(dir.path());
    put(&store, &["a", "b"]);
    flush(&store);
    put(&store, &["c"]);
    let snapshot = store.snapshot();
    let received_since = |since: i64| -> usize {
        let batches = snapshot.received_since(Table::Events, Micros(since), &["tenant_id", "received_at"]);
        batches.map(|batch| batch.unwrap().num_rows()).sum()
    };
    assert_eq!(received_since(0), 3);
    assert_eq!(received_since(Micros::now().0 + HOUR), 1, "what is hot is not looked into");
}

//! A tenant's idle timeout is in force at once, unless very many connections would have to be looked at again and again.

use super::*;

fn idle(store: &Store) -> i64 {
    store.look(|view| view.ledger.idle("t") / 1_000_000)
}

fn set(store: &Store, seconds: u64) {
    store.set_idle_timeout("t", Some(Duration::from_secs(seconds)));
}

#[test]
fn of_few_connections_each_change_is_in_force_at_once_and_of_very_many_once_a_minute() {
    let dir = fast_dir();
    let store = open(dir.path());
    for seconds in [100, 200, 100] {
        set(&store, seconds);
        assert_eq!(idle(&store), i64::try_from(seconds).unwrap());
    }
    let ids: Vec<String> = (0..70_000).map(|n| n.to_string()).collect();
    let now = Micros::now().0;
    for ids in ids.chunks(10_000) {
        let rows = ids.iter().map(|id| (None, connection(id, "p", State::Open, now)));
        wait(store.append(rows).unwrap()).unwrap();
    }
    set(&store, 200);
    assert_eq!(idle(&store), 100, "it was changed this minute");
    set(&store, 100);
    let later = |minutes: i64| {
        let now = Micros(Micros::now().0 + minutes * 60_000_000);
        while store.look(|view| view.ledger.is_due(now)) {
            store.shared().view.write().ledger.tend(now);
        }
    };
    later(2);
    assert_eq!(idle(&store), 100, "the last word counts");
    set(&store, 300);
    set(&store, 400);
    later(4);
    assert_eq!(idle(&store), 400);
    store.set_idle_timeout("t", None);
    later(6);
    assert_eq!(idle(&store), 300, "the default");
}

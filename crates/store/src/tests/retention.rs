//! What has expired goes, and nothing else.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use proptest::prelude::*;
use tidegauge_facts::{Request, Session};

use super::erasure::until_done;
use super::*;
use crate::backup::Held;
use crate::traffic::{Family, Level, Wanted};
use crate::{Person, RetentionDays};

fn days(n: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(n)
}

/// A store that looks at once.
fn open_hasty(path: &Path) -> Store {
    let store = open(path);
    store.shared().retention.lock().pause = Duration::ZERO;
    store
}

/// Sets what several tenants keep, to be looked at in one go.
fn set_all<'a>(store: &Store, tenants: impl IntoIterator<Item = (&'a str, RetentionDays)>) {
    let mut retention = store.shared().retention.lock();
    tenants.into_iter().for_each(|(tenant, days)| retention.set(tenant, days));
}

fn until_checked(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(30);
    // The check is noted before its work: a flush comes after it, for one thread does both.
    while !store.shared().retention.lock().is_checked() {
        assert!(Instant::now() < deadline, "it was never looked at");
        std::thread::sleep(Duration::from_millis(5));
    }
    put_at(store, "last", 0, 0);
    flush(store);
}

/// An event of so many days, and some minutes, ago.
fn put_at(store: &Store, tenant: &str, age_days: i64, minutes: i64) {
    let at = Micros::now().0 - age_days * DAY - minutes * 60_000_000;
    let id = format!("{age_days}-{minutes}");
    let row = Event { event_time: at, ..event(tenant, "p", &id, false) };
    wait(store.append(std::iter::once((None, row))).unwrap()).unwrap();
}

fn names(store: &Store) -> Vec<String> {
    store.look(|view| view.manifest.segments.iter().map(|segment| segment.meta.name.clone()).collect())
}

fn ids(store: &Store) -> BTreeSet<String> {
    sorted_ids(store).into_iter().filter(|id| id != "0-0").collect()
}

#[test]
fn old_rows_of_those_who_said_so_go_and_a_segment_of_nothing_else_goes_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_hasty(dir.path());
    put_at(&store, "a", 40, 1);
    put_at(&store, "a", 41, 1);
    flush(&store);
    let first = names(&store);
    put_at(&store, "a", 42, 1);
    put_at(&store, "a", 5, 1);
    put_at(&store, "b", 43, 1);
    flush(&store);
    let before = store.snapshot();
    let (a, b) = ([days(30), None, None, None], [None, days(1), days(1), days(1)]);
    set_all(&store, [("a", a), ("b", b)]);
    until_checked(&store);
    assert_eq!(ids(&store), BTreeSet::from(["5-1".to_owned(), "43-1".to_owned()]));
    assert!(!names(&store).contains(&first[0]));
    assert_eq!(
        event_ids(&before).into_iter().filter_map(Result::ok).count(),
        5,
        "readers keep what they hold"
    );
    let counted = store.look(|view| view.gauges.tenant("a").unwrap().events);
    assert_eq!(counted, 4, "what was counted was counted");
    let (_copy, again) = crashed(dir.path());
    assert_eq!(ids(&again), ids(&store));
}

#[test]
fn a_segment_is_written_again_for_a_tenth_of_its_rows_or_for_what_expired_a_day_ago() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_hasty(dir.path());
    for n in 0..29 {
        put_at(&store, "a", 1, n);
    }
    put_at(&store, "a", 30, 5);
    flush(&store);
    let before = names(&store);
    store.set_retention("a", [days(30), None, None, None]);
    until_checked(&store);
    assert_eq!(names(&store)[0], before[0], "one of thirty, five minutes ago");
    assert!(ids(&store).contains("30-5"));
    // The same row expired a day and five minutes ago now.
    store.set_retention("a", [days(29), None, None, None]);
    until_checked(&store);
    assert_ne!(names(&store)[0], before[0]);
    assert_eq!(ids(&store).len(), 29);
}

#[test]
fn who_keeps_less_than_before_loses_his_own_rows_and_nobody_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_hasty(dir.path());
    for (tenant, age) in [("a", 10), ("a", 6), ("b", 12)] {
        put_at(&store, tenant, age, 1);
    }
    flush(&store);
    let set =
        |a, b| set_all(&store, [("a", [days(a), None, None, None]), ("b", [days(b), None, None, None])]);
    set(30, 30);
    until_checked(&store);
    assert_eq!(ids(&store).len(), 3);
    set(9, 30);
    until_checked(&store);
    assert_eq!(ids(&store), BTreeSet::from(["6-1".to_owned(), "12-1".to_owned()]));
    set(30, 20);
    until_checked(&store);
    assert_eq!(ids(&store).len(), 2);
    set(3, 8);
    until_checked(&store);
    assert_eq!(ids(&store), BTreeSet::new());
}

#[test]
fn a_segment_that_cannot_be_read_is_named_and_keeps_no_other_from_being_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_hasty(dir.path());
    for age in [40, 41, 42, 5] {
        put_at(&store, "a", age, 1);
        flush(&store);
    }
    let names = names(&store);
    let path = |place: usize| dir.path().join("segments").join(&names[place]);
    std::fs::remove_file(path(0)).unwrap();
    std::fs::OpenOptions::new().write(true).open(path(1)).unwrap().set_len(100).unwrap();
    set_all(&store, [("a", [days(30), None, None, None])]);
    until_checked(&store);
    let left: Vec<_> = event_ids(&store.snapshot()).into_iter().filter_map(Result::ok).collect();
    assert_eq!(left, ["5-1", "0-0"]);
    assert_eq!(store.health().damaged_segments, names[..2]);
}

fn put_session(store: &Store, tenant: &str, session: &str) {
    let at = Micros::now().0 - 40 * DAY;
    let row = Session {
        tenant_id: tenant,
        project_id: "p",
        session_id: session,
        event_time: at,
        received_at: at,
        user_id: Some("ada"),
        ..Session::default()
    };
    wait(store.append(std::iter::once((None, row))).unwrap()).unwrap();
}

#[test]
fn a_session_that_an_erasure_has_yet_to_read_stays_until_then() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_hasty(dir.path());
    put_session(&store, "t", "hers");
    put_session(&store, "other", "expired");
    let joined = Event { session_id: Some("hers"), ..event("t", "p", "joined", false) };
    wait(store.append(std::iter::once((None, joined))).unwrap()).unwrap();
    flush(&store);
    let held = Held::take(dir.path(), &[]).unwrap();
    store.erase("t", Person::User("ada".into())).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while store.health().failed_erasures == 0 {
        assert!(Instant::now() < deadline, "a backup is in its way");
        std::thread::sleep(Duration::from_millis(5));
    }
    let kept = [None, days(30), None, None];
    set_all(&store, [("t", kept), ("other", kept)]);
    until_checked(&store);
    let snapshot = store.snapshot();
    let rows = snapshot.scan(Table::Sessions).map(|batch| batch.unwrap().num_rows());
    assert_eq!(rows.sum::<usize>(), 1, "another tenant's went");
    drop(held);
    let (_copy, again) = crashed(dir.path());
    until_done(&again);
    assert_eq!(sorted_ids(&again), ["0-0"]);
}

#[test]
fn without_a_retention_nothing_is_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_hasty(dir.path());
    put_at(&store, "a", 3000, 1);
    flush(&store);
    let before = names(&store);
    store.set_retention("a", RetentionDays::default());
    assert!(store.shared().retention.lock().is_checked(), "nothing has changed");
    flush(&store);
    assert_eq!(names(&store), before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_is_what_the_rule_says(
        rounds in prop::collection::vec(prop::collection::vec((0..3_u8, 0..40_i64), 1..12), 1..6),
        kept in prop::array::uniform3(0..30_u32),
    ) {
        let dir = fast_dir();
        let store = open_hasty(dir.path());
        let now = Micros::now().0;
        let mut expected = BTreeSet::new();
        for (round, rows) in rounds.iter().enumerate() {
            for (n, (tenant, age)) in rows.iter().enumerate() {
                // What has expired has for more than a day.
                let at = now - age * 2 * DAY - DAY * 3 / 2;
                let (name, id) = (format!("t{tenant}"), format!("{round}-{n}"));
                let request = Request {
                    tenant_id: &name,
                    project_id: "p",
                    request_id: &id,
                    event_time: at,
                    received_at: now,
                    api_id: "api",
                    path: "/",
                    response_code: Some(200),
                    ..Request::default()
                };
                wait(store.append(std::iter::once((None, request))).unwrap()).unwrap();
                let kept = kept[usize::from(*tenant)];
                if kept == 0 || *age < i64::from(kept) {
                    expected.insert((name.clone(), id.clone()));
                }
            }
            flush(&store);
        }
        let kept: Vec<_> = kept.iter().map(|kept| [None, None, None, days(kept * 2)]).collect();
        set_all(&store, ["t0", "t1", "t2"].into_iter().zip(kept));
        until_checked(&store);
        for store in [&store, &crashed(dir.path()).1] {
            let mut left = BTreeSet::new();
            for batch in store.snapshot().scan(Table::Requests) {
                let batch = batch.unwrap();
                let tenants = crate::read::Labels::of(&batch, "tenant_id").unwrap();
                let ids = crate::read::texts(&batch, "request_id").unwrap();
                for row in 0..batch.num_rows() {
                    prop_assert!(left.insert((tenants.get(row).to_owned(), ids.value(row).to_owned())), "twice");
                }
            }
            prop_assert_eq!(&left, &expected);
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        while !store.snapshot().traffic().is_whole() {
            prop_assert!(Instant::now() < deadline, "traffic was never made again");
            std::thread::yield_now();
        }
        for tenant in 0..3 {
            let tenant = format!("t{tenant}");
            let wanted = Wanted { tenant: &tenant, family: Family::Apis, who: "", level: Level::Hour, spans: 0..i64::MAX };
            let mut hits = 0;
            store.snapshot().traffic().visit(&wanted, |entry| hits += entry.measure.hits).unwrap();
            prop_assert_eq!(hits, expected.iter().filter(|(of, _)| *of == tenant).count() as u64);
        }
    }
}

//! What becomes of a person's rows, and of everybody else's.

use std::fs;
use std::sync::Arc;
use std::sync::mpsc;

use parking_lot::Mutex;
use tidegauge_facts::connections::State;
use tidegauge_facts::{Request, Row, Session};

use super::*;
use crate::{EraseRefused, Erased, ErasureState, MAX_DONE_ERASURES, MAX_WAITING_ERASURES, Person};

/// Waits until no erasure is left that is not done.
pub(super) fn until_done(store: &Store) {
    until(store, |states| states.iter().all(|state| matches!(state, ErasureState::Done(_))));
}

pub(super) fn until(store: &Store, is_so: impl Fn(&[ErasureState]) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let tenants = ["t", "t0", "t1", "other"];
        let states: Vec<_> =
            tenants.iter().flat_map(|tenant| store.erasures(tenant)).map(|erasure| erasure.state).collect();
        if is_so(&states) {
            return;
        }
        assert!(Instant::now() < deadline, "{states:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn erased(store: &Store) -> Erased {
    match store.erasures("t").into_iter().next().unwrap().state {
        ErasureState::Done(erased) => erased,
        other => panic!("{other:?}"),
    }
}

pub(super) fn put_row<R: Row>(store: &Store, row: R) {
    wait(store.append(std::iter::once((None, row))).unwrap()).unwrap();
}

fn put_event(store: &Store, tenant: &str, id: &str, user: Option<&str>, session: Option<&str>) {
    put_row(store, Event { user_id: user, session_id: session, ..event(tenant, "p", id, true) });
}

/// One row of each table that names Ada, one joined to her where rows are joined, and Bob's beside them.
fn put_ada_and_bob(store: &Store) {
    put_event(store, "t", "hers", Some("ada-lovelace"), None);
    put_event(store, "t", "joined", None, Some("her-session"));
    put_event(store, "t", "bob's", Some("bob"), Some("her-session"));
    put_event(store, "t", "nobody's", None, Some("a visit"));
    let session = Session {
        tenant_id: "t",
        project_id: "p",
        session_id: "her-session",
        event_time: noon(),
        received_at: noon(),
        user_id: Some("ada-lovelace"),
        ..Session::default()
    };
    put_row(store, session);
    put_row(
        store,
        Connection { user_id: Some("ada-lovelace"), ..connection("c1", "p", State::Open, noon()) },
    );
    put_row(store, connection("c1", "p", State::Close, noon() + 1));
    put_row(store, connection("c1", "another project", State::Open, noon()));
    let request = Request {
        tenant_id: "t",
        project_id: "p",
        request_id: "r",
        event_time: noon(),
        received_at: noon(),
        api_id: "api",
        path: "/",
        response_code: Some(200),
        oauth_id: Some("ada-lovelace"),
        ..Request::default()
    };
    put_row(store, request);
}

fn ada() -> Person {
    Person::User("ada-lovelace".into())
}

#[test]
fn a_user_s_rows_go_from_all_tables_and_what_is_joined_to_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_ada_and_bob(&store);
    store.erase("t", ada()).unwrap();
    until_done(&store);
    assert_eq!(erased(&store).rows, [2, 1, 2, 0]);
    assert_eq!(sorted_ids(&store), ["bob's", "nobody's"]);
    let connections = store.look(|view| view.ledger.tenant("t").unwrap().known());
    assert_eq!(connections, 1, "the one of another project that has the same id");
    assert_eq!(total(&store), 4, "what was counted was counted");

    // Of the requests' OAuth clients nothing was said yet.
    store.erase("t", Person::Client("ada-lovelace".into())).unwrap();
    until_done(&store);
    assert_eq!(erased(&store).rows, [0, 0, 0, 1]);
    assert_eq!(raw_search::find(dir.path(), "ada-lovelace"), [""; 0]);
}

#[test]
fn what_comes_after_the_request_is_new_also_before_it_is_carried_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_event(&store, "t", "before", Some("ada-lovelace"), None);
    let (go, gone) = mpsc::channel::<()>();
    *store.shared().steps.lock() = Some(Box::new(move |_| {
        let _ = gone.recv();
    }));
    store.erase("t", ada()).unwrap();
    // As many as are merged in memory.
    let mut later: Vec<String> = (0..40).map(|n| format!("later {n}")).collect();
    later.sort();
    for id in &later {
        put_event(&store, "t", id, Some("ada-lovelace"), None);
    }
    let connection = connection("c1", "p", State::Open, noon());
    put_row(&store, Connection { user_id: Some("ada-lovelace"), ..connection });
    // A crash now leaves both in the log.
    let (_copy, again) = crashed(dir.path());
    drop(go);
    for store in [&store, &again] {
        until_done(store);
        assert_eq!(sorted_ids(store), later);
        assert_eq!(store.look(|view| view.ledger.tenant("t").unwrap().known()), 1);
    }
}

#[test]
fn a_request_waiting_when_the_log_loses_its_end_takes_what_is_left_of_before_and_nothing_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_event(&store, "t", "before", Some("ada-lovelace"), None);
    put_event(&store, "t", "lost", Some("ada-lovelace"), None);
    let (go, gone) = mpsc::channel::<()>();
    *store.shared().steps.lock() = Some(Box::new(move |_| while gone.recv().is_ok() {}));
    store.erase("t", ada()).unwrap();
    let copy = copy_of(dir.path());
    drop(go);
    let log = fs::OpenOptions::new().write(true).open(copy.path().join("log/0000000001.log")).unwrap();
    log.set_len(log.metadata().unwrap().len() - 4096 + 100).unwrap();

    // What comes now has the sequence of what was lost.
    let store = open(copy.path());
    let (go, gone) = mpsc::channel::<()>();
    *store.shared().steps.lock() = Some(Box::new(move |_| while gone.recv().is_ok() {}));
    assert_eq!((sorted_ids(&store), store.health().damaged_logs.len()), (vec!["before".to_owned()], 1));
    put_event(&store, "t", "later", Some("ada-lovelace"), None);
    drop(go);
    until_done(&store);
    assert_eq!(sorted_ids(&store), ["later"]);
}

#[test]
fn an_id_of_another_tenant_or_one_that_only_begins_alike_is_another_person_s() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for (tenant, id, user) in [
        ("t", "1", "ada"),
        ("t", "2", "ada2"),
        ("t", "3", "ad"),
        ("t", "4", "ADA"),
        ("t", "5", " ada"),
        ("other", "6", "ada"),
    ] {
        put_event(&store, tenant, id, Some(user), None);
    }
    store.erase("t", Person::User("ada".into())).unwrap();
    store.erase("other", Person::Session("ada".into())).unwrap();
    until_done(&store);
    assert_eq!(sorted_ids(&store), ["2", "3", "4", "5", "6"]);
}

#[test]
fn a_session_s_own_rows_go_and_those_who_have_none_are_not_one_session() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_ada_and_bob(&store);
    let described = Session {
        tenant_id: "t",
        project_id: "p",
        event_time: noon(),
        received_at: noon(),
        user_id: Some("bob"),
        ..Session::default()
    };
    put_row(&store, described);
    put_event(&store, "t", "empty", None, Some(""));
    store.erase("t", Person::Session("her-session".into())).unwrap();
    // Bob has described his client without a session: nothing is joined through that.
    store.erase("t", Person::User("bob".into())).unwrap();
    until_done(&store);
    assert_eq!(sorted_ids(&store), ["empty", "hers", "nobody's"]);
    assert_eq!(raw_search::find(dir.path(), "her-session"), [""; 0]);
}

#[test]
fn nobody_is_no_person() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(matches!(store.erase("t", Person::Session(String::new())), Err(EraseRefused::EmptyId)));
    let long = "x".repeat(crate::MAX_PERSON_BYTES + 1);
    assert!(matches!(store.erase("t", Person::User(long)), Err(EraseRefused::LongId)));
    assert!(store.erasures("t").is_empty());
    // Nor is somebody of whom there is nothing an error.
    store.erase("t", ada()).unwrap();
    until_done(&store);
    store.close();
    assert!(matches!(store.erase("t", ada()), Err(EraseRefused::Closing)));
}

#[test]
fn who_holds_a_snapshot_reads_on_while_the_files_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_ada_and_bob(&store);
    let hot = store.snapshot();
    flush(&store);
    // Merged segments that somebody still reads are no files either.
    let merged = store.snapshot();
    for n in 0..8 {
        put_event(&store, "t", &format!("later {n}"), None, None);
        flush(&store);
    }
    let flushed = store.snapshot();
    store.erase("t", ada()).unwrap();
    store.erase("t", Person::Client("ada-lovelace".into())).unwrap();
    until_done(&store);
    assert_eq!(raw_search::find(dir.path(), "ada-lovelace"), [""; 0]);
    for (snapshot, events) in [(hot, 4), (merged, 4), (flushed, 12)] {
        let ids = event_ids(&snapshot);
        assert_eq!(ids.iter().filter(|id| id.as_ref().is_ok_and(|id| id == "hers")).count(), 1);
        assert_eq!(ids.into_iter().filter_map(Result::ok).count(), events);
        let requests = snapshot.scan(Table::Requests).map(|batch| batch.unwrap().num_rows());
        assert_eq!(requests.sum::<usize>(), 1);
    }
    assert_eq!(sorted_ids(&store).len(), 10);
}

#[test]
fn rows_of_many_pages_and_row_groups_go_and_stay_as_the_rule_says() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    // Whose each event is: by its own id, by its session, or neither; in two tenants whose rows stand one behind the other.
    let is_hers = |n: u32| n.is_multiple_of(997) || n % 499 == 3;
    for start in (0..300_000_u32).step_by(10_000) {
        let texts: Vec<_> =
            (start..start + 10_000).map(|n| (n, format!("{n:08}"), format!("s{}", n % 7))).collect();
        let rows = texts.iter().map(|(n, id, session)| {
            let (user_id, session) = match n {
                n if n.is_multiple_of(997) => (Some("ada"), Some(session.as_str())),
                n if n % 499 == 3 => (None, Some("her-session")),
                n if n.is_multiple_of(3) => (Some("bob"), Some("her-session")),
                _ => (None, Some(session.as_str())),
            };
            let tenant = if n.is_multiple_of(2) { "t" } else { "u" };
            let event_time = noon() + i64::from(n % 1000) * 1_000_000;
            (None, Event { event_time, user_id, session_id: session, ..event(tenant, "p", id, false) })
        });
        wait(store.append(rows).unwrap()).unwrap();
    }
    for tenant in ["t", "u"] {
        let session = Session {
            tenant_id: tenant,
            project_id: "p",
            session_id: "her-session",
            event_time: noon(),
            received_at: noon(),
            user_id: Some("ada"),
            ..Session::default()
        };
        put_row(&store, session);
    }
    flush(&store);
    store.erase("u", Person::User("ada".into())).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while store.health().failed_erasures == 0
        && !matches!(store.erasures("u")[0].state, ErasureState::Done(_))
    {
        assert!(Instant::now() < deadline, "{:?}", store.erasures("u"));
        std::thread::sleep(Duration::from_millis(5));
    }
    let expected: Vec<_> =
        (0..300_000_u32).filter(|n| n.is_multiple_of(2) || !is_hers(*n)).map(|n| format!("{n:08}")).collect();
    assert!(sorted_ids(&store) == expected);
    let (segment, rows) =
        store.look(|view| (Arc::clone(&view.manifest.segments[0]), view.manifest.segments[0].meta.rows));
    assert_eq!(rows as usize, expected.len());
    assert_eq!(segment.open().unwrap().metadata().num_row_groups(), 3);
    segment.verify().unwrap();
}

#[test]
fn a_crash_at_any_step_is_made_up_for() {
    let copies: Arc<Mutex<Vec<(&'static str, tempfile::TempDir)>>> = Arc::default();
    let dir = fast_dir();
    let store = open(dir.path());
    put_ada_and_bob(&store);
    flush(&store);
    put_ada_and_bob(&store);
    let (into, from) = (Arc::clone(&copies), dir.path().to_owned());
    *store.shared().steps.lock() = Some(Box::new(move |step| into.lock().push((step, copy_of(&from)))));
    store.erase("t", ada()).unwrap();
    store.erase("t", Person::Client("ada-lovelace".into())).unwrap();
    until_done(&store);
    *store.shared().steps.lock() = None;
    let copies = std::mem::take(&mut *copies.lock());
    let steps: std::collections::BTreeSet<_> = copies.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps.len(), 9, "{steps:?}");
    for (step, copy) in copies {
        let again = open(copy.path());
        until_done(&again);
        assert_eq!(sorted_ids(&again), ["bob's", "bob's", "nobody's", "nobody's"], "{step}");
        assert_eq!(again.look(|view| view.ledger.tenant("t").unwrap().known()), 1, "{step}");
        assert_eq!(raw_search::find(copy.path(), "ada-lovelace"), [""; 0], "{step}");
        drop(again);
        assert_eq!(crate::check(copy.path()).unwrap().findings, [""; 0], "{step}");
    }
}

#[test]
fn a_damaged_segment_is_named_and_the_rest_goes_and_it_ends_when_the_file_does() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_event(&store, "t", "lost", Some("ada-lovelace"), None);
    flush(&store);
    let name = store.look(|view| view.manifest.segments[0].meta.name.clone());
    put_ada_and_bob(&store);
    flush(&store);
    drop(store);
    let path = dir.path().join("segments").join(&name);
    let mut content = fs::read(&path).unwrap();
    content[20] ^= 1;
    fs::write(&path, content).unwrap();

    let store = open(dir.path());
    store.erase("t", ada()).unwrap();
    let is_stuck = |states: &[ErasureState]| matches!(states, [ErasureState::Failed { reason }] if reason.contains(&name));
    until(&store, is_stuck);
    let rest: Vec<_> = event_ids(&store.snapshot()).into_iter().filter_map(Result::ok).collect();
    assert_eq!(rest, ["bob's", "nobody's"]);
    drop(store);
    let store = open(dir.path());
    until(&store, is_stuck);
    drop(store);
    fs::remove_file(&path).unwrap();
    let store = open(dir.path());
    until_done(&store);
    assert_eq!(raw_search::find(&dir.path().join("erasures"), "ada-lovelace"), [""; 0]);
}

#[test]
fn a_segment_that_was_removed_is_given_up_with_what_was_added_up_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_ada_and_bob(&store);
    flush(&store);
    put_event(&store, "t", "later", None, None);
    flush(&store);
    drop(store);
    let segments = fs::read_dir(dir.path().join("segments")).unwrap().map(|entry| entry.unwrap().path());
    let lost: Vec<_> = segments
        .filter(|path| path.to_string_lossy().contains("requests-"))
        .inspect(|path| fs::remove_file(path).unwrap())
        .collect();
    assert_eq!(lost.len(), 1);
    assert_ne!(raw_search::find(dir.path(), "ada-lovelace"), [""; 0]);

    let store = open(dir.path());
    assert_eq!(store.health().damaged_segments.len(), 1);
    for person in [ada(), Person::Client("ada-lovelace".into())] {
        store.erase("t", person).unwrap();
    }
    until_done(&store);
    assert_eq!(raw_search::find(dir.path(), "ada-lovelace"), [""; 0]);
    // The loss is accepted: nothing asks for the file any more.
    assert_eq!(store.health().damaged_segments, [""; 0]);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !store.snapshot().traffic().is_whole() {
        assert!(Instant::now() < deadline, "the requests that are left were never added up");
        std::thread::yield_now();
    }
    assert!(store.snapshot().scan(Table::Requests).next().is_none());
    drop(store);
    assert_eq!(crate::check(dir.path()).unwrap().findings, [""; 0]);
}

#[test]
fn what_only_the_manifest_on_the_disk_names_is_not_missed_at_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_event(&store, "t", "a", None, None);
    flush(&store);
    // As if a segment had been replaced, and its manifest renamed into its place but not synced: the store goes on with
    // the one before.
    let name = store.look(|view| view.manifest.segments[0].meta.name.clone());
    let (segments, manifest) = (dir.path().join("segments"), dir.path().join("MANIFEST.json"));
    fs::copy(segments.join(&name), segments.join("events-0000000099.parquet")).unwrap();
    let other = fs::read_to_string(&manifest).unwrap().replace(&name, "events-0000000099.parquet");
    fs::write(&manifest, other).unwrap();
    store.erase("t", ada()).unwrap();
    until_done(&store);
    let (_copy, again) = crashed(dir.path());
    assert_eq!((sorted_ids(&again), again.health().damaged_segments), (vec!["a".to_owned()], vec![]));
}

#[test]
fn what_fails_says_why_and_is_carried_out_when_the_store_opens_next() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_ada_and_bob(&store);
    flush(&store);
    // What would be written next is in the way.
    let number = store.shared().next_number() + 1;
    let in_the_way = dir.path().join("segments").join(format!("events-{number:010}.parquet"));
    fs::write(&in_the_way, "not yours").unwrap();
    store.erase("t", ada()).unwrap();
    let is_it = |reason: &str| reason.contains("cannot write") && !reason.contains("ada");
    until(&store, |states| matches!(states, [ErasureState::Failed { reason }] if is_it(reason)));
    assert_eq!(store.health().failed_erasures, 1);
    assert_eq!(sorted_ids(&store).len(), 4);
    assert_eq!(fs::read(&in_the_way).unwrap(), b"not yours");
    drop(store);
    let store = open(dir.path());
    until_done(&store);
    assert_eq!(store.health().failed_erasures, 0);
    assert_eq!(sorted_ids(&store), ["bob's", "nobody's"]);
}

#[test]
fn what_was_set_aside_with_the_id_in_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    fs::write(dir.path().join("log").join("0000000001.damaged-4096"), "..ada-lovelace..").unwrap();
    fs::write(dir.path().join("log").join("0000000002.damaged-4096"), "..bob..").unwrap();
    fs::create_dir(dir.path().join("imports")).unwrap();
    // The id stands where one piece that is looked at ends and the next begins.
    let long = [&vec![b'.'; 1024 * 1024 - 3][..], b"ada-lovelace,"].concat();
    fs::write(dir.path().join("imports").join("x.set-aside"), long).unwrap();
    let store = open(dir.path());
    store.erase("t", ada()).unwrap();
    until_done(&store);
    assert_eq!(erased(&store).set_aside, ["imports/x.set-aside", "log/0000000001.damaged-4096"]);
}

#[test]
fn a_tenant_s_requests_are_bounded_and_no_other_s() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (go, gone) = mpsc::channel::<()>();
    *store.shared().steps.lock() = Some(Box::new(move |_| {
        let _ = gone.recv();
    }));
    let ids: Vec<_> = (0..MAX_WAITING_ERASURES).map(|_| store.erase("t", ada()).unwrap()).collect();
    assert!(matches!(store.erase("t", ada()), Err(EraseRefused::TooMany)));
    let others = store.erase("other", ada()).unwrap();
    assert_eq!(store.erasure("t", others), None, "another tenant's does not exist");
    assert_eq!(store.erasure("t", ids[0]).unwrap().id, ids[0].to_string().parse().unwrap());
    drop(go);
    until_done(&store);
    let more: Vec<_> = (0..3).map(|_| store.erase("t", ada()).unwrap()).collect();
    until_done(&store);
    drop(store);
    let store = open(dir.path());
    let known: Vec<_> = store.erasures("t").into_iter().map(|erasure| erasure.id).collect();
    assert_eq!(known.len(), MAX_DONE_ERASURES);
    assert_eq!(known[..3], [more[2], more[1], more[0]]);
    assert_eq!(store.erasure("t", ids[0]), None, "done long ago");
    assert!(store.erasure("other", others).is_some());
    assert_eq!(crate::check(dir.path()).map(|report| report.erasures).ok(), None, "it is in use");
    drop(store);
    assert_eq!(crate::check(dir.path()).unwrap().erasures, MAX_DONE_ERASURES + 1);
    assert_eq!(raw_search::find(dir.path(), "ada-lovelace"), [""; 0]);
}

#[test]
fn an_erasure_goes_on_beside_writes_and_merges() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { flush_bytes: 1, ..lazy() }).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let store = &store;
            scope.spawn(move || {
                for i in 0..100 {
                    put_event(store, "t", &format!("hers {thread}-{i}"), Some("ada-lovelace"), None);
                    put_event(store, "t", &format!("{thread}-{i}"), Some("bob"), None);
                }
            });
        }
        for _ in 0..5 {
            store.erase("t", ada()).unwrap();
            until_done(&store);
        }
    });
    store.erase("t", ada()).unwrap();
    until_done(&store);
    let ids = sorted_ids(&store);
    assert_eq!(ids.len(), 200);
    assert!(ids.iter().all(|id| !id.starts_with("hers")));
    assert_eq!(raw_search::find(dir.path(), "ada-lovelace"), [""; 0]);
}

#[test]
fn a_directory_of_before_and_a_record_that_cannot_be_read_do_not_keep_it_from_opening() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_ada_and_bob(&store);
    flush(&store);
    drop(store);
    fs::remove_dir(dir.path().join("erasures")).unwrap();
    // The segments of before do not say which frames they hold.
    let manifest = dir.path().join("MANIFEST.json");
    let mut file: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    for segment in file["segments"].as_array_mut().unwrap() {
        segment.as_object_mut().unwrap().remove("through").unwrap();
    }
    fs::write(&manifest, serde_json::to_vec(&file).unwrap()).unwrap();
    let store = open(dir.path());
    store.erase("t", ada()).unwrap();
    until_done(&store);
    assert_eq!(sorted_ids(&store), ["bob's", "nobody's"]);
    drop(store);
    fs::write(dir.path().join("erasures").join("x.json"), "{").unwrap();
    let findings = crate::check(dir.path()).unwrap().findings;
    assert!(matches!(&*findings, [one] if one.contains("x.json")), "{findings:?}");
    assert_eq!(sorted_ids(&open(dir.path())), ["bob's", "nobody's"]);
}

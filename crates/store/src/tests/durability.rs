//! What was confirmed is there after a crash, once, wherever it had got to.

use std::fs;

use tidegauge_facts::connections::State;

use super::*;

#[test]
fn what_is_committed_is_there_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a", "b"]);
    put(&store, &["c"]);
    let (_copy, again) = crashed(dir.path());
    assert_eq!(sorted_ids(&again), ["a", "b", "c"]);
    assert_eq!(total(&again), 3);
    assert_eq!(store.look(|view| view.gauges.clone()), again.look(|view| view.gauges.clone()));
}

#[test]
fn a_flush_moves_facts_into_segments_and_lets_the_log_go() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a", "b", "c"]);
    drop(store);
    let store = open(dir.path());
    flush(&store);
    let view =
        store.look(|view| (view.manifest.facts_flushed, view.manifest.segments.len(), view.hot.bytes()));
    assert_eq!(view, (3, 1, 0));
    let tenant = store.look(|view| view.gauges.tenant("t").unwrap().clone());
    assert_eq!((tenant.facts, tenant.flushed), (3, 3));
    let logs: Vec<_> = fs::read_dir(dir.path().join("log")).unwrap().collect();
    assert_eq!(logs.len(), 1, "only the file being written is left");

    put(&store, &["d"]);
    let (_copy, again) = crashed(dir.path());
    assert_eq!(sorted_ids(&again), ["a", "b", "c", "d"]);
    let tenant = again.look(|view| view.gauges.tenant("t").unwrap().clone());
    assert_eq!((tenant.facts, tenant.flushed, tenant.events), (4, 3, 4));
}

#[test]
fn a_crash_between_segment_and_manifest_repeats_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a", "b"]);
    let before = copy_of(dir.path());
    flush(&store);
    // The segments are there, but the manifest is the old one, and so is the log.
    for file in fs::read_dir(dir.path().join("segments")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), before.path().join("segments").join(file.file_name())).unwrap();
    }
    let again = open(before.path());
    assert_eq!(sorted_ids(&again), ["a", "b"]);
    assert_eq!(fs::read_dir(before.path().join("segments")).unwrap().count(), 0);
}

#[test]
fn a_crash_between_manifest_and_the_log_s_removal_repeats_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a", "b"]);
    let logs = copy_of(&dir.path().join("log"));
    flush(&store);
    drop(store);
    for file in fs::read_dir(logs.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), dir.path().join("log").join(file.file_name())).unwrap();
    }
    let again = open(dir.path());
    assert_eq!(sorted_ids(&again), ["a", "b"]);
    assert_eq!(total(&again), 2);
}

#[test]
fn small_segments_are_merged_and_an_older_snapshot_goes_on_reading() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut older = None;
    let names: Vec<String> = (0..30).map(|i| format!("{i:02}")).collect();
    for (i, name) in names.iter().enumerate() {
        put(&store, &[name]);
        flush(&store);
        if i == 6 {
            older = Some(store.snapshot());
        }
    }
    let segments = store.look(|view| view.manifest.segments.len());
    assert!(segments < 16, "{segments} segments");
    assert_eq!(sorted_ids(&store), names);
    assert_eq!(event_ids(&older.unwrap()).into_iter().map(Result::unwrap).count(), 7);
    store.close();
    let files = fs::read_dir(dir.path().join("segments")).unwrap().count();
    assert_eq!(files, store.look(|view| view.manifest.segments.len()));
    assert_eq!(sorted_ids(&crashed(dir.path()).1), names);
}

#[test]
fn lone_rows_are_merged_in_memory_and_read_back_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let names: Vec<String> = (0..200).map(|i| format!("{i:03}")).collect();
    for name in &names {
        put(&store, &[name]);
    }
    let parts = store.look(|view| view.hot.parts().len());
    assert!(parts < 64, "{parts} parts");
    assert_eq!(sorted_ids(&store), names);
    assert_eq!(store.look(|view| view.hot.resident_facts_of("t")), 200);
    flush(&store);
    assert_eq!(sorted_ids(&store), names);
}

#[test]
fn all_four_tables_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a"]);
    let open_one = connection("c1", "p", State::Open, Micros::now().0);
    wait(store.append(std::iter::once((None, open_one))).unwrap()).unwrap();
    let request = tidegauge_facts::Request {
        tenant_id: "t",
        project_id: "p",
        request_id: "r1",
        id_assigned: false,
        event_time: noon(),
        received_at: noon(),
        api_id: "api",
        path: "/a",
        method: Some("GET"),
        host: None,
        raw_path: None,
        response_code: Some(-1),
        api_key: None,
        alias: None,
        oauth_id: None,
        api_name: None,
        api_version: None,
        request_time: Some(3),
        latency_total: None,
        latency_upstream: None,
        latency_gateway: None,
        ip: None,
        country: None,
        tags: Some(&["x", "y"]),
        user_agent: None,
        content_length: None,
        bytes_in: None,
        bytes_out: None,
        open_connections: None,
        closed_connections: None,
        track_path: Some(true),
    };
    wait(store.append(std::iter::once((None, request))).unwrap()).unwrap();
    let session = tidegauge_facts::sessions::schema();
    assert!(session.field_with_name("client_screen_pixel_depth").is_ok());
    for flushed in [false, true] {
        if flushed {
            flush(&store);
        }
        let (_copy, again) = crashed(dir.path());
        for store in [&store, &again] {
            let rows =
                |table| store.snapshot().scan(table).map(|batch| batch.unwrap().num_rows()).sum::<usize>();
            assert_eq!(Table::ALL.map(rows), [1, 0, 1, 1], "flushed: {flushed}");
            let requests = store.snapshot().scan(Table::Requests).next().unwrap().unwrap();
            assert_eq!(requests.column_by_name("tags").unwrap().as_list::<i32>().value(0).len(), 2);
            let open_now = store.look(|view| view.ledger.tenant("t").unwrap().open());
            assert_eq!(open_now, 1);
        }
    }
}

#[test]
fn a_full_backlog_is_refused_and_a_flush_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { max_backlog_bytes: 16 * 1024, ..lazy() }).unwrap();
    let mut stored = 0;
    let refused = loop {
        let id = stored.to_string();
        let rows = std::iter::once((None, event("t", "p", &id, false)));
        match store.append(rows) {
            Ok(appended) => wait(appended).unwrap(),
            Err(refused) => break refused,
        }
        stored += 1;
        assert!(stored < 100, "the backlog has no end");
    };
    assert_eq!(refused, Refused::Busy);
    assert_eq!(total(&store), stored);
    flush(&store);
    put(&store, &["more"]);
    assert_eq!(total(&store), stored + 1);
}

#[test]
fn an_almost_full_disk_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { min_free_bytes: u64::MAX, ..lazy() }).unwrap();
    let rows = std::iter::once((None, event("t", "p", "a", false)));
    assert_eq!(store.append(rows).unwrap_err(), Refused::DiskFull);
}

#[test]
fn rows_that_come_one_by_one_during_flushes_are_there_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { flush_bytes: 1, ..lazy() }).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for i in 0..150 {
                    put(store, &[&format!("{thread}-{i}")]);
                }
            });
        }
    });
    assert_eq!(sorted_ids(&store).len(), 600);
    flush(&store);
    let mut ids = sorted_ids(&store);
    ids.dedup();
    assert_eq!(ids.len(), 600);
    let (_copy, again) = crashed(dir.path());
    let tenant = again.look(|view| view.gauges.tenant("t").unwrap().clone());
    assert_eq!((tenant.events, tenant.facts, tenant.flushed), (600, 600, 600));
}

#[test]
fn a_flush_that_fails_halfway_harms_no_segment_and_the_next_one_passes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a"]);
    flush(&store);
    // The checkpoint of before cannot be removed: its place is a directory now.
    let gauges = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("checkpoint-"))
        .unwrap();
    fs::remove_file(&gauges).unwrap();
    fs::create_dir_all(gauges.join("in the way")).unwrap();
    put(&store, &["b"]);
    flush(&store);
    fs::remove_dir_all(&gauges).unwrap();
    assert_eq!(sorted_ids(&crashed(dir.path()).1), ["a", "b"]);
}

#[test]
fn a_segment_number_is_never_given_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    // What the next flush would write is in the way: it fails, and the one after takes another number.
    let in_the_way = dir.path().join("segments").join("events-0000000001.parquet");
    fs::write(&in_the_way, "not yours").unwrap();
    put(&store, &["a"]);
    store.request_flush();
    let deadline = Instant::now() + Duration::from_secs(10);
    while store.health().flush_error.is_none() {
        assert!(Instant::now() < deadline, "the flush did not fail");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(fs::read(&in_the_way).unwrap(), b"not yours");
    flush(&store);
    assert_eq!(sorted_ids(&store), ["a"]);
    assert_eq!(fs::read(&in_the_way).unwrap(), b"not yours");
    // The error goes once the flush that emptied hot has ended.
    let deadline = Instant::now() + Duration::from_secs(10);
    while store.health().flush_error.is_some() {
        assert!(Instant::now() < deadline, "{:?}", store.health().flush_error);
        std::thread::sleep(Duration::from_millis(5));
    }
}

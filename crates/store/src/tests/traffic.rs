//! What is added up of requests survives what happens to its files: it can always be had again from the facts.

use std::fs;
use std::path::PathBuf;

use tidegauge_facts::Request;

use super::*;
use crate::traffic::{Family, Level, Wanted};

const AT: i64 = 20_000 * DAY + 5 * HOUR;

fn put_requests(store: &Store, count: usize, at: i64) {
    let row = Request {
        tenant_id: "t",
        project_id: "p",
        request_id: "r",
        id_assigned: true,
        event_time: at,
        received_at: at,
        api_id: "api",
        path: "/",
        response_code: Some(200),
        api_key: Some("key"),
        ..Request::default()
    };
    wait(store.append((0..count).map(|_| (None, row))).unwrap()).unwrap();
}

/// Hits of the key on the days around `AT`.
fn hits(store: &Store) -> u64 {
    let day = Level::Day.span(Micros(AT));
    let wanted =
        Wanted { tenant: "t", family: Family::Key, who: "key", level: Level::Day, spans: day - 2..day + 2 };
    let mut hits = 0;
    store.snapshot().traffic().visit(&wanted, |entry| hits += entry.measure.hits).unwrap();
    hits
}

fn part_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(dir.join("traffic")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn until_whole(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !store.snapshot().traffic().is_whole() {
        assert!(Instant::now() < deadline, "it was never made again");
        std::thread::yield_now();
    }
}

#[test]
fn many_small_parts_become_few_and_still_tell_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for n in 0..9 {
        put_requests(&store, 3, AT + n * HOUR);
        flush(&store);
    }
    assert_eq!(hits(&store), 27);
    drop(store);
    let store = open(dir.path());
    assert_eq!(hits(&store), 27);
    // 9 parts, each 4 of which became one.
    assert!(part_files(dir.path()).len() <= 4, "{:?}", part_files(dir.path()));
}

#[test]
fn when_there_is_nothing_else_to_do_one_part_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for n in 0..3 {
        put_requests(&store, 3, AT + n * HOUR);
        flush(&store);
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while part_files(dir.path()).len() > 1 {
        assert!(Instant::now() < deadline, "{:?}", part_files(dir.path()));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(hits(&store), 9);
}

#[test]
fn a_directory_of_before_is_added_up_at_its_opening() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_requests(&store, 5, AT);
    flush(&store);
    drop(store);
    let manifest = dir.path().join("MANIFEST.json");
    let mut file: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    file.as_object_mut().unwrap().remove("traffic").unwrap();
    fs::write(&manifest, serde_json::to_vec(&file).unwrap()).unwrap();
    let store = open(dir.path());
    until_whole(&store);
    assert_eq!(hits(&store), 5);
    put_requests(&store, 2, AT);
    flush(&store);
    assert_eq!(hits(&store), 7);
}

#[test]
fn a_damaged_or_missing_part_is_found_by_check_and_made_again_once_it_is_read() {
    for harm in [
        |path: &PathBuf| fs::remove_file(path).unwrap(),
        |path: &PathBuf| {
            let mut content = fs::read(path).unwrap();
            content[3] ^= 1;
            fs::write(path, content).unwrap();
        },
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        put_requests(&store, 5, AT);
        flush(&store);
        drop(store);
        assert_eq!(crate::check(dir.path()).unwrap().findings, [""; 0]);
        assert_eq!(crate::check(dir.path()).unwrap().traffic_parts, 1);
        harm(&part_files(dir.path())[0]);
        assert_eq!(crate::check(dir.path()).unwrap().findings.len(), 1);
        let store = open(dir.path());
        let wanted =
            Wanted { tenant: "t", family: Family::Apis, who: "", level: Level::Hour, spans: 0..i64::MAX };
        assert!(store.snapshot().traffic().visit(&wanted, |_| ()).is_err());
        until_whole(&store);
        assert_eq!(hits(&store), 5);
    }
}

#[test]
fn a_part_that_no_manifest_names_is_removed_at_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let stray = dir.path().join("traffic").join("traffic-0000000099.part");
    fs::write(&stray, "half").unwrap();
    drop(open(dir.path()));
    assert!(!stray.exists());
}

#[test]
fn what_cannot_be_added_up_again_is_not_called_whole_and_leaves_no_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_requests(&store, 5, AT);
    flush(&store);
    put_requests(&store, 3, AT);
    flush(&store);
    drop(store);
    let parts = part_files(dir.path());
    fs::remove_file(&parts[0]).unwrap();
    let mut segments: Vec<PathBuf> =
        fs::read_dir(dir.path().join("segments")).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    let mut content = fs::read(&segments[1]).unwrap();
    content[100] ^= 1;
    fs::write(&segments[1], content).unwrap();

    let store = open(dir.path());
    let wanted =
        Wanted { tenant: "t", family: Family::Apis, who: "", level: Level::Hour, spans: 0..i64::MAX };
    assert!(store.snapshot().traffic().visit(&wanted, |_| ()).is_err());
    let deadline = Instant::now() + Duration::from_secs(30);
    while !store.snapshot().manifest.segments[1].is_damaged() {
        assert!(Instant::now() < deadline, "it was never tried");
        std::thread::yield_now();
    }
    // A flush comes after what was tried.
    put_requests(&store, 1, AT);
    flush(&store);
    assert!(!store.snapshot().traffic().is_whole());
    assert_eq!(part_files(dir.path()).len(), parts.len(), "one is lost, one was added, none is left over");
}

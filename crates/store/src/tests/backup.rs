//! What is held for a backup is one state, whatever the store does meanwhile.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use parking_lot::Mutex;

use super::erasure::until_done;
use super::*;
use crate::backup::{Beside, Held, Restoring, Unready, refuse_unready};
use crate::directory::sync_dir;
use crate::{ErasureState, Person};

/// Holds the directory's files, and calls `meanwhile` before the second look at the manifest, with the number of
/// the try.
fn take(data: &Path, meanwhile: impl Fn(u32) -> bool) -> Result<Held, StoreError> {
    let tries = Cell::new(0);
    let still_fits = |_: &Path, _: &Path| {
        tries.set(tries.get() + 1);
        Ok(meanwhile(tries.get()))
    };
    Held::take(data, &[Beside { name: "beside", still_fits: &still_fits }])
}

/// Restores what is held, and tells what was found damaged.
fn restored(held: &Held) -> (tempfile::TempDir, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let restoring = Restoring::begin(dir.path(), false).unwrap();
    let mut findings = Vec::new();
    for file in held.files() {
        let target = dir.path().join(&file.path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        findings.extend(held.copy(file, &mut File::create(&target).unwrap()).unwrap());
    }
    restoring.end(held.format()).unwrap();
    (dir, findings)
}

fn ids_of(dir: &Path) -> Vec<String> {
    assert_eq!(crate::check(dir).unwrap().findings, Vec::<String>::new());
    sorted_ids(&open(dir))
}

fn links(data: &Path) -> PathBuf {
    data.join("backup.links")
}

#[test]
fn a_state_that_changes_while_it_is_held_is_held_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a"]);
    flush(&store);
    let held = take(dir.path(), |number| {
        if number < 4 {
            // Each flush removes the checkpoint that is linked already.
            put(&store, &[&format!("b{number}")]);
            flush(&store);
        }
        true
    });
    let held = held.unwrap();
    put(&store, &["later"]);
    let (copy, findings) = restored(&held);
    assert_eq!((ids_of(copy.path()), findings), (["a", "b1", "b2", "b3"].map(str::to_owned).into(), vec![]));
}

#[test]
fn what_is_held_stays_while_the_store_merges_and_removes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for id in ["a", "b", "c"] {
        put(&store, &[id]);
        flush(&store);
    }
    put(&store, &["in the log"]);
    let held = take(dir.path(), |_| true).unwrap();
    // Eight small segments become one; then the log's files go with the store's end and its next flush.
    for number in 0..9 {
        put(&store, &[&format!("later {number}")]);
        flush(&store);
    }
    drop(store);
    let store = open(dir.path());
    put(&store, &["much later"]);
    flush(&store);
    let (copy, findings) = restored(&held);
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(ids_of(copy.path()), ["a", "b", "c", "in the log"]);
    drop(held);
    assert!(!links(dir.path()).exists());
    assert_eq!(sorted_ids(&store).len(), 14);
}

#[test]
fn a_state_that_never_holds_still_is_given_up_without_a_trace() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a"]);
    let error = take(dir.path(), |_| false).unwrap_err();
    assert!(matches!(error, StoreError::Restless { .. }), "{error}");
    assert!(!links(dir.path()).exists());
    assert_eq!(sorted_ids(&store), ["a"]);
}

#[test]
fn one_backup_at_a_time_and_none_of_what_is_no_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let error = take(dir.path(), |_| true).unwrap_err();
    assert!(matches!(error, StoreError::NoDataDirectory { .. }), "{error}");
    drop(open(dir.path()));
    let held = take(dir.path(), |_| true).unwrap();
    let error = take(dir.path(), |_| true).unwrap_err();
    assert!(matches!(error, StoreError::BackupUnderWay { .. }), "{error}");
    // A start meanwhile takes the links of a backup under way for what they are.
    drop(open(dir.path()));
    assert!(links(dir.path()).exists());
    drop(held);
    take(dir.path(), |_| true).unwrap();
    fs::write(dir.path().join("FORMAT"), "2\n").unwrap();
    let error = take(dir.path(), |_| true).unwrap_err();
    assert!(matches!(error, StoreError::NewerVersion { .. }), "{error}");
}

fn put_of_user(store: &Store, id: &str, user: &str) {
    let row = Event { user_id: Some(user), ..event("t", "p", id, true) };
    wait(store.append(std::iter::once((None, row))).unwrap()).unwrap();
}

fn erase_ada(store: &Store) {
    store.erase("t", Person::User("ada".into())).unwrap();
}

#[test]
fn an_erasure_that_is_asked_for_or_done_while_a_state_is_held_is_in_it_or_not_as_its_rows_are() {
    for done_meanwhile in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        put_of_user(&store, "hers", "ada");
        put_of_user(&store, "his", "bob");
        flush(&store);
        // Begun, but no further than that, or not even asked for when the links are first made; each look finds another
        // state of it until it has come to an end.
        let (go, gone) = mpsc::channel::<()>();
        let (begins, begun) = mpsc::channel();
        *store.shared().steps.lock() = Some(Box::new(move |step| {
            let _ = begins.send(step);
            let _ = gone.recv();
        }));
        if done_meanwhile {
            erase_ada(&store);
            assert_eq!(begun.recv().unwrap(), "an erasure begins");
        }
        let go = Cell::new(Some(go));
        let held = take(dir.path(), |number| {
            if number == 1 {
                go.take();
                if !done_meanwhile {
                    erase_ada(&store);
                }
                put_of_user(&store, "hers, later", "ada");
                if done_meanwhile {
                    until_gone(&store);
                }
            }
            true
        });
        let held = held.unwrap();
        let (copy, findings) = restored(&held);
        drop(held);
        assert_eq!(findings, Vec::<String>::new());
        let again = open(copy.path());
        until_done(&again);
        assert_eq!(sorted_ids(&again), ["hers, later", "his"]);
    }
}

/// Waits until the person's row is gone from the reports.
fn until_gone(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while sorted_ids(store).contains(&"hers".to_owned()) {
        assert!(Instant::now() < deadline, "{:?}", store.erasures("t"));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_erasure_is_not_done_while_a_backup_holds_what_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_of_user(&store, "hers", "ada");
    flush(&store);
    let held = take(dir.path(), |_| true).unwrap();
    erase_ada(&store);
    let deadline = Instant::now() + Duration::from_secs(30);
    let reason = loop {
        match store.erasures("t").remove(0).state {
            ErasureState::Failed { reason } => break reason,
            ErasureState::Done(_) => panic!("done, though a backup holds the rows"),
            _ => assert!(Instant::now() < deadline),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(reason.contains("a backup of"), "{reason}");
    // It would have to be gone through once more: nothing was begun.
    assert_eq!(sorted_ids(&store), ["hers"]);
    let (copy, _) = restored(&held);
    assert_eq!(ids_of(copy.path()), ["hers"]);
    drop(held);
    drop(store);
    let store = open(dir.path());
    until_done(&store);
}

#[test]
fn a_backup_that_begins_while_an_erasure_ends_waits_and_holds_nothing_of_the_person() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put_of_user(&store, "hers", "ada-lovelace");
    put_of_user(&store, "his", "bob");
    let (path, taking) = (dir.path().to_owned(), Arc::new(Mutex::new(None)));
    let begun = Arc::clone(&taking);
    *store.shared().steps.lock() = Some(Box::new(move |step| {
        if step == "all rows are gone" {
            let lock = File::open(path.join("backup.lock")).unwrap();
            assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)), "none can begin now");
            let path = path.clone();
            *begun.lock() = Some(std::thread::spawn(move || take(&path, |_| true).unwrap()));
        }
    }));
    store.erase("t", Person::User("ada-lovelace".into())).unwrap();
    until_done(&store);
    let held = taking.lock().take().unwrap().join().unwrap();
    assert_eq!(raw_search::find(&links(dir.path()), "ada-lovelace"), [""; 0]);
    assert_eq!(ids_of(restored(&held).0.path()), ["his"]);
}

#[test]
fn a_restore_that_was_killed_at_its_first_file_is_begun_again_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    for file in ["LOCK", "FORMAT.tmp"] {
        fs::write(dir.path().join(file), "").unwrap();
    }
    Restoring::begin(dir.path(), false).unwrap().end(1).unwrap();
    drop(open(dir.path()));
}

/// A directory whose log ends in three frames, a file each time it was opened, and the newest file.
fn logged(ids: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    ids.iter().for_each(|id| drop(put(&store, &[id])));
    let copy = copy_of(dir.path());
    let log = copy.path().join("log/0000000001.log");
    (copy, log)
}

#[test]
fn a_log_that_ends_within_a_frame_is_held_up_to_the_frame_before() {
    let (dir, log) = logged(&["a", "b", "c"]);
    let whole = fs::metadata(&log).unwrap().len();
    // Each group is a block here, and the last one is cut at several places.
    for cut in [1000, 100, 64, 1] {
        OpenOptions::new().write(true).open(&log).unwrap().set_len(whole - 4096 + cut).unwrap();
        let held = take(dir.path(), |_| true).unwrap();
        let (copy, findings) = restored(&held);
        assert_eq!((ids_of(copy.path()), findings), (["a", "b"].map(str::to_owned).into(), vec![]), "{cut}");
    }
}

#[test]
fn a_log_that_is_damaged_is_held_whole_and_named() {
    let (dir, log) = logged(&["a", "b", "c"]);
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() - 2 * 4096 + 100;
    bytes[middle] ^= 1;
    fs::write(&log, &bytes).unwrap();
    let held = take(dir.path(), |_| true).unwrap();
    let (copy, findings) = restored(&held);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].contains("ends early"), "{findings:?}");
    assert_eq!(fs::read(copy.path().join("log/0000000001.log")).unwrap(), bytes);
}

#[test]
fn what_a_killed_backup_left_goes_with_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    drop(take(dir.path(), |_| true).unwrap());
    fs::create_dir_all(links(dir.path()).join("segments")).unwrap();
    fs::write(links(dir.path()).join("segments/left"), "left").unwrap();
    drop(open(dir.path()));
    assert!(!links(dir.path()).exists());
}

#[test]
fn a_directory_that_is_restored_into_is_refused_until_the_end() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("data");
    let restoring = Restoring::begin(&path, false).unwrap();
    File::create(path.join("half")).unwrap().write_all(b"half").unwrap();
    assert!(matches!(Restoring::begin(&path, true), Err(StoreError::Locked { .. })));
    drop(restoring);
    for error in [
        Store::open(&path, lazy()).unwrap_err(),
        refuse_unready(&path).unwrap_err(),
        Restoring::begin(&path, false).unwrap_err(),
        take(&path, |_| true).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::RestoreNotEnded { .. }), "{error}");
    }
    let restoring = Restoring::begin(&path, true).unwrap();
    assert!(!path.join("half").exists());
    restoring.end(1).unwrap();
    drop(open(&path));
    assert!(matches!(Restoring::begin(&path, true), Err(StoreError::NotEmpty { .. })));
    fs::write(path.join("FORMAT"), Unready::Backup.text()).unwrap();
    assert!(matches!(Store::open(&path, lazy()), Err(StoreError::IsBackup { .. })));
    sync_dir(&path).unwrap();
}

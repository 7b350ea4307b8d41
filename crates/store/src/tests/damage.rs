//! A damaged file costs what is damaged, is named, and invents nothing.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use tidegauge_facts::{Request, Session};

use super::*;
use crate::log_recovery;

/// A log of five groups; the third and the fourth hold more than one event.
fn small_log() -> (tempfile::TempDir, PathBuf, Vec<&'static str>) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut all = Vec::new();
    for group in [&["a"][..], &["b"], &["c", "d", "e"], &["f", "g"], &["h"]] {
        put(&store, group);
        all.extend(group);
    }
    store.close();
    let log = dir.path().join("log").join("0000000001.log");
    (dir, log, all)
}

/// The ids that reading a log file yields.
fn recovered(dir: &Path) -> (Vec<String>, Option<log_recovery::Damage>) {
    let mut last = 0;
    let recovered = log_recovery::recover(dir, 1, 1, &mut last).unwrap();
    let ids = recovered.frames.iter().flat_map(|(_, batch)| {
        let ids = batch.column_by_name("event_id").unwrap().as_string::<i32>();
        ids.iter().map(|id| id.unwrap().to_owned()).collect::<Vec<_>>()
    });
    (ids.collect(), recovered.damage)
}

/// Where each whole prefix of the log ends, and how many events it holds.
fn frame_ends(content: &[u8], counts: &[usize]) -> Vec<(usize, usize)> {
    let mut ends = vec![(4096, 0)];
    let (mut at, mut events) = (4096, 0);
    for count in counts {
        let crate::frame::Found::Frame(header) = crate::frame::find(content, at, 1) else {
            panic!("no frame at {at}")
        };
        events += count;
        ends.push((at + header.frame_len(), events));
        at = crate::frame::next_block(at + header.frame_len());
    }
    ends
}

#[test]
fn a_log_cut_at_any_byte_yields_the_whole_frames_before_it() {
    let (_dir, log, all) = small_log();
    let content = fs::read(&log).unwrap();
    let ends = frame_ends(&content, &[1, 1, 3, 2, 1]);
    let scratch = fast_dir();
    let file = scratch.path().join("0000000001.log");
    for cut in 0..=content.len() {
        fs::write(&file, &content[..cut]).unwrap();
        let expected = ends.iter().filter(|(end, _)| *end <= cut).map(|(_, n)| *n).max().unwrap_or(0);
        let (ids, damage) = recovered(scratch.path());
        assert_eq!(ids, all[..expected], "cut at {cut}");
        // Nothing, a whole head, or whole frames: then a cut is no damage. A frame begun is.
        let in_frame = ends.windows(2).any(|pair| {
            let start = crate::frame::next_block(pair[0].0);
            (start + 1..pair[1].0).contains(&cut) && content[start..cut].iter().any(|b| *b != 0)
        });
        if in_frame || cut < 4096 {
            assert!(damage.is_some(), "cut at {cut}");
        }
        // What was set aside is not met again; a file without a whole head was set aside whole.
        assert_eq!(file.exists(), cut >= 4096, "cut at {cut}");
        if file.exists() {
            assert_eq!(recovered(scratch.path()), (ids, None), "cut at {cut}, second reading");
        }
        remove_set_aside(scratch.path());
    }
}

#[test]
fn a_log_with_any_byte_flipped_yields_the_whole_frames_before_it_or_all() {
    let (_dir, log, all) = small_log();
    let content = fs::read(&log).unwrap();
    let ends = frame_ends(&content, &[1, 1, 3, 2, 1]);
    let scratch = fast_dir();
    let file = scratch.path().join("0000000001.log");
    for at in 0..content.len() {
        let mut flipped = content.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&file, &flipped).unwrap();
        let (ids, damage) = recovered(scratch.path());
        let before = ends.iter().filter(|(end, _)| *end <= at).map(|(_, n)| *n).max().unwrap_or(0);
        let in_frame =
            ends.windows(2).any(|pair| (crate::frame::next_block(pair[0].0)..pair[1].0).contains(&at));
        if in_frame || at < 24 {
            assert_eq!(ids, all[..before], "flipped {at}");
            let damage = damage.unwrap_or_else(|| panic!("flipped {at}: no damage seen"));
            assert!(damage.offset <= at as u64 && damage.bytes_set_aside > 0, "flipped {at}: {damage:?}");
        } else {
            // In the padding a flip may pass unseen, or end the file there; it never costs what stands before.
            assert!(ids == all || ids == all[..before], "flipped {at}: {ids:?}");
        }
        remove_set_aside(scratch.path());
    }
}

fn remove_set_aside(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("damaged") {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_frame_of_another_file_or_out_of_order_is_no_frame() {
    let (_dir, log, _) = small_log();
    let content = fs::read(&log).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("0000000001.log");
    // The last group once more, at the end: its sequence does not ascend.
    let mut doubled = content.clone();
    let last = frame_ends(&content, &[1, 1, 3, 2]).last().unwrap().0;
    doubled.extend_from_slice(&content[crate::frame::next_block(last)..]);
    fs::write(&file, &doubled).unwrap();
    let (ids, damage) = recovered(scratch.path());
    assert_eq!(ids.len(), 8);
    assert_eq!(damage.unwrap().reason, "a frame's sequence does not ascend");
    // A group missing in the middle: nothing behind it is taken.
    let ends = frame_ends(&content, &[1, 1, 3, 2, 1]);
    let (from, to) = (crate::frame::next_block(ends[1].0), crate::frame::next_block(ends[2].0));
    let mut holed = content.clone();
    holed[from..to].fill(0);
    fs::write(&file, &holed).unwrap();
    let (ids, damage) = recovered(scratch.path());
    assert_eq!(ids, ["a"]);
    assert_eq!(damage.unwrap().reason, "a frame before it is missing");
}

#[test]
fn a_store_with_a_damaged_log_opens_says_so_and_goes_on() {
    let (dir, log, all) = small_log();
    let file = OpenOptions::new().write(true).open(&log).unwrap();
    let end = frame_ends(&fs::read(&log).unwrap(), &[1, 1, 3, 2, 1])[3].0;
    file.write_all_at(b"x", crate::frame::next_block(end) as u64 + 100).unwrap();
    let store = open(dir.path());
    assert_eq!(sorted_ids(&store), all[..5]);
    assert_eq!(store.health().damaged_logs.len(), 1);
    put(&store, &["new"]);
    drop(store);
    let store = open(dir.path());
    assert_eq!(sorted_ids(&store).len(), 6);
    assert!(store.health().damaged_logs.is_empty(), "what was set aside is not met again");
}

#[test]
fn a_damaged_segment_is_refused_by_name_and_the_rest_answers() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a", "b"]);
    flush(&store);
    put(&store, &["c"]);
    flush(&store);
    put(&store, &["d"]);
    store.close();
    let names =
        store.look(|view| view.manifest.segments.iter().map(|s| s.meta.name.clone()).collect::<Vec<_>>());
    drop(store);
    let path = dir.path().join("segments").join(&names[0]);
    let length = fs::metadata(&path).unwrap().len();
    for at in (0..length).step_by(97) {
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[at as usize] ^= 0x10;
        fs::write(&path, &flipped).unwrap();
        let store = open(dir.path());
        let (good, bad): (Vec<_>, Vec<_>) = event_ids(&store.snapshot()).into_iter().partition(Result::is_ok);
        let good: Vec<String> = good.into_iter().map(Result::unwrap).collect();
        assert_eq!(good, ["c", "d"], "flipped {at}");
        assert!(bad[0].as_ref().unwrap_err().to_string().contains(&names[0]), "flipped {at}");
        assert_eq!(total(&store), 4);
        store.close();
        fs::write(&path, whole).unwrap();
    }
    assert!(crate::check(dir.path()).unwrap().findings.is_empty());

    fs::remove_file(&path).unwrap();
    assert_eq!(crate::check(dir.path()).unwrap().findings.len(), 1);
    let store = open(dir.path());
    assert_eq!(store.health().damaged_segments, [names[0].clone()]);
    assert_eq!(total(&store), 4);
}

#[test]
fn a_damaged_checkpoint_is_counted_again_and_a_damaged_manifest_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a"]);
    let session = Session {
        tenant_id: "t",
        project_id: "of sessions",
        session_id: "s",
        event_time: noon(),
        received_at: noon(),
        ..Session::default()
    };
    wait(store.append(std::iter::once((None, session))).unwrap()).unwrap();
    let request = Request {
        tenant_id: "t",
        project_id: "of requests",
        request_id: "r",
        event_time: noon(),
        received_at: noon(),
        api_id: "api",
        path: "/",
        response_code: Some(200),
        ..Request::default()
    };
    wait(store.append(std::iter::once((None, request))).unwrap()).unwrap();
    wait(store.append(std::iter::once((None, connection("c", "p", State::Open, noon())))).unwrap()).unwrap();
    flush(&store);
    let before = store.look(|view| view.gauges.clone());
    drop(store);
    let gauges = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("checkpoint-"))
        .unwrap();
    fs::write(&gauges, &fs::read(&gauges).unwrap()[1..]).unwrap();
    let findings = crate::check(dir.path()).unwrap().findings;
    assert!(
        matches!(&*findings, [one] if one.contains("checkpoint-") && one.contains("damaged")),
        "{findings:?}"
    );
    let counted = open(dir.path());
    assert_eq!((total(&counted), sorted_ids(&counted)), (1, vec!["a".to_owned()]));
    assert_eq!(counted.health().damaged_segments, [""; 0]);
    let (tenant, before) =
        (counted.look(|view| view.gauges.tenant("t").cloned()), before.tenant("t").cloned());
    assert_eq!(tenant.as_ref().map(|tenant| (tenant.facts, tenant.project_count())), Some((4, 3)));
    assert_eq!(tenant, before);
    put(&counted, &["b"]);
    flush(&counted);
    drop(counted);
    assert_eq!(crate::check(dir.path()).unwrap().findings, [""; 0]);
    fs::write(dir.path().join("MANIFEST.json"), "{").unwrap();
    let error = Store::open(dir.path(), lazy()).unwrap_err().to_string();
    assert!(error.contains("MANIFEST.json"), "{error}");
}

#[test]
fn a_missing_manifest_is_refused_and_nothing_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a"]);
    flush(&store);
    drop(store);
    let manifest = dir.path().join("MANIFEST.json");
    let whole = fs::read(&manifest).unwrap();
    fs::remove_file(&manifest).unwrap();
    assert!(crate::check(dir.path()).is_err());
    let error = Store::open(dir.path(), lazy()).unwrap_err().to_string();
    assert!(error.contains("MANIFEST.json") && error.contains("missing"), "{error}");
    fs::write(&manifest, whole).unwrap();
    assert_eq!(sorted_ids(&open(dir.path())), ["a"]);
}

#[test]
fn what_was_set_aside_stays_however_often_the_store_is_opened() {
    let (dir, log, _) = small_log();
    let mut content = fs::read(&log).unwrap();
    content[0] ^= 1;
    fs::write(&log, &content).unwrap();
    for _ in 0..3 {
        drop(open(dir.path()));
    }
    assert_eq!(fs::read(log.with_extension("damaged-0")).unwrap(), content);
    // The same damage once more does not overwrite the first.
    fs::write(&log, &content[..5000]).unwrap();
    drop(open(dir.path()));
    assert_eq!(fs::read(log.with_extension("damaged-0")).unwrap(), content);
    assert_eq!(fs::read(log.with_extension("damaged-0-2")).unwrap(), content[..5000]);
}

#[test]
fn files_that_are_not_ours_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    put(&store, &["a"]);
    drop(store);
    let segments = dir.path().join("segments");
    fs::write(segments.join("notes.parquet"), "mine").unwrap();
    fs::write(segments.join("events-0000000099.parquet"), "never finished").unwrap();
    drop(open(dir.path()));
    let left: Vec<_> = fs::read_dir(&segments).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["notes.parquet"]);
}

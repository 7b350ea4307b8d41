//! Damaged files: what is whole is answered, nothing is invented, and the damage is named.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::client::HEALTH;
use crate::harness::command::assert_one_line;
use crate::harness::site::{Copied, newest_file};
use crate::harness::{Chance, Client, Ran, Site, wait_until};

/// Damages tried per kind.
const TRIES: u64 = 100;
/// Every so many tries a server is started on the damage too.
const SERVE_EVERY: u64 = 10;

/// A directory whose events stand in the log only, left by `kill -9`; `int1` counts them in the order of
/// their commits.
struct Logged {
    site: Site,
    /// The counts of events that a whole number of requests makes.
    ends: Vec<i64>,
    /// Where the log ended after each request.
    lengths: Vec<u64>,
}

fn site_with_a_log() -> Logged {
    let site = Site::new();
    let server = site.start(&["--flush-interval-seconds", "3600"]);
    let client = server.client();
    let (mut ends, mut lengths) = (vec![0], Vec::new());
    for request in 0..50 {
        let first = *ends.last().unwrap();
        let count = if request % 5 == 4 { 9 } else { 1 };
        client.batch(&numbered(first..first + count));
        ends.push(first + count);
        lengths.push(fs::metadata(log_of(site.data())).unwrap().len());
    }
    server.kill();
    Logged { site, ends, lengths }
}

fn numbered(numbers: std::ops::Range<i64>) -> Vec<Value> {
    numbers
        .map(|n| json!({"event_name": format!("event {n}"), "event_id": n.to_string(), "int1": n}))
        .collect()
}

fn log_of(data: &Path) -> PathBuf {
    newest_file(&data.join("log"), ".log")
}

/// How many events are there: the first so many, each once, and whole requests of them.
fn kept(ran: &Ran, ends: &[i64]) -> i64 {
    let mut numbers: Vec<i64> = ran.events().iter().map(|row| row.int1.unwrap()).collect();
    numbers.sort_unstable();
    let count = numbers.len() as i64;
    assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "these are not the first {count} events, each once");
    assert!(ends.contains(&count), "{count} events: a part of a batch");
    count
}

/// Reads a damaged copy in every way; `must_be_named` says whether the damage can be noticed at all.
fn assert_reads_a_prefix(damaged: &Copied, ends: &[i64], with_server: bool, can_be_noticed: bool) {
    let total = *ends.last().unwrap();
    let checked = damaged.run(&["check"]);
    if with_server {
        let server = damaged.prepare(&[]).listening();
        let client = server.client();
        let count = client.stats().total_events as i64;
        if count < total && can_be_noticed {
            server.process.wait_for_stderr("a log file ends early");
            let health = client.get(HEALTH).ok();
            assert_eq!(health["status"], "degraded");
            assert_eq!(health["checks"]["damaged_logs"].as_array().unwrap().len(), 1);
        }
        // What comes after the damage is kept like anything else; a lost event can be sent again.
        for first in (count..=total).step_by(100) {
            client.batch(&numbered(first..(first + 100).min(total + 1)));
        }
        assert_eq!(client.stats().total_events as i64, total + 1);
        server.kill();
        let ran = damaged.run(&["export"]);
        assert_eq!(kept(&ran, &[total + 1]), total + 1);
        return;
    }
    let first = damaged.run(&["export"]);
    let count = kept(&first, ends);
    if count < total && can_be_noticed {
        assert_eq!(checked.code, Some(1), "{checked:?}");
        assert!(checked.stdout.contains("log file"), "{checked:?}");
        assert_one_line(&checked.stderr);
    }
    assert_eq!(kept(&damaged.run(&["export"]), ends), count, "a second reading differs");
}

#[test]
fn a_log_cut_anywhere_keeps_a_prefix() {
    let Logged { site, ends, lengths } = site_with_a_log();
    let content = fs::read(log_of(site.data())).unwrap();
    let mut chance = Chance(1);
    for number in 0..TRIES {
        let copy = site.copy();
        let log = fs::OpenOptions::new().write(true).open(log_of(copy.data())).unwrap();
        let at = chance.between(1, content.len() as u64);
        log.set_len(at).unwrap();
        // A file that ends after a request, or in the zeros behind one, looks like one that was never longer.
        let end = lengths.iter().find(|end| **end >= at).unwrap();
        let is_torn = content[at as usize..*end as usize].iter().any(|byte| *byte != 0);
        assert_reads_a_prefix(&copy, &ends, number % SERVE_EVERY == 0, is_torn);
    }
}

#[test]
fn a_log_with_a_flipped_byte_keeps_a_prefix() {
    let Logged { site, ends, .. } = site_with_a_log();
    let mut chance = Chance(2);
    for number in 0..TRIES {
        let copy = site.copy();
        flip(&log_of(copy.data()), &mut chance);
        assert_reads_a_prefix(&copy, &ends, number % SERVE_EVERY == 0, true);
    }
}

fn flip(path: &Path, chance: &mut Chance) {
    let mut bytes = fs::read(path).unwrap();
    let at = chance.between(0, bytes.len() as u64) as usize;
    bytes[at] ^= chance.between(1, 256) as u8;
    fs::write(path, bytes).unwrap();
}

const PER_SEGMENT: i64 = 10;
const SEGMENTS: i64 = 4;

/// A directory whose events stand in four segments of ten, and nothing in the log.
fn site_with_segments() -> Site {
    let site = Site::new();
    let server = site.start(&["--flush-bytes", "1"]);
    let client = server.client();
    for segment in 0..SEGMENTS {
        client.batch(&numbered(segment * PER_SEGMENT..(segment + 1) * PER_SEGMENT));
        wait_until("a flush", || client.stats().buffer_status.events_pending == 0);
    }
    server.stop();
    site
}

fn segments_of(data: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(data.join("segments")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len() as i64, SEGMENTS);
    files
}

fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The rows of all segments but the second are there, the command fails, and the file is named.
fn assert_second_is_left_out(copy: &Copied, second: &Path) {
    let ran = copy.run(&["export"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains(name_of(second)), "{}", ran.stderr);
    let mut numbers: Vec<i64> = ran.events().iter().map(|row| row.int1.unwrap()).collect();
    numbers.sort_unstable();
    let others = (0..PER_SEGMENT).chain(2 * PER_SEGMENT..SEGMENTS * PER_SEGMENT);
    assert_eq!(numbers, others.collect::<Vec<_>>());
    let checked = copy.run(&["check"]);
    assert_eq!(checked.code, Some(1));
    assert!(checked.stdout.contains(name_of(second)), "{checked:?}");
}

#[test]
fn a_damaged_segment_is_named_and_all_other_rows_are_there() {
    let site = site_with_segments();
    let mut chance = Chance(3);
    for _ in 0..20 {
        let copy = site.copy();
        let second = segments_of(copy.data()).remove(1);
        flip(&second, &mut chance);
        assert_second_is_left_out(&copy, &second);
    }
}

/// Starts a server on the copy: it answers, takes events, and says what is wrong.
fn assert_serves_degraded(copy: &Copied, second: &Path) {
    let server = copy.prepare(&[]).listening();
    let client: Client = server.client();
    assert_eq!(client.stats().total_events as i64, SEGMENTS * PER_SEGMENT);
    client.track(&json!({"event_name": "after"}));
    assert_eq!(client.total_events("default") as i64, SEGMENTS * PER_SEGMENT + 1);
    assert!(server.stderr().contains(name_of(second)), "{}", server.stderr());
    let health = client.get(HEALTH).ok();
    assert_eq!(health["status"], "degraded", "{health}");
    assert_eq!(health["checks"]["damaged_segments"], json!([name_of(second)]));
    server.stop();
}

#[test]
fn a_server_starts_without_a_missing_segment_and_its_health_names_it() {
    let site = site_with_segments();
    let copy = site.copy();
    let second = segments_of(copy.data()).remove(1);
    fs::remove_file(&second).unwrap();
    assert_second_is_left_out(&copy, &second);
    assert_serves_degraded(&copy, &second);
}

#[test]
fn a_server_starts_with_a_damaged_segment_and_its_health_names_it() {
    let site = site_with_segments();
    let copy = site.copy();
    let second = segments_of(copy.data()).remove(1);
    flip(&second, &mut Chance(4));
    assert_serves_degraded(&copy, &second);
}

#[test]
fn a_damaged_manifest_is_one_clear_line() {
    let site = site_with_segments();
    let copy = site.copy();
    fs::write(copy.data().join("MANIFEST.json"), "{").unwrap();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["export"], &["check"]] {
        let ran = copy.run(command);
        assert!(ran.assert_failed().contains("MANIFEST.json"), "{command:?}: {}", ran.stderr);
    }
}

#[test]
fn a_damaged_checkpoint_is_named_by_check_and_counted_again_by_the_next_start() {
    let site = site_with_segments();
    let copy = site.copy();
    let entries = fs::read_dir(copy.data()).unwrap().map(|entry| entry.unwrap().path());
    let file = entries.into_iter().find(|path| name_of(path).starts_with("checkpoint-")).unwrap();
    fs::write(&file, "{}").unwrap();
    let ran = copy.run(&["check"]);
    assert_eq!(ran.code, Some(1));
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains(name_of(&file)), "{ran:?}");
    let server = copy.prepare(&[]).listening();
    let client = server.client();
    assert_eq!(client.stats().total_events as i64, SEGMENTS * PER_SEGMENT);
    assert_eq!(client.total_events("default") as i64, SEGMENTS * PER_SEGMENT);
}

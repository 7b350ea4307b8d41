//! Backups: made beside a running server, they hold what was acknowledged before; restored, they are a data directory
//! like any other.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::client::BATCH;
use crate::harness::server::{Process, Start};
use crate::harness::{Client, EventRow, Ran, Server, Site, tidegauge, wait_until};

/// Flushes as often as they can be had, also while commits are busy, so that a backup meets flushes and merges.
const BUSY: [&str; 6] =
    ["--flush-interval-seconds", "1", "--flush-bytes", "1", "--max-backlog-bytes", "1000000"];
const WRITERS: usize = 4;

/// A place for backups, and for what is restored of them.
struct Vault {
    place: tempfile::TempDir,
}

impl Vault {
    fn new() -> Self {
        Self { place: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Makes a backup, which must succeed.
    fn backup(&self, site: &Site, name: &str) -> PathBuf {
        let to = self.path(name);
        let ran = backup(site, &to);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "backup");
        to
    }

    /// Restores a backup, which must succeed.
    fn restore(&self, from: &Path, name: &str) -> Restored {
        let data = self.path(name);
        let ran = restore(from, &data, &[]);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "restore");
        Restored { data }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn backup(site: &Site, to: &Path) -> Ran {
    site.run(&["backup", "--to", text(to)])
}

fn restore(from: &Path, data: &Path, more: &[&str]) -> Ran {
    tidegauge(&[&["restore", "--from", text(from), "--data", text(data)], more].concat())
}

struct Restored {
    data: PathBuf,
}

impl Restored {
    fn run(&self, args: &[&str]) -> Ran {
        tidegauge(&[args, &["--data", text(&self.data)]].concat())
    }

    fn assert_clean(&self) {
        let ran = self.run(&["check"]);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{}", ran.stdout);
    }

    fn events(&self) -> Vec<EventRow> {
        let ran = self.run(&["export", "--table", "events"]);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "export");
        ran.events()
    }

    fn start(&self) -> Server {
        Start::new(&self.data, &[]).listening()
    }
}

/// How many events each writer has had acknowledged, written in order: event `n` of writer `w` is `w-n`.
struct Written {
    acknowledged: [AtomicI64; WRITERS],
    is_over: AtomicBool,
}

impl Written {
    fn new() -> Self {
        Self { acknowledged: [const { AtomicI64::new(0) }; WRITERS], is_over: AtomicBool::new(false) }
    }

    /// Sends events until it is over; each batch is 1 to 7 of them.
    fn write(&self, writer: usize, client: &Client) {
        let acknowledged = &self.acknowledged[writer];
        while !self.is_over.load(Ordering::Relaxed) {
            let first = acknowledged.load(Ordering::Relaxed);
            let next = first + 1 + first % 7;
            let answer = client.post_json(BATCH, &json!({ "events": numbered(writer, first..next) }));
            match answer.status {
                200 => acknowledged.store(next, Ordering::SeqCst),
                // A full backlog; the same ids are sent again.
                503 => {}
                _ => panic!("{}", answer.text()),
            }
        }
    }

    fn now(&self) -> [i64; WRITERS] {
        std::array::from_fn(|writer| self.acknowledged[writer].load(Ordering::SeqCst))
    }
}

fn numbered(writer: usize, numbers: std::ops::Range<i64>) -> Vec<Value> {
    let event =
        |n| json!({"event_name": format!("writer {writer}"), "event_id": format!("{writer}-{n}"), "int1": n});
    numbers.map(event).collect()
}

/// Each writer's events, from the first on without a gap and none twice, and no fewer than it had acknowledged.
fn assert_prefixes(rows: &[EventRow], acknowledged: [i64; WRITERS]) {
    let mut of_writer: HashMap<String, Vec<i64>> = HashMap::new();
    for row in rows {
        of_writer.entry(row.event_name.clone()).or_default().push(row.int1.unwrap());
    }
    for (writer, acknowledged) in acknowledged.into_iter().enumerate() {
        let mut numbers = of_writer.remove(&format!("writer {writer}")).unwrap_or_default();
        numbers.sort_unstable();
        let count = numbers.len() as i64;
        assert!(
            numbers.iter().copied().eq(0..count),
            "writer {writer}: {count} events with gaps, or some of them twice"
        );
        assert!(count >= acknowledged, "writer {writer}: {count} of {acknowledged} acknowledged events");
    }
}

#[test]
fn a_backup_under_load_holds_what_was_acknowledged_before_it_began_and_nothing_twice() {
    let (site, vault) = (Site::new(), Vault::new());
    let server = site.prepare(&BUSY).env("TIDEGAUGE_LOG", "info,tidegauge_store=debug").listening();
    let written = Written::new();
    let mut backups = Vec::new();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (client, written) = (server.client(), &written);
            scope.spawn(move || written.write(writer, &client));
        }
        for round in 0..3 {
            // Each backup meets segments that were written, and merged, since the one before.
            let merges = || server.stderr().matches("segments merged").count();
            let before = merges();
            wait_until("a merge", || merges() > before);
            let acknowledged = written.now();
            backups.push((vault.backup(&site, &format!("backup {round}")), acknowledged));
        }
        written.is_over.store(true, Ordering::Relaxed);
    });
    assert!(!site.data().join("backup.links").exists());
    let last = server.stop();
    assert!(!last.stderr.contains("WARN") && !last.stderr.contains("ERROR"), "{}", last.stderr);
    for (round, (backup, acknowledged)) in backups.iter().enumerate() {
        let restored = vault.restore(backup, &format!("restored {round}"));
        restored.assert_clean();
        let rows = restored.events();
        assert_prefixes(&rows, *acknowledged);
        // The counts that are kept beside the rows say the same.
        let server = restored.start();
        assert_eq!(server.client_with(&site.admin_key()).stats().total_events, rows.len() as u64);
        server.stop();
    }
}

#[test]
fn a_backup_of_a_stopped_directory_is_restored_with_its_keys_and_takes_new_events() {
    let (site, vault) = (Site::new(), Vault::new());
    let server = site.start(&[]);
    server.client().batch(&numbered(0, 0..10));
    server.kill();
    let reader = site.make_key("acme", "ingest,read", &["--project", "web"]);
    let backup = vault.backup(&site, "backup");
    assert!(!backup.join("admin.key").exists(), "a secret is in the backup");
    let restored = vault.restore(&backup, "restored");
    restored.assert_clean();
    let server = restored.start();
    let client = server.client_with(&site.admin_key());
    assert_eq!(client.stats().total_events, 10);
    // Ids are remembered, and a tenant's key is a tenant's key.
    client.batch(&numbered(0, 5..15));
    assert_eq!(client.stats().total_events, 15);
    let acme = server.client_with(&reader);
    assert_eq!(acme.stats().total_events, 0);
    acme.track(&json!({"event_name": "first"}));
    assert_eq!(acme.stats().total_events, 1);
    assert_eq!(client.stats().total_events, 15);
    server.stop();
    assert!(!restored.data.join("admin.key").exists());
}

#[test]
fn a_directory_that_is_not_empty_or_inside_the_data_is_refused_and_left_alone() {
    let (site, vault) = (Site::new(), Vault::new());
    site.start(&[]).stop();
    let full = vault.path("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("mine"), "mine").unwrap();
    assert!(backup(&site, &full).assert_failed().contains("is not empty"));
    assert_eq!(fs::read_dir(&full).unwrap().count(), 1);
    for inside in [site.data().to_owned(), site.data().join("backups/today"), site.data().join("x/../y")] {
        let ran = backup(&site, &inside);
        assert!(ran.assert_failed().contains("inside the data directory"), "{}", ran.stderr);
    }
    assert!(!site.data().join("backups").exists());
    let nothing =
        tidegauge(&["backup", "--data", text(&vault.path("none")), "--to", text(&vault.path("to"))]);
    nothing.assert_failed();
    let no_data = tidegauge(&["backup", "--data", text(&full), "--to", text(&vault.path("to"))]);
    assert!(no_data.assert_failed().contains("is no data directory"));
    assert!(!vault.path("to").exists());
    // An empty directory that is there already is as good as none.
    fs::create_dir(vault.path("empty")).unwrap();
    let backup = vault.backup(&site, "empty");
    assert!(restore(&backup, &full, &[]).assert_failed().contains("is not empty"));
    assert!(restore(&backup, &full, &["--again"]).assert_failed().contains("is not empty"));
    assert_eq!(fs::read(full.join("mine")).unwrap(), b"mine");
    assert_eq!(tidegauge(&["backup"]).code, Some(2));
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_made() {
    let (site, vault) = (Site::new(), Vault::new());
    let server = site.start(&BUSY);
    let client = server.client();
    client.batch(&numbered(0, 0..50));
    wait_until("a segment", || client.stats().buffer_status.events_pending == 0);
    client.batch(&numbered(0, 50..60));
    server.kill();
    let backup = vault.backup(&site, "backup");
    let (list, data) = (read_list(&backup), vault.path("data"));
    let names = list["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap());
    let mut kinds = 0;
    for name in names {
        kinds += 1;
        let path = backup.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for damaged in [flipped, whole[..whole.len() - 1].to_vec()] {
            fs::write(&path, damaged).unwrap();
            let ran = restore(&backup, &data, &[]);
            assert!(ran.assert_failed().contains("is damaged"), "{}", ran.stderr);
            assert!(ran.stderr.contains(name), "{}", ran.stderr);
        }
        fs::remove_file(&path).unwrap();
        assert!(restore(&backup, &data, &[]).assert_failed().contains(name));
        fs::write(&path, whole).unwrap();
        assert!(!data.exists(), "something was made of a damaged backup");
    }
    assert!(kinds >= 5, "a log, a segment, a checkpoint, the manifest, accounts: {list}");
    let whole = fs::read(backup.join("BACKUP.json")).unwrap();
    fs::remove_file(backup.join("BACKUP.json")).unwrap();
    assert!(restore(&backup, &data, &[]).assert_failed().contains("is no whole backup"));
    fs::write(backup.join("BACKUP.json"), &whole[..whole.len() / 2]).unwrap();
    assert!(restore(&backup, &data, &[]).assert_failed().contains("is damaged"));
    for bad in ["../outside", "/etc/outside"] {
        let mut list = list.clone();
        list["files"][0]["path"] = bad.into();
        fs::write(backup.join("BACKUP.json"), list.to_string()).unwrap();
        assert!(restore(&backup, &data, &[]).assert_failed().contains("is damaged"));
    }
    fs::write(backup.join("BACKUP.json"), &whole).unwrap();
    vault.restore(&backup, "data").assert_clean();
}

fn read_list(backup: &Path) -> Value {
    serde_json::from_slice(&fs::read(backup.join("BACKUP.json")).unwrap()).unwrap()
}

#[test]
fn neither_a_backup_nor_half_a_restore_is_taken_for_a_data_directory() {
    let (site, vault) = (Site::new(), Vault::new());
    let server = site.start(&[]);
    server.client().batch(&numbered(0, 0..10));
    server.kill();
    let backup = vault.backup(&site, "backup");
    for command in ["serve", "check", "export"] {
        let ran = tidegauge(&[command, "--data", text(&backup)]);
        assert!(ran.assert_failed().contains("tidegauge restore"), "{}", ran.stderr);
    }
    let ran = tidegauge(&["key", "create", "--tenant", "t", "--scope", "read", "--data", text(&backup)]);
    assert!(ran.assert_failed().contains("is a backup"), "{}", ran.stderr);
    // As a restore that was killed leaves it.
    let restored = vault.restore(&backup, "restored");
    let format = restored.data.join("FORMAT");
    fs::write(&format, "a restore that has not ended: `tidegauge restore --again` begins it anew\n").unwrap();
    fs::remove_file(restored.data.join("MANIFEST.json")).unwrap();
    for command in ["serve", "check", "export"] {
        let ran = restored.run(&[command]);
        assert!(ran.assert_failed().contains("restore --again"), "{}", ran.stderr);
    }
    let ran = restore(&backup, &restored.data, &[]);
    assert!(ran.assert_failed().contains("--again"), "{}", ran.stderr);
    assert_eq!(restore(&backup, &restored.data, &["--again"]).code, Some(0));
    restored.assert_clean();
    assert_eq!(restored.events().len(), 10);
    // What has ended is not begun again.
    assert!(restore(&backup, &restored.data, &["--again"]).assert_failed().contains("is not empty"));
}

#[test]
fn a_backup_that_is_killed_does_no_harm_and_the_next_one_cleans_up() {
    let (site, vault) = (Site::new(), Vault::new());
    let server = site.start(&BUSY);
    let written = Written::new();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (client, written) = (server.client(), &written);
            scope.spawn(move || written.write(writer, &client));
        }
        for round in 0..12 {
            let to = vault.path(&format!("killed {round}"));
            let args = ["backup", "--data", text(site.data()), "--to", text(&to)];
            let mut process = Process::tidegauge(&args, &[]);
            thread::sleep(Duration::from_millis(5 * round));
            process.kill();
            if !to.join("BACKUP.json").exists() && to.exists() {
                let ran = restore(&to, &vault.path("none"), &[]);
                assert!(ran.assert_failed().contains("is no whole backup"), "{}", ran.stderr);
            }
        }
        written.is_over.store(true, Ordering::Relaxed);
    });
    let acknowledged = written.now();
    fs::create_dir_all(site.data().join("backup.links/segments")).unwrap();
    fs::write(site.data().join("backup.links/segments/left"), "left").unwrap();
    let restored = vault.restore(&vault.backup(&site, "whole"), "restored");
    restored.assert_clean();
    assert_prefixes(&restored.events(), acknowledged);
    assert!(!site.data().join("backup.links").exists());
    // A start cleans up too.
    fs::create_dir_all(site.data().join("backup.links/segments")).unwrap();
    server.kill();
    site.start(&[]).stop();
    assert!(!site.data().join("backup.links").exists());
    assert_prefixes(&site.events(), acknowledged);
}

#[test]
fn what_is_damaged_in_the_data_directory_is_backed_up_as_it_is_and_named() {
    let (site, vault) = (Site::new(), Vault::new());
    let server = site.start(&BUSY);
    let client = server.client();
    client.batch(&numbered(0, 0..50));
    wait_until("a segment", || client.stats().buffer_status.events_pending == 0);
    server.stop();
    let segment = crate::harness::site::newest_file(&site.data().join("segments"), ".parquet");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let ran = backup(&site, &vault.path("damaged"));
    assert!(ran.assert_failed().contains("the backup is complete, but 1 files"), "{}", ran.stderr);
    assert!(ran.stdout.contains("its checksum is wrong"), "{}", ran.stdout);
    let restored = vault.restore(&vault.path("damaged"), "restored");
    assert_eq!(restored.run(&["check"]).code, Some(1));
    fs::remove_file(&segment).unwrap();
    let ran = backup(&site, &vault.path("missing"));
    assert!(ran.assert_failed().contains("damaged or missing"), "{}", ran.stderr);
    vault.restore(&vault.path("missing"), "restored too");
}

//! The server starts once per directory and address, says in one line why it cannot, and stops in order.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::harness::client::TRACK;
use crate::harness::{Site, tidegauge, wait_until};

#[test]
fn sigterm_under_load_ends_in_time_and_everything_acknowledged_is_there() {
    let site = Site::new();
    for round in 0..3 {
        let server = site.start(&["--flush-interval-seconds", "1"]);
        let acknowledged = Mutex::new(HashSet::new());
        let is_over = AtomicBool::new(false);
        // Connections that say nothing, or not all, must not hold the stop up beyond the drain.
        let (idle, mut half) = (server.raw(), server.raw());
        if round == 0 {
            half.send(format!("POST {TRACK} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n", site.admin_key()));
        }
        thread::scope(|scope| {
            for sender in 0..4 {
                let (acknowledged, is_over, client) = (&acknowledged, &is_over, server.client());
                scope.spawn(move || {
                    for number in 0.. {
                        let id = format!("{round}-{sender}-{number}");
                        let event = json!({"event_name": "a", "event_id": id});
                        match client.try_post_json(TRACK, &event) {
                            Ok(answer) if answer.status == 200 => {
                                acknowledged.lock().unwrap().insert(id);
                            }
                            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                            Err(_) => {}
                        }
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
            }
            wait_until("some load", || acknowledged.lock().unwrap().len() > 50);
            let output = server.stop();
            is_over.store(true, Ordering::Relaxed);
            assert!(output.stderr.contains("stopped"), "{}", output.stderr);
        });
        drop((idle, half));
        let stored: Vec<String> = site.events().into_iter().map(|row| row.event_id).collect();
        let distinct: HashSet<String> = stored.iter().cloned().collect();
        assert_eq!(stored.len(), distinct.len(), "an event is there twice");
        let missing: Vec<_> = acknowledged.lock().unwrap().difference(&distinct).cloned().collect();
        assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");
        let server = site.start(&[]);
        assert_eq!(server.client().stats().total_events, stored.len() as u64);
        server.stop();
    }
}

#[test]
fn a_taken_address_is_one_clear_line() {
    let (site, second) = (Site::new(), Site::new());
    let server = site.start(&[]);
    let address = server.address.to_string();
    let ran = tidegauge(&["serve", "--listen", &address, "--data", second.data().to_str().unwrap()]);
    assert!(ran.assert_failed().contains(&address));
    assert_eq!(ran.stdout, "");
    assert!(!second.data().exists(), "a server that cannot listen must not touch the data directory");
    let ran = tidegauge(&["serve", "--listen", "203.0.113.1:1", "--data", second.data().to_str().unwrap()]);
    assert!(ran.assert_failed().contains("203.0.113.1:1"));
}

#[test]
fn a_data_directory_that_cannot_be_written_is_one_clear_line() {
    let site = Site::new();
    fs::write(site.data(), "a file").unwrap();
    let below = site.data().join("below");
    for path in [site.data(), &below] {
        let path = path.to_str().unwrap();
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["export"], &["check"], &["key", "list"]]
        {
            let ran = tidegauge(&[command, &["--data", path]].concat());
            assert!(ran.assert_failed().contains(path), "{command:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_data_directory_in_use_is_one_clear_line() {
    let site = Site::new();
    let server = site.start(&[]);
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["export"], &["check"]] {
        let ran = site.run(command);
        let line = ran.assert_failed();
        assert!(
            line.contains("in use") && line.contains(site.data().to_str().unwrap()),
            "{command:?}: {line}"
        );
    }
    assert_eq!(server.client().stats().total_events, 0);
    // What was killed locks nothing.
    server.kill();
    site.start(&[]).stop();
}

#[test]
fn a_newer_or_senseless_format_is_one_clear_line() {
    let site = Site::new();
    site.start(&[]).stop();
    let format = site.data().join("FORMAT");
    assert_eq!(fs::read_to_string(&format).unwrap().trim(), "1");
    for (text, named) in [("2\n", "newer"), ("nonsense", "FORMAT"), ("", "FORMAT")] {
        fs::write(&format, text).unwrap();
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["export"], &["check"]] {
            let ran = site.run(command);
            assert!(ran.assert_failed().contains(named), "{command:?}: {}", ran.stderr);
        }
    }
    fs::write(&format, "1\n").unwrap();
    site.start(&[]).stop();
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in [
        &[][..],
        &["nonsense"],
        &["serve", "--nonsense"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--flush-interval-seconds", "-1"],
        &["serve", "--max-body-bytes", "many"],
        &["export", "--table", "nonsense"],
        &["key", "create", "--tenant", "t"],
        &["key", "create", "--tenant", "a b", "--scope", "read"],
        &["key", "create", "--tenant", "t", "--scope", "everything"],
        &["key", "create", "--tenant", "t", "--scope", "read", "--expires", "soon"],
        &["key", "revoke"],
    ] {
        let ran = tidegauge(args);
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{args:?}");
        assert!(!ran.stderr.is_empty(), "{args:?}");
    }
    for args in [&["--help"][..], &["--version"], &["serve", "--help"]] {
        assert_eq!(tidegauge(args).code, Some(0), "{args:?}");
    }
}

#[test]
fn the_admin_key_is_shown_once_and_kept_for_its_owner_only() {
    let site = Site::new();
    let first = site.start(&[]);
    let key = site.admin_key();
    let file = site.data().join("admin.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let last = format!("Tidegauge 0.1.0 listens on http://{}", first.address);
    assert_eq!(first.stdout().lines().last(), Some(&*last));
    assert!(first.stdout().contains(&key));
    assert_eq!(first.client_with(&key).stats().total_events, 0);
    first.stop();
    fs::remove_file(&file).unwrap();
    let second = site.start(&[]);
    assert_eq!(second.stdout().lines().count(), 1, "{}", second.stdout());
    assert!(!file.exists());
    assert_eq!(second.client_with(&key).stats().total_events, 0);
}

#[test]
fn an_idle_server_stops_at_once() {
    let site = Site::new();
    let server = site.start(&[]);
    server.client().track(&json!({"event_name": "a"}));
    let _idle = server.raw();
    let started = std::time::Instant::now();
    server.stop();
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

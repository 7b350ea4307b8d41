//! `kill -9` at any moment: what was acknowledged is there once, and nothing is there twice or in part.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::client::{BATCH, TRACK};
use crate::harness::{Chance, Client, EventRow, Server, Site};

const ROUNDS: u64 = 50;
const SENDERS: u64 = 4;
/// So that a fast machine does not make the export the longest part of the test.
const MAX_REQUESTS_A_ROUND: u64 = 150;

/// What was sent and what was acknowledged, by the events' own names: each name is used for one event.
#[derive(Default)]
struct Ledger {
    sent: HashSet<String>,
    acknowledged: HashSet<String>,
    /// The names of batches that were sent, whether acknowledged or not.
    batches: Vec<Vec<String>>,
    /// Batches whose names serve as ids too: whatever became of them, they can be sent again.
    repeatable: Vec<Vec<String>>,
}

#[test]
fn through_fifty_crashes_every_acknowledged_event_is_there_once() {
    let site = Site::new();
    let ledger = Mutex::new(Ledger::default());
    let mut chance = Chance(0x7163_6761);
    site.start(&[]).stop();
    let mut rows = Vec::new();
    for round in 0..ROUNDS {
        let flushes: &[&str] = match round % 2 {
            0 => &["--flush-interval-seconds", "1", "--flush-bytes", "1"],
            _ => &[],
        };
        if round % 5 == 4 {
            // A crash in the middle of the recovery from a crash.
            let mut starting = site.prepare(flushes).spawn();
            thread::sleep(Duration::from_millis(chance.between(0, 80)));
            starting.process.kill();
        }
        let server = site.start(flushes);
        assert_agrees(&server, rows.len() as u64);
        let moment = match round % 4 {
            0 => Moment::InAFlush,
            _ => Moment::Any,
        };
        load_until_killed(server, &ledger, round, || moment.wait(site.data(), &mut chance));
        rows = site.events();
        assert_kept(&ledger.lock().unwrap(), &rows, round);
    }
    let ledger = ledger.into_inner().unwrap();
    assert!(ledger.acknowledged.len() as u64 > ROUNDS * 20, "the load was too light to prove anything");
    let server = site.start(&[]);
    assert_agrees(&server, rows.len() as u64);
    server.stop();
    assert_eq!(site.run(&["check"]).code, Some(0));
}

/// The numbers that are kept beside the rows say what the rows say.
fn assert_agrees(server: &Server, rows: u64) {
    let client = server.client();
    let stats = client.stats();
    let buffer = &stats.buffer_status;
    assert_eq!((stats.total_events, buffer.events_pending + buffer.events_flushed_total), (rows, rows));
    if rows > 0 {
        assert_eq!(client.total_events("default"), rows);
    }
}

/// When the server is killed.
enum Moment {
    Any,
    /// Within milliseconds of a new segment's first byte, while the manifest, the gauges and the log follow.
    InAFlush,
}

impl Moment {
    fn wait(self, data: &Path, chance: &mut Chance) {
        let life = Duration::from_millis(chance.between(100, 500));
        let rest = match self {
            Self::Any => life,
            Self::InAFlush => {
                let (start, before) = (Instant::now(), segments(data));
                while start.elapsed() < life && segments(data).is_subset(&before) {
                    thread::sleep(Duration::from_micros(100));
                }
                Duration::from_micros(chance.between(0, 6000))
            }
        };
        thread::sleep(rest);
    }
}

fn segments(data: &Path) -> HashSet<OsString> {
    fs::read_dir(data.join("segments")).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

fn load_until_killed(server: Server, ledger: &Mutex<Ledger>, round: u64, wait: impl FnOnce()) {
    let clients: Vec<Client> = (0..SENDERS).map(|_| server.client()).collect();
    let seeds = (0..SENDERS).map(|sender| round * SENDERS + sender);
    thread::scope(|scope| {
        for ((sender, client), seed) in clients.into_iter().enumerate().zip(seeds) {
            scope.spawn(move || {
                let mut chance = Chance(seed);
                for number in 0..MAX_REQUESTS_A_ROUND {
                    let name = format!("{round}-{sender}-{number}");
                    if !send_one(&client, ledger, &name, &mut chance) {
                        break;
                    }
                }
            });
        }
        wait();
        server.kill();
    });
}

/// Sends a single event, a batch or a repeat; false when the server is gone.
fn send_one(client: &Client, ledger: &Mutex<Ledger>, name: &str, chance: &mut Chance) -> bool {
    let kind = chance.between(0, 10);
    if kind == 0 {
        return send_again(client, ledger, chance);
    }
    let has_id = chance.between(0, 2) == 0;
    let count = if kind < 6 { 1 } else { chance.between(2, 12) };
    let names: Vec<String> = (0..count).map(|at| format!("{name}-{at}")).collect();
    {
        let mut ledger = ledger.lock().unwrap();
        ledger.sent.extend(names.iter().cloned());
        ledger.batches.push(names.clone());
        if has_id {
            ledger.repeatable.push(names.clone());
        }
    }
    send(client, ledger, names, has_id)
}

/// Sends what was sent before, in this life of the server or an earlier one, acknowledged or not.
fn send_again(client: &Client, ledger: &Mutex<Ledger>, chance: &mut Chance) -> bool {
    let names = {
        let batches = &ledger.lock().unwrap().repeatable;
        if batches.is_empty() {
            return true;
        }
        // Half of them are fresh: their first sending may be under way, or may just have met a crash.
        let oldest = batches.len().saturating_sub(20) as u64 * chance.between(0, 2);
        batches[chance.between(oldest, batches.len() as u64) as usize].clone()
    };
    send(client, ledger, names, true)
}

fn send(client: &Client, ledger: &Mutex<Ledger>, names: Vec<String>, has_id: bool) -> bool {
    let events: Vec<Value> = names.iter().map(|name| event(name, has_id)).collect();
    let answer = match &*events {
        [one] => client.try_post_json(TRACK, one),
        _ => client.try_post_json(BATCH, &json!({ "events": events })),
    };
    let Ok(answer) = answer else { return false };
    assert_eq!(answer.status, 200, "{}", answer.text());
    ledger.lock().unwrap().acknowledged.extend(names);
    true
}

fn event(name: &str, has_id: bool) -> Value {
    match has_id {
        true => json!({"event_name": name, "event_id": name, "properties": {"a": [1, "two"]}}),
        false => json!({"event_name": name, "session_id": "s"}),
    }
}

fn assert_kept(ledger: &Ledger, rows: &[EventRow], round: u64) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for row in rows {
        *counts.entry(&row.event_name).or_default() += 1;
    }
    let mut twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    twice.sort();
    assert!(
        twice.is_empty(),
        "round {round}: {} events are there more than once: {:?}",
        twice.len(),
        &twice[..twice.len().min(10)]
    );
    let mut lost: Vec<_> =
        ledger.acknowledged.iter().filter(|name| !counts.contains_key(name.as_str())).collect();
    lost.sort();
    assert!(
        lost.is_empty(),
        "round {round}: {} acknowledged events are lost: {:?}",
        lost.len(),
        &lost[..lost.len().min(10)]
    );
    let invented = counts.keys().find(|name| !ledger.sent.contains(**name));
    assert_eq!(invented, None, "round {round}");
    for batch in &ledger.batches {
        let there = batch.iter().filter(|name| counts.contains_key(name.as_str())).count();
        assert!(
            there == 0 || there == batch.len(),
            "round {round}: {there} of {}: {}",
            batch.len(),
            batch[0]
        );
    }
}

//! Figures, not promises: run by hand with `--release -- --ignored --nocapture`.

#![allow(clippy::print_stdout, reason = "figures are read by a person")]

use std::time::Instant;

use tidegauge_facts::time::{DAY, SECOND};
use tidegauge_facts::{Event, FactIds, Micros, Session, TenantId};

use super::facts::{append, event, flush, open, session};
use crate::event_field::EventField;
use crate::latest_events::latest_events;
use crate::recent_events::{EventFilter, recent_events};
use crate::recent_sessions::{SessionFilter, recent_sessions};
use crate::{Page, Scope};

/// Sessions of a day; there are eight days of them.
const SESSIONS: i64 = 100_000;
const DAYS: i64 = 8;
const EVENTS: i64 = 1_000_000;
const TRIES: u32 = 10;

fn ids(count: i64) -> Vec<String> {
    let (mut ids, mut text) = (FactIds::start(), [0; 36]);
    (0..count).map(|_| ids.next_into(&mut text).to_owned()).collect()
}

/// Numbers that look random and are the same in every run.
pub(super) fn mixed(n: i64) -> usize {
    let mixed = (n as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) as usize
}

pub(super) fn resident_mib() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4.0 / 1024.0
}

/// Processor time of all threads so far, in milliseconds (ticks of 10): what a busy machine changes least.
fn processor_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() * 10.0).sum()
}

#[test]
#[ignore = "figures: the three reports over a million events of a day"]
fn reports_over_a_million_events_of_a_day() {
    for (name, spread) in [("events near their sessions", 3_000), ("sessions at random", SESSIONS)] {
        println!("== {name}");
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let now = Micros::now();
        let start = now.0 - DAY + 60 * SECOND;
        let session_ids: Vec<String> = (0..DAYS * SESSIONS)
            .map(|n| format!("{:032x}", u128::from(mixed(n) as u64) << 70 | n as u128))
            .collect();
        let names: Vec<String> = (0..5_000).map(|n| format!("name-{n:06}")).collect();
        let span = DAY - 120 * SECOND;
        for group in (0..DAYS * SESSIONS).step_by(10_000) {
            let rows = (group..group + 10_000).map(|n| Session {
                installation_id: Some(&names[mixed(n) % 2_000]),
                device_id: Some(&names[mixed(n) % 5_000]),
                space_id: Some(&names[mixed(n) % 100]),
                app_id: Some("app"),
                app_version: Some(&names[mixed(n * 3) % 20]),
                environment: Some("prod"),
                country: Some(&names[mixed(n * 7) % 50]),
                client_id: Some(&session_ids[n as usize]),
                ip: Some(&names[mixed(n * 11) % 5_000]),
                data_residency: Some("eu"),
                latitude: Some(59.33),
                longitude: Some(18.06),
                ..session(
                    "t",
                    &session_ids[n as usize],
                    start + span / SESSIONS * (n - (DAYS - 1) * SESSIONS),
                )
            });
            append(&store, rows);
        }
        for group in (0..EVENTS).step_by(10_000) {
            let event_ids = ids(10_000);
            let rows = event_ids.iter().zip(group..).map(|(id, n)| {
                let session = (DAYS - 1) * SESSIONS + n / 10 - mixed(n) as i64 % spread;
                // One in a hundred lost its session.
                let session_id = if n % 100 == 7 { id } else { &session_ids[session as usize] };
                Event {
                    event_name: &names[mixed(n) % 20],
                    session_id: Some(session_id),
                    interaction: Some(n % 3 == 0),
                    product_id: Some(&names[mixed(n * 5) % 500]),
                    category_id: Some(&names[mixed(n * 5) % 30]),
                    int1: Some(n % 1000),
                    str1: Some(&names[mixed(n * 13) % 1_000]),
                    ..event("t", id, start + span / EVENTS * n)
                }
            });
            append(&store, rows);
        }
        flush(&store);
        let scope = Scope { tenant: TenantId::parse("t").unwrap(), project: None };
        let snapshot = store.snapshot();
        for pair in [
            ["eventType", "interaction"],
            ["eventType", "environment"],
            ["eventType", "productId"],
            ["eventType", "country"],
            ["appVersion", "country"],
            ["installationId", "eventType"],
            ["spaceId", "deviceId"],
            ["str1", "categoryId"],
            ["int1", "country"],
        ] {
            let fields = pair.map(|name| EventField::from_wire(name).unwrap());
            let mut best = std::time::Duration::MAX;
            let mut rows = 0;
            let before = processor_ms();
            for _ in 0..TRIES {
                let start = Instant::now();
                let report =
                    latest_events(&snapshot, &scope, &fields, &EventFilter::default(), &Page::default(), now)
                        .unwrap();
                rows = report.map(|rows| rows.unwrap().len()).sum();
                best = best.min(start.elapsed());
            }
            let processor = (processor_ms() - before) / f64::from(TRIES);
            println!("latest-event {pair:?}: {rows} rows, best {best:?}, processor {processor:.0} ms");
        }
        let filters = [
            ("all", EventFilter::default()),
            ("one type", EventFilter { event_type: Some(names[3].clone()), ..EventFilter::default() }),
            ("one device", EventFilter { device_id: Some(names[77].clone()), ..EventFilter::default() }),
            ("nothing", EventFilter { event_type: Some("no such".into()), ..EventFilter::default() }),
        ];
        for (name, filter) in filters {
            let (before, start) = (resident_mib(), Instant::now());
            let report = recent_events(&snapshot, &scope, &filter, &Page::default(), now).unwrap();
            let (mut first, mut rows, mut most, mut bytes) = (None, 0, before, 0);
            for batch in report {
                let batch = batch.unwrap();
                first.get_or_insert(start.elapsed());
                rows += batch.len();
                bytes += batch
                    .iter(0..batch.len())
                    .map(|row| row.client_id.len() + row.event_type.len())
                    .sum::<usize>();
                most = most.max(resident_mib());
            }
            println!(
                "events, {name}: {rows} rows ({bytes}), first {first:?}, all {:?}, {:.0} MiB more",
                start.elapsed(),
                most - before
            );
        }
        let (before, start) = (resident_mib(), Instant::now());
        let report =
            recent_sessions(&snapshot, &scope, &SessionFilter::default(), &Page::default(), now).unwrap();
        let (mut first, mut rows) = (None, 0);
        for batch in report {
            first.get_or_insert(start.elapsed());
            rows += batch.unwrap().len();
        }
        println!(
            "sessions: {rows} rows, first {first:?}, all {:?}, {:.0} MiB more",
            start.elapsed(),
            resident_mib() - before
        );
    }
}

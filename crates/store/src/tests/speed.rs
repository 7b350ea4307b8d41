//! Figures, not promises: run by hand with `--release -- --ignored --nocapture`.

#![allow(clippy::print_stdout, reason = "figures are read by a person")]

use std::time::Instant;

use tidegauge_facts::table::TableColumns as _;
use tidegauge_facts::{Row as _, events::EventColumns};

use super::*;

#[test]
#[ignore = "a figure: what a flush of 512 Ki events costs"]
fn a_segment_of_half_a_million_events_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut columns = EventColumns::default();
    let mut batches = Vec::new();
    for group in 0..64_u64 {
        for row in 0..8192_u64 {
            let n = group * 8192 + row;
            let id = format!("0192f0a0-0000-7000-8000-{:012x}", n.wrapping_mul(0x9e37_79b9) % (1 << 40));
            let session = format!("session-{:08x}", (n / 10).wrapping_mul(0x9e37_79b9) as u32);
            let names = ["view", "click", "buy", "leave"];
            let event = Event {
                event_time: noon() + (n / 3 * 1000) as i64,
                event_name: names[n as usize % 4],
                session_id: Some(&session),
                int1: Some(n as i64 % 100),
                ..event(["a", "b", "c"][(n % 7 / 3) as usize], "p", &id, false)
            };
            event.append_to(&mut columns);
        }
        batches.extend(columns.finish());
    }
    for number in 0..3 {
        let start = Instant::now();
        let meta = crate::segment::write(dir.path(), number, Table::Events, &batches).unwrap();
        println!("{} rows, {} bytes: {:?}", meta.rows, meta.bytes, start.elapsed());
    }
}

#[test]
#[ignore = "a figure: how long a person's erasure takes among five million events"]
fn a_person_is_erased_from_five_million_events() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for group in 0..600_u64 {
        let texts: Vec<[String; 3]> = (group * 8192..(group + 1) * 8192)
            .map(|n| {
                let user = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                [
                    format!("0192f0a0-0000-7000-8000-{n:012x}"),
                    format!("session-{:08x}", (n / 10).wrapping_mul(0x9e37_79b9) as u32),
                    format!("user-{}", user % 20_000),
                ]
            })
            .collect();
        let rows = (group * 8192..).zip(&texts).map(|(n, [id, session, user])| {
            let event = Event {
                event_time: noon() + (n / 3 * 1000) as i64,
                event_name: ["view", "click", "buy", "leave"][n as usize % 4],
                session_id: Some(session),
                user_id: Some(user),
                int1: Some(n as i64 % 100),
                ..event("t", "p", id, false)
            };
            (None, event)
        });
        wait(store.append(rows).unwrap()).unwrap();
    }
    flush(&store);
    for user in ["user-17", "nobody at all"] {
        let segments = || store.look(|view| view.manifest.segments.clone());
        let bytes: u64 = segments().iter().map(|segment| segment.meta.bytes).sum();
        let count = segments().len();
        let start = Instant::now();
        store.erase("t", crate::Person::User(user.into())).unwrap();
        erasure::until_done(&store);
        let took = start.elapsed();
        println!("{user}: {count} segments of {bytes} bytes, {took:?}: {:?}", store.erasures("t")[0].state);
    }
}

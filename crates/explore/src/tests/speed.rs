//! How fast questions are answered: figures to read, by hand.
//! `cargo test --release -p tidegauge-explore -- --ignored --nocapture speed`

#![allow(clippy::print_stdout)]

use std::time::Instant;

use tidegauge_facts::time::{DAY, SECOND};
use tidegauge_facts::{Event, Micros, Request};

use super::facts::{Asked, append, event, flush, open, scope};

const ROWS: i64 = 2_000_000;
const GROUP: i64 = 100_000;
const DAYS: i64 = 30;
const TRIES: usize = 5;

#[test]
#[ignore = "figures to read, by hand"]
fn a_page_of_questions_over_two_million_rows() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let start = Micros::now().0 / DAY * DAY - DAYS * DAY;
    let names: Vec<String> = (0..40).map(|n| format!("the name of event {n}")).collect();
    let users: Vec<String> = (0..50_000).map(|n| format!("user-{n:08}")).collect();
    let paths: Vec<String> = (0..200).map(|n| format!("/v1/things/{n}/parts")).collect();
    let mixed = |n: i64| (n.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as usize;
    for group in 0..ROWS / GROUP {
        let ids: Vec<String> = (0..GROUP).map(|n| format!("{:012}", group * GROUP + n)).collect();
        let at = |n: i64| start + DAYS * DAY / ROWS * n;
        let numbered = || ids.iter().zip(group * GROUP..);
        let events = numbered().map(|(id, n)| Event {
            event_name: &names[mixed(n) % 40 % (1 + mixed(n / 7) % 40)],
            user_id: Some(&users[mixed(n) % users.len()]),
            country: Some(["DE", "FR", "US", "JP", "BR"][mixed(n * 3) % 5]),
            properties: Some(r#"{"plan":"free","cart":{"items":3,"total":12.5}}"#),
            ..event("t", id, at(n))
        });
        append(&store, events);
        let requests = numbered().map(|(id, n)| Request {
            tenant_id: "t",
            project_id: "p",
            request_id: id,
            id_assigned: true,
            event_time: at(n),
            received_at: at(n),
            api_id: "api",
            path: &paths[mixed(n) % paths.len()],
            response_code: Some(if mixed(n) % 50 == 0 { 500 } else { 200 }),
            latency_total: Some((mixed(n * 5) % 1000) as i64),
            ..Request::default()
        });
        append(&store, requests);
        // Segments of a day or two, as a server makes them.
        flush(&store);
    }
    let asked = Asked::new(&store, scope("t", None));
    let week = Micros(start + 23 * DAY + SECOND).to_micros_text();
    for text in [
        "SELECT 1",
        "SELECT count(*) FROM events",
        "SELECT date_trunc('hour', event_time) h, count(*) FROM events GROUP BY 1",
        "SELECT event_name, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC",
        "SELECT country, event_name, count(*) FROM events GROUP BY 1, 2",
        "SELECT count(DISTINCT user_id) FROM events",
        "SELECT property(properties, 'cart.items') i, count(*) FROM events GROUP BY 1",
        "SELECT path, approx_percentile_cont(latency_total, 0.95) FROM requests GROUP BY 1",
        "SELECT date_trunc('day', event_time), count(*), count(*) FILTER (WHERE is_error) FROM requests GROUP BY 1",
        "SELECT * FROM events ORDER BY event_time DESC LIMIT 100",
        "SELECT * FROM events WHERE user_id = 'user-00000007' ORDER BY event_time DESC LIMIT 100",
        &format!("SELECT event_name, count(*) FROM events WHERE event_time >= '{week}' GROUP BY 1"),
    ] {
        let mut best = std::time::Duration::MAX;
        let mut rows = 0;
        for _ in 0..TRIES {
            let start = Instant::now();
            rows = asked.sql(text).unwrap().len();
            best = best.min(start.elapsed());
        }
        println!("{best:>12.1?} {rows:>6} rows  {}", text.chars().take(110).collect::<String>());
    }
}

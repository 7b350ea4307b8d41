//! Figures of reports on traffic, not promises: run by hand with `--release -- --ignored --nocapture`.

#![allow(clippy::print_stdout, reason = "figures are read by a person")]

use std::time::{Duration, Instant};

use tidegauge_facts::time::DAY;
use tidegauge_facts::{Micros, Request, TenantId};
use tidegauge_store::{Options, Store};

use super::speed::{mixed, resident_mib};
use crate::Scope;
use crate::request_activity::{Bucket, Question, Subject, request_activity};

const KEYS: usize = 10_000;
const APIS: usize = 50;
const PATHS: usize = 40;
const DAYS: i64 = 90;
const FIRST_DAY: i64 = 20_500;
const GROUP: usize = 1000;

/// `TIDEGAUGE_REQUESTS` says how many; `TIDEGAUGE_SCATTERED=1` that each key calls every endpoint, and not those of two
/// APIs, some more than others.
#[test]
#[ignore = "figures: traffic of 10,000 keys and 2,000 endpoints over 90 days"]
fn traffic_of_90_days() {
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let count: i64 = number("TIDEGAUGE_REQUESTS", 10_000_000);
    let is_scattered = number("TIDEGAUGE_SCATTERED", 0) == 1;
    let base = std::env::var("TIDEGAUGE_TEST_DIR").unwrap_or_else(|_| "/tmp".into());
    let dir = tempfile::tempdir_in(base).unwrap();
    let store = Store::open(dir.path(), Options::default()).unwrap();
    let keys: Vec<String> = (0..KEYS).map(|n| format!("{:016x}", mixed(n as i64 + 7))).collect();
    let apis: Vec<String> = (0..APIS).map(|n| format!("{:032x}", mixed(n as i64 + 99))).collect();
    let paths: Vec<String> = (0..PATHS).map(|n| format!("/v1/things-{n}/of")).collect();
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for first in (0..count).step_by(GROUP) {
        let rows = (first..first + GROUP as i64).map(|n| {
            let (dice, more) = (mixed(n), mixed(n ^ 0x5555_5555));
            let key = dice % KEYS;
            let (api, path) = if is_scattered {
                (more % APIS, more / APIS % PATHS)
            } else {
                let skewed = (more >> 8) % PATHS * ((more >> 20) % PATHS) / PATHS;
                ((key + more % 2 * 17) % APIS, skewed)
            };
            let latency = i64::try_from(20 + more % 200).unwrap();
            let row = Request {
                tenant_id: "t",
                project_id: "default",
                request_id: "0123456789abcdef",
                id_assigned: true,
                event_time: FIRST_DAY * DAY + DAY * DAYS / count * n,
                received_at: Micros::now().0,
                api_id: &apis[api],
                path: &paths[path],
                method: Some("GET"),
                response_code: Some([200, 200, 200, 201, 304, 404, 500][dice / KEYS % 7]),
                api_key: Some(&keys[key]),
                oauth_id: key.is_multiple_of(10).then_some("client"),
                request_time: Some(latency),
                latency_total: Some(latency),
                latency_upstream: Some(latency - 3),
                ..Request::default()
            };
            (None, row)
        });
        let appended = loop {
            match store.append(rows.clone()) {
                Ok(appended) => break appended,
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        if first % (GROUP as i64 * 64) == 0 {
            runtime.block_on(appended.ticket.committed()).unwrap();
        }
    }
    println!("{count} requests taken in after {:.1?}", begun.elapsed());
    while store.look(|view| !view.hot.parts().is_empty()) {
        store.request_flush();
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("in segments after {:.1?}; {:.0} MiB resident", begun.elapsed(), resident_mib());
    let size = |part: &str| -> f64 {
        let files = std::fs::read_dir(dir.path().join(part)).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum::<u64>() as f64 / count as f64
    };
    let parts = std::fs::read_dir(dir.path().join("traffic")).unwrap().count();
    println!(
        "bytes a request: segments {:.1}, sums {:.1} in {parts} parts",
        size("segments"),
        size("traffic")
    );
    let ask = |what: &str, tries: usize, question: &dyn Fn(usize) -> Question| {
        let snapshot = store.snapshot();
        let (mut times, mut rows) = (Vec::new(), 0);
        for n in 0..tries {
            let question = question(n);
            let begun = Instant::now();
            rows = request_activity(&snapshot, &question).unwrap().len();
            times.push(begun.elapsed());
        }
        times.sort();
        let (median, p99) = (times[tries / 2], times[tries * 99 / 100]);
        println!("{what}: median {median:.1?}, p99 {p99:.1?}, worst {:.1?}, {rows} rows", times[tries - 1]);
    };
    let question = |subject, days: i64, back: i64, bucket| Question {
        scope: Scope { tenant: TenantId::parse("t").unwrap(), project: None },
        subject,
        first_day: FIRST_DAY + DAYS - days - back,
        last_day: FIRST_DAY + DAYS - 1 - back,
        bucket,
        api: None,
        tags: Vec::new(),
    };
    let key = |n: usize| keys[mixed(n as i64) % KEYS].clone();
    for (days, tries) in [(90, 2000), (1, 500), (30, 500)] {
        ask(&format!("endpoints of a key, {days} days"), tries, &|n| {
            question(Subject::EndpointsOfKey(key(n)), days, 0, None)
        });
    }
    ask("endpoints of a key, 61 days from the middle of a month", 500, &|n| {
        question(Subject::EndpointsOfKey(key(n)), 61, 10, None)
    });
    ask("a key by day", 500, &|n| question(Subject::Key(key(n)), 90, 0, Some(Bucket::Day)));
    ask("a key by hour", 500, &|n| question(Subject::Key(key(n)), 90, 0, Some(Bucket::Hour)));
    ask("endpoints of one client of 1,000 keys", 20, &|_| {
        question(Subject::EndpointsOfClient("client".into()), 90, 0, None)
    });
    ask("all keys", 20, &|_| question(Subject::Keys, 90, 0, None));
    ask("all APIs", 50, &|_| question(Subject::Apis, 90, 0, None));
    ask("all APIs by hour", 20, &|_| question(Subject::Apis, 90, 0, Some(Bucket::Hour)));
    ask("errors by day", 50, &|_| question(Subject::Errors, 90, 0, Some(Bucket::Day)));
}

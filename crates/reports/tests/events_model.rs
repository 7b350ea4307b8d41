//! Reports about events over time against a slow, obvious model: random instants, late and ahead of time, with flushes
//! and restarts in between.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tidegauge_facts::events::{Category, Priority};
use tidegauge_facts::time::{DAY, HOUR, MINUTE, SECOND};
use tidegauge_facts::{Event, Micros, ProjectId, TenantId};
use tidegauge_reports::event_throughput::event_throughput;
use tidegauge_reports::project_history::{Period, project_history};
use tidegauge_reports::tenant_analytics::tenant_analytics;
use tidegauge_store::{Options, Reader, Store};

#[derive(Debug, Clone, Copy)]
struct Said {
    tenant: usize,
    project: usize,
    name: usize,
    /// Microseconds before the test began; less than nothing for a clock that runs ahead.
    age: i64,
}

const TENANTS: [&str; 2] = ["t0", "t1"];
const PROJECTS: [&str; 2] = ["p0", "p1"];
const NAMES: [&str; 3] = ["login", "Login", "page é"];

#[derive(Debug, Clone)]
enum Step {
    Say(Vec<Said>),
    Flush,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let age = prop_oneof![
        3 => 0..130 * SECOND,
        2 => 0..2 * HOUR,
        2 => 0..26 * HOUR,
        1 => 0..95 * DAY,
        1 => -2 * HOUR..0,
    ];
    let said = (0..2_usize, 0..2_usize, 0..3_usize, age);
    let said = said.prop_map(|(tenant, project, name, age)| Said { tenant, project, name, age });
    let step = prop_oneof![
        6 => prop::collection::vec(said, 1..40).prop_map(Step::Say),
        1 => Just(Step::Flush),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..10)
}

fn open(path: &Path) -> Store {
    let options =
        Options { flush_interval: Duration::from_hours(24), flush_bytes: u64::MAX, ..Options::default() };
    Store::open(path, options).unwrap()
}

fn say(store: &Store, events: &[Said], start: i64) {
    let rows: Vec<_> = events.iter().map(|said| (None, row(*said, start))).collect();
    let appended = store.append(rows.into_iter()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(appended.ticket.committed()).unwrap();
}

fn row(said: Said, start: i64) -> Event<'static> {
    Event {
        tenant_id: TENANTS[said.tenant],
        project_id: PROJECTS[said.project],
        event_id: "x",
        id_assigned: true,
        event_time: start - said.age,
        received_at: Micros::now().0,
        event_name: NAMES[said.name],
        category: Category::Auth,
        priority: Priority::Medium,
        ..Event::default()
    }
}

fn flush(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while store.look(|view| !view.hot.parts().is_empty()) {
        store.request_flush();
        assert!(Instant::now() < deadline, "the flush never came");
        std::thread::yield_now();
    }
}

fn check(store: &Store, said: &[Said], start: i64, windows: &[i64]) -> Result<(), TestCaseError> {
    let now = Micros::now();
    for (tenant_index, tenant) in TENANTS.iter().enumerate() {
        let tenant = TenantId::parse(tenant).unwrap();
        let of_tenant = said.iter().filter(|said| said.tenant == tenant_index);
        let times: Vec<i64> = of_tenant.clone().map(|said| start - said.age).collect();
        let report = tenant_analytics(&Reader::from(store), &tenant, None, now).unwrap();
        prop_assert_eq!(report.total_events as usize, times.len());
        let minute = times.iter().filter(|at| **at > now.0 - MINUTE && **at <= now.0).count();
        prop_assert_eq!(report.events_per_minute as usize, minute);
        for (project_index, project) in PROJECTS.iter().enumerate() {
            let project = ProjectId::parse(project).unwrap();
            let of_project: Vec<(i64, usize)> = of_tenant
                .clone()
                .filter(|said| said.project == project_index)
                .map(|said| (start - said.age, said.name))
                .collect();
            for window in windows {
                let report = event_throughput(&Reader::from(store), &tenant, &project, *window, now).unwrap();
                let mut expected: BTreeMap<Box<str>, u64> = BTreeMap::new();
                for (_, name) in
                    of_project.iter().filter(|(at, _)| *at > now.0 - window * 1000 && *at <= now.0)
                {
                    *expected.entry(NAMES[*name].into()).or_default() += 1;
                }
                prop_assert_eq!(report.total_events, expected.values().sum::<u64>());
                prop_assert_eq!(report.by_name, expected, "window {}", window);
            }
            check_history(store, &tenant, &project, &of_project, now)?;
        }
    }
    Ok(())
}

fn check_history(
    store: &Store,
    tenant: &TenantId,
    project: &ProjectId,
    events: &[(i64, usize)],
    now: Micros,
) -> Result<(), TestCaseError> {
    for (period, width, count) in [
        (Period::Hour, MINUTE, 60),
        (Period::Day, HOUR, 24),
        (Period::Week, HOUR, 168),
        (Period::Days30, DAY, 30),
        (Period::Days90, DAY, 90),
    ] {
        let buckets = project_history(&Reader::from(store), tenant, project, period, now).unwrap();
        prop_assert_eq!(buckets.len(), count);
        prop_assert_eq!(buckets[count - 1].start.0, now.0.div_euclid(width) * width);
        for bucket in buckets {
            let span = bucket.start.0..bucket.start.0 + width;
            let expected = events.iter().filter(|(at, _)| span.contains(at)).count();
            prop_assert_eq!(bucket.events as usize, expected, "{:?} {:?}", period, bucket);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn events_over_time_are_what_the_model_counts(
        steps in steps(),
        windows in prop::collection::vec(prop_oneof![1..120_000_i64, 1..7_300_000_i64, 1..=86_400_000_i64], 4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let start = Micros::now().0;
        let mut store = open(dir.path());
        let mut said = Vec::new();
        for step in steps {
            match step {
                Step::Say(events) => {
                    say(&store, &events, start);
                    said.extend(events);
                }
                Step::Flush => flush(&store),
                Step::Restart => {
                    drop(store);
                    store = open(dir.path());
                }
            }
        }
        check(&store, &said, start, &windows)?;
        flush(&store);
        check(&store, &said, start, &windows)?;
        drop(store);
        check(&open(dir.path()), &said, start, &windows)?;
    }
}

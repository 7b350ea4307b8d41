//! Connection reports against a slow, obvious model: random messages in random order, repeated, late, with
//! flushes and restarts in between.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tidegauge_facts::connections::State;
use tidegauge_facts::time::{DAY, HOUR, MINUTE, SECOND};
use tidegauge_facts::{Connection, Micros, ProjectId, TenantId};
use tidegauge_reports::active_users::active_users;
use tidegauge_reports::connection_filter::{ConnectionFilter, Period as Span};
use tidegauge_reports::connection_list::{ListFilter, connection_list};
use tidegauge_reports::connection_summary::connection_summary;
use tidegauge_reports::project_history::{Period, project_history};
use tidegauge_reports::tenant_analytics::tenant_analytics;
use tidegauge_reports::user_presence::{Presence, user_presence};
use tidegauge_store::{Options, Reader, Store};

const IDLE: i64 = 300 * SECOND;
const STATES: [State; 3] = [State::Open, State::Activity, State::Close];

/// One message: what it says of a connection follows from its id and its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Message {
    tenant: u8,
    id: u8,
    age_seconds: i64,
    state: u8,
}

impl Message {
    fn at(self, start: i64) -> i64 {
        start - self.age_seconds * SECOND
    }

    fn project(self) -> usize {
        // One that may have left the ledger stays in its project: nobody could tell the old one.
        let moves = if self.id % 7 < 3 { self.age_seconds / 1000 } else { 0 };
        (usize::from(self.id) + usize::try_from(moves).unwrap()) % 2
    }

    fn service(self) -> usize {
        (usize::from(self.id) + usize::try_from(self.age_seconds / 1000).unwrap()) % 3
    }

    fn key(self) -> Option<&'static str> {
        [Some("k1"), Some("k2"), None][usize::from(self.id) % 3]
    }

    fn user(self) -> Option<&'static str> {
        [None, Some("ann"), Some("bob"), Some("cem")][usize::from(self.id) % 4]
    }
}

const PROJECTS: [&str; 2] = ["p0", "p1"];
const SERVICES: [&str; 3] = ["s0", "s1", "s2"];

#[derive(Debug, Clone)]
enum Step {
    Say(Vec<Message>),
    Flush,
    Restart,
}

/// With restarts, no connection has messages both before and after the time from which the ledger knows it: what ended
/// before that is forgotten by a restart.
fn steps(restarts: bool) -> impl Strategy<Value = Vec<Step>> {
    // Nothing near the idle timeout: the test takes its time. And the messages of one connection lie within a day: what has
    // been silent for longer has left the ledger, and what comes then counts as another connection there.
    let bases = if restarts {
        [0, 0, 0, 95_000, 300_000, 2_000_000, 6_000_000]
    } else {
        [0, 20_000, 40_000, 60_000, 80_000, 0, 90_000]
    };
    let age = prop_oneof![2 => 0..150_i64, 2 => 500..7200_i64, 3 => 7200..80_000_i64];
    let message = (0..2_u8, 0..14_u8, age, 0..3_u8).prop_map(move |(tenant, id, age, state)| {
        let age_seconds = age + bases[usize::from(id) % 7];
        Message { tenant, id, age_seconds, state }
    });
    let step = prop_oneof![
        6 => prop::collection::vec(message, 1..12).prop_map(Step::Say),
        1 => Just(Step::Flush),
        u32::from(restarts) => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..14)
}

/// A connection by the rules of the specification.
#[derive(Debug, Clone, Copy)]
struct Life {
    newest: Message,
    opened: i64,
    last: i64,
    is_open: bool,
}

impl Life {
    fn end(&self, now: i64) -> i64 {
        if self.is_open { now } else { self.last }
    }

    fn is_open_at(&self, at: i64) -> bool {
        self.opened <= at && (self.is_open || self.last >= at)
    }
}

/// The lives of one tenant.
fn lives(said: &BTreeSet<Message>, tenant: u8, start: i64, now: i64) -> Vec<Life> {
    // An id names a connection within its project.
    let mut by_id: BTreeMap<(usize, u8), Vec<Message>> = BTreeMap::new();
    for message in said.iter().filter(|message| message.tenant == tenant) {
        by_id.entry((message.project(), message.id)).or_default().push(*message);
    }
    let life = |messages: Vec<Message>| {
        let newest = *messages.iter().max_by_key(|message| (message.at(start), message.state)).unwrap();
        let last = newest.at(start);
        let opened = messages.iter().map(|message| message.at(start)).min().unwrap();
        Life { newest, opened, last, is_open: newest.state != 2 && now <= last + IDLE }
    };
    by_id.into_values().map(life).collect()
}

fn highest(lives: &[Life], from: i64, to: i64) -> u32 {
    let at = lives.iter().map(|life| life.opened).filter(|at| (from..to).contains(at)).chain([from]);
    at.map(|at| lives.iter().filter(|life| life.is_open_at(at)).count() as u32).max().unwrap()
}

fn open(path: &Path) -> Store {
    let options = Options {
        flush_interval: Duration::from_hours(24),
        flush_bytes: u64::MAX,
        idle_timeout: Duration::from_micros(IDLE.unsigned_abs()),
        ..Options::default()
    };
    Store::open(path, options).unwrap()
}

fn say(store: &Store, messages: &[Message], start: i64) {
    let rows = messages.iter().map(|message| {
        let at = message.at(start);
        let state = STATES[usize::from(message.state)];
        let tenant = ["t0", "t1"][usize::from(message.tenant)];
        let id = IDS[usize::from(message.id)];
        let key = |message: &Message| (message.tenant, message.project(), message.id);
        let same = messages.iter().filter(|other| key(other) == key(message));
        let opened = same.map(|other| other.at(start)).min().unwrap();
        let opened = store
            .look(|view| view.ledger.opened_at(tenant, PROJECTS[message.project()], id))
            .unwrap_or(at)
            .min(opened);
        let row = Connection {
            tenant_id: tenant,
            project_id: PROJECTS[message.project()],
            connection_id: id,
            event_time: at,
            received_at: Micros::now().0,
            state,
            service_name: SERVICES[message.service()],
            protocol_name: "WebSocket",
            data_center: "eu",
            opened_at: opened,
            closed_at: (state == State::Close).then_some(at),
            api_key_hash: message.key(),
            user_id: message.user(),
            ip: None,
            bytes_in: None,
            bytes_out: None,
            close_reason: None,
            host: None,
            at_assigned: None,
            is_live: None,
        };
        (None, row)
    });
    let appended = store.append(rows.collect::<Vec<_>>().into_iter()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(appended.ticket.committed()).unwrap();
}

const IDS: [&str; 14] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"];

fn flush(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while store.look(|view| !view.hot.parts().is_empty()) {
        store.request_flush();
        assert!(Instant::now() < deadline, "the flush never came");
        std::thread::yield_now();
    }
}

fn check(store: &Store, said: &BTreeSet<Message>, start: i64, ages: &[i64]) -> Result<(), TestCaseError> {
    let now = Micros::now();
    for tenant in 0..2 {
        let all = lives(said, tenant, start, now.0);
        let name = TenantId::parse(["t0", "t1"][usize::from(tenant)]).unwrap();
        for pair in ages.windows(2) {
            let (from, to) = (now.0 - pair[0].max(pair[1]) * SECOND, now.0 - pair[0].min(pair[1]) * SECOND);
            for period in [(Some(from), None), (Some(from), Some(to)), (None, Some(to))] {
                check_summary(store, &name, &all, period, now)?;
            }
        }
        check_list(store, &name, &all, now)?;
        for (index, project) in PROJECTS.iter().enumerate() {
            let project = ProjectId::parse(project).unwrap();
            let of_project: Vec<Life> =
                all.iter().filter(|life| life.newest.project() == index).copied().collect();
            check_history(store, &name, &project, &of_project, now)?;
            check_users(store, &name, &project, &of_project)?;
        }
        let report = tenant_analytics(&Reader::from(store), &name, None, now).unwrap();
        prop_assert_eq!(report.active_connections as usize, all.iter().filter(|life| life.is_open).count());
        let midnight = now.day() * DAY;
        prop_assert_eq!(report.peak_connections, u64::from(highest(&all, midnight, midnight + DAY)));
    }
    Ok(())
}

fn check_summary(
    store: &Store,
    tenant: &TenantId,
    all: &[Life],
    (from, to): (Option<i64>, Option<i64>),
    now: Micros,
) -> Result<(), TestCaseError> {
    let period = Span { from: from.map(Micros), to: to.map(Micros) };
    let rows =
        connection_summary(&Reader::from(store), tenant, None, &ConnectionFilter::default(), period, now)
            .unwrap();
    let (from, to) = (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX));
    let mut expected = Vec::new();
    for (index, service) in SERVICES.iter().enumerate() {
        let of_row: Vec<&Life> = all
            .iter()
            .filter(|life| life.newest.service() == index)
            .filter(|life| life.opened <= to && (life.is_open || life.last >= from))
            .collect();
        if of_row.is_empty() {
            continue;
        }
        let count = of_row.len() as i64;
        let keys: BTreeSet<_> = of_row.iter().filter_map(|life| life.newest.key()).collect();
        let durations: i64 = of_row.iter().map(|life| life.end(now.0) - life.opened).sum();
        let clipped = of_row.iter().map(|life| life.end(now.0).min(to) - life.opened.max(from));
        let clipped: i64 = clipped.map(|time| time.max(0)).sum();
        expected.push((
            (*service).to_owned(),
            count as u64,
            of_row.iter().filter(|life| (from..=to).contains(&life.opened)).count() as u64,
            keys.len() as u64,
            (durations / count / SECOND) as u64,
            (clipped / SECOND) as u64,
            of_row.iter().filter(|life| life.is_open).count() as u64,
            (
                of_row.iter().map(|life| life.opened).min().unwrap(),
                of_row.iter().map(|life| life.opened).max().unwrap(),
                of_row.iter().map(|life| life.last).max().unwrap(),
            ),
        ));
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| {
            (
                row.service.to_string(),
                row.total_connections,
                row.new_connections,
                row.unique_api_keys,
                row.mean_duration_seconds,
                row.total_time_seconds,
                row.active_connections,
                (row.first_connection.0, row.last_connection.0, row.last_activity.0),
            )
        })
        .collect();
    prop_assert_eq!(rows, expected, "from {} to {}", from, to);
    Ok(())
}

fn check_list(store: &Store, tenant: &TenantId, all: &[Life], now: Micros) -> Result<(), TestCaseError> {
    for (active_only, limit) in [(false, 100), (true, 100), (false, 3)] {
        let filter = ListFilter {
            kind: ConnectionFilter::default(),
            period: Span { from: None, to: None },
            api_key: None,
            connection_id: None,
            active_only,
            limit,
        };
        let rows = connection_list(&Reader::from(store), tenant, None, &filter, now).unwrap();
        let rows: Vec<_> =
            rows.into_iter().map(|row| (row.names.id.to_string(), row.opened_at.0, row.is_active)).collect();
        let wanted = all.iter().filter(|life| life.is_open || !active_only);
        let mut expected: Vec<_> = wanted
            .map(|life| (IDS[usize::from(life.newest.id)].to_owned(), life.opened, life.is_open))
            .collect();
        expected.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        expected.truncate(limit);
        prop_assert_eq!(rows, expected);
    }
    Ok(())
}

fn check_history(
    store: &Store,
    tenant: &TenantId,
    project: &ProjectId,
    lives: &[Life],
    now: Micros,
) -> Result<(), TestCaseError> {
    for (period, width, count) in [
        (Period::Hour, MINUTE, 60),
        (Period::Day, HOUR, 24),
        (Period::Week, HOUR, 168),
        (Period::Days30, DAY, 30),
        (Period::Days90, DAY, 90),
    ] {
        let first = now.0.div_euclid(width) * width - (count - 1) * width;
        let buckets = project_history(&Reader::from(store), tenant, project, period, now).unwrap();
        let peaks: Vec<_> = buckets.iter().map(|bucket| (bucket.start.0, bucket.connections)).collect();
        let starts = (0..count).map(|n| first + n * width);
        let expected: Vec<_> = starts.map(|at| (at, highest(lives, at, at + width))).collect();
        prop_assert_eq!(peaks, expected, "{:?} of {}", period, project);
    }
    Ok(())
}

fn check_users(
    store: &Store,
    tenant: &TenantId,
    project: &ProjectId,
    lives: &[Life],
) -> Result<(), TestCaseError> {
    let report = active_users(&Reader::from(store), tenant, project, Micros::now()).unwrap();
    let mut found: Vec<_> =
        report.users.iter().map(|u| (u.connection.to_string(), u.user.to_string())).collect();
    found.sort();
    let with_user = lives.iter().filter_map(|life| Some((life, life.newest.user()?)));
    let mut expected: Vec<_> = with_user
        .clone()
        .filter(|(life, _)| life.is_open)
        .map(|(life, user)| (IDS[usize::from(life.newest.id)].to_owned(), user.to_owned()))
        .collect();
    expected.sort();
    prop_assert_eq!(found, expected);
    let since = store.look(|view| view.ledger.since());
    let users = ["ann", "bob", "cem", "nobody"].map(str::to_owned);
    for (user, presence) in users.iter().zip(user_presence(&Reader::from(store), tenant, project, &users)) {
        let of_user: Vec<_> =
            with_user.clone().filter(|(_, name)| name == user).map(|(life, _)| life).collect();
        let last_seen = of_user.iter().map(|life| Micros(life.last)).max();
        let expected = Presence { is_online: of_user.iter().any(|life| life.is_open), last_seen };
        // What ended before the ledger begins may have left it.
        if [last_seen, presence.last_seen].into_iter().flatten().all(|at| at.0 >= since) {
            prop_assert_eq!(presence, expected, "{}", user);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn reports_say_what_the_model_says(
        steps in steps(true),
        ages in prop::collection::vec(0..700_000_i64, 3),
    ) {
        run(steps, &ages, true)?;
    }

    #[test]
    fn reports_say_what_the_model_says_of_what_began_before_the_ledger(
        steps in steps(false),
        ages in prop::collection::vec(0..300_000_i64, 3),
    ) {
        run(steps, &ages, false)?;
    }
}

fn run(steps: Vec<Step>, ages: &[i64], restarts: bool) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    let start = Micros::now().0;
    let mut store = open(dir.path());
    let mut said = BTreeSet::new();
    for step in steps {
        match step {
            Step::Say(messages) => {
                say(&store, &messages, start);
                said.extend(messages);
            }
            Step::Flush => flush(&store),
            Step::Restart => {
                drop(store);
                store = open(dir.path());
            }
        }
    }
    check(&store, &said, start, ages)?;
    flush(&store);
    check(&store, &said, start, ages)?;
    drop(store);
    if restarts {
        check(&open(dir.path()), &said, start, ages)?;
    }
    Ok(())
}

//! SQL's answers beside those of a slow, obvious model, over rows in several segments and hot parts.

use std::collections::{BTreeMap, BTreeSet};

use tidegauge_facts::connections::State;
use tidegauge_facts::time::{DAY, HOUR, MINUTE, SECOND};
use tidegauge_facts::{Connection, Event, Micros, Request, Session};
use tidegauge_reports::connection_filter::{ConnectionFilter, Period};
use tidegauge_reports::connection_list::{ListFilter, connection_list};
use tidegauge_reports::connection_summary::connection_summary;
use tidegauge_store::{Reader, Store};

use super::facts::{Asked, append, event, flush, open, scope, session};

const SEEDS: std::ops::Range<u64> = 1..4;
const ROUNDS: usize = 5;
const PROJECTS: [&str; 3] = ["p", "q", "r"];
const NAMES: [&str; 5] = ["view", "click", "buy", "a name of more than twelve letters", ""];

/// Numbers that look like chance, and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    fn maybe<T>(&mut self, value: T) -> Option<T> {
        (self.below(3) > 0).then_some(value)
    }
}

/// Puts rows in, some rounds of them into segments, the last ones stay hot.
fn in_rounds(store: &Store, mut put: impl FnMut(usize)) {
    for round in 0..ROUNDS {
        put(round);
        if round % 2 == 1 {
            flush(store);
        }
    }
}

fn instant(at: i64) -> String {
    Micros(at).to_micros_text()
}

#[derive(Debug, Clone)]
struct OneEvent {
    id: String,
    project: &'static str,
    name: &'static str,
    user: Option<String>,
    int1: Option<i64>,
    at: i64,
}

#[test]
fn events_are_counted_and_listed_as_the_model_has_them() {
    for seed in SEEDS {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mut chance = Chance(seed);
        let mut all: Vec<OneEvent> = Vec::new();
        in_rounds(&store, |round| {
            let new: Vec<OneEvent> = (0..120)
                .map(|n| OneEvent {
                    id: format!("{round}-{n:04}"),
                    project: chance.one(&PROJECTS),
                    name: chance.one(&NAMES),
                    user: {
                        let user = format!("user {}", chance.below(20));
                        chance.maybe(user)
                    },
                    int1: {
                        let number = chance.below(100) as i64 - 50;
                        chance.maybe(number)
                    },
                    at: (chance.below(50) as i64 - 10) * MINUTE,
                })
                .collect();
            append(&store, new.iter().map(row));
            append(&store, new.iter().take(30).map(|of| Event { tenant_id: "other", ..row(of) }));
            all.extend(new);
        });
        for project in [None, Some("q")] {
            let asked = Asked::new(&store, scope("t", project));
            let own: Vec<&OneEvent> =
                all.iter().filter(|event| project.is_none_or(|project| event.project == project)).collect();
            let (from, to) = (5 * MINUTE, 25 * MINUTE);
            let within = || own.iter().filter(|event| (from..to).contains(&event.at));

            let mut by_name: BTreeMap<&str, (u64, i64, BTreeSet<&str>)> = BTreeMap::new();
            for event in within() {
                let (count, sum, users) = by_name.entry(event.name).or_default();
                *count += 1;
                *sum += event.int1.unwrap_or(0);
                users.extend(event.user.as_deref());
            }
            let expected: Vec<String> = by_name
                .iter()
                .map(|(name, (count, sum, users))| format!("{name}|{count}|{sum}|{}", users.len()))
                .collect();
            let found = asked.lines(&format!(
                "SELECT event_name, count(*), coalesce(sum(int1), 0), count(DISTINCT user_id) FROM events
                 WHERE event_time >= '{}' AND event_time < '{}' GROUP BY 1 ORDER BY 1",
                instant(from),
                instant(to)
            ));
            assert_eq!(found, expected, "seed {seed}");

            for (condition, holds) in [
                ("event_name = 'click'", (|event| event.name == "click") as fn(&OneEvent) -> bool),
                ("event_name IN ('buy', '') AND user_id = 'user 3'", |event| {
                    ["buy", ""].contains(&event.name) && event.user.as_deref() == Some("user 3")
                }),
                ("event_name <> 'click'", |event| event.name != "click"),
                ("user_id IS NULL", |event| event.user.is_none()),
                ("int1 > 10 OR event_name = 'buy'", |event| event.int1 > Some(10) || event.name == "buy"),
                ("event_time BETWEEN '1970-01-01T00:03:00Z' AND '1970-01-01T00:07:00Z'", |event| {
                    (3 * MINUTE..=7 * MINUTE).contains(&event.at)
                }),
                ("event_time = '1970-01-01T00:03:00Z'", |event| event.at == 3 * MINUTE),
                ("event_time > '1970-01-01T00:03:00Z' AND project_id = 'q'", |event| {
                    event.at > 3 * MINUTE && event.project == "q"
                }),
            ] {
                let found =
                    asked.lines(&format!("SELECT event_id FROM events WHERE {condition} ORDER BY event_id"));
                let mut expected: Vec<String> =
                    own.iter().filter(|event| holds(event)).map(|event| event.id.clone()).collect();
                expected.sort();
                assert_eq!(found, expected, "seed {seed}: {condition}");
                let count = asked.lines(&format!("SELECT count(*) FROM events WHERE {condition}"));
                assert_eq!(count, [expected.len().to_string()], "seed {seed}: {condition}");
                let newest = asked.lines(&format!(
                    "SELECT event_id FROM events WHERE {condition} ORDER BY event_time DESC, event_id DESC LIMIT 17"
                ));
                let mut expected: Vec<&&OneEvent> = own.iter().filter(|event| holds(event)).collect();
                expected.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
                let expected: Vec<&str> = expected.iter().take(17).map(|event| event.id.as_str()).collect();
                assert_eq!(newest, expected, "seed {seed}: {condition}");
            }
            assert_eq!(asked.lines("SELECT count(*) FROM events"), [own.len().to_string()]);
            assert_eq!(asked.lines("SELECT 1 FROM events").len(), own.len());
            assert_eq!(asked.lines("SELECT event_id FROM events LIMIT 17").len(), 17);
            assert_eq!(asked.lines("SELECT count(*) FROM (SELECT event_id FROM events LIMIT 17)"), ["17"]);
            assert_eq!(
                asked.lines("SELECT count(*) FROM (SELECT 1 FROM events OFFSET 17)"),
                [(own.len() - 17).to_string()]
            );
        }
    }
}

fn row(of: &OneEvent) -> Event<'_> {
    Event {
        project_id: of.project,
        event_name: of.name,
        user_id: of.user.as_deref(),
        int1: of.int1,
        ..event("t", &of.id, of.at)
    }
}

#[test]
fn sessions_are_the_versions_that_the_model_keeps() {
    for seed in SEEDS {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mut chance = Chance(seed);
        // By project and id: received, created, country.
        let mut newest: BTreeMap<(&str, String), (i64, i64, &str)> = BTreeMap::new();
        let mut received = 0;
        in_rounds(&store, |_| {
            for _ in 0..40 {
                let project = chance.one(&PROJECTS);
                let id = chance.below(30);
                let id = if id == 0 { String::new() } else { format!("session {id}") };
                received += 1 + chance.below(3) as i64;
                let (at, country) = ((chance.below(50) as i64) * HOUR, chance.one(&["DE", "FR", "JP"]));
                let row = Session {
                    project_id: project,
                    received_at: received,
                    country: Some(country),
                    ..session("t", &id, at)
                };
                append(&store, [row].into_iter());
                if !id.is_empty() {
                    newest.insert((project, id), (received, at, country));
                }
            }
        });
        for project in [None, Some("q")] {
            let asked = Asked::new(&store, scope("t", project));
            let lines = |from: i64| -> Vec<String> {
                let own = newest.iter().filter(|((of, _), _)| project.is_none_or(|project| *of == project));
                own.filter(|(_, (_, at, _))| *at >= from)
                    .map(|((project, id), (_, at, country))| {
                        format!("{project}|{id}|{country}|{}", at / HOUR)
                    })
                    .collect()
            };
            let columns = "SELECT project_id, session_id, country, CAST(extract(epoch FROM event_time) / 3600 AS BIGINT) FROM sessions";
            assert_eq!(asked.lines(&format!("{columns} ORDER BY 1, 2")), lines(i64::MIN), "seed {seed}");
            let late = format!("{columns} WHERE event_time >= '{}' ORDER BY 1, 2", instant(DAY));
            assert_eq!(asked.lines(&late), lines(DAY), "seed {seed}");
            assert_eq!(asked.lines("SELECT count(*) FROM sessions"), [lines(i64::MIN).len().to_string()]);
            assert_eq!(asked.lines("SELECT 1 FROM sessions").len(), lines(i64::MIN).len());
        }
    }
}

#[test]
fn requests_add_up_to_what_the_model_adds_up() {
    for seed in SEEDS {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mut chance = Chance(seed);
        let mut by_path: BTreeMap<&str, (u64, u64, Vec<i64>)> = BTreeMap::new();
        in_rounds(&store, |round| {
            for n in 0..60 {
                let path = chance.one(&["/", "/orders", "/orders/{id}/items"]);
                let code =
                    [Some(200), Some(404), Some(500), Some(-1), Some(301), None][chance.below(6) as usize];
                let latency = {
                    let latency = chance.below(500) as i64;
                    chance.maybe(latency)
                };
                let id = format!("{round}-{n}");
                let row = Request {
                    tenant_id: "t",
                    project_id: "p",
                    request_id: &id,
                    event_time: chance.below(1000) as i64 * SECOND,
                    received_at: 1,
                    api_id: "api",
                    path,
                    response_code: code,
                    latency_total: latency,
                    ..Request::default()
                };
                append(&store, [row].into_iter());
                if code != Some(-1) {
                    let (count, errors, latencies) = by_path.entry(path).or_default();
                    *count += 1;
                    *errors += u64::from(code >= Some(400));
                    latencies.extend(latency);
                }
            }
        });
        let asked = Asked::new(&store, scope("t", None));
        let expected: Vec<String> = by_path
            .iter()
            .map(|(path, (count, errors, latencies))| {
                format!(
                    "{path}|{count}|{errors}|{}|{}",
                    latencies.iter().sum::<i64>(),
                    latencies.iter().max().unwrap()
                )
            })
            .collect();
        let found = asked.lines(
            "SELECT path, count(*), count(*) FILTER (WHERE is_error), sum(latency_total), max(latency_total)
             FROM requests GROUP BY path ORDER BY path",
        );
        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
fn connections_have_the_numbers_of_the_connections_reports() {
    for seed in SEEDS {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mut chance = Chance(seed);
        let now = Micros(Micros::now().0 / SECOND * SECOND);
        in_rounds(&store, |_| {
            for _ in 0..60 {
                let id = format!("connection {}", chance.below(40));
                let state = [State::Open, State::Activity, State::Close][chance.below(3) as usize];
                let ago = [2 * MINUTE, 20 * MINUTE, 20 * HOUR, 60 * HOUR][chance.below(4) as usize];
                let at = now.0 - ago - chance.below(600) as i64 * SECOND / 10;
                let row = Connection {
                    tenant_id: "t",
                    project_id: chance.one(&PROJECTS),
                    connection_id: &id,
                    event_time: at,
                    received_at: at,
                    state,
                    service_name: chance.one(&["feed", "chat"]),
                    protocol_name: "ws",
                    data_center: chance.one(&["eu", "us"]),
                    opened_at: store.look(|view| view.ledger.opened_at("t", "p", &id)).unwrap_or(at).min(at),
                    closed_at: None,
                    api_key_hash: None,
                    user_id: None,
                    ip: None,
                    bytes_in: None,
                    bytes_out: None,
                    close_reason: None,
                    host: None,
                    at_assigned: None,
                    is_live: None,
                };
                append(&store, [row].into_iter());
            }
        });
        for project in [None, Some("q")] {
            let scope = scope("t", project);
            let reader = Reader::from(&*store);
            let mut asked = Asked::new(&store, scope.clone());
            asked.now = now;
            for from in [None, Some(now.0 - HOUR), Some(now.0 - 70 * HOUR)] {
                let period = Period { from: from.map(Micros), to: None };
                let filter = ListFilter {
                    kind: ConnectionFilter::default(),
                    period,
                    api_key: None,
                    connection_id: None,
                    active_only: false,
                    limit: usize::MAX,
                };
                let list =
                    connection_list(&reader, &scope.tenant, scope.project.as_ref(), &filter, now).unwrap();
                let mut expected: Vec<String> = list
                    .iter()
                    .map(|row| {
                        let group = &row.names.group;
                        format!(
                            "{}|{}|{}|{}|{}|{}",
                            group.project,
                            row.names.id,
                            group.service,
                            group.data_center,
                            row.is_active,
                            row.duration_seconds
                        )
                    })
                    .collect();
                expected.sort();
                let time =
                    from.map_or(String::new(), |from| format!("WHERE event_time >= '{}'", instant(from)));
                let mut found = asked.lines(&format!(
                    "SELECT project_id, connection_id, service_name, data_center, is_open, CAST(floor(duration_seconds) AS BIGINT)
                     FROM connections {time}"
                ));
                found.sort();
                assert_eq!(found, expected, "seed {seed}, from {from:?}, project {project:?}");
            }
            let whole = Period { from: None, to: None };
            let filter = ConnectionFilter::default();
            let rows =
                connection_summary(&reader, &scope.tenant, scope.project.as_ref(), &filter, whole, now)
                    .unwrap();
            let expected: Vec<String> = rows
                .iter()
                .map(|row| {
                    format!(
                        "{}|{}|{}|{}",
                        row.service, row.data_center, row.total_connections, row.active_connections
                    )
                })
                .collect();
            let found = asked.lines(
                "SELECT service_name, data_center, count(*), count(*) FILTER (WHERE is_open)
                 FROM connections GROUP BY 1, 2 ORDER BY 1, 2",
            );
            assert_eq!(found, expected, "seed {seed}");
        }
    }
}

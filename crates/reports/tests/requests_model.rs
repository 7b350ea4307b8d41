//! Reports about API traffic against a slow, obvious model: random requests, some years away, with flushes, restarts and
//! lost files of what is added up in between.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tidegauge_facts::time::{DAY, HOUR};
use tidegauge_facts::{Micros, ProjectId, Request, TenantId};
use tidegauge_reports::Scope;
use tidegauge_reports::request_activity::{
    ActivityRow, Bucket, Group, Question, Subject, activity_from_facts, request_activity,
};
use tidegauge_store::traffic::Measure;
use tidegauge_store::{Options, Store};

const TENANTS: [&str; 2] = ["t0", "t1"];
const PROJECTS: [&str; 2] = ["p0", "p1"];
const KEYS: [&str; 4] = ["", "k", "k1", "k\0é"];
const CLIENTS: [&str; 3] = ["", "o", "o1"];
const APIS: [&str; 3] = ["a", "b", "b/"];
const PATHS: [&str; 4] = ["/", "/a", "/a/b", "/ü %20"];
const LABELS: [&str; 3] = ["", "one", "two"];
const CODES: [Option<i64>; 9] =
    [None, Some(-1), Some(100), Some(200), Some(299), Some(304), Some(400), Some(429), Some(503)];
const TAGS: [&str; 2] = ["x", "y"];
/// 2024-02-20: the test's time goes over the end of a February with 29 days, and of March.
const START: i64 = 19_773 * DAY;

#[derive(Debug, Clone, Copy)]
struct Said {
    tenant: usize,
    project: usize,
    key: usize,
    client: usize,
    api: usize,
    path: usize,
    label: usize,
    code: usize,
    tag: usize,
    at: i64,
    millis: [u32; 3],
}

fn said() -> impl Strategy<Value = Said> {
    let at = prop_oneof![
        6 => 0..50 * DAY,
        1 => prop_oneof![Just(9 * DAY - 1), Just(9 * DAY), Just(10 * DAY), Just(10 * DAY - 1)],
        1 => -DAY * 719_000..DAY * 2_900_000,
    ];
    let millis = prop::array::uniform3(prop_oneof![0..3_u32, 0..1000_u32, any::<u32>()]);
    let who = (0..2_usize, 0..2_usize, 0..4_usize, 0..3_usize);
    let what = (0..3_usize, 0..4_usize, 0..3_usize, 0..9_usize, 0..3_usize);
    (who, what, at, millis).prop_map(|((tenant, project, key, client), what, at, millis)| {
        let (api, path, label, code, tag) = what;
        Said { tenant, project, key, client, api, path, label, code, tag, at: START + at, millis }
    })
}

#[derive(Debug, Clone)]
enum Step {
    Say(Vec<Said>),
    Flush,
    Restart,
    /// Restart without the n-th file of what is added up, or with a byte of it changed.
    Lose(usize, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => prop::collection::vec(said(), 1..40).prop_map(Step::Say),
        6 => Just(Step::Flush),
        1 => Just(Step::Restart),
        1 => (0..4_usize, any::<bool>()).prop_map(|(file, gone)| Step::Lose(file, gone)),
    ];
    prop::collection::vec(step, 1..16)
}

fn open(path: &Path) -> Store {
    let options =
        Options { flush_interval: Duration::from_hours(24), flush_bytes: u64::MAX, ..Options::default() };
    Store::open(path, options).unwrap()
}

fn say(store: &Store, requests: &[Said]) {
    let appended = store.append(requests.iter().map(|said| (None, row(said)))).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(appended.ticket.committed()).unwrap();
}

fn row(said: &Said) -> Request<'static> {
    let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    Request {
        tenant_id: TENANTS[said.tenant],
        project_id: PROJECTS[said.project],
        request_id: "x",
        id_assigned: true,
        event_time: said.at,
        received_at: Micros::now().0,
        api_id: APIS[said.api],
        path: PATHS[said.path],
        response_code: CODES[said.code],
        api_key: some(KEYS[said.key]),
        alias: some(LABELS[said.label]),
        api_name: some(LABELS[said.label]),
        oauth_id: some(CLIENTS[said.client]),
        request_time: Some(said.millis[0].into()),
        latency_total: Some(said.millis[1].into()),
        latency_upstream: Some(said.millis[2].into()),
        tags: TAGS.get(said.tag..=said.tag),
        ..Request::default()
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

/// The report as the specification words it.
fn model(said: &[Said], question: &Question) -> BTreeMap<Group, ActivityRow> {
    let mut groups: BTreeMap<Group, Vec<(&Said, &str)>> = BTreeMap::new();
    for one in said {
        let (key, client, code) = (KEYS[one.key], CLIENTS[one.client], CODES[one.code].unwrap_or(0));
        let day = one.at.div_euclid(DAY);
        let scope = &question.scope;
        let is_asked_for = TENANTS[one.tenant] == scope.tenant.as_str()
            && scope.project.as_ref().is_none_or(|project| project.as_str() == PROJECTS[one.project])
            && (question.first_day..=question.last_day).contains(&day)
            && question.api.as_ref().is_none_or(|api| api == APIS[one.api])
            && (question.tags.is_empty()
                || TAGS.get(one.tag).is_some_and(|tag| question.tags.iter().any(|wanted| wanted == tag)))
            && code != -1;
        if !is_asked_for {
            continue;
        }
        let bucket = question.bucket.map(|bucket| match bucket {
            Bucket::Hour => one.at.div_euclid(HOUR) * HOUR,
            Bucket::Day => day * DAY,
            Bucket::Month => Micros(one.at).month_start().0,
        });
        let none = Group { bucket, ..Group::default() };
        let api: Box<str> = APIS[one.api].into();
        let endpoint = Group { api: api.clone(), path: PATHS[one.path].into(), ..none.clone() };
        let of_api = Group { api: api.clone(), ..none.clone() };
        let (group, label) = match &question.subject {
            Subject::EndpointsOfKey(wanted) if wanted == key => (endpoint, ""),
            Subject::EndpointsOfClient(wanted) if wanted == client => (endpoint, ""),
            Subject::Keys if !key.is_empty() => (Group { key: key.into(), ..none }, LABELS[one.label]),
            Subject::Key(wanted) if wanted == key => (of_api, LABELS[one.label]),
            Subject::Client(wanted) if wanted == client => (of_api, LABELS[one.label]),
            Subject::Apis => (of_api, LABELS[one.label]),
            Subject::Errors if code >= 400 => (Group { code, ..of_api }, ""),
            _ => continue,
        };
        groups.entry(group).or_default().push((one, label));
    }
    let rows = groups.into_iter().map(|(group, hits)| {
        let code = |said: &Said| CODES[said.code].unwrap_or(0);
        let sum = |n: usize| hits.iter().map(|(said, _)| u64::from(said.millis[n])).sum();
        let max = |n: usize| hits.iter().map(|(said, _)| u64::from(said.millis[n])).max().unwrap();
        let min = |n: usize| {
            let good = hits.iter().filter(|(said, _)| code(said) < 400).map(|(said, _)| said.millis[n]).min();
            u64::from(good.or(hits.iter().map(|(said, _)| said.millis[n]).min()).unwrap())
        };
        let measure = Measure {
            hits: hits.len() as u64,
            success: hits.iter().filter(|(said, _)| (200..300).contains(&code(said))).count() as u64,
            errors: hits.iter().filter(|(said, _)| code(said) >= 400).count() as u64,
            last_hit: hits.iter().map(|(said, _)| said.at).max().unwrap(),
            request_time: sum(0),
            latency: sum(1),
            upstream: sum(2),
            max_latency: max(1),
            max_upstream: max(2),
            min_latency: min(1),
            min_upstream: min(2),
        };
        let label = hits.iter().map(|(said, label)| (!label.is_empty(), said.at, *label)).max().unwrap().2;
        (group.clone(), ActivityRow { group, label: label.into(), measure })
    });
    rows.collect()
}

fn questions() -> impl Strategy<Value = Vec<Question>> {
    let subject = prop_oneof![
        (1..4_usize).prop_map(|key| Subject::EndpointsOfKey(KEYS[key].into())),
        (1..3_usize).prop_map(|client| Subject::EndpointsOfClient(CLIENTS[client].into())),
        (1..4_usize).prop_map(|key| Subject::Key(KEYS[key].into())),
        (1..3_usize).prop_map(|client| Subject::Client(CLIENTS[client].into())),
        Just(Subject::Keys),
        Just(Subject::Apis),
        Just(Subject::Errors),
        Just(Subject::Key("unknown".into())),
    ];
    let days = prop_oneof![
        4 => (-3..55_i64, 0..60_i64),
        1 => Just((-719_000 - 19_773, 3_650_000 - 1)),
    ];
    let bucket = prop_oneof![
        2 => Just(None),
        1 => Just(Some(Bucket::Hour)),
        1 => Just(Some(Bucket::Day)),
        1 => Just(Some(Bucket::Month)),
    ];
    let filters = (prop::option::weighted(0.3, 0..3_usize), prop::option::weighted(0.2, 0..2_usize));
    let scope = (0..2_usize, prop::option::weighted(0.3, 0..2_usize));
    let question = (subject, days, bucket, filters, scope);
    let question = question.prop_map(|(subject, (first, length), bucket, (api, tag), (tenant, project))| {
        let scope = Scope {
            tenant: TenantId::parse(TENANTS[tenant]).unwrap(),
            project: project.map(|project| ProjectId::parse(PROJECTS[project]).unwrap()),
        };
        let first_day = START / DAY + first;
        Question {
            scope,
            subject,
            first_day,
            last_day: first_day + length,
            bucket,
            api: api.map(|api| APIS[api].into()),
            tags: tag.map(|tag| TAGS[tag].into()).into_iter().collect(),
        }
    });
    prop::collection::vec(question, 12)
}

fn check(store: &Store, said: &[Said], questions: &[Question]) -> Result<(), TestCaseError> {
    let snapshot = store.snapshot();
    for question in questions {
        let expected = model(said, question);
        for answer in [request_activity, activity_from_facts] {
            let rows = answer(&snapshot, question).unwrap();
            let count = rows.len();
            let rows: BTreeMap<Group, ActivityRow> =
                rows.into_iter().map(|row| (row.group.clone(), row)).collect();
            prop_assert_eq!(rows.len(), count, "a row twice");
            prop_assert_eq!(&rows, &expected, "{:?}", question);
        }
    }
    Ok(())
}

/// Removes or changes the n-th file of what is added up, if there are so many.
fn lose(dir: &Path, file: usize, gone: bool) {
    let mut files: Vec<_> =
        fs::read_dir(dir.join("traffic")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let Some(path) = files.get(file) else { return };
    if gone {
        fs::remove_file(path).unwrap();
    } else {
        let mut content = fs::read(path).unwrap();
        let place = content.len() / 3;
        content[place] ^= 0x55;
        fs::write(path, content).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn traffic_is_what_the_model_adds_up(steps in steps(), questions in questions()) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut said = Vec::new();
        for step in steps {
            match step {
                Step::Say(requests) => {
                    say(&store, &requests);
                    said.extend(requests);
                }
                Step::Flush => flush(&store),
                Step::Restart => {
                    drop(store);
                    store = open(dir.path());
                }
                Step::Lose(file, gone) => {
                    drop(store);
                    lose(dir.path(), file, gone);
                    store = open(dir.path());
                }
            }
        }
        check(&store, &said, &questions)?;
        flush(&store);
        check(&store, &said, &questions)?;
        drop(store);
        check(&open(dir.path()), &said, &questions)?;
    }
}

#[test]
fn what_is_in_segments_is_not_looked_at_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (key, client, api, path, label, code, tag) = (1, 1, 0, 1, 1, 3, 0);
    let one =
        Said { tenant: 0, project: 0, key, client, api, path, label, code, tag, at: START, millis: [1; 3] };
    say(&store, &[one]);
    flush(&store);
    // Without the facts, what is added up still answers; what is not, does not.
    for segment in fs::read_dir(dir.path().join("segments")).unwrap() {
        fs::remove_file(segment.unwrap().path()).unwrap();
    }
    let scope = Scope { tenant: TenantId::parse("t0").unwrap(), project: None };
    let (first_day, last_day) = (START / DAY - 40, START / DAY + 40);
    let subject = Subject::EndpointsOfKey("k".into());
    let question =
        Question { scope, subject, first_day, last_day, bucket: None, api: None, tags: Vec::new() };
    let rows = request_activity(&store.snapshot(), &question).unwrap();
    assert_eq!(rows, model(&[one], &question).into_values().collect::<Vec<_>>());
    assert!(request_activity(&store.snapshot(), &Question { tags: vec!["x".into()], ..question }).is_err());
}

//! What the made-up traffic promises: the same again, nothing in the future, and the shape of real traffic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;

use tidegauge_demo::{Demo, Facts, PROJECTS};
use tidegauge_facts::connections::State;
use tidegauge_facts::events::Category;
use tidegauge_facts::ids::is_valid_id;
use tidegauge_facts::limits::{
    MAX_CONNECTION_ID_CHARS, MAX_CONNECTION_LABEL_CHARS, MAX_COUNTRY_CHARS, MAX_EVENT_ID_CHARS,
    MAX_EVENT_NAME_CHARS, MAX_LABEL_CHARS, MAX_PATH_CHARS, MAX_PROPERTIES_BYTES, MAX_REQUEST_ID_CHARS,
    MAX_REQUEST_MILLIS, MAX_TEXT_CHARS,
};
use tidegauge_facts::time::{DAY, HOUR, MINUTE, SECOND};
use tidegauge_facts::{DEFAULT_NAME, Micros};

/// A Saturday evening, 2026-11-21T19:43:32Z.
const ORIGIN: Micros = Micros(1_795_290_212_000_000);

fn demo(seed: u64) -> Demo {
    Demo { seed, origin: ORIGIN, rate: 1.0 }
}

/// The facts from so long before the origin up to so long before it.
fn facts(seed: u64, from: i64, to: i64) -> Facts {
    demo(seed).timeline(Micros(ORIGIN.0 - from), ORIGIN).until(Micros(ORIGIN.0 - to))
}

/// Everything that a row says, as text.
fn told(facts: &Facts) -> Vec<String> {
    let events = facts.events().map(|row| format!("{row:?}"));
    let sessions = facts.sessions().map(|row| format!("{row:?}"));
    let connections = facts.connections().map(|row| format!("{row:?}"));
    let requests = facts.requests().map(|row| format!("{row:?}"));
    events.chain(sessions).chain(connections).chain(requests).collect()
}

fn hash(facts: &Facts) -> u64 {
    let mut hasher = DefaultHasher::new();
    told(facts).hash(&mut hasher);
    hasher.finish()
}

#[test]
fn the_same_seed_and_instants_make_the_same_facts_and_another_seed_makes_others() {
    let of = |seed| hash(&facts(seed, 6 * HOUR, 0));
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn how_often_it_is_asked_changes_nothing() {
    let from = ORIGIN.0 - 3 * HOUR;
    let mut whole = told(&demo(1).timeline(Micros(from), ORIGIN).until(Micros(ORIGIN.0 + 5 * MINUTE)));
    let mut timeline = demo(1).timeline(Micros(from), ORIGIN);
    let mut pieces = Vec::new();
    let mut to = from;
    for step in [HOUR, 17 * MINUTE + 3, 5, 0, 2 * HOUR - 40 * MINUTE, SECOND / 5].into_iter().cycle() {
        to = (to + step).min(ORIGIN.0 + 5 * MINUTE);
        pieces.extend(told(&timeline.until(Micros(to))));
        if to == ORIGIN.0 + 5 * MINUTE {
            break;
        }
    }
    whole.sort_unstable();
    pieces.sort_unstable();
    assert_eq!(whole.len(), pieces.len());
    assert!(whole == pieces);
    // Whoever begins in the middle sees the rest.
    let late = told(&demo(1).timeline(Micros(from + HOUR), ORIGIN).until(Micros(ORIGIN.0 + 5 * MINUTE)));
    assert!(late.iter().all(|row| whole.binary_search(row).is_ok()));
}

#[test]
fn every_row_would_have_passed_its_door() {
    let from = ORIGIN.0 - 2 * DAY;
    let mut timeline = demo(3).timeline(Micros(from), ORIGIN);
    let mut ids: HashSet<String> = HashSet::new();
    for to in [ORIGIN.0, ORIGIN.0 + 3 * MINUTE] {
        let facts = timeline.until(Micros(to));
        check_events(&facts, from, to, &mut ids);
        check_sessions(&facts, from, to, &mut ids);
        check_connections(&facts, from, to, &mut ids);
        check_requests(&facts, from, to, &mut ids);
    }
}

fn check_times(event_time: i64, received_at: i64, from: i64, to: i64) {
    assert!(event_time <= received_at && (from..to).contains(&received_at), "{event_time} {received_at}");
    assert!(event_time >= from - SECOND);
}

fn check_text(text: &str, most: usize) {
    assert!((1..=most).contains(&text.chars().count()) && !text.contains(char::is_control), "{text:?}");
}

fn check_ip(ip: Option<&str>) {
    let is_documentation = match ip.unwrap().parse::<IpAddr>().unwrap() {
        IpAddr::V4(ip) => ip.is_documentation(),
        IpAddr::V6(ip) => ip.segments()[..2] == [0x2001, 0xdb8],
    };
    assert!(is_documentation, "{ip:?}");
}

fn check_place(tenant: &str, project: &str) {
    assert_eq!(tenant, DEFAULT_NAME);
    assert!(is_valid_id(project) && PROJECTS.contains(&project), "{project}");
}

fn check_events(facts: &Facts, from: i64, to: i64, ids: &mut HashSet<String>) {
    for row in facts.events() {
        check_times(row.event_time, row.received_at, from, to);
        check_place(row.tenant_id, row.project_id);
        check_text(row.event_id, MAX_EVENT_ID_CHARS);
        assert!(ids.insert(row.event_id.to_owned()), "{}", row.event_id);
        check_text(row.event_name, MAX_EVENT_NAME_CHARS);
        for text in
            [row.session_id, row.client_id, row.user_id, row.installation_id, row.device_id, row.space_id]
        {
            text.inspect(|text| check_text(text, MAX_LABEL_CHARS));
        }
        for text in [row.page_url, row.referrer, row.user_agent] {
            text.inspect(|text| check_text(text, MAX_TEXT_CHARS));
        }
        if let Some(properties) = row.properties {
            assert!(properties.len() < MAX_PROPERTIES_BYTES);
            assert!(serde_json::from_str::<serde_json::Map<_, _>>(properties).is_ok(), "{properties}");
        }
        if row.client_id.is_some() {
            check_ip(row.ip);
            assert_eq!(row.country.unwrap().len(), 2);
        }
    }
}

fn check_sessions(facts: &Facts, from: i64, to: i64, ids: &mut HashSet<String>) {
    for row in facts.sessions() {
        check_times(row.event_time, row.received_at, from, to);
        check_place(row.tenant_id, row.project_id);
        check_text(row.session_id, MAX_LABEL_CHARS);
        assert!(ids.insert(row.session_id.to_owned()), "{}", row.session_id);
        check_text(row.country.unwrap(), MAX_COUNTRY_CHARS);
        check_ip(row.ip);
        assert!(row.client_created.unwrap() < row.event_time);
        assert!((-90.0..=90.0).contains(&row.latitude.unwrap()));
        assert!((-180.0..=180.0).contains(&row.longitude.unwrap()));
    }
}

fn check_connections(facts: &Facts, from: i64, to: i64, ids: &mut HashSet<String>) {
    for row in facts.connections() {
        check_times(row.event_time, row.received_at, from, to);
        check_place(row.tenant_id, row.project_id);
        check_text(row.connection_id, MAX_CONNECTION_ID_CHARS);
        for text in [row.service_name, row.protocol_name, row.data_center, row.host.unwrap()] {
            check_text(text, MAX_CONNECTION_LABEL_CHARS);
        }
        let message = format!("{} {} {}", row.connection_id, row.state.as_str(), row.event_time);
        assert!(ids.insert(message.clone()), "{message}");
        assert!(row.opened_at <= row.event_time);
        assert_eq!(row.closed_at, (row.state == State::Close).then_some(row.event_time));
        assert_eq!(row.close_reason.is_some(), row.state == State::Close);
        assert!(row.bytes_in >= Some(0) && row.bytes_out >= Some(0));
        let hash = row.api_key_hash.unwrap();
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
        check_ip(row.ip);
    }
}

fn check_requests(facts: &Facts, from: i64, to: i64, ids: &mut HashSet<String>) {
    for row in facts.requests() {
        check_times(row.event_time, row.received_at, from, to);
        check_place(row.tenant_id, row.project_id);
        check_text(row.request_id, MAX_REQUEST_ID_CHARS);
        assert!(ids.insert(row.request_id.to_owned()), "{}", row.request_id);
        check_text(row.path, MAX_PATH_CHARS);
        let code = row.response_code.unwrap();
        assert!(code == -1 || (100..600).contains(&code), "{code}");
        if code == -1 {
            continue;
        }
        for millis in [row.request_time, row.latency_total, row.latency_upstream, row.latency_gateway] {
            assert!((0..=MAX_REQUEST_MILLIS).contains(&millis.unwrap()));
        }
        assert_eq!(row.latency_total.unwrap(), row.latency_upstream.unwrap() + row.latency_gateway.unwrap());
        assert!(row.content_length.unwrap() >= 0);
        check_ip(row.ip);
    }
}

#[test]
fn events_belong_to_sessions_of_their_project_and_come_after_their_beginning() {
    let facts = facts(1, 12 * HOUR, 0);
    let sessions: HashMap<&str, _> = facts.sessions().map(|row| (row.session_id, row)).collect();
    // What began before is told too, without its beginning.
    let is_told = |at: i64| at > ORIGIN.0 - 9 * HOUR;
    let mut joined = 0;
    for event in facts.events().filter(|event| is_told(event.event_time)) {
        let Some(session) = event.session_id else { continue };
        let session = sessions[session];
        assert_eq!((session.project_id, session.client_id), (event.project_id, event.client_id));
        assert!(session.event_time <= event.event_time);
        joined += 1;
    }
    assert!(joined > 3_000, "{joined}");
}

#[test]
fn people_sleep_where_it_is_night() {
    // Two days, so that two nights of each country are among them.
    let facts = facts(1, 4 * DAY, 2 * DAY);
    for (country, clock) in [("US", -5), ("DE", 1), ("JP", 9), ("BR", -3)] {
        let mut hours = [0_u32; 24];
        for event in
            facts.events().filter(|event| event.country == Some(country) && event.session_id.is_some())
        {
            hours[(event.event_time + clock * HOUR).rem_euclid(DAY) as usize / HOUR as usize] += 1;
        }
        let (night, evening): (u32, u32) = (hours[2..5].iter().sum(), hours[18..21].iter().sum());
        assert!(night * 3 < evening, "{country}: {hours:?}");
    }
}

#[test]
fn of_those_who_look_some_buy_and_pages_follow_a_power_law() {
    let facts = facts(1, 3 * DAY, 0);
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut pages: HashMap<&str, usize> = HashMap::new();
    let mut categories: HashSet<Category> = HashSet::new();
    for event in facts.events() {
        *names.entry(event.event_name).or_default() += 1;
        categories.insert(event.category);
        if event.project_id == "shop" && event.event_name == "page_view" {
            *pages.entry(event.page_url.unwrap()).or_default() += 1;
        }
    }
    assert_eq!(categories.len(), Category::ALL.len());
    let funnel = ["product_view", "add_to_cart", "checkout", "purchase"].map(|name| names[name]);
    assert!(funnel.windows(2).all(|step| step[1] * 10 > step[0] && step[1] * 5 < step[0] * 4), "{funnel:?}");
    let mut counts: Vec<usize> = pages.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    assert!((35..=50).contains(&counts.len()), "{}", counts.len());
    assert!(counts[0] > 4 * counts[9] && counts[9] > counts[30], "{counts:?}");
}

#[test]
fn a_deploy_nine_days_ago_slows_one_api_down_for_six_hours() {
    let mean = |from: i64, api: &str| {
        let facts = facts(1, from, from - 6 * HOUR);
        let taken = facts.requests().filter(|row| row.api_id == api && row.response_code == Some(201));
        let taken: Vec<i64> = taken.filter_map(|row| row.latency_upstream).collect();
        taken.iter().sum::<i64>() as f64 / taken.len() as f64
    };
    let slow = mean(9 * DAY, "payments") / mean(9 * DAY - 6 * HOUR, "payments");
    let other = mean(9 * DAY, "orders") / mean(9 * DAY - 6 * HOUR, "orders");
    assert!((1.9..3.2).contains(&slow) && (0.7..1.4).contains(&other), "{slow} {other}");
    let told = facts(1, 9 * DAY + HOUR, 9 * DAY - 7 * HOUR);
    let steps: Vec<_> =
        told.events().map(|event| event.event_name).filter(|name| name.starts_with("deploy")).collect();
    assert_eq!(steps, ["deploy_finished", "deploy_rolled_back"]);
}

#[test]
fn errors_burst_and_connections_drop_and_come_back() {
    let share = |from: i64| {
        let facts = facts(1, from, from - 30 * MINUTE);
        let errors = facts.requests().filter(|row| row.response_code >= Some(500)).count();
        errors as f64 / facts.requests().len() as f64
    };
    assert!(share(3 * DAY + 7 * HOUR) > 8.0 * share(3 * DAY + 6 * HOUR));
    let outage = 5 * DAY + 10 * HOUR;
    let facts = facts(1, outage + 10 * MINUTE, outage - 10 * MINUTE);
    let begun = ORIGIN.0 - outage;
    let dropped = facts.connections().filter(|row| row.close_reason == Some("server unreachable"));
    let dropped: Vec<_> = dropped.map(|row| (row.data_center, row.event_time)).collect();
    assert!(dropped.len() > 20 && dropped.iter().all(|one| *one == ("fra1", begun)), "{dropped:?}");
    let opened = |from: i64, to: i64| {
        let of_place =
            facts.connections().filter(|row| row.data_center == "fra1" && row.state == State::Open);
        of_place.filter(|row| (begun + from..begun + to).contains(&row.event_time)).count()
    };
    assert!(opened(4 * MINUTE, 7 * MINUTE) > 60, "{}", opened(4 * MINUTE, 7 * MINUTE));
    assert!(opened(0, 4 * MINUTE) <= 2);
}

#[test]
fn while_it_is_looked_at_no_second_is_silent_and_what_is_open_says_so() {
    let mut timeline = demo(1).timeline(Micros(ORIGIN.0 - HOUR), ORIGIN);
    let mut heard: HashMap<String, i64> = HashMap::new();
    let mut hear = |facts: &Facts| {
        for row in facts.connections() {
            let before = heard.insert(row.connection_id.to_owned(), row.event_time);
            // The idle timeout is five minutes.
            let is_live = row.event_time > ORIGIN.0;
            assert!(before.is_none_or(|before| !is_live || row.event_time - before < 5 * MINUTE));
            if row.state == State::Close {
                heard.remove(row.connection_id);
            }
        }
        heard.len()
    };
    hear(&timeline.until(ORIGIN));
    let mut open = 0;
    for second in 1..=300 {
        let facts = timeline.until(Micros(ORIGIN.0 + second * SECOND));
        assert!(facts.events().len() > 0, "second {second}");
        open = hear(&facts);
    }
    assert!((100..1000).contains(&open), "{open}");
}

#[test]
fn at_twice_the_rate_about_twice_as_much_happens_from_now_on_and_as_much_before() {
    let count = |rate| {
        let demo = Demo { rate, ..demo(1) };
        let mut timeline = demo.timeline(Micros(ORIGIN.0 - HOUR), ORIGIN);
        let before = timeline.until(Micros(ORIGIN.0 - MINUTE)).len();
        (before, timeline.until(Micros(ORIGIN.0 + 5 * MINUTE)).requests().len())
    };
    let (once, twice) = (count(1.0), count(2.0));
    assert_eq!(once.0, twice.0);
    let factor = twice.1 as f64 / once.1 as f64;
    assert!((1.8..2.2).contains(&factor), "{factor}");
}

/// The promise of 30 days in 20 s is kept where it is measured in a release build; this prints what making them takes.
#[test]
#[ignore = "takes a while; run by hand: cargo test --release -p tidegauge-demo -- --ignored --nocapture"]
#[expect(clippy::print_stdout, reason = "it is for reading")]
fn a_month() {
    let begun = std::time::Instant::now();
    let mut timeline = demo(1).timeline(Micros(ORIGIN.0 - 30 * DAY), ORIGIN);
    let (mut counts, mut open) = ([0; 4], 0_i64);
    for half_day in 1..=60 {
        let facts = timeline.until(Micros(ORIGIN.0 - 30 * DAY + half_day * 12 * HOUR));
        let more =
            [facts.events().len(), facts.sessions().len(), facts.connections().len(), facts.requests().len()];
        counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        for row in facts.connections() {
            open += i64::from(row.state == State::Open) - i64::from(row.state == State::Close);
        }
    }
    println!(
        "{:?}: events, sessions, messages, requests {counts:?}; {open} opened and not closed",
        begun.elapsed()
    );
}

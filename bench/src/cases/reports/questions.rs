//! Which reports are asked for, what each must answer, and what it may take (the project's bars).

use serde::Serialize;

use super::dataset::{Dataset, SESSIONS_PER_SESSION_WITH_EVENTS};
use super::expect::{self, Check, Column};
use super::rows::Seen;

/// One report, asked one way.
pub struct Question {
    /// Its name in the tables, and for the peer.
    pub name: String,
    /// Path and query.
    pub path: String,
    /// What its answer must be.
    pub expected: Expected,
    /// What it may take.
    pub bar: Option<Bar>,
    /// How the peer is asked: one of its statements, and the columns it is about. `None`: it is not asked.
    pub peer: Option<(&'static str, Vec<&'static str>)>,
}

/// What an answer must be.
pub enum Expected {
    /// An array of so many rows, newest first, with such a sum.
    Rows(Seen),
    /// A small answer that is looked at as a whole.
    Whole(Check),
}

/// What a report may take.
#[derive(Serialize, Clone, Copy, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// Milliseconds until the whole answer is there (median).
    TotalMs(f64),
    /// Milliseconds until it begins (median), and bytes by which the server's memory grows meanwhile.
    ListMs(f64, u64),
}

/// The bars, from the project's issues.
const LATEST_EVENT: Bar = Bar::TotalMs(50.0);
const LIST: Bar = Bar::ListMs(50.0, 64_000_000);
const SUMMARY: Bar = Bar::TotalMs(10.0);
const ANALYTICS: Bar = Bar::TotalMs(1.0);

const PROJECT: &str = "/api/realtime/projects/default";
const GRID: &str = "/v2/realtime";

/// Pairs of few and of many combinations, of the events' own columns and of their sessions'.
const PAIRS: [[Column; 2]; 5] = [
    [Column::ClientId, Column::Interaction],
    [Column::SpaceId, Column::InstallationId],
    [Column::EventType, Column::ProductId],
    [Column::EventType, Column::DeviceId],
    [Column::SessionId, Column::EventType],
];

/// What is asked while only those sessions are stored that have events.
pub fn first_round(dataset: &Dataset) -> Vec<Question> {
    let whole = |name: &str, path: String, check: Check, bar, peer: Option<&'static str>| Question {
        name: name.to_owned(),
        path,
        expected: Expected::Whole(check),
        bar,
        peer: peer.map(|statement| (statement, Vec::new())),
    };
    let mut questions = vec![
        whole(
            "analytics",
            format!("{PROJECT}/analytics"),
            expect::analytics,
            Some(ANALYTICS),
            Some("analytics"),
        ),
        whole("analytics of the tenant", "/api/realtime/analytics".to_owned(), expect::analytics, None, None),
        whole(
            "summary",
            "/api/connection-analytics/summary".to_owned(),
            expect::summary,
            Some(SUMMARY),
            Some("summary"),
        ),
    ];
    for period in ["hour", "day", "week", "30d", "90d"] {
        questions.push(whole(
            &format!("history, {period}"),
            format!("{PROJECT}/history?period={period}"),
            expect::history,
            None,
            (period == "day").then_some("history"),
        ));
    }
    questions.push(whole(
        "throughput, 60 s",
        format!("{PROJECT}/throughput?window=60000"),
        expect::throughput,
        None,
        None,
    ));
    questions.push(whole(
        "throughput, 24 h",
        format!("{PROJECT}/throughput?window=86400000"),
        expect::throughput,
        None,
        Some("throughput"),
    ));
    questions.extend(PAIRS.map(|pair| latest_event(dataset, pair)));
    questions.push(events(dataset));
    questions
}

/// What is asked when all sessions are stored.
pub fn second_round(dataset: &Dataset) -> Vec<Question> {
    vec![
        Question {
            name: "session".to_owned(),
            path: format!("{GRID}/session/tenants/default"),
            expected: Expected::Rows(expect::sessions(dataset, |_| true)),
            bar: Some(LIST),
            peer: Some(("session", Vec::new())),
        },
        events(dataset),
        latest_event(dataset, [Column::EventType, Column::ProductId]),
        latest_event(dataset, [Column::EventType, Column::DeviceId]),
    ]
}

/// Whether the `nth` session is stored before the first round.
pub fn is_in_first_round(nth: usize) -> bool {
    nth.is_multiple_of(SESSIONS_PER_SESSION_WITH_EVENTS)
}

fn events(dataset: &Dataset) -> Question {
    Question {
        name: "event".to_owned(),
        path: format!("{GRID}/event/tenants/default"),
        expected: Expected::Rows(expect::events(dataset)),
        bar: Some(LIST),
        peer: Some(("event", Vec::new())),
    }
}

fn latest_event(dataset: &Dataset, pair: [Column; 2]) -> Question {
    let names = pair.map(Column::wire);
    let columns = names.join(",");
    Question {
        name: format!("latest-event {columns}"),
        path: format!("{GRID}/latest-event/tenants/default?distinctColumns={columns}"),
        expected: Expected::Rows(expect::latest_events(dataset, pair)),
        bar: Some(LATEST_EVENT),
        peer: Some(("latest-event", names.to_vec())),
    }
}

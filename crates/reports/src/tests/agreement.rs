//! The three reports against the model: random sessions and events, in any order, in hot and in
//! segments, across restarts.

use proptest::prelude::*;
use proptest::sample::select;
use tidegauge_facts::time::HOUR;
use tidegauge_facts::{Event, Micros, ProjectId, Session, TenantId};
use tidegauge_store::{Snapshot, Store};

use super::facts::{append, event, flush, open, session};
use super::model::{ASession, AnEvent, Asked, Maybe, Model};
use crate::event_field::EVENT_FIELDS;
use crate::event_rows::EventRow;
use crate::latest_events::latest_events;
use crate::recent_events::{EventFilter, Interaction, recent_events};
use crate::recent_sessions::{SessionFilter, recent_sessions};
use crate::{Page, Position, ReportError, Scope};

#[derive(Debug, Clone)]
enum Step {
    Events(Vec<AnEvent>),
    Sessions(Vec<ASession>),
    Flush,
    Restart,
}

fn maybe() -> impl Strategy<Value = Maybe> {
    select(vec![None, None, Some("a"), Some("b"), Some("c"), Some("")])
}

fn an_event() -> impl Strategy<Value = AnEvent> {
    let whose = (select(vec!["t", "other"]), select(vec!["p", "q"]));
    // Hours from now; some are of the same instant, some of another day, some ahead of the server's clock.
    let at = (-26..3_i64, 0..3_i64).prop_map(|(hours, micros)| hours * HOUR + micros);
    let session = select(vec![None, Some("s1"), Some("s2"), Some("s3"), Some("s4"), Some("lost")]);
    let texts = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    let more = (select(vec!["view", "click"]), any::<Option<bool>>(), prop::option::of(0..3_i64));
    (whose, at, session, texts, more).prop_map(|(whose, at, session, texts, more)| AnEvent {
        id: String::new(),
        tenant: whose.0,
        project: whose.1,
        at,
        name: more.0,
        session,
        installation: texts.0,
        space: texts.1,
        device: texts.2,
        country: texts.3,
        client: texts.4,
        capture: texts.5,
        interaction: more.1,
        int1: more.2,
        str1: texts.6,
    })
}

fn a_session() -> impl Strategy<Value = ASession> {
    let whose = (select(vec!["t", "other"]), select(vec!["p", "q"]));
    let at = -7 * 24..3_i64;
    let id = select(vec!["s1", "s2", "s3", "s4", ""]);
    let texts = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    (whose, at, id, texts, prop::option::of(select(vec![0.0, -0.0, 59.5]))).prop_map(
        |(whose, at, id, texts, latitude)| ASession {
            id,
            tenant: whose.0,
            project: whose.1,
            at: at * HOUR,
            received: 0,
            installation: texts.0,
            space: texts.1,
            device: texts.2,
            country: texts.3,
            client: texts.4,
            version: texts.5,
            latitude,
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop::collection::vec(an_event(), 1..25).prop_map(Step::Events),
        3 => prop::collection::vec(a_session(), 1..6).prop_map(Step::Sessions),
        1 => Just(Step::Flush),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..14)
}

fn asked() -> impl Strategy<Value = Asked> {
    let rarely = || select(vec![None, None, None, Some("a"), Some("")]);
    let filters = (rarely(), rarely(), rarely(), select(vec![None, None, Some("view"), Some("no")]));
    let interaction = select(vec![Interaction::All, Interaction::Interactive, Interaction::NonInteractive]);
    let fields = prop::collection::vec(select(EVENT_FIELDS.iter().collect::<Vec<_>>()), 1..4);
    (select(vec![None, Some("p")]), filters, interaction, fields, 1..7_usize).prop_map(
        |(project, filters, interaction, fields, limit)| Asked {
            project,
            installation: filters.0,
            space: filters.1,
            device: filters.2,
            name: filters.3,
            interaction,
            fields,
            limit,
        },
    )
}

/// The fields that are compared.
const SHOWN: [&str; 9] = [
    "eventTime",
    "sessionId",
    "installationId",
    "spaceId",
    "deviceId",
    "clientId",
    "eventType",
    "interaction",
    "captureId",
];

fn expected_row(model: &Model, event: &AnEvent, asked: &Asked) -> Vec<String> {
    let mut shown = vec![event.id.clone()];
    shown.extend(SHOWN.iter().map(|field| model.value(event, field, asked)));
    shown
}

fn answered(row: &EventRow<'_>, for_list: bool) -> Vec<String> {
    let mut shown = vec![row.event_id.to_owned(), row.event_time.0.to_string()];
    shown.push(row.session_id.to_owned());
    // The list of events answers no installation, space and device, and does not look them up.
    let joined = [row.installation_id, row.space_id, row.device_id];
    shown.extend(joined.map(|text| if for_list { "-".to_owned() } else { text.to_owned() }));
    shown.extend([row.client_id, row.event_type].map(str::to_owned));
    shown.extend([row.interaction.to_string(), row.capture_id.to_owned()]);
    shown
}

/// All rows of a report, in one answer and in pages; both must be the same.
fn in_pages<T: PartialEq + std::fmt::Debug>(
    limit: usize,
    ask: impl Fn(&Page) -> Result<(Vec<T>, Option<Position>), ReportError>,
) -> Vec<T> {
    let (all, next) = ask(&Page::default()).unwrap();
    assert_eq!(next, None);
    let (mut rows, mut before) = (Vec::new(), None);
    loop {
        let (page, next) = ask(&Page { before, limit: Some(limit) }).unwrap();
        assert!(page.len() == limit || next.is_none(), "a page that is not the last one is full");
        rows.extend(page);
        before = next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(rows, all);
    all
}

fn check(model: &Model, snapshot: &Snapshot, asked: &Asked) {
    let now = Micros(model.now);
    let own = |text: Maybe| text.map(str::to_owned);
    let project = asked.project.map(|project| ProjectId::parse(project).unwrap());
    let scope = Scope { tenant: TenantId::parse("t").unwrap(), project };
    let filter = EventFilter {
        installation_id: own(asked.installation),
        space_id: own(asked.space),
        device_id: own(asked.device),
        event_type: own(asked.name),
        interaction: asked.interaction,
    };
    let events = in_pages(asked.limit, |page| {
        let mut report = recent_events(snapshot, &scope, &filter, page, now)?;
        let mut rows = Vec::new();
        for batch in report.by_ref() {
            let batch = batch?;
            rows.extend(batch.iter(0..batch.len()).map(|row| answered(&row, true)));
        }
        Ok((rows, report.next_page().cloned()))
    });
    let expected: Vec<Vec<String>> = model
        .events(asked)
        .into_iter()
        .map(|event| {
            let mut shown = expected_row(model, event, asked);
            shown[3..6].fill("-".to_owned());
            shown
        })
        .collect();
    assert_eq!(events, expected);

    let latest = in_pages(asked.limit, |page| {
        let mut report = latest_events(snapshot, &scope, &asked.fields, &filter, page, now)?;
        let mut rows = Vec::new();
        for batch in report.by_ref() {
            let batch = batch?;
            rows.extend(batch.iter(0..batch.len()).map(|row| answered(&row, false)));
        }
        Ok((rows, report.next_page().cloned()))
    });
    let expected: Vec<Vec<String>> =
        model.latest(asked).into_iter().map(|event| expected_row(model, event, asked)).collect();
    assert_eq!(latest, expected);

    let filter = SessionFilter {
        installation_id: own(asked.installation),
        space_id: own(asked.space),
        device_id: own(asked.device),
    };
    let sessions = in_pages(asked.limit, |page| {
        let mut report = recent_sessions(snapshot, &scope, &filter, page, now)?;
        let mut rows = Vec::new();
        for batch in report.by_ref() {
            let batch = batch?;
            rows.extend(batch.iter(0..batch.len()).map(|row| {
                let texts =
                    [row.session_id, row.installation_id, row.space_id, row.client_id, row.capture_id];
                (
                    texts.map(str::to_owned),
                    row.device_id.map(str::to_owned),
                    row.session_created.0,
                    row.latitude,
                )
            }));
        }
        Ok((rows, report.next_page().cloned()))
    });
    let expected: Vec<_> = model
        .sessions(asked)
        .into_iter()
        .map(|row| {
            let own = |text: Maybe| text.unwrap_or_default();
            let texts = [row.id, own(row.installation), own(row.space), own(row.client), row.id];
            let latitude = row.latitude.unwrap_or_default();
            (texts.map(str::to_owned), row.device.map(str::to_owned), row.at, latitude)
        })
        .collect();
    assert_eq!(sessions, expected);
}

fn append_events(store: &Store, events: &[AnEvent]) {
    let rows = events.iter().map(|own| Event {
        project_id: own.project,
        event_name: own.name,
        session_id: own.session,
        installation_id: own.installation,
        space_id: own.space,
        device_id: own.device,
        country: own.country,
        client_id: own.client,
        capture_id: own.capture,
        interaction: own.interaction,
        int1: own.int1,
        str1: own.str1,
        ..event(own.tenant, &own.id, own.at)
    });
    append(store, rows);
}

fn append_sessions(store: &Store, sessions: &[ASession]) {
    let rows = sessions.iter().map(|own| Session {
        project_id: own.project,
        received_at: own.received,
        installation_id: own.installation,
        space_id: own.space,
        device_id: own.device,
        country: own.country,
        client_id: own.client,
        app_version: own.version,
        latitude: own.latitude,
        ..session(own.tenant, own.id, own.at)
    });
    append(store, rows);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_reports_answer_what_the_model_answers(
        steps in steps(),
        asked in prop::collection::vec(asked(), 1..6),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut model = Model { now: Micros::now().0, ..Model::default() };
        let mut count = 0;
        for step in steps {
            match step {
                Step::Events(mut events) => {
                    for event in &mut events {
                        count += 1;
                        // Ids do not stand in the order in which they come.
                        event.id = format!("{:04}", count * 7919 % 10_000);
                        event.at += model.now;
                    }
                    append_events(&store, &events);
                    model.events.extend(events);
                }
                Step::Sessions(mut sessions) => {
                    for session in &mut sessions {
                        count += 1;
                        session.received = model.now + count;
                        session.at += model.now + count;
                    }
                    append_sessions(&store, &sessions);
                    model.sessions.extend(sessions);
                }
                Step::Flush => flush(&store),
                Step::Restart => {
                    drop(store);
                    store = open(dir.path());
                }
            }
        }
        let snapshot = store.snapshot();
        for asked in asked {
            check(&model, &snapshot, &asked);
        }
    }
}

//! The three reports against a slow, obvious model: random sessions and events, in any order, in hot and in
//! segments, across restarts.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use tidegauge_facts::time::{DAY, HOUR};
use tidegauge_facts::{Event, Micros, ProjectId, Session, TenantId};
use tidegauge_store::{Snapshot, Store};

use super::facts::{append, event, flush, open, session};
use crate::event_field::{EVENT_FIELDS, EventField};
use crate::event_rows::EventRow;
use crate::latest_events::latest_events;
use crate::recent_events::{EventFilter, Interaction, recent_events};
use crate::recent_sessions::{SessionFilter, recent_sessions};
use crate::{Page, Position, ReportError, Scope};

/// A text out of a few, or none.
type Maybe = Option<&'static str>;

#[derive(Debug, Clone)]
struct AnEvent {
    id: String,
    tenant: &'static str,
    project: &'static str,
    at: i64,
    name: &'static str,
    session: Maybe,
    installation: Maybe,
    space: Maybe,
    device: Maybe,
    country: Maybe,
    client: Maybe,
    capture: Maybe,
    interaction: Option<bool>,
    int1: Option<i64>,
    str1: Maybe,
}

#[derive(Debug, Clone)]
struct ASession {
    id: &'static str,
    tenant: &'static str,
    project: &'static str,
    at: i64,
    received: i64,
    installation: Maybe,
    space: Maybe,
    device: Maybe,
    country: Maybe,
    client: Maybe,
    version: Maybe,
    latitude: Option<f64>,
}

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

#[derive(Debug, Clone)]
struct Asked {
    project: Maybe,
    installation: Maybe,
    space: Maybe,
    device: Maybe,
    name: Maybe,
    interaction: Interaction,
    fields: Vec<&'static EventField>,
    limit: usize,
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

#[derive(Default)]
struct Model {
    now: i64,
    events: Vec<AnEvent>,
    sessions: Vec<ASession>,
}

/// What is unknown, or said to be nothing.
fn said(text: Maybe) -> Maybe {
    text.filter(|text| !text.is_empty())
}

impl Model {
    fn session_of(&self, event: &AnEvent, asked: &Asked) -> Option<&ASession> {
        let of_event = self.sessions.iter().filter(|session| {
            Some(session.id) == said(event.session)
                && session.tenant == event.tenant
                && asked.project.is_none_or(|own| session.project == own)
        });
        of_event.min_by_key(|session| session.received)
    }

    /// The event's value, as the wire shows it; unknown is empty.
    fn value(&self, event: &AnEvent, field: &str, asked: &Asked) -> String {
        let session = self.session_of(event, asked);
        let of = |own: Maybe, theirs: fn(&ASession) -> Maybe| {
            said(own).or_else(|| said(session.and_then(theirs))).unwrap_or_default().to_owned()
        };
        match field {
            "tenantId" => event.tenant.to_owned(),
            "sessionId" => of(event.session, |_| None),
            "sessionCreated" => session.map_or(String::new(), |session| session.at.to_string()),
            "country" => of(event.country, |session| session.country),
            "spaceId" => of(event.space, |session| session.space),
            "installationId" => of(event.installation, |session| session.installation),
            "deviceId" => of(event.device, |session| session.device),
            "clientId" => of(event.client, |session| session.client),
            "appVersion" => of(None, |session| session.version),
            "latitude" => {
                session.and_then(|s| s.latitude).map_or(String::new(), |number| (number + 0.0).to_string())
            }
            "captureId" => said(event.capture).unwrap_or(&event.id).to_owned(),
            "eventTime" => event.at.to_string(),
            "eventType" => event.name.to_owned(),
            "interaction" => event.interaction.unwrap_or(false).to_string(),
            "int1" => event.int1.map_or(String::new(), |int| int.to_string()),
            "str1" => of(event.str1, |_| None),
            _ => String::new(),
        }
    }

    /// The events that are asked for, newest first.
    fn events(&self, asked: &Asked) -> Vec<&AnEvent> {
        let is = |event: &AnEvent, field: &str, text: Maybe| {
            text.is_none_or(|text| self.value(event, field, asked) == text)
        };
        let mut events: Vec<&AnEvent> = self
            .events
            .iter()
            .filter(|event| event.tenant == "t" && asked.project.is_none_or(|own| event.project == own))
            .filter(|event| event.at > self.now - DAY)
            .filter(|event| is(event, "installationId", asked.installation))
            .filter(|event| is(event, "spaceId", asked.space) && is(event, "deviceId", asked.device))
            .filter(|event| is(event, "eventType", asked.name))
            .filter(|event| match asked.interaction {
                Interaction::All => true,
                Interaction::Interactive => event.interaction == Some(true),
                Interaction::NonInteractive => event.interaction != Some(true),
            })
            .collect();
        events.sort_by_key(|event| std::cmp::Reverse((event.at, event.id.clone())));
        events
    }

    fn latest(&self, asked: &Asked) -> Vec<&AnEvent> {
        let mut known = BTreeMap::new();
        let mut latest = Vec::new();
        for event in self.events(asked) {
            let values: Vec<String> =
                asked.fields.iter().map(|field| self.value(event, field.wire, asked)).collect();
            if known.insert(values, ()).is_none() {
                latest.push(event);
            }
        }
        latest
    }

    fn sessions(&self, asked: &Asked) -> Vec<&ASession> {
        let is = |own: Maybe, text: Maybe| text.is_none_or(|text| own.unwrap_or_default() == text);
        let mut sessions: Vec<&ASession> = self
            .sessions
            .iter()
            .filter(|session| session.tenant == "t" && !session.id.is_empty())
            .filter(|session| asked.project.is_none_or(|own| session.project == own))
            .filter(|session| session.at > self.now - DAY)
            .filter(|session| is(session.installation, asked.installation))
            .filter(|session| is(session.space, asked.space) && is(session.device, asked.device))
            .collect();
        sessions.sort_by_key(|session| std::cmp::Reverse((session.at, session.id)));
        sessions
    }

    fn shown(&self, event: &AnEvent, asked: &Asked) -> Vec<String> {
        let mut shown = vec![event.id.clone()];
        shown.extend(SHOWN.iter().map(|field| self.value(event, field, asked)));
        shown
    }
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
            let mut shown = model.shown(event, asked);
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
        model.latest(asked).into_iter().map(|event| model.shown(event, asked)).collect();
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

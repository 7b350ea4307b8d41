//! A report that takes more than it may ends, and says so.

use std::time::Duration;

use tidegauge_facts::{Event, Micros, Request, TenantId};
use tidegauge_store::{Budget, Reader, StoreError};

use super::facts::{append, event, flush, open, session};
use crate::ReportError;
use crate::event_field::EventField;
use crate::latest_events::latest_events;
use crate::page::Page;
use crate::recent_events::{EventFilter, recent_events};
use crate::request_activity::{Question, Subject, request_activity};
use crate::scope::Scope;

const TENANT: &str = "t";

fn scope() -> Scope {
    Scope { tenant: TenantId::parse(TENANT).unwrap(), project: None }
}

fn question() -> Question {
    Question {
        scope: scope(),
        subject: Subject::Apis,
        first_day: 0,
        last_day: 0,
        bucket: None,
        api: None,
        tags: Vec::new(),
    }
}

/// A store with events, sessions and requests, some in segments and some not.
fn furnished(path: &std::path::Path) -> tidegauge_store::Store {
    let (store, now) = (open(path), Micros::now().0);
    let ids: Vec<String> = (0..500).map(|n| format!("id-{n:04}")).collect();
    for half in ids.chunks(250) {
        append(&store, half.iter().map(|id| Event { session_id: Some(id), ..event(TENANT, id, now) }));
        append(&store, half.iter().map(|id| session(TENANT, id, now)));
        append(
            &store,
            half.iter().map(|id| Request {
                tenant_id: TENANT,
                project_id: "p",
                request_id: id,
                api_id: id,
                path: "/",
                ..Request::default()
            }),
        );
        if half[0] == "id-0000" {
            flush(&store);
        }
    }
    store
}

#[test]
fn a_report_whose_time_is_over_ends_and_does_not_begin_again_by_another_way() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(dir.path());
    let none = || Reader::new(&store, Budget::new(Duration::ZERO, u64::MAX));
    let activity = request_activity(&none().snapshot(), &question());
    assert!(matches!(activity, Err(ReportError::Store(StoreError::TookTooLong { seconds: 0 }))));
    let (filter, page) = (EventFilter::default(), Page::default());
    let mut events = recent_events(&none().snapshot(), &scope(), &filter, &page, Micros::now()).unwrap();
    assert!(matches!(events.next(), Some(Err(ReportError::Store(StoreError::TookTooLong { .. })))));
}

#[test]
fn a_report_that_brings_too_much_together_ends_and_one_within_its_budget_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = furnished(dir.path());
    let within = |bytes| Reader::new(&store, Budget::new(Duration::MAX, bytes)).snapshot();
    let field = EventField::from_wire("sessionId").unwrap();
    let latest = |bytes| {
        let (filter, page) = (EventFilter::default(), Page::default());
        latest_events(&within(bytes), &scope(), &[field], &filter, &page, Micros::now()).map(drop)
    };
    for bytes in [0, 10_000] {
        let activity = request_activity(&within(bytes), &question());
        assert!(
            matches!(activity, Err(ReportError::Store(StoreError::TooMuchMemory { .. }))),
            "{activity:?}"
        );
        let latest = latest(bytes);
        assert!(matches!(latest, Err(ReportError::Store(StoreError::TooMuchMemory { .. }))), "{latest:?}");
    }
    assert_eq!(request_activity(&within(1 << 20), &question()).unwrap().len(), 500);
    latest(1 << 20).unwrap();
}

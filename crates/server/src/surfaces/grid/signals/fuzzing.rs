//! The fuzz target of the client's four kinds of records.

use std::sync::{Arc, LazyLock};

use tidegauge_accounts::{Credential, KeyLimits, Principal, Scope, Scopes};
use tidegauge_facts::{Micros, TenantId};

use super::contact;
use super::fields::Field;
use super::record::Record;
use super::rows::{SignalEvent, client_row, session_row};
use crate::intake::events::NewEvent as _;

static PRINCIPAL: LazyLock<Principal> = LazyLock::new(|| Principal {
    tenant: TenantId::default(),
    project: None,
    scopes: Scopes::from_iter([Scope::Ingest]),
    limits: KeyLimits::default(),
    credential: Credential::Key(Arc::from("k")),
    expires_at: None,
});

/// A body: whichever kind of record it is taken for, what comes out of it keeps its promises.
pub fn signals(data: &[u8]) {
    let record = match Record::parse(data) {
        Ok(record) => record,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let (tenant, now) = (PRINCIPAL.tenant.as_str(), Micros(1_800_000_000_000_000));
    if let Some(numbers) = record.inexact_numbers() {
        assert!(
            serde_json::from_str::<serde_json::Value>(&numbers).is_ok(),
            "properties are JSON: {numbers}"
        );
    }
    for degrees in [record.decimal(Field::Latitude), record.decimal(Field::Longitude)].into_iter().flatten() {
        assert!((-180.0..=180.0).contains(&degrees));
    }
    if let Ok(event) = SignalEvent::new(&record, Some("192.0.2.7")) {
        let row = event.to_row(tenant, "p", now);
        assert!(!row.event_name.is_empty());
        assert!(event.contact_id(tenant).is_none_or(|id| uuid::Uuid::try_parse(&id).is_ok()));
    }
    if let Ok(row) = session_row(&record, &PRINCIPAL, None, now) {
        assert!(!row.session_id.is_empty());
        assert_eq!(contact::of_session(tenant, row.session_id).len(), 36);
    }
    if let Ok(row) = client_row(&record, &PRINCIPAL, None, now) {
        assert!(row.session_id.is_empty() && row.client_id.is_some_and(|id| !id.is_empty()));
    }
}

//! The events of the last 24 hours, newest first (seed 002).

use std::sync::Arc;

use tidegauge_facts::{Micros, Table};
use tidegauge_store::{Position, Query, Snapshot};

use crate::coded::Printer;
use crate::error::ReportError;
use crate::event_field::EventField;
use crate::event_rows::{EVENT_COLUMNS, EventRows};
use crate::page::{Page, PageRows};
use crate::row_filter::{Join, RowFilter};
use crate::scope::{Scope, day_before};
use crate::session_ids::SessionIds;

/// Which events, all those that fit every filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// The event's own installation, else its session's.
    pub installation_id: Option<String>,
    /// The event's own space, else its session's.
    pub space_id: Option<String>,
    /// The event's own device, else its session's.
    pub device_id: Option<String>,
    /// The event's name.
    pub event_type: Option<String>,
    /// Whether a person caused it.
    pub interaction: Interaction,
}

/// Which events by who caused them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Interaction {
    /// Those a person caused.
    Interactive,
    /// Those that no person caused, or of which it is not known.
    NonInteractive,
    /// All.
    #[default]
    All,
}

impl EventFilter {
    /// The fields that must have a text.
    pub(crate) fn equal(&self) -> impl Iterator<Item = (&'static EventField, &str)> {
        let asked = [
            ("installationId", &self.installation_id),
            ("spaceId", &self.space_id),
            ("deviceId", &self.device_id),
            ("eventType", &self.event_type),
        ];
        asked.into_iter().filter_map(|(name, text)| Some((EventField::from_wire(name)?, text.as_deref()?)))
    }

    /// The columns of sessions that the filters look at.
    pub(crate) fn of_session(&self) -> impl Iterator<Item = &'static str> {
        self.equal().filter_map(|(field, _)| field.of_session)
    }
}

/// A page of the report, a few thousand events at a time; the memory it takes does not grow with its length.
#[derive(Debug)]
pub struct RecentEvents {
    rows: PageRows,
    join: Arc<Join>,
}

/// The report as of `now`.
///
/// # Errors
/// Facts cannot be read, or more sessions belong to the events than can be held.
pub fn recent_events(
    snapshot: &Snapshot,
    scope: &Scope,
    filter: &EventFilter,
    page: &Page,
    now: Micros,
) -> Result<RecentEvents, ReportError> {
    let from = day_before(now);
    let columns: Vec<&'static str> = filter.of_session().collect();
    let mut query = Query {
        table: Table::Events,
        tenant: scope.tenant.as_str().to_owned(),
        from,
        to: i64::MAX,
        columns: Vec::new(),
        test: None,
    };
    let printer = Printer::new();
    let filter = RowFilter::new(filter, scope, &printer);
    // Sessions are looked for only when the filters ask for what events may have from them.
    let join = if columns.is_empty() {
        Join::without_sessions(printer)
    } else {
        let wanted = SessionIds::of_events(snapshot, scope, from, &printer)?;
        Join::new(snapshot, scope, from, &columns, printer, &wanted)?
    };
    let join = Arc::new(join);
    query.test = filter.into_test(Arc::clone(&join));
    query.columns = EVENT_COLUMNS.to_vec();
    Ok(RecentEvents { rows: PageRows::new(snapshot, query, page)?, join })
}

impl RecentEvents {
    /// Where the next page begins, if there is one.
    #[must_use]
    pub fn next_page(&self) -> Option<&Position> {
        self.rows.next.as_ref()
    }
}

impl Iterator for RecentEvents {
    type Item = Result<EventRows, ReportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.rows.next()?;
        Some(batch.map(|batch| EventRows::new(batch, Arc::clone(&self.join))))
    }
}

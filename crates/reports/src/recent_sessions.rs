//! The sessions of the last 24 hours, newest first (seed 002).

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use tidegauge_facts::{Micros, Table};
use tidegauge_store::{Position, Query, RowTest, Snapshot};

use crate::error::ReportError;
use crate::page::{Page, PageRows};
use crate::scope::{Scope, day_before};
use crate::values::Values;

/// Which sessions, all those that fit every filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// The installation.
    pub installation_id: Option<String>,
    /// The space.
    pub space_id: Option<String>,
    /// The device.
    pub device_id: Option<String>,
}

/// One session. A text that is always answered is empty where it is unknown, a number 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionRow<'a> {
    /// Its id.
    pub session_id: &'a str,
    /// When it was created.
    pub session_created: Micros,
    /// Such as `production`.
    pub environment: &'a str,
    /// Where its data lives.
    pub data_residency: &'a str,
    /// ISO 3166 country code.
    pub country: &'a str,
    /// The space.
    pub space_id: &'a str,
    /// The app.
    pub app_id: &'a str,
    /// The app's version.
    pub app_version: Option<&'a str>,
    /// The installation's version.
    pub installation_version: Option<&'a str>,
    /// The installation.
    pub installation_id: &'a str,
    /// The device.
    pub device_id: Option<&'a str>,
    /// The client.
    pub client_id: &'a str,
    /// The peer's address.
    pub ip: &'a str,
    /// Metres.
    pub location_accuracy: f64,
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
    /// Its own, else its id.
    pub capture_id: &'a str,
}

const COLUMNS: [&str; 17] = [
    "session_id",
    "event_time",
    "environment",
    "data_residency",
    "country",
    "space_id",
    "app_id",
    "app_version",
    "installation_version",
    "installation_id",
    "device_id",
    "client_id",
    "ip",
    "location_accuracy",
    "latitude",
    "longitude",
    "capture_id",
];

/// A page of the report, a few thousand sessions at a time; the memory it takes does not grow with its length.
#[derive(Debug)]
pub struct RecentSessions {
    rows: PageRows,
}

/// The report as of `now`.
///
/// # Errors
/// Facts cannot be read.
pub fn recent_sessions(
    snapshot: &Snapshot,
    scope: &Scope,
    filter: &SessionFilter,
    page: &Page,
    now: Micros,
) -> Result<RecentSessions, ReportError> {
    let query = Query {
        table: Table::Sessions,
        tenant: scope.tenant.as_str().to_owned(),
        from: day_before(now),
        to: i64::MAX,
        columns: COLUMNS.to_vec(),
        test: Some(test(scope, filter)),
    };
    Ok(RecentSessions { rows: PageRows::new(snapshot, query, page)? })
}

fn test(scope: &Scope, filter: &SessionFilter) -> RowTest {
    let project = scope.project.as_ref().map(|project| project.as_str().to_owned());
    let asked = [
        ("project_id", project),
        ("installation_id", filter.installation_id.clone()),
        ("space_id", filter.space_id.clone()),
        ("device_id", filter.device_id.clone()),
    ];
    let asked: Vec<(&'static str, String)> =
        asked.into_iter().filter_map(|(column, text)| Some((column, text?))).collect();
    let columns = asked.iter().map(|(column, _)| *column).chain(["session_id"]).collect();
    let test = move |batch: &RecordBatch| {
        let ids = Values::of(batch, "session_id");
        let asked: Vec<_> = asked.iter().map(|(column, text)| (Values::of(batch, column), text)).collect();
        let is_asked = |row| asked.iter().all(|(own, text)| own.text(row).unwrap_or_default() == *text);
        // A row without an id only describes a client.
        (0..batch.num_rows())
            .map(|row| Some(ids.said(row).is_some() && is_asked(row)))
            .collect::<BooleanArray>()
    };
    RowTest { columns, test: Arc::new(test) }
}

impl RecentSessions {
    /// Where the next page begins, if there is one.
    #[must_use]
    pub fn next_page(&self) -> Option<&Position> {
        self.rows.next.as_ref()
    }
}

impl Iterator for RecentSessions {
    type Item = Result<SessionRows, ReportError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.rows.next()?.map(SessionRows))
    }
}

/// Some sessions, newest first.
#[derive(Debug)]
pub struct SessionRows(RecordBatch);

impl SessionRows {
    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.num_rows()
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the sessions, in their order.
    pub fn iter(&self, rows: Range<usize>) -> impl Iterator<Item = SessionRow<'_>> {
        let columns = COLUMNS.map(|column| Values::of(&self.0, column));
        rows.map(move |row| {
            let [id, created, environment, residency, country, space, app, app_version, ..] = columns;
            let [.., version, installation, device, client, ip, accuracy, latitude, longitude, capture] =
                columns;
            // JSON has no number that is none.
            let number = |column: Values<'_>| column.float(row).filter(|n| n.is_finite()).unwrap_or_default();
            let session_id = id.text(row).unwrap_or_default();
            SessionRow {
                session_id,
                session_created: Micros(created.int(row).unwrap_or_default()),
                environment: environment.text(row).unwrap_or_default(),
                data_residency: residency.text(row).unwrap_or_default(),
                country: country.text(row).unwrap_or_default(),
                space_id: space.text(row).unwrap_or_default(),
                app_id: app.text(row).unwrap_or_default(),
                app_version: app_version.text(row),
                installation_version: version.text(row),
                installation_id: installation.text(row).unwrap_or_default(),
                device_id: device.text(row),
                client_id: client.text(row).unwrap_or_default(),
                ip: ip.text(row).unwrap_or_default(),
                location_accuracy: number(accuracy),
                latitude: number(latitude),
                longitude: number(longitude),
                capture_id: capture.said(row).unwrap_or(session_id),
            }
        })
    }
}

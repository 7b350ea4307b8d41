//! API traffic over whole UTC days: who called what, how often, how well, and how fast (seed 004).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ListArray, RecordBatch};
use tidegauge_facts::time::{DAY, HOUR};
use tidegauge_facts::{Micros, Table};
use tidegauge_store::traffic::{Hit, Measure, NETWORK_STATISTICS};
use tidegauge_store::{Query, Snapshot};

use crate::ReportError;
use crate::scope::Scope;
use crate::values::Values;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// Whose traffic.
    pub scope: Scope,
    /// What it is about.
    pub subject: Subject,
    /// First UTC day, in days since 1970.
    pub first_day: i64,
    /// Last UTC day, included, in days since 1970.
    pub last_day: i64,
    /// Rows of their own for each span of time; one for all of it if it is none.
    pub bucket: Option<Bucket>,
    /// Of this API alone.
    pub api: Option<String>,
    /// Of requests alone that carry one of these tags; of all when there is none.
    pub tags: Vec<String>,
}

/// What a report is about, and so what its rows are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One key's endpoints: rows by API and path.
    EndpointsOfKey(String),
    /// One OAuth client's endpoints: rows by API and path.
    EndpointsOfClient(String),
    /// All keys: rows by key.
    Keys,
    /// One key: rows by API.
    Key(String),
    /// One OAuth client: rows by API.
    Client(String),
    /// All APIs: rows by API.
    Apis,
    /// Errors: rows by API and code, of requests answered with 400 and up.
    Errors,
}

/// A span of time that rows are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// An hour.
    Hour,
    /// A UTC day.
    Day,
    /// A month.
    Month,
}

/// What a row is about; what its report does not tell apart is empty, or 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// The bucket's first instant, in microseconds; none without buckets.
    pub bucket: Option<i64>,
    /// The API's id.
    pub api: Box<str>,
    /// The endpoint.
    pub path: Box<str>,
    /// The key.
    pub key: Box<str>,
    /// The response code.
    pub code: i64,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityRow {
    /// What it is about.
    pub group: Group,
    /// The key's alias, or the API's name, as its newest request gave it; empty when the report is about neither.
    pub label: Box<str>,
    /// Its requests.
    pub measure: Measure,
}

/// All rows, in no order.
///
/// # Errors
/// The facts cannot be read.
pub fn request_activity(snapshot: &Snapshot, question: &Question) -> Result<Vec<ActivityRow>, ReportError> {
    let mut rows: HashMap<Group, ActivityRow> = HashMap::new();
    let query = Query {
        table: Table::Requests,
        tenant: question.scope.tenant.as_str().to_owned(),
        from: question.first_day * DAY,
        to: (question.last_day + 1) * DAY - 1,
        columns: COLUMNS.to_vec(),
        test: None,
    };
    for batch in snapshot.newest_first(query, None) {
        let batch = batch?;
        let columns = Columns::of(&batch);
        for row in 0..batch.num_rows() {
            let Some((group, label)) = columns.group(question, row) else { continue };
            let measure = Measure::from(columns.hit(row));
            match rows.entry(group) {
                // Newest first: the first label is the one.
                Entry::Occupied(mut known) => known.get_mut().measure.add(&measure),
                Entry::Vacant(vacant) => {
                    let group = vacant.key().clone();
                    vacant.insert(ActivityRow { group, label: label.into(), measure });
                }
            }
        }
    }
    Ok(rows.into_values().collect())
}

const COLUMNS: [&str; 13] = [
    "event_time",
    "project_id",
    "api_id",
    "path",
    "response_code",
    "api_key",
    "alias",
    "oauth_id",
    "api_name",
    "request_time",
    "latency_total",
    "latency_upstream",
    "tags",
];

struct Columns<'a> {
    values: [Values<'a>; 12],
    tags: Option<&'a ListArray>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let values = std::array::from_fn(|n| Values::of(batch, COLUMNS[n]));
        Self { values, tags: batch.column_by_name("tags").and_then(|tags| tags.as_list_opt()) }
    }

    fn text(&self, column: usize, row: usize) -> &'a str {
        self.values[column].text(row).unwrap_or_default()
    }

    fn int(&self, column: usize, row: usize) -> i64 {
        self.values[column].int(row).unwrap_or_default()
    }

    fn hit(&self, row: usize) -> Hit {
        let millis = |column| u64::try_from(self.int(column, row)).unwrap_or_default();
        Hit {
            code: self.int(4, row),
            at: self.int(0, row),
            request_time: millis(9),
            latency: millis(10),
            upstream: millis(11),
        }
    }

    fn group(&self, question: &Question, row: usize) -> Option<(Group, &'a str)> {
        let Question { scope, subject, api, .. } = question;
        let code = self.int(4, row);
        let wanted = scope.project.as_ref().is_none_or(|project| project.as_str() == self.text(1, row))
            && api.as_ref().is_none_or(|api| api == self.text(2, row))
            && code != NETWORK_STATISTICS
            && (question.tags.is_empty() || self.has_tag(&question.tags, row));
        if !wanted {
            return None;
        }
        let bucket = question.bucket.map(|bucket| {
            let at = Micros(self.int(0, row));
            match bucket {
                Bucket::Hour => at.hour() * HOUR,
                Bucket::Day => at.day() * DAY,
                Bucket::Month => at.month_start().0,
            }
        });
        let mut group = Group { bucket, ..Group::default() };
        let mut label = "";
        let is = |column, text: &String| self.text(column, row) == text;
        match subject {
            Subject::EndpointsOfKey(key) if is(5, key) => group.path = self.text(3, row).into(),
            Subject::EndpointsOfClient(client) if is(7, client) => group.path = self.text(3, row).into(),
            Subject::Key(key) if is(5, key) => {}
            Subject::Client(client) if is(7, client) => {}
            Subject::Keys if !self.text(5, row).is_empty() => {
                group.key = self.text(5, row).into();
                label = self.text(6, row);
            }
            Subject::Apis => label = self.text(8, row),
            Subject::Errors if code >= 400 => group.code = code,
            _ => return None,
        }
        if *subject != Subject::Keys {
            group.api = self.text(2, row).into();
        }
        Some((group, label))
    }

    fn has_tag(&self, wanted: &[String], row: usize) -> bool {
        let Some(tags) = self.tags.filter(|tags| tags.is_valid(row)) else { return false };
        let tags = tags.value(row);
        tags.as_string_opt::<i32>()
            .is_some_and(|tags| tags.iter().flatten().any(|tag| wanted.iter().any(|wanted| wanted == tag)))
    }
}

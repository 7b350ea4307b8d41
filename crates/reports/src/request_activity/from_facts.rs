//! Traffic by looking at each request.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ListArray, RecordBatch};
use tidegauge_facts::{Micros, Table};
use tidegauge_store::Query;
use tidegauge_store::traffic::{Hit, Measure, NETWORK_STATISTICS};

use super::sums::Sums;
use super::{Group, Question, Subject};
use crate::ReportError;
use crate::values::Values;

/// The requests of the question's period, with what is looked at.
pub(super) fn query(question: &Question) -> Query {
    let instants = question.instants();
    Query {
        table: Table::Requests,
        tenant: question.scope.tenant.as_str().to_owned(),
        from: instants.start,
        to: instants.end.saturating_sub(1),
        columns: COLUMNS.to_vec(),
        test: None,
    }
}

/// Adds those of a batch of the question's tenant that it is about.
pub(super) fn add(batch: &RecordBatch, question: &Question, sums: &mut Sums) -> Result<(), ReportError> {
    let columns = Columns::of(batch);
    let who = match &question.subject {
        Subject::EndpointsOfKey(key) | Subject::Key(key) => Some((5, key)),
        Subject::EndpointsOfClient(client) | Subject::Client(client) => Some((7, client)),
        Subject::Keys | Subject::Apis | Subject::Errors => None,
    };
    let rows = who.map(|(column, text)| columns.values[column].rows_saying(text));
    for row in rows.unwrap_or_else(|| (0..batch.num_rows()).collect()) {
        if let Some((group, label)) = columns.group(question, row) {
            sums.add(group, label, &Measure::from(columns.hit(row)))?;
        }
    }
    Ok(())
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

    /// What the row is about and what that is called, if the question is about it, whoever's it is.
    fn group(&self, question: &Question, row: usize) -> Option<(Group, &'a str)> {
        let Question { scope, subject, api, .. } = question;
        let code = self.int(4, row);
        let wanted = question.instants().contains(&self.int(0, row))
            && scope.project.as_ref().is_none_or(|project| project.as_str() == self.text(1, row))
            && api.as_ref().is_none_or(|api| api == self.text(2, row))
            && code != NETWORK_STATISTICS
            && (question.tags.is_empty() || self.has_tag(&question.tags, row));
        if !wanted {
            return None;
        }
        let bucket = question.bucket.map(|bucket| bucket.start(Micros(self.int(0, row))));
        let mut group = Group { bucket, ..Group::default() };
        let mut label = "";
        match subject {
            Subject::EndpointsOfKey(_) | Subject::EndpointsOfClient(_) => {
                group.path = self.text(3, row).into();
            }
            Subject::Key(_) | Subject::Client(_) => label = self.text(8, row),
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

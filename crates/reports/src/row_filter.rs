//! Which events a report is asked for, and an event's fields with those of its session.

use std::sync::{Arc, OnceLock};

use arrow_array::{BooleanArray, RecordBatch};
use tidegauge_store::{RowTest, Snapshot};

use crate::coded::{Coded, Codes, Print, Printer};
use crate::error::ReportError;
use crate::event_field::EventField;
use crate::recent_events::{EventFilter, Interaction};
use crate::scope::Scope;
use crate::session_ids::SessionIds;
use crate::session_index::SessionIndex;
use crate::values::Values;

/// The sessions of a report, and the hashes that tell its values apart.
#[derive(Debug)]
pub(crate) struct Join {
    pub sessions: SessionIndex,
    pub printer: Printer,
}

impl Join {
    /// The wanted sessions of events from the instant `from` on, with these columns.
    pub fn new(
        snapshot: &Snapshot,
        scope: &Scope,
        from: i64,
        columns: &[&'static str],
        printer: Printer,
        wanted: &SessionIds,
    ) -> Result<Self, ReportError> {
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        columns.dedup();
        let sessions = SessionIndex::build(snapshot, scope, from, &columns, &printer, wanted)?;
        Ok(Self { sessions, printer })
    }

    /// Where no session is looked at.
    pub fn without_sessions(printer: Printer) -> Self {
        Self { sessions: SessionIndex::default(), printer }
    }
}

/// A batch of events and where their sessions stand.
pub(crate) struct Joined<'a> {
    pub batch: &'a RecordBatch,
    join: &'a Join,
    places: OnceLock<Vec<u32>>,
}

impl<'a> Joined<'a> {
    pub fn new(batch: &'a RecordBatch, join: &'a Join) -> Self {
        Self { batch, join, places: OnceLock::new() }
    }

    fn places(&self) -> &[u32] {
        self.places.get_or_init(|| self.join.sessions.places(self.batch, &self.join.printer))
    }

    /// The field's codes: an event's own value, else its fallback, else its session's.
    pub fn coded(&self, field: &EventField) -> Coded {
        let (rows, printer) = (self.batch.num_rows(), &self.join.printer);
        let mut known = Codes::default();
        let own = field.own.map_or(Values::Missing, |column| Values::of(self.batch, column));
        if field.wire == "interaction" {
            // What is not known to be an interaction is none.
            let codes = (0..rows).map(|row| known.code(own.flag(row).unwrap_or(false).into())).collect();
            return known.coded(codes);
        }
        let mut codes = known.of(printer, &own, rows);
        let unknown = known.code(Printer::UNKNOWN);
        if let Some(fallback) = field.fallback.map(|column| Values::of(self.batch, column)) {
            for (row, code) in codes.iter_mut().enumerate().filter(|(_, code)| **code == unknown) {
                *code = known.code(printer.value(&fallback, row));
            }
        }
        if let Some(column) = field.of_session.and_then(|name| self.join.sessions.column(name)) {
            const UNSEEN: u32 = u32::MAX;
            let mut by_code = vec![UNSEEN; column.prints.len()];
            for (code, place) in codes.iter_mut().zip(self.places()) {
                if *code == unknown && *place != 0 {
                    let of_session = &mut by_code[column.code(*place) as usize];
                    if *of_session == UNSEEN {
                        *of_session = known.code(column.prints[column.code(*place) as usize]);
                    }
                    *code = *of_session;
                }
            }
        }
        known.coded(codes)
    }
}

/// The filters of a report on events, ready to be applied to batches.
#[derive(Debug)]
pub(crate) struct RowFilter {
    equal: Vec<(&'static EventField, Print)>,
    project: Option<String>,
    interaction: Interaction,
}

impl RowFilter {
    pub fn new(filter: &EventFilter, scope: &Scope, printer: &Printer) -> Self {
        let equal = filter.equal().map(|(field, text)| (field, printer.text(text))).collect();
        let project = scope.project.as_ref().map(|project| project.as_str().to_owned());
        Self { equal, project, interaction: filter.interaction }
    }

    pub fn is_empty(&self) -> bool {
        self.equal.is_empty() && self.project.is_none() && self.interaction == Interaction::All
    }

    /// The events' columns it looks at.
    pub fn columns(&self) -> Vec<&'static str> {
        let mut columns: Vec<&'static str> =
            self.equal.iter().flat_map(|(field, _)| field.columns()).collect();
        columns.extend(self.project.as_ref().map(|_| "project_id"));
        columns.extend((self.interaction != Interaction::All).then_some("interaction"));
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Which events are wanted.
    pub fn wanted(&self, joined: &Joined<'_>) -> Vec<bool> {
        let mut wanted = vec![true; joined.batch.num_rows()];
        if let Some(own) = &self.project {
            let projects = Values::of(joined.batch, "project_id");
            keep(&mut wanted, |row| projects.text(row) == Some(own));
        }
        if self.interaction != Interaction::All {
            let (flags, asked) =
                (Values::of(joined.batch, "interaction"), self.interaction == Interaction::Interactive);
            keep(&mut wanted, |row| flags.flag(row).unwrap_or(false) == asked);
        }
        for (field, print) in &self.equal {
            let coded = joined.coded(field);
            let code = coded.code_of(*print);
            keep(&mut wanted, |row| Some(coded.codes[row]) == code);
        }
        wanted
    }

    /// As a test that the store applies before it reads the other columns.
    pub fn into_test(self, join: Arc<Join>) -> Option<RowTest> {
        let columns = self.columns();
        let test = move |batch: &RecordBatch| BooleanArray::from(self.wanted(&Joined::new(batch, &join)));
        (!columns.is_empty()).then(|| RowTest { columns, test: Arc::new(test) })
    }
}

fn keep(wanted: &mut [bool], is_so: impl Fn(usize) -> bool) {
    for (row, wanted) in wanted.iter_mut().enumerate().filter(|(_, wanted)| **wanted) {
        *wanted = is_so(row);
    }
}

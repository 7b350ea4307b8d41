//! The sessions that events may belong to, in memory for one report: by their ids, with the columns that the
//! report needs.
//!
//! Promise: an event is given its session's values whichever of the two arrived first. Of a session that was
//! stored more than once, the row received first counts.

use ahash::RandomState;
use arrow_array::{Array as _, RecordBatch};
use hashbrown::{HashMap, hash_map::Entry};
use tidegauge_facts::Table;
use tidegauge_facts::time::DAY;
use tidegauge_store::{Query, Snapshot};

use crate::coded::{Print, Printer};
use crate::error::ReportError;
use crate::scope::Scope;
use crate::values::Values;

/// An event finds its session when that was created at most so long before the report's first instant.
pub const SESSION_LOOKBACK_DAYS: i64 = 7;
/// Sessions held for one report; about 60 bytes each, and their texts.
pub const MAX_SESSIONS: usize = 2_000_000;

/// The sessions of a tenant, or of one project.
#[derive(Debug, Default)]
pub(crate) struct SessionIndex {
    by_id: HashMap<Print, u32, RandomState>,
    received: Vec<i64>,
    columns: Vec<SessionColumn>,
    most: usize,
}

/// A column of the sessions. The code 0 is what is unknown.
#[derive(Debug)]
pub(crate) struct SessionColumn {
    name: &'static str,
    codes: Vec<u32>,
    pub prints: Vec<Print>,
    texts: Texts,
    known: HashMap<Print, u32, RandomState>,
}

/// Texts one behind the other.
#[derive(Debug, Default)]
struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl SessionIndex {
    /// The sessions that events from the instant `from` on may belong to; at most `most`.
    pub fn build(
        snapshot: &Snapshot,
        scope: &Scope,
        from: i64,
        columns: &[&'static str],
        printer: &Printer,
        most: usize,
    ) -> Result<Self, ReportError> {
        let mut read = vec!["event_time", "received_at", "session_id", "project_id"];
        read.extend(columns.iter().filter(|name| **name != "event_time"));
        let query = Query {
            table: Table::Sessions,
            tenant: scope.tenant.as_str().to_owned(),
            from: from.saturating_sub(SESSION_LOOKBACK_DAYS * DAY),
            to: i64::MAX,
            columns: read,
            test: None,
        };
        let columns = columns.iter().map(|name| SessionColumn::new(name)).collect();
        let mut index = Self { columns, most, ..Self::default() };
        for piece in snapshot.pieces(query)? {
            index.add(&piece.read()?, scope, printer)?;
        }
        Ok(index)
    }

    fn add(&mut self, batch: &RecordBatch, scope: &Scope, printer: &Printer) -> Result<(), ReportError> {
        let ids = Values::of(batch, "session_id");
        let received = Values::of(batch, "received_at");
        let projects = Values::of(batch, "project_id");
        let mut rows: Vec<(usize, usize)> = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let is_in_scope =
                scope.project.as_ref().is_none_or(|own| projects.text(row) == Some(own.as_str()));
            // A row without an id only describes a client.
            let Some(id) = ids.said(row).filter(|_| is_in_scope) else { continue };
            let received = received.int(row).unwrap_or(i64::MAX);
            match self.by_id.entry(printer.text(id)) {
                Entry::Occupied(known) => {
                    let place = *known.get() as usize;
                    if received < self.received[place] {
                        self.received[place] = received;
                        rows.push((row, place));
                    }
                }
                Entry::Vacant(free) => {
                    if self.received.len() == self.most {
                        return Err(ReportError::TooManySessions(self.most));
                    }
                    rows.push((row, self.received.len()));
                    free.insert(self.received.len() as u32);
                    self.received.push(received);
                }
            }
        }
        for column in &mut self.columns {
            column.codes.resize(self.received.len(), 0);
            column.add(&Values::of(batch, column.name), &rows, printer);
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.received.is_empty()
    }

    /// Where the session of each event stands, as one more than its place; 0 where there is none.
    pub fn places(&self, batch: &RecordBatch, printer: &Printer) -> Vec<u32> {
        let rows = batch.num_rows();
        let ids = Values::of(batch, "session_id");
        if self.is_empty() || matches!(ids, Values::Missing) {
            return vec![0; rows];
        }
        let place = |id: &str| self.by_id.get(&printer.text(id)).map_or(0, |place| place + 1);
        match ids {
            Values::Labels { keys, texts } => {
                let by_key: Vec<u32> = texts.iter().map(|id| place(id.unwrap_or_default())).collect();
                let rows = keys.keys().iter();
                rows.map(|key| key.map_or(0, |key| by_key[key as usize])).collect()
            }
            _ => (0..rows).map(|row| ids.text(row).map_or(0, place)).collect(),
        }
    }

    pub fn column(&self, name: &str) -> Option<&SessionColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl SessionColumn {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            codes: Vec::new(),
            prints: vec![Printer::UNKNOWN],
            texts: Texts { bytes: String::new(), ends: vec![0] },
            known: HashMap::default(),
        }
    }

    /// Sets the value of each place from its row.
    fn add(&mut self, values: &Values<'_>, rows: &[(usize, usize)], printer: &Printer) {
        // Each distinct text of a dictionary is looked up once.
        let mut by_key: Vec<Option<u32>> = match values {
            Values::Labels { texts, .. } => vec![None; texts.len()],
            _ => Vec::new(),
        };
        for (row, place) in rows {
            let code = match values {
                Values::Labels { keys, texts } if keys.is_valid(*row) => {
                    let key = keys.keys().values()[*row] as usize;
                    let text = texts.value(key);
                    *by_key[key].get_or_insert_with(|| self.code_of(printer.text(text), text))
                }
                _ => self.code_of(printer.value(values, *row), values.text(*row).unwrap_or_default()),
            };
            self.codes[*place] = code;
        }
    }

    fn code_of(&mut self, print: Print, text: &str) -> u32 {
        if print == Printer::UNKNOWN {
            return 0;
        }
        *self.known.entry(print).or_insert_with(|| {
            self.prints.push(print);
            self.texts.push(text);
            self.prints.len() as u32 - 1
        })
    }

    /// The code of the session at a place as [`SessionIndex::places`] tells it.
    #[inline]
    pub fn code(&self, place: u32) -> u32 {
        if place == 0 { 0 } else { self.codes[place as usize - 1] }
    }

    /// The text of the session at a place; none where it is unknown.
    #[inline]
    pub fn said(&self, place: u32) -> Option<&str> {
        let code = self.code(place) as usize;
        (code > 0).then(|| &self.texts.bytes[self.texts.ends[code - 1]..self.texts.ends[code]])
    }
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_facts::{Session, TenantId};

    use super::*;
    use crate::tests::facts::{append, flush, open, session};

    #[test]
    fn one_session_more_than_allowed_is_refused_and_one_that_comes_again_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let scope = Scope { tenant: TenantId::parse("t").unwrap(), project: None };
        let rows = |ids: &'static [&str], received_at| {
            ids.iter().map(move |id| Session { received_at, ip: Some("::1"), ..session("t", id, 7 * DAY) })
        };
        append(&store, rows(&["a", "b", "", "a"], 5));
        flush(&store);
        append(&store, rows(&["b"], 4).map(|row| Session { ip: None, ..row }));
        append(&store, [Session { event_time: 7 * DAY - 1, ..session("t", "too old", 0) }].into_iter());
        let printer = Printer::new();
        let build = |most| {
            SessionIndex::build(&store.snapshot(), &scope, 14 * DAY, &["ip", "country"], &printer, most)
        };
        assert!(matches!(build(1), Err(ReportError::TooManySessions(1))));
        let index = build(2).unwrap();
        let said = |id: &str| {
            let place = index.by_id.get(&printer.text(id))? + 1;
            Some(index.column("ip").unwrap().said(place))
        };
        assert_eq!([said("a"), said("b"), said("too old")], [Some(Some("::1")), Some(None), None]);
    }
}

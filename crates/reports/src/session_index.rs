//! The sessions that events may belong to, in memory for one report: by their ids, with the columns that the
//! report needs.
//!
//! Promise: an event is given its session's values whichever of the two arrived first. Of a session that was
//! stored more than once, the row received first counts; one of the report's own time before an older one.

use arrow_array::{Array as _, RecordBatch};
use hashbrown::hash_map::Entry;
use parking_lot::Mutex;
use tidegauge_facts::Table;
use tidegauge_facts::time::DAY;
use tidegauge_store::{Query, Snapshot};

use crate::coded::{Print, PrintMap, PrintSet, Printer};
use crate::error::ReportError;
use crate::scope::Scope;
use crate::session_ids::SessionIds;
use crate::side_by_side::side_by_side;
use crate::values::Values;

/// An event finds its session when that was created at most so long before the report's first instant.
pub const SESSION_LOOKBACK_DAYS: i64 = 7;
/// Sessions that the events of one report may name; about 100 bytes each, and their texts.
pub const MAX_SESSIONS: usize = 2_000_000;
const SESSION_BYTES: usize = 100;

/// The sessions of a tenant, or of one project.
#[derive(Debug, Default)]
pub(crate) struct SessionIndex {
    by_id: PrintMap<u32>,
    received: Vec<i64>,
    columns: Vec<SessionColumn>,
}

/// A column of the sessions. The code 0 is what is unknown.
#[derive(Debug)]
pub(crate) struct SessionColumn {
    name: &'static str,
    codes: Vec<u32>,
    pub prints: Vec<Print>,
    texts: Texts,
    known: PrintMap<u32>,
}

/// Texts one behind the other.
#[derive(Debug, Default)]
struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl SessionIndex {
    /// Those of the wanted sessions that were created from the instant `from` on, or in the days before.
    pub fn build(
        snapshot: &Snapshot,
        scope: &Scope,
        from: i64,
        columns: &[&'static str],
        printer: &Printer,
        wanted: &SessionIds,
    ) -> Result<Self, ReportError> {
        let columns = columns.iter().map(|name| SessionColumn::new(name)).collect();
        let mut index = Self { columns, ..Self::default() };
        if wanted.0.is_empty() {
            return Ok(index);
        }
        index = index.look_for(snapshot, scope, from, i64::MAX, printer, &wanted.0)?;
        // Most sessions are about as old as their events: the days before are gone through for the others.
        if index.by_id.len() < wanted.0.len() {
            let mut missing = PrintSet::with_capacity_and_hasher(wanted.0.len(), Default::default());
            missing.extend(wanted.0.iter().filter(|id| !index.by_id.contains_key(*id)));
            let oldest = from.saturating_sub(SESSION_LOOKBACK_DAYS * DAY);
            index = index.look_for(snapshot, scope, oldest, from.saturating_sub(1), printer, &missing)?;
        }
        Ok(index)
    }

    fn look_for(
        self,
        snapshot: &Snapshot,
        scope: &Scope,
        from: i64,
        to: i64,
        printer: &Printer,
        missing: &PrintSet,
    ) -> Result<Self, ReportError> {
        let mut query = Query {
            table: Table::Sessions,
            tenant: scope.tenant.as_str().to_owned(),
            from,
            to,
            columns: vec!["session_id"],
            test: None,
        };
        query.columns.extend(scope.project.as_ref().map(|_| "project_id"));
        let pieces = snapshot.pieces(query)?;
        let mut columns = vec!["received_at"];
        columns.extend(self.columns.iter().map(|column| column.name));
        let index = Mutex::new(self);
        side_by_side(pieces.len(), |place| {
            let (rows, found) = find(&pieces[place].read()?, scope, printer, missing);
            if !found.is_empty() {
                let batch = pieces[place].pick(&rows, &columns)?;
                snapshot.budget().take(found.len() * SESSION_BYTES + batch.get_array_memory_size())?;
                index.lock().add(&batch, &found, printer);
            }
            Ok(())
        })?;
        Ok(index.into_inner())
    }

    /// Adds sessions of these ids.
    fn add(&mut self, batch: &RecordBatch, ids: &[Print], printer: &Printer) {
        let mut rows: Vec<(usize, usize)> = Vec::with_capacity(ids.len());
        let received = Values::of(batch, "received_at");
        for (row, id) in ids.iter().enumerate() {
            let received = received.int(row).unwrap_or(i64::MAX);
            match self.by_id.entry(*id) {
                Entry::Occupied(known) => {
                    let place = *known.get() as usize;
                    if received < self.received[place] {
                        self.received[place] = received;
                        rows.push((row, place));
                    }
                }
                Entry::Vacant(free) => {
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
    }

    /// True when the session of this id was found.
    pub fn holds(&self, id: Print) -> bool {
        self.by_id.contains_key(&id)
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

/// The rows of the sessions that are missing, and their ids.
fn find(batch: &RecordBatch, scope: &Scope, printer: &Printer, missing: &PrintSet) -> (Vec<u32>, Vec<Print>) {
    let [ids, projects] = ["session_id", "project_id"].map(|name| Values::of(batch, name));
    let own = scope.project.as_ref().map(|project| project.as_str());
    let rows = (0..batch.num_rows()).filter(|row| own.is_none_or(|own| projects.text(*row) == Some(own)));
    let found = rows.filter_map(|row| {
        // A row without an id only describes a client.
        let id = printer.text(ids.said(row)?);
        missing.contains(&id).then_some((row as u32, id))
    });
    found.unzip()
}

impl SessionColumn {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            codes: Vec::new(),
            prints: vec![Printer::UNKNOWN],
            texts: Texts { bytes: String::new(), ends: vec![0] },
            known: PrintMap::default(),
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
    fn of_a_session_that_came_twice_the_first_counts_and_the_report_s_own_time_goes_before() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let scope = Scope { tenant: TenantId::parse("t").unwrap(), project: None };
        let put = |id: &str, at: i64, received_at: i64, ip: Option<&str>| {
            append(&store, [Session { received_at, ip, ..session("t", id, at) }].into_iter());
        };
        put("a", 14 * DAY, 5, Some("later"));
        put("b", 7 * DAY, 1, Some("old"));
        put("c", 7 * DAY, 1, Some("old"));
        flush(&store);
        put("a", 14 * DAY, 4, None);
        put("b", 14 * DAY, 9, Some("new"));
        put("d", 7 * DAY - 1, 1, Some("too old"));
        put("not wanted", 14 * DAY, 1, Some("x"));
        put("", 14 * DAY, 1, Some("x"));
        let printer = Printer::new();
        let wanted =
            SessionIds(["a", "b", "c", "d", "lost"].map(|id| printer.text(id)).into_iter().collect());
        let (snapshot, columns) = (store.snapshot(), ["ip", "country"]);
        let index = SessionIndex::build(&snapshot, &scope, 14 * DAY, &columns, &printer, &wanted).unwrap();
        assert_eq!(index.received.len(), 3);
        let said = |id: &str| {
            let place = index.by_id.get(&printer.text(id))? + 1;
            Some(index.column("ip").unwrap().said(place))
        };
        assert_eq!(["a", "b", "c", "d"].map(said), [Some(None), Some(Some("new")), Some(Some("old")), None]);
    }
}

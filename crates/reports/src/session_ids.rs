//! Which sessions the events of a report belong to, by their ids: only those are looked up.

use arrow_array::{Array as _, RecordBatch};
use parking_lot::Mutex;
use tidegauge_facts::Table;
use tidegauge_store::{Query, Snapshot};

use crate::coded::{PrintSet, Printer};
use crate::error::ReportError;
use crate::scope::Scope;
use crate::session_index::MAX_SESSIONS;
use crate::side_by_side::side_by_side;
use crate::values::Values;

/// What one takes in memory, about.
const ID_BYTES: usize = 32;

/// The ids, as hashes.
#[derive(Debug, Default)]
pub(crate) struct SessionIds(pub PrintSet);

impl SessionIds {
    /// The sessions of all events from the instant `from` on.
    pub fn of_events(
        snapshot: &Snapshot,
        scope: &Scope,
        from: i64,
        printer: &Printer,
    ) -> Result<Self, ReportError> {
        let query = Query {
            table: Table::Events,
            tenant: scope.tenant.as_str().to_owned(),
            from,
            to: i64::MAX,
            columns: vec!["event_time", "session_id"],
            test: None,
        };
        let pieces = snapshot.pieces(query)?;
        let ids = Mutex::new(Self::default());
        side_by_side(pieces.len(), |place| {
            let batch = pieces[place].read()?;
            let mut ids = ids.lock();
            let known = ids.0.len();
            ids.add(&batch, printer)?;
            snapshot.budget().take((ids.0.len() - known) * ID_BYTES)?;
            Ok(())
        })?;
        Ok(ids.into_inner())
    }

    /// Adds the sessions of some events.
    pub fn add(&mut self, batch: &RecordBatch, printer: &Printer) -> Result<(), ReportError> {
        match Values::of(batch, "session_id") {
            // A dictionary may hold more than these events': only what they name counts.
            Values::Labels { keys, texts } => {
                let mut is_named = vec![false; texts.len()];
                keys.keys().iter().flatten().for_each(|key| is_named[key as usize] = true);
                let named = (0..texts.len()).filter(|key| is_named[*key]);
                self.0.extend(named.map(|key| printer.text(texts.value(key))));
            }
            ids => {
                let mut last = None;
                for id in (0..batch.num_rows()).map(|row| ids.said(row)).filter(|id| id.is_some()) {
                    if id != last {
                        self.0.extend(id.map(|id| printer.text(id)));
                        last = id;
                    }
                }
            }
        }
        self.0.remove(&Printer::UNKNOWN);
        match self.0.len() {
            0..=MAX_SESSIONS => Ok(()),
            _ => Err(ReportError::TooManySessions(MAX_SESSIONS)),
        }
    }
}

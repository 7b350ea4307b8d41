//! A person's connections leave the ledger.

use std::collections::HashSet;

use ahash::RandomState;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use tidegauge_facts::{Micros, Table};

use super::ledger::Ledger;
use super::message::Messages;
use crate::connections::MAX_IDLE;
use crate::error::StoreError;
use crate::hot::Hot;
use crate::shared::Shared;

/// The connections of a tenant by project and id.
type Names = HashSet<(Box<str>, Box<str>), RandomState>;

/// Connections looked at in one go: who commits waits meanwhile.
const LOOKED_AT_ONCE: usize = 64 * 1024;

/// Makes the ledger what the facts say of the chosen connections; call it when their rows have gone.
///
/// # Errors
/// What came meanwhile cannot be read; the ledger is as it was.
pub(crate) fn forget(
    shared: &Shared,
    tenant: &str,
    is_chosen: impl Fn(&str, &str) -> bool,
) -> Result<(), StoreError> {
    let names = chosen(shared, tenant, is_chosen);
    if names.is_empty() {
        return Ok(());
    }
    let (snapshot, since) = {
        let view = shared.view.read();
        (view.snapshot(), view.ledger.since() - MAX_IDLE)
    };
    // What came after the request, or names somebody else, is told again.
    let mut rest = Vec::new();
    for batch in snapshot.scan_from(Table::Connections, Micros(since), Some(&Messages::COLUMNS)) {
        match batch.and_then(|batch| of_names(&batch, tenant, &names)) {
            Ok(batch) => rest.extend(Some(batch).filter(|batch| batch.num_rows() > 0)),
            // As when the store opens: what cannot be read is not counted.
            Err(error) => tracing::error!(%error, "messages about connections cannot be read"),
        }
    }
    // What came while the segments were read is read without holding up who commits, too.
    let later = shared.view.read().snapshot();
    rest.extend(hot_since(&later.hot, snapshot.sequence, tenant, &names)?);
    let mut view = shared.view.write();
    rest.extend(hot_since(&view.hot, later.sequence, tenant, &names)?);
    let rest = rest.iter().map(Messages::of).collect::<Result<Vec<_>, _>>()?;
    // From here on nothing fails.
    let now = Micros::now();
    view.ledger.forget(tenant, &names, now);
    rest.iter().for_each(|messages| view.ledger.tell_again(messages, now));
    Ok(())
}

/// What is hot of the connections and came after a sequence; some of before may be among it.
fn hot_since(hot: &Hot, since: u64, tenant: &str, names: &Names) -> Result<Vec<RecordBatch>, StoreError> {
    let parts = hot.parts().iter().filter(|part| part.last_sequence > since);
    let parts = parts.filter(|part| part.table == Table::Connections);
    parts.map(|part| of_names(&part.load()?, tenant, names)).collect()
}

fn chosen(shared: &Shared, tenant: &str, is_chosen: impl Fn(&str, &str) -> bool) -> Names {
    let mut names = Names::default();
    for start in (0..).step_by(LOOKED_AT_ONCE) {
        let view = shared.view.read();
        let ledger = view.ledger.tenant(tenant);
        let Some(all) = ledger.and_then(|ledger| ledger.names(start..start + LOOKED_AT_ONCE)) else { break };
        names.extend(all.filter(|(project, id)| is_chosen(project, id)).map(own));
    }
    names
}

fn own((project, id): (&str, &str)) -> (Box<str>, Box<str>) {
    (project.into(), id.into())
}

fn of_names(batch: &RecordBatch, tenant: &str, names: &Names) -> Result<RecordBatch, StoreError> {
    let messages = Messages::of(batch)?;
    let is_one = |row| {
        let message = messages.get(row);
        messages.tenant(row) == tenant && names.contains(&own((message.project, message.id)))
    };
    let keep: BooleanArray = (0..messages.len()).map(|row| Some(is_one(row))).collect();
    filter_record_batch(batch, &keep).map_err(|error| StoreError::format("pick rows")(error.into()))
}

impl Ledger {
    fn forget(&mut self, tenant: &str, names: &Names, now: Micros) {
        let moment = self.moment(now);
        if let Some(ledger) = self.tenant_mut_if_known(tenant) {
            names.iter().for_each(|(project, id)| ledger.forget(project, id, moment));
        }
    }
}

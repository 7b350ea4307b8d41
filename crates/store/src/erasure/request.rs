//! Taking a request for erasure in.

use std::sync::Arc;
use std::time::Duration;

use tidegauge_facts::Micros;
use uuid::Uuid;

use super::record::{Record, Stage, Wanted};
use super::{EraseRefused, ErasureId, MAX_PERSON_BYTES, Person};
use crate::shared::Shared;

/// Writes the request down; from then on it will be carried out.
pub(crate) fn request(shared: &Shared, tenant: &str, person: Person) -> Result<ErasureId, EraseRefused> {
    // An empty id would be that of all who have none.
    if person.id().is_empty() {
        return Err(EraseRefused::EmptyId);
    }
    if person.id().len() > MAX_PERSON_BYTES {
        return Err(EraseRefused::LongId);
    }
    if shared.is_closing(Duration::ZERO) {
        return Err(EraseRefused::Closing);
    }
    let mut register = shared.erasures.lock();
    if register.is_full(tenant) {
        return Err(EraseRefused::TooMany);
    }
    let (through, log_file) = {
        let mut view = shared.view.write();
        let through = view.sequence;
        Arc::make_mut(&mut view.hot).keep_apart(through);
        (through, view.log_files.last().map_or(0, |(file, _)| file.number))
    };
    let record = Record {
        id: ErasureId(Uuid::now_v7()),
        tenant: tenant.to_owned(),
        requested_at: Micros::now(),
        stage: Stage::Wanted(Wanted { person, through, log_file, has_links: false }),
    };
    if let Err(error) = record.save(&shared.dir) {
        // What may be there of it is not to be carried out, nor to tell of the person.
        record.forget(&shared.dir);
        return Err(error.into());
    }
    let id = record.id;
    register.add(record);
    drop(register);
    shared.request_log_roll();
    Ok(id)
}

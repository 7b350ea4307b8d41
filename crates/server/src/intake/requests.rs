//! API requests: given the ids that their sender left out, then appended.

use tidegauge_facts::ids::FactIdText;
use tidegauge_facts::{FactIds, IpStorage, Request, Table};
use tidegauge_store::Fingerprint;

use super::country::missing_country;
use super::{IntakeError, Pending, take_rows};
use crate::app::App;

/// Appends one call's requests, all or none. The rows carry their tenant and project; one whose `request_id` is empty
/// gets an id, one without a country gets its address's, and one whose id was taken in before, in its project and
/// within the dedupe window, is left out. Once they are taken, what they borrow from is no longer needed.
///
/// # Errors
/// Nothing was stored.
pub async fn take_requests(
    app: &App,
    storage: IpStorage,
    rows: &[Request<'_>],
) -> Result<Pending, IntakeError> {
    let fingerprints: Vec<Option<Fingerprint>> = rows
        .iter()
        .map(|row| {
            let has_id = !row.request_id.is_empty();
            has_id.then(|| {
                app.store.fingerprint(row.tenant_id, row.project_id, Table::Requests, row.request_id)
            })
        })
        .collect();
    let mut made: Vec<FactIdText> = Vec::new();
    if fingerprints.iter().any(Option::is_none) {
        made.resize(rows.len(), [0; 36]);
        let mut ids = FactIds::start();
        for text in &mut made {
            ids.next_into(text);
        }
    }
    let countries: Vec<_> =
        rows.iter().map(|row| missing_country(&app.countries, row.country, row.ip)).collect();
    let ips: Vec<_> = rows.iter().map(|row| storage.of(row.ip)).collect();
    take_rows(app, || {
        rows.iter().zip(&fingerprints).enumerate().map(|(index, (row, fingerprint))| {
            let country = countries[index].as_ref().map_or(row.country, |country| Some(country.as_str()));
            let is_made = fingerprint.is_none();
            // Invariant: made ids are the ASCII text of a UUID.
            let request_id =
                if is_made { str::from_utf8(&made[index]).unwrap_or_default() } else { row.request_id };
            (
                *fingerprint,
                Request { request_id, id_assigned: is_made, country, ip: ips[index].as_deref(), ..*row },
            )
        })
    })
    .await
}

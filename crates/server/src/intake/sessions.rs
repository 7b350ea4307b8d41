//! Sessions and descriptions of clients: appended, a session once.

use tidegauge_facts::{Session, Table};

use super::country::missing_country;
use super::{IntakeError, Pending, take_rows};
use crate::app::App;
use crate::auth::Caller;

/// Appends one row. A session whose id was taken in before, in its project and within the dedupe window, is left
/// out: the first one stays as it is. A row without a session's id only describes a client and is always appended. One
/// without a country gets its address's.
///
/// # Errors
/// Nothing was stored.
pub async fn take_session(app: &App, caller: &Caller, row: Session<'_>) -> Result<Pending, IntakeError> {
    caller.charge_facts(1)?;
    let storage = caller.allowance.terms.ip_addresses;
    let has_id = !row.session_id.is_empty();
    let fingerprint =
        has_id.then(|| app.store.fingerprint(row.tenant_id, row.project_id, Table::Sessions, row.session_id));
    let country = missing_country(&app.countries, row.country, row.ip);
    let country = country.as_ref().map_or(row.country, |country| Some(country.as_str()));
    let (ip, client_ip) = (storage.of(row.ip), storage.of(row.client_ip));
    let row = Session { country, ip: ip.as_deref(), client_ip: client_ip.as_deref(), ..row };
    take_rows(app, || std::iter::once((fingerprint, row))).await
}

//! Events: given the ids and the project that their sender left out, then appended.

use tidegauge_facts::ids::FactIdText;
use tidegauge_facts::privacy::Stored;
use tidegauge_facts::{Event, FactIds, Micros, Table};
use tidegauge_geo::Country;
use tidegauge_store::Fingerprint;

use super::country::missing_country;
use super::{IntakeError, Pending, Stored as StoredRows, project_of, take_rows};
use crate::app::App;
use crate::auth::Caller;

/// An event as a surface has parsed it.
pub trait NewEvent {
    /// The client's own id, if it sent one.
    fn event_id(&self) -> Option<&str>;

    /// The project it names, if it names one.
    fn project_id(&self) -> Option<&str>;

    /// The country it names, if it names one.
    fn country(&self) -> Option<&str>;

    /// The address it came from, if that is kept.
    fn ip(&self) -> Option<&str>;

    /// The event as a row of `tenant`. What it leaves out is filled in: its project by `project`, its instant
    /// by `received_at`; `event_id` is the intake's to fill in.
    fn to_row<'e>(&'e self, tenant: &'e str, project: &'e str, received_at: Micros) -> Event<'e>;
}

/// What became of a request's events.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// Events stored now.
    pub stored: usize,
    /// Events whose id had been taken in before: stored then, not again.
    pub repeated: usize,
    /// The first event's id: the client's, or the one made for it.
    pub first_id: String,
    /// When they were taken in.
    pub received_at: Micros,
}

/// One request's events, appended and on their way to the disk.
#[derive(Debug)]
#[must_use = "events are acknowledged only once they are confirmed"]
pub struct Taken {
    pending: Pending,
    first_id: String,
    received_at: Micros,
}

/// Appends one request's events, all or none. An event without a project belongs to the credential's project,
/// or to the tenant's project `default`, and one without a country is of its address's. Once they are taken, the request's body is no longer needed.
///
/// # Errors
/// Nothing was stored.
pub async fn take_events<E: NewEvent>(
    app: &App,
    caller: &Caller,
    events: &[E],
) -> Result<Taken, IntakeError> {
    caller.charge_facts(events.len())?;
    let principal = &*caller.principal;
    let received_at = Micros::now();
    let project = project_of(principal);
    let ids = EventIds::of(app, principal, project, events);
    let countries = missing_countries(app, events);
    let storage = caller.allowance.terms.ip_addresses;
    let ips: Vec<_> = events.iter().map(|event| storage.of(event.ip())).collect();
    let pending = take_rows(app, || {
        events.iter().enumerate().map(|(index, event)| {
            let row = event.to_row(principal.tenant.as_str(), project, received_at);
            let fingerprint = ids.fingerprint(index);
            let (event_id, id_assigned) = (ids.text(index, event), fingerprint.is_none());
            let found = countries.get(index).and_then(Option::as_ref);
            let country = found.map_or(row.country, |country| Some(country.as_str()));
            let ip = ips.get(index).and_then(Stored::as_deref);
            (fingerprint, Event { event_id, id_assigned, country, ip, ..row })
        })
    })
    .await?;
    let first_id = events.first().map(|first| ids.text(0, first).to_owned()).unwrap_or_default();
    Ok(Taken { pending, first_id, received_at })
}

/// The countries to fill in, looked up before the store's lock is taken. None at all when no event has an address.
fn missing_countries<E: NewEvent>(app: &App, events: &[E]) -> Vec<Option<Country>> {
    if events.iter().all(|event| event.ip().is_none()) {
        return Vec::new();
    }
    events.iter().map(|event| missing_country(&app.countries, event.country(), event.ip())).collect()
}

impl Taken {
    /// Waits until the events are durable.
    ///
    /// # Errors
    /// [`IntakeError::Unknown`]: the disk refused them or took too long.
    pub async fn confirmed(self, app: &App) -> Result<Receipt, IntakeError> {
        let StoredRows { stored, repeated } = self.pending.confirmed(app).await?;
        Ok(Receipt { stored, repeated, first_id: self.first_id, received_at: self.received_at })
    }
}

/// The ids of one request's events: the clients' own, hashed for the look at repeats, and new ones for
/// those that have none. Made before the store's lock is taken.
struct EventIds {
    fingerprints: Vec<Option<Fingerprint>>,
    made: Vec<FactIdText>,
}

impl EventIds {
    fn of<E: NewEvent>(
        app: &App,
        principal: &tidegauge_accounts::Principal,
        project: &str,
        events: &[E],
    ) -> Self {
        let tenant = principal.tenant.as_str();
        let fingerprints: Vec<Option<Fingerprint>> = events
            .iter()
            .map(|event| {
                let project = event.project_id().unwrap_or(project);
                Some(app.store.fingerprint(tenant, project, Table::Events, event.event_id()?))
            })
            .collect();
        let mut made = vec![[0; 36]; events.len()];
        if fingerprints.iter().any(Option::is_none) {
            let mut ids = FactIds::start();
            for text in &mut made {
                ids.next_into(text);
            }
        }
        Self { fingerprints, made }
    }

    fn fingerprint(&self, index: usize) -> Option<Fingerprint> {
        self.fingerprints[index]
    }

    fn text<'a, E: NewEvent>(&'a self, index: usize, event: &'a E) -> &'a str {
        // Invariant: made ids are the ASCII text of a UUID.
        event.event_id().unwrap_or_else(|| str::from_utf8(&self.made[index]).unwrap_or_default())
    }
}

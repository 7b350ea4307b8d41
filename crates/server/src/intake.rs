//! The way of facts into the store: stamped, given what the sender left out, appended, awaited.
//!
//! Promise: `Ok` means durable. A refusal before that means that nothing was stored.

use tidegauge_accounts::Principal;
use tidegauge_facts::ids::FactIdText;
use tidegauge_facts::{DEFAULT_NAME, Event, FactIds, Micros, Row, Table};
use tidegauge_store::{Appended, Fingerprint, NotDurable, Refused};

use crate::app::App;

/// An event as a surface has parsed it.
pub trait NewEvent {
    /// The client's own id, if it sent one.
    fn event_id(&self) -> Option<&str>;

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

/// Why events were not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// Nothing was stored.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// They were appended, but the disk refused them or took too long: whether they are stored is unknown.
    #[error("whether the write is durable is unknown")]
    Unknown,
}

impl From<NotDurable> for IntakeError {
    fn from(_: NotDurable) -> Self {
        Self::Unknown
    }
}

/// Takes in one request's events, all or none. An event without a project belongs to the credential's
/// project, or to the tenant's project `default`.
///
/// # Errors
/// See [`IntakeError`].
pub async fn take_events<E: NewEvent>(
    app: &App,
    principal: &Principal,
    events: &[E],
    wire_bytes: usize,
) -> Result<Receipt, IntakeError> {
    let received_at = Micros::now();
    let ids = EventIds::of(app, principal, events);
    let project = principal.project.as_ref().map_or(DEFAULT_NAME, |project| project.as_str());
    let appended = append(app, wire_bytes, || {
        events.iter().enumerate().map(|(index, event)| {
            let (fingerprint, event_id) = ids.get(index, event);
            let row = Event {
                event_id,
                id_assigned: fingerprint.is_none(),
                received_at: received_at.0,
                ..event.to_row(principal.tenant.as_str(), project, received_at)
            };
            (fingerprint, row)
        })
    })
    .await?;
    let Appended { stored, repeated, ticket } = appended;
    tokio::time::timeout(app.limits.commit_timeout, ticket.committed())
        .await
        .map_err(|_| IntakeError::Unknown)??;
    let first_id = events.first().map(|first| ids.get(0, first).1.to_owned()).unwrap_or_default();
    Ok(Receipt { stored, repeated, first_id, received_at })
}

/// Appends, waiting a bounded while for room.
async fn append<R: Row, I: Iterator<Item = (Option<Fingerprint>, R)>>(
    app: &App,
    wire_bytes: usize,
    rows: impl Fn() -> I,
) -> Result<Appended, Refused> {
    match app.store.append(rows(), wire_bytes) {
        Err(Refused::Busy) => {}
        other => return other,
    }
    let wait = async {
        loop {
            let mut room = std::pin::pin!(app.store.room());
            // Listening starts before the try, so that room made in between is not missed.
            room.as_mut().enable();
            match app.store.append(rows(), wire_bytes) {
                Err(Refused::Busy) => room.await,
                other => return other,
            }
        }
    };
    tokio::time::timeout(app.limits.room_timeout, wait).await.unwrap_or(Err(Refused::Busy))
}

/// The ids of one request's events: the clients' own, hashed for the look at repeats, and new ones for
/// those that have none. Made before the store's lock is taken.
struct EventIds {
    fingerprints: Vec<Option<Fingerprint>>,
    made: Vec<FactIdText>,
}

impl EventIds {
    fn of<E: NewEvent>(app: &App, principal: &Principal, events: &[E]) -> Self {
        let tenant = principal.tenant.as_str();
        let fingerprints = events
            .iter()
            .map(|event| {
                let id = event.event_id()?;
                Some(app.store.fingerprint(tenant, Table::Events, id))
            })
            .collect::<Vec<_>>();
        let mut made = vec![[0; 36]; events.len()];
        if fingerprints.iter().any(Option::is_none) {
            let mut ids = FactIds::start();
            for text in &mut made {
                ids.next_into(text);
            }
        }
        Self { fingerprints, made }
    }

    fn get<'a, E: NewEvent>(&'a self, index: usize, event: &'a E) -> (Option<Fingerprint>, &'a str) {
        match event.event_id() {
            Some(id) => (self.fingerprints[index], id),
            // Invariant: made ids are the ASCII text of a UUID.
            None => (None, str::from_utf8(&self.made[index]).unwrap_or_default()),
        }
    }
}

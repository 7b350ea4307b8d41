//! Facts as they are made: owned, in the order in which a server takes them in; and the rows they become.

use std::cmp::Ordering;
use std::sync::Arc;

use tidegauge_facts::events::{Category, Priority};
use tidegauge_facts::{Connection, DEFAULT_NAME, Event, Request, Session};

use crate::api_traffic::{Call, Statistics};
use crate::catalog::Product;
use crate::connections::Sign;
use crate::visit::Visit;

/// What a server has taken in by some instant, of each table in the order of its coming.
#[derive(Debug, Default)]
pub struct Facts {
    pub(crate) events: Vec<(i64, Happening)>,
    pub(crate) sessions: Vec<(i64, Arc<Visit>)>,
    pub(crate) connections: Vec<(i64, Sign)>,
    pub(crate) requests: Vec<(i64, Answered)>,
}

/// An event of a visit, or of no visit.
#[derive(Debug)]
pub(crate) struct Happening {
    pub at: i64,
    pub event_id: String,
    pub visit: Arc<Visit>,
    pub name: &'static str,
    pub category: Category,
    pub priority: Priority,
    pub page_url: Option<String>,
    /// A JSON object.
    pub properties: Option<String>,
    pub product: Option<&'static Product>,
    pub interaction: Option<bool>,
    pub ints: [Option<i64>; 2],
    /// What the visitor is known as at this moment.
    pub is_signed_in: bool,
}

/// What a gateway has written down.
#[derive(Debug)]
pub(crate) enum Answered {
    Call(Box<Call>),
    Statistics(Box<Statistics>),
}

/// A fact, and when the server takes it in.
#[derive(Debug)]
pub(crate) struct Due {
    pub received_at: i64,
    /// Orders those of one instant, however they came here.
    pub tag: u64,
    pub fact: Fact,
}

#[derive(Debug)]
pub(crate) enum Fact {
    Event(Box<Happening>),
    Session(Arc<Visit>),
    Sign(Sign),
    Answered(Answered),
}

impl Facts {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len() + self.sessions.len() + self.connections.len() + self.requests.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows of `events`.
    pub fn events(&self) -> impl ExactSizeIterator<Item = Event<'_>> {
        self.events.iter().map(|(received_at, event)| event.row(*received_at))
    }

    /// Rows of `sessions`.
    pub fn sessions(&self) -> impl ExactSizeIterator<Item = Session<'_>> {
        self.sessions.iter().map(|(received_at, visit)| visit.row(*received_at))
    }

    /// Rows of `connections`.
    pub fn connections(&self) -> impl ExactSizeIterator<Item = Connection<'_>> {
        self.connections.iter().map(|(received_at, sign)| sign.row(*received_at))
    }

    /// Rows of `requests`.
    pub fn requests(&self) -> impl ExactSizeIterator<Item = Request<'_>> {
        self.requests.iter().map(|(received_at, answered)| match answered {
            Answered::Call(call) => call.row(*received_at),
            Answered::Statistics(statistics) => statistics.row(*received_at),
        })
    }

    pub(crate) fn push(&mut self, Due { received_at, fact, .. }: Due) {
        match fact {
            Fact::Event(event) => self.events.push((received_at, *event)),
            Fact::Session(visit) => self.sessions.push((received_at, visit)),
            Fact::Sign(sign) => self.connections.push((received_at, sign)),
            Fact::Answered(answered) => self.requests.push((received_at, answered)),
        }
    }
}

impl Due {
    fn place(&self) -> (i64, u64) {
        (self.received_at, self.tag)
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl Happening {
    fn row(&self, received_at: i64) -> Event<'_> {
        let visit = &*self.visit;
        let stand = visit.stand.as_ref();
        Event {
            tenant_id: DEFAULT_NAME,
            project_id: visit.project,
            event_id: &self.event_id,
            id_assigned: false,
            event_time: self.at,
            received_at,
            event_name: self.name,
            category: self.category,
            priority: self.priority,
            properties: self.properties.as_deref(),
            session_id: visit.session_id.as_deref(),
            page_url: self.page_url.as_deref(),
            referrer: visit.referrer,
            user_agent: visit.visitor.as_ref().map(|visitor| visitor.client.user_agent),
            client_id: visit.visitor.as_ref().map(|visitor| &*visitor.client_id),
            user_id: visit.account().filter(|_| self.is_signed_in),
            installation_id: stand.map(|stand| &*stand.installation_id),
            device_id: stand.map(|stand| &*stand.device_id),
            space_id: stand.map(|stand| stand.space.id),
            app_id: visit.app_id,
            environment: Some("production"),
            data_residency: Some(visit.residency()),
            country: visit.country().map(|country| country.code),
            ip: visit.visitor.as_ref().map(|visitor| &*visitor.ip),
            interaction: self.interaction,
            capture_id: visit.capture_id.as_deref(),
            product_id: self.product.map(|product| product.id),
            category_id: self.product.map(|product| product.category),
            int1: self.ints[0],
            int2: self.ints[1],
            ..Event::default()
        }
    }
}

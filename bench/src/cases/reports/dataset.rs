//! The facts that the reports are asked about: events, sessions and connections of one tenant, spread over the last 23
//! hours, the same in every run but for the hour. They are kept small in memory, so that every answer can be checked.

use std::io::Write as _;

use jiff::Timestamp;

use crate::chance::{Chance, Zipf, mix};
use crate::vocabulary::NAMES;

/// Services of the connections.
pub const SERVICES: usize = 50;
/// Facts in a request, where a route takes several.
pub const BATCH: usize = 100;
/// One session in so many has events.
pub const SESSIONS_PER_SESSION_WITH_EVENTS: usize = 10;

const HOUR_US: i64 = 3_600_000_000;
/// Facts are spread over this time before `now`: an hour less than the reports look at.
const SPAN_US: i64 = 23 * HOUR_US;
const EVENT_TYPES: usize = 20;
const PRODUCTS: usize = 500;
const CATEGORIES: usize = 25;
const INSTALLATIONS: usize = 2_000;
const SPACES: usize = 200;
const DEVICES: usize = 4_000;
const CLIENTS: usize = 1_000;
const KEYS: usize = 1_000;
const DATA_CENTERS: [&str; 2] = ["eu-north-1", "us-east-1"];
const PROTOCOLS: [&str; 3] = ["WebSocket", "REST", "FIX"];
/// Longest life of a connection; each hundredth or so is still open.
const LONGEST_LIFE_US: i64 = 2 * HOUR_US;
const SEED: u64 = 0x7265_706f_7274_7321;

/// An event. What it does not carry itself, its session has.
#[derive(Clone, Copy)]
pub struct Event {
    pub at: i64,
    pub session: u32,
    pub name: u8,
    pub product: u16,
    pub int1: u32,
    pub interaction: bool,
    pub own_device: Option<u16>,
    pub has_own_place: bool,
}

/// A session; `client`, `installation` and `device` are numbers that become ids when written.
#[derive(Clone, Copy)]
pub struct Session {
    pub created: i64,
    pub client: u16,
    pub installation: u16,
    pub device: Option<u16>,
    pub accuracy: u8,
}

/// A connection; `closed` is missing while it is open.
#[derive(Clone, Copy)]
pub struct Connection {
    pub opened: i64,
    pub closed: Option<i64>,
    pub service: u8,
    pub data_center: u8,
    pub key: u16,
}

/// What a message tells of a connection.
#[derive(Clone, Copy)]
pub struct Message {
    pub at: i64,
    pub connection: u32,
    pub is_close: bool,
}

/// All facts.
pub struct Dataset {
    pub events: Vec<Event>,
    pub sessions: Vec<Session>,
    pub connections: Vec<Connection>,
    pub messages: Vec<Message>,
}

impl Dataset {
    /// So many events, sessions and connections each, in the 23 hours before `now`.
    pub fn new(rows: usize, now: Timestamp) -> Self {
        let now = now.as_microsecond();
        let (start, step) = (now - SPAN_US, SPAN_US / rows as i64);
        let mut chance = Chance::new(SEED);
        let chance = &mut chance;
        // Each instant is another one, so that "the newest" is never in doubt.
        let instant = |chance: &mut Chance, nth: usize| {
            start + nth as i64 * step + chance.below(step.max(1) as usize) as i64
        };
        let sessions = (0..rows)
            .map(|nth| {
                let installation = chance.below(INSTALLATIONS) as u16;
                Session {
                    created: instant(chance, nth),
                    client: chance.below(CLIENTS) as u16,
                    installation,
                    device: (!chance.percent(10)).then(|| installation * 2 + chance.below(2) as u16),
                    accuracy: chance.below(50) as u8,
                }
            })
            .collect();
        let (names, products) = (Zipf::new(EVENT_TYPES), Zipf::new(PRODUCTS));
        let with_events = rows / SESSIONS_PER_SESSION_WITH_EVENTS;
        let events = (0..rows)
            .map(|nth| Event {
                at: instant(chance, nth),
                session: session_of(nth, rows, with_events, chance),
                name: names.draw(chance) as u8,
                product: products.draw(chance) as u16,
                int1: chance.below(1_000_000) as u32,
                interaction: chance.percent(60),
                own_device: chance.percent(30).then(|| chance.below(DEVICES) as u16),
                has_own_place: chance.percent(30),
            })
            .collect();
        let connections: Vec<Connection> = (0..rows)
            .map(|nth| {
                let opened = instant(chance, nth);
                let closed = opened + 1 + chance.below(LONGEST_LIFE_US as usize) as i64;
                Connection {
                    opened,
                    closed: (closed < now && !chance.percent(1)).then_some(closed),
                    service: chance.below(SERVICES) as u8,
                    data_center: chance.below(DATA_CENTERS.len()) as u8,
                    key: chance.below(KEYS) as u16,
                }
            })
            .collect();
        let mut messages = Vec::with_capacity(2 * rows);
        for (nth, of) in (0..).zip(&connections) {
            messages.push(Message { at: of.opened, connection: nth, is_close: false });
            messages.extend(of.closed.map(|at| Message { at, connection: nth, is_close: true }));
        }
        messages.sort_unstable_by_key(|message| (message.at, message.connection));
        Self { events, sessions, connections, messages }
    }

    /// Appends the body of the `nth` batch of events.
    pub fn write_events(&self, nth: usize, out: &mut Vec<u8>) {
        let first = nth * BATCH;
        let events = &self.events[first..self.events.len().min(first + BATCH)];
        write_list("events", events.iter().enumerate(), out, |(place, event), out| {
            self.write_event(first + place, event, out);
        });
    }

    fn write_event(&self, nth: usize, event: &Event, out: &mut Vec<u8>) {
        let session = &self.sessions[event.session as usize];
        let (name, category) = NAMES[usize::from(event.name)];
        let _ = write!(
            out,
            r#"{{"event_name":"{name}","category":"{category}","timestamp":"{:.6}","session_id":"{}","client_id":"{}","product_id":"{}","category_id":"category-{}","int1":{},"str1":"shelf {}","interaction":{}"#,
            instant_of(event.at),
            session_id(event.session as usize),
            client_id(session.client),
            product_id(event.product),
            usize::from(event.product) % CATEGORIES,
            event.int1,
            mix(nth as u64) % 1_000,
            event.interaction,
        );
        if let Some(device) = event.own_device {
            let _ = write!(out, r#","device_id":"{}""#, device_id(device));
        }
        if event.has_own_place {
            let (installation, space) = place_of(session.installation);
            let _ = write!(out, r#","installation_id":"{installation}","space_id":"{space}""#);
        }
        out.push(b'}');
    }

    /// Appends the body of the `nth` session, as the grid's own client sends it.
    pub fn write_session(&self, nth: usize, out: &mut Vec<u8>) {
        let session = &self.sessions[nth];
        let (installation, space) = place_of(session.installation);
        let _ = write!(
            out,
            r#"{{"b":"{}","d":"{:.6}","f":"production","g":"eu","h":"{space}","i":"app-{}","j":"2.3.{}","k":"{installation}","l":"7","m":"SE","n":{},"o":59.{:04},"p":18.{:04},"r":"{}""#,
            session_id(nth),
            instant_of(session.created),
            session.installation % 5,
            session.installation % 9,
            session.accuracy,
            mix(nth as u64) % 10_000,
            mix(nth as u64) / 10_000 % 10_000,
            client_id(session.client),
        );
        if let Some(device) = session.device {
            let _ = write!(out, r#","q":"{}""#, device_id(device));
        }
        out.push(b'}');
    }

    /// Appends the body of the `nth` batch of connection messages.
    pub fn write_connections(&self, nth: usize, out: &mut Vec<u8>) {
        let first = nth * BATCH;
        let messages = &self.messages[first..self.messages.len().min(first + BATCH)];
        write_list("connections", messages.iter(), out, |message, out| {
            let connection = &self.connections[message.connection as usize];
            let [service, protocol, data_center] = names_of(connection);
            let _ = write!(
                out,
                r#"{{"connection_id":"c-{:08}","state":"{}","service_name":"{service}","protocol_name":"{protocol}","data_center":"{data_center}","at":"{:.6}","api_key":"key-{}"}}"#,
                message.connection,
                if message.is_close { "close" } else { "open" },
                instant_of(message.at),
                connection.key,
            );
        });
    }
}

/// Events follow their session within some minutes; each session that has any has about as many as the others.
fn session_of(nth: usize, events: usize, sessions: usize, chance: &mut Chance) -> u32 {
    let near = nth * sessions / events;
    let session = near.saturating_sub(chance.below(300.min(sessions.max(1))));
    (session * SESSIONS_PER_SESSION_WITH_EVENTS) as u32
}

/// An installation and the space it stands in, as ids.
fn place_of(installation: u16) -> (String, String) {
    (format!("installation-{installation:04}"), format!("space-{:03}", space_of(installation)))
}

/// The space an installation stands in.
pub fn space_of(installation: u16) -> usize {
    usize::from(installation) % SPACES
}

/// Service, protocol and data center of a connection.
pub fn names_of(connection: &Connection) -> [String; 3] {
    let service = usize::from(connection.service);
    [
        format!("service-{service:02}"),
        PROTOCOLS[service % PROTOCOLS.len()].to_owned(),
        DATA_CENTERS[usize::from(connection.data_center)].to_owned(),
    ]
}

fn session_id(nth: usize) -> String {
    // As long as the ids that clients make, and without an order to profit from.
    format!("{:016x}-{nth:08x}", mix(nth as u64))
}

fn client_id(client: u16) -> String {
    format!("client-{client:04}")
}

fn device_id(device: u16) -> String {
    format!("device-{device:04}")
}

fn product_id(product: u16) -> String {
    format!("product-{product:03}")
}

fn instant_of(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

fn write_list<T>(
    name: &str,
    items: impl Iterator<Item = T>,
    out: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, r#"{{"{name}":["#);
    for (nth, item) in items.enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.extend_from_slice(b"]}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_and_every_fact_is_in_one_of_them() {
        let now: Timestamp = "2026-11-21T07:35:53.5Z".parse().unwrap();
        let dataset = Dataset::new(250, now);
        let bodies = |count: usize, write: &dyn Fn(usize, &mut Vec<u8>)| -> Vec<serde_json::Value> {
            let body = |nth| {
                let mut out = Vec::new();
                write(nth, &mut out);
                serde_json::from_slice(&out).unwrap()
            };
            (0..count).map(body).collect()
        };
        let listed = |bodies: &[serde_json::Value], name: &str| -> usize {
            bodies.iter().map(|body| body[name].as_array().unwrap().len()).sum()
        };
        let events = bodies(3, &|nth, out| dataset.write_events(nth, out));
        assert_eq!(listed(&events, "events"), 250);
        assert_eq!(bodies(250, &|nth, out| dataset.write_session(nth, out)).len(), 250);
        let messages = dataset.messages.len();
        let connections = bodies(messages.div_ceil(BATCH), &|nth, out| dataset.write_connections(nth, out));
        assert_eq!(listed(&connections, "connections"), messages);
        let span = now.as_microsecond() - SPAN_US..now.as_microsecond();
        assert!(dataset.events.iter().all(|event| span.contains(&event.at)));
        assert!(dataset.messages.iter().all(|message| span.contains(&message.at)));
    }
}

//! What one event looks like: a deterministic stream of events as a shop's site and app would send them, about 350 bytes each.
//! `Event` holds the fields; its writers put them into the form each receiver takes. All values are free of characters
//! that JSON or COPY would have to escape, so that writing is copying.

use std::io::Write as _;

use jiff::Timestamp;

use crate::chance::{Chance, Zipf};
use crate::vocabulary::{ELEMENTS, NAMES, REFERRERS, SECTIONS, user_agents};

/// Characters of a timestamp as the bench writes it: `2026-11-21T07:35:53.123456Z`.
pub const TIMESTAMP_WIDTH: usize = 27;
/// Characters of an event id: a UUID, of which the last 17 (16 hexadecimal digits and a dash) are patched.
pub const ID_WIDTH: usize = 36;

/// Distinct pages; a few thousand, as a mid-sized shop has.
const PAGES: usize = 4_000;
/// Sessions open at a time; each event belongs to one of them.
const SESSIONS: usize = 3_000;
/// Pages are shared by all runs, so they come from a seed of their own.
const SEED: u64 = 0x7469_6465_6761_7567;

/// One event, its fields ready to be written.
pub struct Event {
    /// One of 40 names.
    pub name: &'static str,
    /// The name's category.
    pub category: &'static str,
    /// `None` for the default, as most clients leave it out.
    pub priority: Option<&'static str>,
    /// A JSON object, written.
    pub properties: String,
    /// When it happened.
    pub at: Timestamp,
    /// The visitor's session.
    pub session: String,
    /// The page's address.
    pub page: String,
    /// Where the visitor came from.
    pub referrer: Option<&'static str>,
    /// The browser or app.
    pub agent: String,
    /// A client's id; written only where a case asks for it.
    pub id: String,
}

/// Where the parts that change per request stand in the written bytes.
#[derive(Clone, Copy)]
pub struct Slots {
    /// First byte of the timestamp.
    pub timestamp: usize,
    /// First byte of the id, if one was written.
    pub id: Option<usize>,
}

/// The endless stream of events.
pub struct Events {
    chance: Chance,
    names: Zipf,
    pages: Zipf,
    agents: Vec<String>,
    sessions: Vec<u64>,
    now: Timestamp,
}

impl Events {
    /// Starts the stream; its events happened within the second before `now`.
    pub fn new(now: Timestamp) -> Self {
        let mut chance = Chance::new(SEED);
        let sessions = (0..SESSIONS).map(|_| chance.bits()).collect();
        Self {
            chance,
            names: Zipf::new(NAMES.len()),
            pages: Zipf::new(PAGES),
            agents: user_agents(),
            sessions,
            now,
        }
    }

    /// The next event.
    pub fn draw(&mut self) -> Event {
        let chance = &mut self.chance;
        let (name, category) = NAMES[self.names.draw(chance)];
        let priority = match chance.below(100) {
            0..4 => Some("critical"),
            4..12 => Some("high"),
            12..25 => Some("low"),
            _ => None,
        };
        let page = self.pages.draw(chance);
        let seat = chance.below(SESSIONS);
        if chance.percent(5) {
            self.sessions[seat] = chance.bits();
        }
        let before_us = chance.below(1_000_000) as i64;
        Event {
            name,
            category,
            priority,
            properties: properties(chance),
            at: self.now - jiff::SignedDuration::from_micros(before_us),
            session: format!("s_{:012x}", self.sessions[seat] >> 16),
            page: format!("https://shop.example.com/{}/{page}", SECTIONS[page % SECTIONS.len()]),
            referrer: chance.percent(30).then(|| *chance.pick(&REFERRERS)),
            agent: chance.pick(&self.agents).clone(),
            id: format!(
                "{:08x}-{:04x}-4{:03x}-8000-000000000000",
                chance.bits() as u32,
                chance.bits() as u16,
                chance.bits() & 0xfff
            ),
        }
    }
}

/// About 80 bytes of what a client adds.
fn properties(chance: &mut Chance) -> String {
    format!(
        r#"{{"element":"{}","position":{},"duration_ms":{},"variant":"{}","value":{}.{:02}}}"#,
        chance.pick(&ELEMENTS),
        chance.below(40),
        chance.below(30_000),
        if chance.percent(50) { "a" } else { "b" },
        chance.below(900),
        chance.below(100),
    )
}

impl Event {
    /// Appends the event as the track surface takes it and says where the changing parts stand.
    pub fn write_track(&self, out: &mut Vec<u8>, with_id: bool) -> Slots {
        push(out, &[r#"{"event_name":""#, self.name, r#"","category":""#, self.category]);
        if let Some(priority) = self.priority {
            push(out, &[r#"","priority":""#, priority]);
        }
        push(out, &[r#"","properties":"#, &self.properties, r#","timestamp":""#]);
        let timestamp = out.len();
        self.write_timestamp(out);
        push(out, &[r#"","session_id":""#, &self.session, r#"","page_url":""#, &self.page]);
        if let Some(referrer) = self.referrer {
            push(out, &[r#"","referrer":""#, referrer]);
        }
        push(out, &[r#"","user_agent":""#, &self.agent]);
        let mut id = None;
        if with_id {
            push(out, &[r#"","event_id":""#]);
            id = Some(out.len());
            push(out, &[&self.id]);
        }
        push(out, &[r#""}"#]);
        Slots { timestamp, id }
    }

    /// Appends one line of ClickHouse's JSONEachRow. Its 2018 version has neither sub-second times nor objects in a
    /// String column, so the time travels as two numbers and the properties as an escaped string.
    pub fn write_json_each_row(&self, out: &mut Vec<u8>) {
        let micros = self.at.as_microsecond();
        push(
            out,
            &[r#"{"ts":"#, &(micros / 1_000_000).to_string(), r#","us":"#, &(micros % 1_000_000).to_string()],
        );
        push(out, &[r#","name":""#, self.name, r#"","category":""#, self.category]);
        push(out, &[r#"","priority":""#, self.priority.unwrap_or("medium")]);
        push(out, &[r#"","properties":""#, &self.properties.replace('"', "\\\"")]);
        push(out, &[r#"","session_id":""#, &self.session, r#"","page_url":""#, &self.page]);
        push(out, &[r#"","referrer":""#, self.referrer.unwrap_or(""), r#"","user_agent":""#, &self.agent]);
        push(out, &["\"}\n"]);
    }

    /// Appends one line of PostgreSQL's COPY text format, columns in the order of the bench's table.
    pub fn write_copy(&self, out: &mut Vec<u8>) {
        self.write_timestamp(out);
        push(out, &["\t", self.name, "\t", self.category, "\t", self.priority.unwrap_or("medium")]);
        push(out, &["\t", &self.properties, "\t", &self.session, "\t", &self.page]);
        push(out, &["\t", self.referrer.unwrap_or("\\N"), "\t", &self.agent, "\n"]);
    }

    fn write_timestamp(&self, out: &mut Vec<u8>) {
        let start = out.len();
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{:.6}", self.at);
        debug_assert_eq!(out.len() - start, TIMESTAMP_WIDTH, "a timestamp has a fixed width");
    }
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: usize) -> Vec<Event> {
        let mut events = Events::new("2026-11-21T07:35:53.5Z".parse().unwrap());
        (0..count).map(|_| events.draw()).collect()
    }

    #[test]
    fn an_event_is_about_350_bytes_of_valid_json() {
        let mut total = 0;
        for event in sample(2_000) {
            let mut out = Vec::new();
            let slots = event.write_track(&mut out, true);
            let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(
                json["timestamp"].as_str().unwrap().as_bytes(),
                &out[slots.timestamp..][..TIMESTAMP_WIDTH]
            );
            assert_eq!(json["event_id"].as_str().unwrap().as_bytes(), &out[slots.id.unwrap()..][..ID_WIDTH]);
            out.clear();
            event.write_track(&mut out, false);
            total += out.len();
        }
        let mean = total / 2_000;
        assert!((330..=370).contains(&mean), "{mean}");
    }

    #[test]
    fn two_runs_send_the_same_events() {
        let written = |events: Vec<Event>| {
            let mut out = Vec::new();
            events.iter().for_each(|event| event.write_copy(&mut out));
            out
        };
        assert_eq!(written(sample(50)), written(sample(50)));
    }

    #[test]
    fn no_value_needs_escaping_in_copy_or_json() {
        for event in sample(500) {
            for value in [&event.properties, &event.page, &event.agent, &event.session] {
                assert!(!value.contains(['\\', '\t', '\n']), "{value}");
            }
            let mut row = Vec::new();
            event.write_json_each_row(&mut row);
            let json: serde_json::Value = serde_json::from_slice(&row).unwrap();
            assert_eq!(json["properties"].as_str().unwrap(), event.properties);
        }
    }
}

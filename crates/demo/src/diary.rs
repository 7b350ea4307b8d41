//! What somebody does in a visit, one thing after the other.

use std::sync::Arc;

use serde_json::Value;
use tidegauge_facts::events::{Category, Priority};
use tidegauge_facts::time::SECOND;

use crate::catalog::Product;
use crate::dice::Dice;
use crate::fact::{Due, Fact, Happening};
use crate::visit::Visit;

/// A visit that is being told.
pub(crate) struct Diary<'o> {
    pub visit: Arc<Visit>,
    pub dice: Dice,
    /// When the next thing happens.
    pub at: i64,
    pub is_signed_in: bool,
    out: &'o mut Vec<Due>,
}

/// One thing that happens.
pub(crate) struct Entry {
    name: &'static str,
    category: Category,
    priority: Priority,
    page_url: Option<String>,
    properties: Option<String>,
    product: Option<&'static Product>,
    interaction: Option<bool>,
    ints: [Option<i64>; 2],
}

/// When the server takes in what happened at an instant.
pub(crate) fn arrival(at: i64, dice: &mut Dice) -> i64 {
    at + dice.between(SECOND / 50, SECOND * 2 / 5)
}

impl<'o> Diary<'o> {
    /// Begins with the session itself, where the visit has one.
    pub fn open(visit: Visit, mut dice: Dice, out: &'o mut Vec<Due>) -> Self {
        let (at, visit) = (visit.started, Arc::new(visit));
        if visit.session_id.is_some() {
            let fact = Fact::Session(Arc::clone(&visit));
            out.push(Due { received_at: arrival(at, &mut dice), tag: dice.next(), fact });
        }
        Self { visit, dice, at, is_signed_in: false, out }
    }

    /// Lets time go by: half of these waits are shorter than so many seconds.
    pub fn wait(&mut self, median_seconds: f64) {
        // Nobody stays at one thing for longer than a quarter of an hour.
        let seconds = self.dice.log_normal(median_seconds, 0.9).clamp(0.2, 900.0);
        self.at += (seconds * SECOND as f64) as i64;
    }

    /// Writes down that something happens now.
    pub fn write(&mut self, entry: Entry) {
        let (at, dice) = (self.at, &mut self.dice);
        let happening = Happening {
            at,
            event_id: dice.uuid(at),
            visit: Arc::clone(&self.visit),
            name: entry.name,
            category: entry.category,
            priority: entry.priority,
            page_url: entry.page_url,
            properties: entry.properties,
            product: entry.product,
            interaction: entry.interaction,
            ints: entry.ints,
            is_signed_in: self.is_signed_in,
        };
        let fact = Fact::Event(Box::new(happening));
        self.out.push(Due { received_at: arrival(at, dice), tag: dice.next(), fact });
    }
}

impl Entry {
    pub fn new(name: &'static str, category: Category) -> Self {
        Self {
            name,
            category,
            priority: Priority::Medium,
            page_url: None,
            properties: None,
            product: None,
            interaction: None,
            ints: [None; 2],
        }
    }

    pub fn priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    pub fn page(self, url: &str) -> Self {
        Self { page_url: Some(url.to_owned()), ..self }
    }

    /// A JSON object.
    pub fn with(self, properties: &Value) -> Self {
        Self { properties: Some(properties.to_string()), ..self }
    }

    pub fn product(self, product: &'static Product) -> Self {
        Self { product: Some(product), ..self }
    }

    pub fn interaction(self, is_interaction: bool) -> Self {
        Self { interaction: Some(is_interaction), ..self }
    }

    pub fn ints(self, int1: i64, int2: Option<i64>) -> Self {
        Self { ints: [Some(int1), int2], ..self }
    }
}

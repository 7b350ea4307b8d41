//! What has landed in the last sixty seconds, by the second in which it landed.
//!
//! Promise: each fact counts in one second, that of its arrival. Of a second at most [`MAX_NAMES`] names of events are told
//! apart; the other events count, without their names.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;

/// Seconds that are kept.
pub(super) const SECONDS: usize = 60;
/// Names of events that one second tells apart.
pub(super) const MAX_NAMES: usize = 1000;
/// Names that are shown.
const TOP_NAMES: usize = 10;

/// What landed in one second.
#[derive(Debug, Default, Clone)]
pub(super) struct Second {
    pub events: u64,
    pub requests: u64,
    pub errors: u64,
    names: HashMap<Arc<str>, u64>,
}

/// The last seconds, and the one that is not over.
#[derive(Debug)]
pub(super) struct Window {
    over: VecDeque<Second>,
    current: Second,
}

/// A name, and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Named {
    pub name: Arc<str>,
    pub count: u64,
}

impl Second {
    pub fn count_name(&mut self, name: &str, count: u64) {
        self.events += count;
        if let Some(known) = self.names.get_mut(name) {
            *known += count;
        } else if self.names.len() < MAX_NAMES {
            self.names.insert(name.into(), count);
        }
    }

    fn add(&mut self, more: &Self) {
        for (name, count) in &more.names {
            self.count_name(name, *count);
        }
        // Those without a name of their own.
        self.events += more.events - more.names.values().sum::<u64>();
        self.requests += more.requests;
        self.errors += more.errors;
    }
}

impl Window {
    pub fn new() -> Self {
        Self { over: VecDeque::from(vec![Second::default(); SECONDS]), current: Second::default() }
    }

    pub fn current(&mut self) -> &mut Second {
        &mut self.current
    }

    /// The second that is not over ends.
    pub fn turn(&mut self) {
        self.over.pop_front();
        self.over.push_back(std::mem::take(&mut self.current));
    }

    /// Adds what landed before anybody counted, the newest second last; so many seconds have ended since.
    pub fn add_past(&mut self, past: &[Second], turns: usize) {
        for (second, more) in self.over.iter_mut().rev().skip(turns).zip(past.iter().rev()) {
            second.add(more);
        }
    }

    /// What landed in the last whole second: events and requests.
    pub fn last(&self) -> (u64, u64) {
        self.over.back().map_or((0, 0), |second| (second.events, second.requests))
    }

    /// The share of errors among the requests; none without requests.
    pub fn error_rate(&self) -> Option<f64> {
        let (requests, errors) = self
            .all()
            .fold((0, 0), |(requests, errors), second| (requests + second.requests, errors + second.errors));
        (requests > 0).then(|| errors as f64 / requests as f64)
    }

    /// The most frequent names, the most frequent first.
    pub fn top_names(&self) -> Vec<Named> {
        let mut counts: HashMap<&Arc<str>, u64> = HashMap::new();
        for (name, count) in self.all().flat_map(|second| &second.names) {
            *counts.entry(name).or_default() += count;
        }
        let mut names: Vec<Named> =
            counts.into_iter().map(|(name, count)| Named { name: Arc::clone(name), count }).collect();
        names.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        names.truncate(TOP_NAMES);
        names
    }

    /// The second under way takes the place of the oldest one.
    fn all(&self) -> impl Iterator<Item = &Second> {
        self.over.iter().skip(1).chain([&self.current])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_landed_is_counted_for_sixty_seconds_and_then_no_more() {
        let mut window = Window::new();
        window.current().count_name("a", 3);
        window.current().count_name("b", 5);
        window.current().requests = 4;
        window.current().errors = 1;
        let names = |window: &Window| {
            window.top_names().iter().map(|top| (top.name.to_string(), top.count)).collect::<Vec<_>>()
        };
        assert_eq!((window.last(), window.error_rate()), ((0, 0), Some(0.25)));
        window.turn();
        assert_eq!(window.last(), (8, 4));
        for _ in 0..SECONDS - 2 {
            window.turn();
            assert_eq!(names(&window), [("b".to_owned(), 5), ("a".to_owned(), 3)]);
        }
        window.turn();
        assert_eq!((names(&window), window.error_rate()), (vec![], None));
    }

    #[test]
    fn the_past_is_added_second_by_second_and_names_are_bounded() {
        let mut past = vec![Second::default(); 2];
        for name in 0..MAX_NAMES + 7 {
            past[1].count_name(&name.to_string(), 1);
        }
        past[0].count_name("old", 9);
        let mut window = Window::new();
        window.add_past(&past, 0);
        assert_eq!(window.last().0, MAX_NAMES as u64 + 7);
        assert_eq!((&*window.top_names()[0].name, window.top_names().len()), ("old", TOP_NAMES));
    }
}

//! The query of a report: its filters, its distinct columns and its page.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use tidegauge_reports::Page;
use tidegauge_reports::event_field::EventField;
use tidegauge_reports::recent_events::{EventFilter, Interaction};
use tidegauge_reports::recent_sessions::SessionFilter;

use super::cursor::{self, List};
use super::failure::Failure;

/// Most rows of a page.
pub(super) const MAX_LIMIT: usize = 100_000;

/// A request's query, decoded. What no report knows is ignored.
pub(super) struct Params<'q> {
    pairs: Vec<(Cow<'q, str>, Cow<'q, str>)>,
}

impl<'q> Params<'q> {
    pub fn parse(query: Option<&'q str>) -> Result<Self, Failure> {
        let query = query.unwrap_or_default();
        if percent_decode_str(query).decode_utf8().is_err() {
            return Err(bad("the query is not UTF-8"));
        }
        Ok(Self { pairs: form_urlencoded::parse(query.as_bytes()).collect() })
    }

    pub fn session_filter(&self) -> Result<SessionFilter, Failure> {
        Ok(SessionFilter {
            installation_id: self.text("installationId")?,
            space_id: self.text("spaceId")?,
            device_id: self.text("deviceId")?,
        })
    }

    pub fn event_filter(&self) -> Result<EventFilter, Failure> {
        let interaction = match self.one("interactionType")? {
            None | Some("all") => Interaction::All,
            Some("interactive") => Interaction::Interactive,
            Some("nonInteractive") => Interaction::NonInteractive,
            Some(_) => return Err(bad("interactionType is interactive, nonInteractive or all")),
        };
        Ok(EventFilter {
            installation_id: self.text("installationId")?,
            space_id: self.text("spaceId")?,
            device_id: self.text("deviceId")?,
            event_type: self.text("eventType")?,
            interaction,
        })
    }

    /// The columns of `distinctColumns`, each once; with commas, repeated, or as `distinctColumns[]`.
    pub fn distinct_columns(&self) -> Result<Vec<&'static EventField>, Failure> {
        let mut columns = Vec::new();
        let given =
            self.pairs.iter().filter(|(name, _)| matches!(&**name, "distinctColumns" | "distinctColumns[]"));
        for name in given.flat_map(|(_, names)| names.split(',')).map(str::trim) {
            match EventField::from_wire(name) {
                Some(column) if columns.contains(&column) => {}
                Some(column) => columns.push(column),
                None if name.is_empty() => {}
                None => return Err(bad(format!("distinctColumns names an unknown column: {}", shown(name)))),
            }
        }
        if columns.is_empty() { Err(bad("distinctColumns is required")) } else { Ok(columns) }
    }

    pub fn page(&self, list: List) -> Result<Page, Failure> {
        let limit = match self.one("limit")? {
            None => None,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                let error = || bad(format!("limit is a whole number from 1 to {MAX_LIMIT}"));
                Some(limit.ok_or_else(error)?)
            }
        };
        let before = match self.one("cursor")? {
            None => None,
            Some(text) => {
                let place = cursor::decode(list, text);
                Some(place.ok_or_else(|| bad("cursor is none that this report has given"))?)
            }
        };
        Ok(Page { before, limit })
    }

    /// The query of every page.
    pub fn without_cursor(&self) -> String {
        let pairs = self.pairs.iter().filter(|(name, _)| name != "cursor");
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.one(name)?.map(str::to_owned))
    }

    fn one(&self, name: &str) -> Result<Option<&str>, Failure> {
        let mut values = self.pairs.iter().filter(|(given, _)| given == name).map(|(_, value)| &**value);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(bad(format!("{name} is given more than once"))),
            (value, None) => Ok(value),
        }
    }
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::BadRequest(message.into())
}

/// What a client sent, short enough to be shown to it.
fn shown(text: &str) -> String {
    const MAX_SHOWN_CHARS: usize = 64;
    text.chars().take(MAX_SHOWN_CHARS).collect()
}

//! The query parameters of the connection reports (seed 001, and its siblings), typed and checked.

use tidegauge_facts::connections::State;
use tidegauge_facts::time::SECOND;
use tidegauge_facts::{Micros, limits};
use tidegauge_reports::connection_events::EventFilter;
use tidegauge_reports::connection_filter::{ConnectionFilter, Period};
use tidegauge_reports::connection_list::ListFilter;
use uuid::Uuid;

use crate::query::{BadQuery, Query};
use crate::validation::datetime;

/// Rows of a list that is asked for without a limit.
pub const DEFAULT_LIMIT: usize = 1_000;
/// Most rows of a list.
pub const MAX_LIMIT: usize = 10_000;
/// Most minutes back from now: the seed's format, int32.
pub const MAX_MINUTES: i64 = i32::MAX as i64;
/// Minutes back from now when no period is asked for: a day.
const DEFAULT_MINUTES: i64 = 24 * 60;

/// Why a report is not answered: 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadParameters {
    /// One parameter is wrong.
    #[error(transparent)]
    One(#[from] BadQuery),
    /// Two ways of naming a period.
    #[error("the period is named twice: give minutes, or timeStart and timeEnd")]
    TwoPeriods,
    /// A period that ends before it starts.
    #[error("timeStart is after timeEnd")]
    Backwards,
}

/// What `summary` is asked with.
pub fn summary(query: Query<'_>, now: Micros) -> Result<(ConnectionFilter, Period), BadParameters> {
    Ok((kind(query)?, period(query, now)?))
}

/// What `query` is asked with.
pub fn list(query: Query<'_>, now: Micros) -> Result<ListFilter, BadParameters> {
    Ok(ListFilter {
        kind: kind(query)?,
        period: period(query, now)?,
        api_key: api_key(query)?,
        connection_id: text(query, "connectionId")?,
        active_only: one(query, "activeOnly", "true or false", flag)?.unwrap_or(false),
        limit: limit(query)?,
    })
}

/// What `events/query` is asked with.
pub fn events(query: Query<'_>, now: Micros) -> Result<EventFilter, BadParameters> {
    Ok(EventFilter {
        kind: kind(query)?,
        period: period(query, now)?,
        api_key: api_key(query)?,
        connection_id: text(query, "connectionId")?,
        state: one(query, "eventType", "connect, heartbeat or disconnect", state_of)?,
        limit: limit(query)?,
    })
}

/// A message's state in the words of the seed's family.
pub fn event_type(state: State) -> &'static str {
    match state {
        State::Open => "connect",
        State::Activity => "heartbeat",
        State::Close => "disconnect",
    }
}

fn state_of(text: &str) -> Option<State> {
    [State::Open, State::Activity, State::Close].into_iter().find(|state| event_type(*state) == text)
}

fn kind(query: Query<'_>) -> Result<ConnectionFilter, BadQuery> {
    Ok(ConnectionFilter {
        service: text(query, "serviceName")?,
        protocol: text(query, "protocolName")?,
        data_center: text(query, "dataCenter")?,
    })
}

fn period(query: Query<'_>, now: Micros) -> Result<Period, BadParameters> {
    let from = instant(query, "timeStart")?;
    let to = instant(query, "timeEnd")?;
    let minutes = one(query, "minutes", "a whole number from 1 to 2147483647", |text| {
        whole(text).filter(|minutes| (1..=MAX_MINUTES).contains(minutes))
    })?;
    if minutes.is_some() && (from.is_some() || to.is_some()) {
        return Err(BadParameters::TwoPeriods);
    }
    match (from, to) {
        (Some(from), Some(to)) if from > to => Err(BadParameters::Backwards),
        (None, None) => {
            let back = minutes.unwrap_or(DEFAULT_MINUTES) * 60 * SECOND;
            Ok(Period { from: Some(Micros(now.0 - back)), to: Some(now) })
        }
        (from, to) => Ok(Period { from, to }),
    }
}

/// An RFC 3339 instant; UTC where it names no offset.
fn instant(query: Query<'_>, name: &'static str) -> Result<Option<Micros>, BadQuery> {
    one(query, name, "an RFC 3339 instant, such as 2024-01-14T08:15:30Z", |text| {
        // A plus that was not encoded has arrived as a space: nothing else can stand there.
        let repaired = match text.len().checked_sub(6).and_then(|at| text.split_at_checked(at)) {
            Some((front, offset)) if offset.starts_with(' ') && front.contains(['T', 't']) => {
                format!("{front}+{}", &offset[1..])
            }
            _ => text.to_owned(),
        };
        datetime::from_rfc3339(&repaired).map(Micros)
    })
}

fn api_key(query: Query<'_>) -> Result<Option<Uuid>, BadQuery> {
    one(query, "apiKeyId", "a UUID, as apikeyId has it", |text| Uuid::try_parse(text).ok())
}

fn limit(query: Query<'_>) -> Result<usize, BadQuery> {
    let limit = one(query, "limit", "a whole number from 1 to 10000", |text| {
        whole(text)
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
    });
    Ok(limit?.unwrap_or(DEFAULT_LIMIT))
}

fn flag(text: &str) -> Option<bool> {
    // .NET, which the seed's platform is written in, prints `True`.
    match text {
        "true" | "True" => Some(true),
        "false" | "False" => Some(false),
        _ => None,
    }
}

/// Digits alone: no sign, no space.
fn whole(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A text to be compared. One that no connection can have finds none, which is no error.
fn text(query: Query<'_>, name: &'static str) -> Result<Option<String>, BadQuery> {
    one(query, name, "at most 1024 characters", |text| {
        (text.chars().count() <= limits::MAX_LABEL_CHARS).then(|| text.to_owned())
    })
}

fn one<T>(
    query: Query<'_>,
    name: &'static str,
    rule: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, BadQuery> {
    let Some(value) = query.one(&[name])? else { return Ok(None) };
    read(&value).map(Some).ok_or(BadQuery::Breaks(name, rule))
}

#[cfg(test)]
mod tests;

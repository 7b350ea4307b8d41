//! Typed queries: a table, a span of time, filters, groups, buckets of time and metrics, or rows as they are.
//!
//! Promise: a query that makes no sense is refused with a sentence that names the member. What it becomes is put together
//! from expressions, never from text, so that no value in it can be anything but a value. The same query over the same
//! facts has the same answer, order included. Whose rows the tables hold is for the context.

mod bad_query;
mod bucket_start;
mod calendar;
mod column;
mod filter;
mod histogram;
mod interval;
mod metric;
mod object;
mod order;
mod percentile;
mod plan;
mod read;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use tidegauge_facts::Micros;

pub use bad_query::BadQuery;
pub use filter::{Filter, FilterOp};
pub use interval::Interval;
pub use metric::{Metric, MetricOp};
pub use order::OrderBy;

use object::Object;

/// Rows of an answer, unless the query says otherwise; and at most.
pub const DEFAULT_LIMIT: usize = 1_000;
/// Rows of an answer at most.
pub const MAX_LIMIT: usize = 100_000;
/// Filters of a query, and of a metric.
pub const MAX_FILTERS: usize = 100;
/// Values that one filter may compare with.
pub const MAX_FILTER_VALUES: usize = 1_000;
/// Columns that rows are grouped by.
pub const MAX_GROUPS: usize = 8;
/// Metrics of a query.
pub const MAX_METRICS: usize = 32;
/// Columns of rows as they are, and columns that an answer is ordered by.
pub const MAX_COLUMNS: usize = 100;
/// Bytes of a name that a query gives to a metric, or of a path into `properties`.
pub const MAX_NAME_BYTES: usize = 256;
/// Bytes of a text that a filter compares with.
pub const MAX_TEXT_BYTES: usize = 8 * 1024;
/// The column of the buckets' starts.
pub const TIME: &str = "time";

/// A table that may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableName {
    /// What happened.
    Events,
    /// Visits, a row each.
    Sessions,
    /// Connections, a row each.
    Connections,
    /// API requests.
    Requests,
}

impl TableName {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Events, Self::Sessions, Self::Connections, Self::Requests];

    /// As SQL and the wire have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Sessions => "sessions",
            Self::Connections => "connections",
            Self::Requests => "requests",
        }
    }

    /// What names one of its rows.
    fn id(self) -> &'static str {
        match self {
            Self::Events => "event_id",
            Self::Sessions => "session_id",
            Self::Connections => "connection_id",
            Self::Requests => "request_id",
        }
    }
}

/// A query as it is sent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// What is asked.
    pub table: TableName,
    /// The first instant, RFC 3339; 24 hours before `to` when absent.
    pub from: Option<String>,
    /// The first instant that is not asked for, RFC 3339; now when absent.
    pub to: Option<String>,
    /// Of this project alone.
    pub project: Option<String>,
    /// All of them hold.
    #[serde(default)]
    pub filters: Vec<Object<Filter>>,
    /// A row of the answer is a combination of these.
    pub group_by: Option<Vec<String>>,
    /// A row of the answer is a bucket of time, too.
    pub interval: Option<Interval>,
    /// Whose days, weeks and months; IANA's name. UTC when absent.
    pub time_zone: Option<String>,
    /// What is told of each group; how many rows it has when absent.
    pub metrics: Option<Vec<Object<Metric>>>,
    /// Rows as they are instead, with these columns.
    pub columns: Option<Vec<String>>,
    /// By what the answer is ordered.
    #[serde(default)]
    pub order: Vec<Object<OrderBy>>,
    /// Rows of the answer at most.
    pub limit: Option<u64>,
}

impl Query {
    /// The query of a JSON body.
    ///
    /// # Errors
    /// It is no JSON object of this kind; the sentence says where.
    pub fn from_json(body: &[u8]) -> Result<Self, BadQuery> {
        read::from_json(body)
    }

    /// Rows of the answer at most.
    ///
    /// # Errors
    /// Not within 1 to [`MAX_LIMIT`].
    pub fn limit(&self) -> Result<usize, BadQuery> {
        checked_limit(self.limit)
    }

    /// The query over the tables of `context`, without its limit. `now` is where an open end stands.
    ///
    /// # Errors
    /// It makes no sense for this table.
    pub async fn plan(
        &self,
        context: &datafusion::prelude::SessionContext,
        now: Micros,
    ) -> Result<datafusion::prelude::DataFrame, BadQuery> {
        plan::plan(self, context, now).await
    }
}

/// The limit that a question asks for.
///
/// # Errors
/// Not within 1 to [`MAX_LIMIT`].
pub fn checked_limit(asked: Option<u64>) -> Result<usize, BadQuery> {
    let limit = asked.map_or(Some(DEFAULT_LIMIT), |limit| usize::try_from(limit).ok());
    let is_within = |limit: &usize| (1..=MAX_LIMIT).contains(limit);
    limit
        .filter(is_within)
        .ok_or_else(|| BadQuery::new("limit", format!("a whole number from 1 to {MAX_LIMIT} is wanted")))
}

//! From a query to the engine's plan.

use datafusion::common::DFSchema;
use datafusion::execution::FunctionRegistry as _;
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::prelude::{DataFrame, SessionContext};
use datafusion::scalar::ScalarValue;
use jiff::Timestamp;
use tidegauge_facts::Micros;
use tidegauge_facts::time::DAY;

use super::bad_query::at_most;
use super::bucket_start::bucket_start;
use super::column::{Columns, Kind};
use super::order::{self, Falling, Rising, sort};
use super::{BadQuery, MAX_COLUMNS, MAX_GROUPS, MAX_METRICS, Metric, Object, Query, TIME, calendar, filter};

const EVENT_TIME: &str = "event_time";

pub(super) async fn plan(
    query: &Query,
    context: &SessionContext,
    now: Micros,
) -> Result<DataFrame, BadQuery> {
    query.limit()?;
    let failed = |error| BadQuery::planned(&error);
    let table = context.table(query.table.as_str()).await.map_err(failed)?;
    let schema: DFSchema = table.schema().clone();
    let property = context.udf("property").ok();
    let columns = Columns { table: query.table, schema: &schema, property };
    let mut rows = within_span(query, table, now)?;
    if let Some(project) = &query.project {
        rows = rows.filter(filter::of_project(project)?).map_err(failed)?;
    }
    if let Some(filters) = filter::all(&query.filters, &columns, "filters")? {
        rows = rows.filter(filters).map_err(failed)?;
    }
    match &query.columns {
        Some(wanted) => as_they_are(query, wanted, rows, &columns),
        None => in_groups(query, rows, &columns),
    }
}

/// The rows of the span.
fn within_span(query: &Query, rows: DataFrame, now: Micros) -> Result<DataFrame, BadQuery> {
    let read = |text: &Option<String>, member| match text {
        None => Ok(None),
        Some(text) => instant(text).map(Some).ok_or_else(|| {
            BadQuery::new(member, "an instant is wanted, as RFC 3339 has it: 2026-11-21T10:00:00Z")
        }),
    };
    let to = read(&query.to, "to")?.unwrap_or(now);
    let from = read(&query.from, "from")?.unwrap_or(Micros(to.0.saturating_sub(DAY)));
    if from > to {
        return Err(BadQuery::new("from", "it is after `to`"));
    }
    let time = || ident(EVENT_TIME);
    rows.filter(time().gt_eq(micros(from)).and(time().lt(micros(to))))
        .map_err(|error| BadQuery::planned(&error))
}

fn as_they_are(
    query: &Query,
    wanted: &[String],
    rows: DataFrame,
    columns: &Columns<'_>,
) -> Result<DataFrame, BadQuery> {
    let others = [
        ("group_by", query.group_by.is_some()),
        ("interval", query.interval.is_some()),
        ("metrics", query.metrics.is_some()),
    ];
    if let Some((member, _)) = others.iter().find(|(_, is_there)| *is_there) {
        return Err(BadQuery::new(*member, "`columns` asks for rows as they are: one of the two"));
    }
    check_zone(query)?;
    at_most(MAX_COLUMNS, wanted.len(), "columns")?;
    if wanted.is_empty() {
        return Err(BadQuery::new("columns", "at least one is wanted"));
    }
    let mut answer: Vec<(String, Expr)> = Vec::with_capacity(wanted.len());
    for (at, name) in wanted.iter().enumerate() {
        let member = format!("columns[{at}]");
        add(&mut answer, name, columns.find(name, &member)?.expr, &member)?;
    }
    let mut sorts = order::asked(&query.order, &answer)?;
    sorts.push(sort(ident(EVENT_TIME), Falling));
    // Rows of one instant are told apart by their ids, and by their projects where ids are a project's own.
    sorts.push(sort(ident(query.table.id()), Rising));
    sorts.push(sort(ident("project_id"), Rising));
    finish(rows, sorts, answer)
}

fn in_groups(query: &Query, rows: DataFrame, columns: &Columns<'_>) -> Result<DataFrame, BadQuery> {
    let zone = check_zone(query)?;
    let (mut groups, mut answer) = (Vec::new(), Vec::new());
    // Within the plan they have names of their own, so that no name of the query's can be taken for another.
    let mut group = |answer: &mut Vec<(String, Expr)>, name: &str, expr: Expr, member: &str| {
        let inner = format!("group_{}", groups.len());
        groups.push(expr.alias(&inner));
        add(answer, name, ident(inner), member)
    };
    if let Some(interval) = query.interval {
        let start = bucket_start(interval, zone, ident(EVENT_TIME));
        group(&mut answer, TIME, start, "interval")?;
    }
    let group_by = query.group_by.as_deref().unwrap_or_default();
    at_most(MAX_GROUPS, group_by.len(), "group_by")?;
    for (at, name) in group_by.iter().enumerate() {
        let member = format!("group_by[{at}]");
        let column = columns.find(name, &member)?;
        if column.kind == Kind::List {
            return Err(BadQuery::new(member, format!("{name} is a list: rows are not grouped by it")));
        }
        group(&mut answer, name, column.expr, &member)?;
    }
    let ties: Vec<Expr> = answer.iter().map(|(_, expr)| expr.clone()).collect();

    let of_rows = [Object(Metric::of_rows())];
    let metrics = query.metrics.as_deref().unwrap_or(&of_rows);
    at_most(MAX_METRICS, metrics.len(), "metrics")?;
    if metrics.is_empty() && ties.is_empty() {
        return Err(BadQuery::new("metrics", "at least one is wanted, or a column to group by"));
    }
    let mut aggregates = Vec::with_capacity(metrics.len());
    for (at, metric) in metrics.iter().enumerate() {
        let member = format!("metrics[{at}]");
        let (aggregate, of_it) = metric.plan(columns).map_err(|bad| bad.within(&member))?;
        let name = metric.name().map_err(|bad| bad.within(&member))?;
        let inner = format!("metric_{at}");
        aggregates.push(aggregate.alias(&inner));
        add(&mut answer, &name, of_it(ident(inner)), &format!("{member}.as"))?;
    }

    let mut sorts = order::asked(&query.order, &answer)?;
    let first_metric = answer.get(ties.len()).filter(|_| sorts.is_empty() && query.interval.is_none());
    sorts.extend(first_metric.map(|(_, expr)| sort(expr.clone(), Falling)));
    sorts.extend(ties.into_iter().map(|expr| sort(expr, Rising)));
    let grouped = rows.aggregate(groups, aggregates).map_err(|error| BadQuery::planned(&error))?;
    finish(grouped, sorts, answer)
}

/// One more column of the answer.
fn add(answer: &mut Vec<(String, Expr)>, name: &str, expr: Expr, member: &str) -> Result<(), BadQuery> {
    if answer.iter().any(|(other, _)| other == name) {
        return Err(BadQuery::new(member, format!("the answer has a column {name:?} already")));
    }
    answer.push((name.to_owned(), expr));
    Ok(())
}

fn finish(
    rows: DataFrame,
    sorts: Vec<datafusion::logical_expr::SortExpr>,
    answer: Vec<(String, Expr)>,
) -> Result<DataFrame, BadQuery> {
    let answer: Vec<Expr> = answer.into_iter().map(|(name, expr)| expr.alias(name)).collect();
    // What there is one row of needs no order.
    let rows = if sorts.is_empty() { Ok(rows) } else { rows.sort(sorts) };
    rows.and_then(|rows| rows.select(answer)).map_err(|error| BadQuery::planned(&error))
}

fn check_zone(query: &Query) -> Result<jiff::tz::TimeZone, BadQuery> {
    let Some(name) = &query.time_zone else { return Ok(jiff::tz::TimeZone::UTC) };
    calendar::zone(name).ok_or_else(|| {
        BadQuery::new("time_zone", "a name of IANA's database is wanted, as Europe/Berlin or UTC")
    })
}

/// The instant of RFC 3339's text; digits below a microsecond are dropped.
pub(super) fn instant(text: &str) -> Option<Micros> {
    // jiff reads more than RFC 3339 has (names of time zones, spaces): nothing of it may be relied on.
    let is_plain = text.len() <= 40 && text.is_ascii() && !text.contains('[');
    let instant: Timestamp = text.parse().ok().filter(|_| is_plain)?;
    Some(Micros(instant.as_microsecond()))
}

/// An instant as a value of the engine's.
pub(super) fn micros(at: Micros) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(at.0), Some("UTC".into())))
}

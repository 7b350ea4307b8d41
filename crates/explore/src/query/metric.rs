//! What is told of a group of rows.

use arrow_schema::DataType;
use datafusion::functions_aggregate::expr_fn::{avg, count, count_distinct, max, min, sum};
use datafusion::logical_expr::{Expr, ExprFunctionExt as _, cast, lit};
use serde::Deserialize;

use super::column::{Column, Columns, Kind};
use super::filter::{self, Filter};
use super::percentile::percentile;
use super::{BadQuery, MAX_NAME_BYTES, Object};

/// A metric.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// What is made of the rows.
    pub op: MetricOp,
    /// Of which column; `count` may have none, and counts the rows.
    pub column: Option<String>,
    /// Which percentile, from 0 to 100.
    pub p: Option<f64>,
    /// The name in the answer.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// Of the rows for which these hold.
    #[serde(default, rename = "where")]
    pub filters: Vec<Object<Filter>>,
}

/// What is made of a group's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricOp {
    /// How many there are, or how many have a value.
    Count,
    /// The values added up.
    Sum,
    /// The least.
    Min,
    /// The most.
    Max,
    /// The mean; of what is true or false the share that is true.
    Mean,
    /// How many different values there are.
    Unique,
    /// The value below which `p` percent lie.
    Percentile,
}

impl MetricOp {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Count, Self::Sum, Self::Min, Self::Max, Self::Mean, Self::Unique, Self::Percentile];

    /// As it is written in a query.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
            Self::Unique => "unique",
            Self::Percentile => "percentile",
        }
    }
}

/// What is made of an aggregate for the answer.
pub(super) type Finish = fn(Expr) -> Expr;

impl Metric {
    /// How many rows there are.
    pub(super) fn of_rows() -> Self {
        Self { op: MetricOp::Count, column: None, p: None, name: None, filters: Vec::new() }
    }

    /// The name in the answer.
    pub(super) fn name(&self) -> Result<String, BadQuery> {
        if let Some(name) = &self.name {
            let is_good =
                !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.chars().any(char::is_control);
            let problem = format!("a name has 1 to {MAX_NAME_BYTES} bytes and no control characters");
            return if is_good { Ok(name.clone()) } else { Err(BadQuery::new("as", problem)) };
        }
        let op = match (self.op, self.p) {
            (MetricOp::Percentile, Some(p)) => format!("p{p}"),
            (op, _) => op.as_str().to_owned(),
        };
        Ok(match &self.column {
            Some(column) => format!("{op}_{column}"),
            None => op,
        })
    }

    /// The aggregate, and what is made of it for the answer.
    pub(super) fn plan(&self, columns: &Columns<'_>) -> Result<(Expr, Finish), BadQuery> {
        if self.p.is_some() && self.op != MetricOp::Percentile {
            return Err(BadQuery::new("p", "it belongs to percentile"));
        }
        let column = self.column.as_deref().map(|name| columns.find(name, "column")).transpose()?;
        let (aggregate, finish) = match (self.op, &column) {
            (MetricOp::Count, None) => (count(lit(1)), as_it_is as Finish),
            (_, None) => return Err(BadQuery::new("column", format!("{} needs one", self.op.as_str()))),
            (_, Some(column)) => self.of_column(column)?,
        };
        let aggregate = match filter::all(&self.filters, columns, "where")? {
            Some(condition) => {
                let some = aggregate.filter(condition);
                // What is built anew forgets that it counts each value once.
                let some = if self.op == MetricOp::Unique { some.distinct() } else { some };
                some.build().map_err(|error| BadQuery::planned(&error))?
            }
            None => aggregate,
        };
        Ok((aggregate, finish))
    }

    fn of_column(&self, column: &Column) -> Result<(Expr, Finish), BadQuery> {
        let own = || column.expr.clone();
        Ok(match (self.op, column.kind) {
            (MetricOp::Count, _) => (count(own()), as_it_is),
            (MetricOp::Unique, Kind::List) => return Err(self.refused(column)),
            (MetricOp::Unique, _) => (count_distinct(own()), as_it_is),
            (MetricOp::Sum, Kind::Boolean) => (sum(cast(own(), DataType::Int64)), as_it_is),
            // 64 bits may not hold the sum: it is added up in more, and refused when it does not fit.
            (MetricOp::Sum, Kind::Integer) => {
                (sum(cast(own(), DataType::Decimal128(19, 0))), as_whole_number)
            }
            (MetricOp::Sum, Kind::Number | Kind::Property) => (sum(column.as_number()), as_it_is),
            (MetricOp::Mean, Kind::Boolean | Kind::Integer | Kind::Number) => {
                (avg(cast(own(), DataType::Float64)), as_it_is)
            }
            (MetricOp::Mean, Kind::Property) => (avg(column.as_number()), as_it_is),
            (MetricOp::Min, Kind::Integer | Kind::Number | Kind::Instant) => (min(own()), as_it_is),
            (MetricOp::Max, Kind::Integer | Kind::Number | Kind::Instant) => (max(own()), as_it_is),
            (MetricOp::Min, Kind::Property) => (min(column.as_number()), as_it_is),
            (MetricOp::Max, Kind::Property) => (max(column.as_number()), as_it_is),
            (MetricOp::Percentile, Kind::Integer | Kind::Number | Kind::Property) => {
                let p = self.p.ok_or_else(|| BadQuery::new("p", "percentile needs one, from 0 to 100"))?;
                if !(0.0..=100.0).contains(&p) {
                    return Err(BadQuery::new("p", "a number from 0 to 100 is wanted"));
                }
                (percentile(column.as_number(), p), as_it_is)
            }
            _ => return Err(self.refused(column)),
        })
    }

    fn refused(&self, column: &Column) -> BadQuery {
        let (op, name) = (self.op.as_str(), self.column.as_deref().unwrap_or_default());
        BadQuery::new("column", format!("{name} is {}: it has no {op}", column.kind.told()))
    }
}

fn as_it_is(aggregate: Expr) -> Expr {
    aggregate
}

fn as_whole_number(aggregate: Expr) -> Expr {
    cast(aggregate, DataType::Int64)
}

//! A condition on a column.
//!
//! `ne` and `not_in` hold exactly where `eq` and `in` do not: also where there is no value at all. Every other
//! condition holds for values alone.

use datafusion::functions_nested::expr_fn::array_has;
use datafusion::logical_expr::{Expr, in_list, lit};
use datafusion::scalar::ScalarValue;
use serde::Deserialize;
use serde_json::Value;

use super::bad_query::at_most;
use super::column::{Column, Columns, Kind};
use super::plan::{instant, micros};
use super::{BadQuery, MAX_FILTER_VALUES, MAX_FILTERS, MAX_TEXT_BYTES, Object};

/// A condition.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// On what.
    pub column: String,
    /// How it is compared.
    pub op: FilterOp,
    /// With what: a list for `in` and `not_in`, nothing for `is_null` and `is_not_null`.
    #[serde(default)]
    pub value: Value,
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterOp {
    /// Is it.
    Eq,
    /// Is not, or there is none.
    Ne,
    /// Is one of them.
    In,
    /// Is none of them, or there is none.
    NotIn,
    /// Is less.
    Lt,
    /// Is less, or it.
    Lte,
    /// Is more.
    Gt,
    /// Is more, or it.
    Gte,
    /// Has the text in it; of a list: has it as an item.
    Contains,
    /// Begins with the text.
    StartsWith,
    /// There is none.
    IsNull,
    /// There is one.
    IsNotNull,
}

impl FilterOp {
    /// All of them, as they are written in a query.
    pub const NAMES: [&str; 12] = [
        "eq",
        "ne",
        "in",
        "not_in",
        "lt",
        "lte",
        "gt",
        "gte",
        "contains",
        "starts_with",
        "is_null",
        "is_not_null",
    ];
}

/// All of the conditions of a member, in one expression; none when there are none.
pub(super) fn all(
    filters: &[Object<Filter>],
    columns: &Columns<'_>,
    member: &str,
) -> Result<Option<Expr>, BadQuery> {
    at_most(MAX_FILTERS, filters.len(), member)?;
    let mut all: Option<Expr> = None;
    for (at, filter) in filters.iter().enumerate() {
        let one = condition(filter, columns).map_err(|bad| bad.within(&format!("{member}[{at}]")))?;
        all = Some(match all {
            Some(before) => before.and(one),
            None => one,
        });
    }
    Ok(all)
}

fn condition(filter: &Filter, columns: &Columns<'_>) -> Result<Expr, BadQuery> {
    let column = columns.find(&filter.column, "column")?;
    let (op, value) = (filter.op, &filter.value);
    match op {
        FilterOp::IsNull | FilterOp::IsNotNull => {
            if !value.is_null() {
                return Err(BadQuery::new("value", "is_null and is_not_null take none"));
            }
            let is_null = column.expr.is_null();
            Ok(if op == FilterOp::IsNull { is_null } else { !is_null })
        }
        FilterOp::Contains | FilterOp::StartsWith => text_within(filter, column),
        FilterOp::In | FilterOp::NotIn => one_of(filter, &column),
        _ => compared(filter, &column),
    }
}

fn compared(filter: &Filter, column: &Column) -> Result<Expr, BadQuery> {
    use FilterOp as Op;
    let is_ordered = !matches!(filter.op, Op::Eq | Op::Ne);
    if column.kind == Kind::List || (column.kind == Kind::Boolean && is_ordered) {
        let problem = format!("{} is {}, which is not compared like this", filter.column, column.kind.told());
        return Err(BadQuery::new("op", problem));
    }
    let (left, right) = comparable(filter, column, &filter.value)?;
    Ok(match filter.op {
        Op::Ne => left.clone().not_eq(right).or(left.is_null()),
        Op::Lt => left.lt(right),
        Op::Lte => left.lt_eq(right),
        Op::Gt => left.gt(right),
        Op::Gte => left.gt_eq(right),
        _ => left.eq(right),
    })
}

fn one_of(filter: &Filter, column: &Column) -> Result<Expr, BadQuery> {
    let Value::Array(values) = &filter.value else {
        return Err(BadQuery::new("value", "in and not_in take a list of values"));
    };
    at_most(MAX_FILTER_VALUES, values.len(), "value")?;
    if column.kind == Kind::List {
        return Err(BadQuery::new(
            "op",
            format!("{} is a list: contains asks for an item of it", filter.column),
        ));
    }
    let mut pairs = Vec::with_capacity(values.len());
    for value in values {
        let (left, right) = comparable(filter, column, value)?;
        if pairs.first().is_some_and(|(first, _)| *first != left) {
            return Err(BadQuery::new("value", "the values are of several types; give them one"));
        }
        pairs.push((left, right));
    }
    let is_not = filter.op == FilterOp::NotIn;
    let Some((left, _)) = pairs.first().cloned() else { return Ok(lit(is_not)) };
    let one = in_list(left.clone(), pairs.into_iter().map(|(_, right)| right).collect(), is_not);
    Ok(if is_not { one.or(left.is_null()) } else { one })
}

fn text_within(filter: &Filter, column: Column) -> Result<Expr, BadQuery> {
    let Value::String(wanted) = &filter.value else {
        return Err(BadQuery::new("value", "a text is wanted"));
    };
    check_length(wanted)?;
    match (column.kind, filter.op) {
        (Kind::List, FilterOp::Contains) => Ok(array_has(column.expr, lit(wanted.as_str()))),
        (Kind::Text | Kind::Property, op) => {
            // In a pattern `%` and `_` stand for others, unless they are escaped.
            let mut pattern = String::with_capacity(wanted.len() + 2);
            if op == FilterOp::Contains {
                pattern.push('%');
            }
            for letter in wanted.chars() {
                if matches!(letter, '%' | '_' | '\\') {
                    pattern.push('\\');
                }
                pattern.push(letter);
            }
            pattern.push('%');
            Ok(column.expr.like(lit(pattern)))
        }
        (kind, _) => Err(BadQuery::new("op", format!("{} is {}, no text", filter.column, kind.told()))),
    }
}

/// The column and a value as what can be compared.
fn comparable(filter: &Filter, column: &Column, value: &Value) -> Result<(Expr, Expr), BadQuery> {
    let name = &filter.column;
    let wanted =
        |what: &str| BadQuery::new("value", format!("{name} is {}: {what} is wanted", column.kind.told()));
    let own = column.expr.clone();
    match (column.kind, value) {
        (_, Value::Null) => Err(BadQuery::new("value", "a value is wanted; is_null asks for none")),
        (Kind::Text | Kind::Property, Value::String(text)) => {
            check_length(text)?;
            Ok((own, lit(text.as_str())))
        }
        (Kind::Text, _) => Err(wanted("a text")),
        (Kind::Property, Value::Bool(value)) => Ok((own, lit(if *value { "true" } else { "false" }))),
        (Kind::Property | Kind::Number, Value::Number(number)) => {
            let number = number.as_f64().ok_or_else(|| wanted("a number"))?;
            Ok((column.as_number(), lit(number)))
        }
        (Kind::Integer, Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok((own, lit(whole))),
            // It may be compared with what is no whole number, or none of 64 bits.
            (None, Some(number)) => Ok((column.as_number(), lit(number))),
            (None, None) => Err(wanted("a number")),
        },
        (Kind::Boolean, Value::Bool(value)) => Ok((own, lit(*value))),
        (Kind::Instant, Value::String(text)) => {
            let at = instant(text).ok_or_else(|| wanted("RFC 3339's text, as 2026-11-21T10:00:00Z,"))?;
            Ok((own, micros(at)))
        }
        (Kind::Property, _) => Err(wanted("a text, a number, true or false")),
        (Kind::Instant, _) => Err(wanted("RFC 3339's text, as 2026-11-21T10:00:00Z,")),
        (Kind::Boolean, _) => Err(wanted("true or false")),
        (Kind::Integer | Kind::Number | Kind::List, _) => Err(wanted("a number")),
    }
}

fn check_length(text: &str) -> Result<(), BadQuery> {
    match text.len() <= MAX_TEXT_BYTES {
        true => Ok(()),
        false => {
            Err(BadQuery::new("value", format!("a text to compare with has at most {MAX_TEXT_BYTES} bytes")))
        }
    }
}

/// Of one project alone.
pub(super) fn of_project(project: &str) -> Result<Expr, BadQuery> {
    check_length(project).map_err(|_| BadQuery::new("project", "no project has a name as long as this"))?;
    Ok(datafusion::logical_expr::ident("project_id").eq(lit(ScalarValue::from(project))))
}

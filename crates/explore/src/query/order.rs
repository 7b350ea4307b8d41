//! In which order an answer is, to the last row: whatever is left open is decided by what the rows hold.

use datafusion::logical_expr::{Expr, SortExpr};
use serde::Deserialize;

use super::bad_query::at_most;
use super::{BadQuery, MAX_COLUMNS, Object};

/// An order by a column of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderBy {
    /// Its name in the answer.
    pub by: String,
    /// The most first.
    #[serde(default)]
    pub desc: bool,
}

/// What is asked for, by the columns of the answer.
pub(super) fn asked(order: &[Object<OrderBy>], answer: &[(String, Expr)]) -> Result<Vec<SortExpr>, BadQuery> {
    at_most(MAX_COLUMNS, order.len(), "order")?;
    let mut sorts = Vec::with_capacity(order.len() + 2);
    for (at, Object(OrderBy { by, desc })) in order.iter().enumerate() {
        let (_, expr) = answer.iter().find(|(name, _)| name == by).ok_or_else(|| {
            let shown: String = by.chars().take(100).collect();
            BadQuery::new(format!("order[{at}].by"), format!("the answer has no column {shown:?}"))
        })?;
        sorts.push(sort(expr.clone(), if *desc { Falling } else { Rising }));
    }
    Ok(sorts)
}

/// Which way.
pub(super) enum Direction {
    Rising,
    Falling,
}
pub(super) use Direction::{Falling, Rising};

/// Where there is no value, it comes last, either way.
pub(super) fn sort(expr: Expr, direction: Direction) -> SortExpr {
    expr.sort(matches!(direction, Rising), false)
}

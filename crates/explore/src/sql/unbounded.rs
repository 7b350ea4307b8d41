//! What takes memory or time that no bound of ours sees, and so is refused before anything is planned further.
//!
//! A value of a fixed size may be of any size; a pattern that is another one in each row is made anew for each; a sketch is as
//! large as its caller says.

use arrow_schema::DataType;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};
use datafusion::scalar::ScalarValue;

use crate::error::ExploreError;

/// Whether nothing of it is in the plan.
pub(super) fn check(plan: &LogicalPlan) -> Result<(), ExploreError> {
    let mut refused = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                refused = refused.take().or_else(|| refusal(expr));
                Ok(if refused.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })?;
    refused.map_or(Ok(()), |why| Err(ExploreError::bad(why)))
}

fn refusal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Cast(cast) => of_type(cast.field.data_type()),
        Expr::TryCast(cast) => of_type(cast.field.data_type()),
        Expr::BinaryExpr(both) if is_pattern(both.op) => of_pattern(&both.right),
        Expr::Like(like) | Expr::SimilarTo(like) => of_pattern(&like.pattern),
        Expr::ScalarFunction(call) => match call.name() {
            name if name.starts_with("regexp_") => call.args.get(1).and_then(of_pattern),
            "arrow_cast" | "arrow_try_cast" => of_named_type(call.args.get(1)),
            _ => None,
        },
        Expr::AggregateFunction(call) => {
            let is_sketch = call.func.name().starts_with("approx_percentile_cont");
            let sized = if call.func.name().ends_with("_with_weight") { 4 } else { 3 };
            (is_sketch && call.params.args.len() >= sized)
                .then(|| format!("{} takes no number of centroids here", call.func.name()))
        }
        _ => None,
    }
}

fn is_pattern(operator: Operator) -> bool {
    use Operator as O;
    matches!(operator, O::RegexMatch | O::RegexIMatch | O::RegexNotMatch | O::RegexNotIMatch)
}

/// A pattern is one for all rows.
fn of_pattern(pattern: &Expr) -> Option<String> {
    let is_one = pattern.column_refs().is_empty() && !pattern.is_volatile() && !has_query(pattern);
    (!is_one).then(|| "a pattern is the same for all rows: it may not hold a column".to_owned())
}

fn has_query(expr: &Expr) -> bool {
    let is_query = |expr: &Expr| {
        Ok(matches!(expr, Expr::ScalarSubquery(_) | Expr::OuterReferenceColumn(..) | Expr::Exists(_)))
    };
    expr.exists(is_query).unwrap_or(true)
}

/// Types that are as large as they say, or that make more of a text than it is.
fn of_type(of: &DataType) -> Option<String> {
    let is_plain = match of {
        DataType::List(item) => return of_type(item.data_type()),
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::BinaryView
        | DataType::Date32
        | DataType::Date64
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Duration(_)
        | DataType::Interval(_)
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => true,
        of => of.is_numeric(),
    };
    (!is_plain).then(|| format!("nothing is cast to {of} here"))
}

/// As [`of_type`], where the type is named in a text.
fn of_named_type(named: Option<&Expr>) -> Option<String> {
    let text = match named {
        Some(Expr::Literal(ScalarValue::Utf8(text) | ScalarValue::Utf8View(text), _)) => text.as_deref(),
        _ => None,
    };
    let Some(text) = text else { return Some("the type of a cast is a text of the statement".to_owned()) };
    match text.parse::<DataType>() {
        Ok(of) => of_type(&of),
        // The engine says what is wrong with it.
        Err(_) => None,
    }
}

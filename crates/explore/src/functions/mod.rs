//! Functions of SQL: the engine's, as far as they make no more of a row than it can hold, and ours.
//!
//! Promise: no function makes more than [`MAX_STEP_BYTES`] of one batch. What makes much out of little and is not needed to
//! look at facts is left out.

mod bounded;
mod joined;
mod property;

use std::sync::Arc;

use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{AggregateUDF, Expr, ScalarUDF};
use datafusion::prelude::lit;

/// Bytes of text that one function may take or make of one batch of rows.
pub const MAX_STEP_BYTES: usize = 64 * 1024 * 1024;

/// Functions that make lists and structures of whatever size, or of whatever depth, out of little.
const LEFT_OUT: [&str; 26] = [
    "array_add",
    "array_append",
    "array_concat",
    "array_except",
    "array_intersect",
    "array_prepend",
    "array_repeat",
    "array_replace",
    "array_replace_all",
    "array_replace_n",
    "array_resize",
    "array_scale",
    "array_subtract",
    "array_union",
    "arrays_zip",
    "flatten",
    "generate_series",
    "levenshtein",
    "make_array",
    "map",
    "map_entries",
    "named_struct",
    "range",
    "struct",
    "with_metadata",
    "encode",
];

/// Aggregates whose one value grows with the number of rows.
const GROWING_AGGREGATES: [&str; 2] = ["array_agg", "string_agg"];

/// Every function of one row.
pub(crate) fn scalar() -> Vec<Arc<ScalarUDF>> {
    let all = SessionStateDefaults::default_scalar_functions().into_iter();
    let kept = all.filter(|function| !LEFT_OUT.contains(&function.name()));
    let mut functions: Vec<Arc<ScalarUDF>> = kept.map(bounded::bounded).collect();
    functions.extend([property::function(), joined::function()]);
    functions
}

/// Every function of many rows.
pub(crate) fn aggregates() -> Vec<Arc<AggregateUDF>> {
    let all = SessionStateDefaults::default_aggregate_functions().into_iter();
    all.filter(|function| !GROWING_AGGREGATES.contains(&function.name())).collect()
}

/// What signs and words of SQL stand for; ours first.
pub(crate) fn planners() -> Vec<Arc<dyn ExprPlanner>> {
    let mut planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(joined::Planner)];
    planners.extend(SessionStateDefaults::default_expr_planners());
    planners
}

/// `property(column, 'path')` as an expression.
#[must_use]
pub fn property(column: Expr, path: &str) -> Expr {
    property::function().call(vec![column, lit(path)])
}

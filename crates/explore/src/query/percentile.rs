//! Percentiles.

use datafusion::functions_aggregate::expr_fn::approx_percentile_cont;
use datafusion::logical_expr::{Expr, lit};

/// The value below which `p` percent of the values lie.
pub(super) fn percentile(value: Expr, p: f64) -> Expr {
    approx_percentile_cont(value.sort(true, false), lit(p / 100.0), None)
}

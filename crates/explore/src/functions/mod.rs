//! Functions of SQL: the engine's, and ours.

mod property;

use std::sync::Arc;

use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{Expr, ScalarUDF};
use datafusion::prelude::lit;

/// Every function of one row.
pub(crate) fn scalar() -> Vec<Arc<ScalarUDF>> {
    let mut functions = SessionStateDefaults::default_scalar_functions();
    functions.push(property::function());
    functions
}

/// `property(column, 'path')` as an expression.
#[must_use]
pub fn property(column: Expr, path: &str) -> Expr {
    property::function().call(vec![column, lit(path)])
}

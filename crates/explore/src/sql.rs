//! SQL text: exactly one statement, which reads, of a bounded size.

mod size;
mod unbounded;

use datafusion::common::ParamValues;
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::{DFParserBuilder, Statement as Parsed};
use datafusion::sql::sqlparser::ast::Statement as Standard;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::Tokenizer;
use serde_json::Value;

use crate::error::{ExploreError, Place};
use crate::views::View;

/// Parameters of a statement.
pub const MAX_PARAMETERS: usize = 1000;
/// How deep it may nest: parentheses, subqueries.
pub const MAX_SQL_NESTING: usize = 50;

/// A statement that reads.
#[derive(Debug)]
pub(crate) struct Statement(Parsed);

impl Statement {
    pub fn parse(text: &str) -> Result<Self, ExploreError> {
        size::check_text(text)?;
        let dialect = PostgreSqlDialect {};
        let tokens =
            Tokenizer::new(&dialect, text).tokenize_with_location().map_err(|error| ExploreError::Bad {
                message: error.message,
                place: Some(Place { line: error.location.line, column: error.location.column }),
            })?;
        size::check_tokens(&tokens)?;
        let mut statements = DFParserBuilder::new(tokens)
            .with_dialect(&dialect)
            .with_recursion_limit(MAX_SQL_NESTING)
            .build()?
            .parse_statements()?;
        let statement = statements.pop_front().ok_or_else(|| ExploreError::bad("there is no statement"))?;
        if !statements.is_empty() {
            return Err(ExploreError::bad("there is more than one statement; ask for them one by one"));
        }
        let Some(query) = query_of(&statement) else {
            return Err(ExploreError::bad(
                "only queries are answered: SELECT, WITH, VALUES, or EXPLAIN of one",
            ));
        };
        size::check_tables(query)?;
        Ok(Self(statement))
    }

    /// The query, of an asker's views.
    pub async fn plan(
        self,
        context: &SessionContext,
        parameters: ParamValues,
    ) -> Result<DataFrame, ExploreError> {
        let state = context.state();
        let plan = state.statement_to_plan(self.0).await.map_err(|error| with_views(error.into()))?;
        // What the parser lets through and still is no question: `SELECT ... INTO`, for one.
        SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false)
            .verify_plan(&plan)?;
        let has_parameters = !plan.get_parameter_names()?.is_empty();
        let plan: LogicalPlan = if has_parameters { plan.with_param_values(parameters)? } else { plan };
        unbounded::check(&plan)?;
        Ok(DataFrame::new(state, plan))
    }
}

/// The query that a statement is, or explains.
fn query_of(statement: &Parsed) -> Option<&Standard> {
    let inner = match statement {
        Parsed::Explain(explain) => &*explain.statement,
        statement => statement,
    };
    match inner {
        Parsed::Statement(inner) if matches!(&**inner, Standard::Query(_)) => Some(inner),
        _ => None,
    }
}

/// A table that there is none of: the answer says which there are.
fn with_views(error: ExploreError) -> ExploreError {
    let ExploreError::Bad { message, place } = error else { return error };
    let name = message.strip_prefix("table '").and_then(|rest| rest.split_once("' not found"));
    let message = match name {
        Some((name, _)) => {
            let name = name.strip_prefix("tidegauge.public.").unwrap_or(name);
            format!("there is no table {name:?}; there are {}", View::ALL.map(View::name).join(", "))
        }
        None => message,
    };
    ExploreError::Bad { message, place }
}

/// JSON's values as SQL's.
pub(crate) fn parameters(values: &[Value]) -> Result<ParamValues, ExploreError> {
    if values.len() > MAX_PARAMETERS {
        return Err(ExploreError::bad(format!("there are more than {MAX_PARAMETERS} parameters")));
    }
    let scalars = values.iter().enumerate().map(|(place, value)| match value {
        Value::Null => Ok(ScalarValue::Null),
        Value::Bool(flag) => Ok(ScalarValue::from(*flag)),
        Value::String(text) => Ok(ScalarValue::Utf8View(Some(text.clone()))),
        Value::Number(number) => number
            .as_i64()
            .map(ScalarValue::from)
            .or_else(|| number.as_f64().map(ScalarValue::from))
            .ok_or_else(|| {
                ExploreError::bad(format!("parameter {} is no number that can be kept", place + 1))
            }),
        Value::Array(_) | Value::Object(_) => Err(ExploreError::bad(format!(
            "parameter {} is neither a text, a number, true, false nor null",
            place + 1
        ))),
    });
    Ok(ParamValues::from(scalars.collect::<Result<Vec<ScalarValue>, _>>()?))
}

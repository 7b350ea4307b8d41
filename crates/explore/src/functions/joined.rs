//! `a || b || c`: texts one behind the other, null where one of them is.

use std::sync::{Arc, LazyLock};

use arrow_array::Array as _;
use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray as _;
use arrow_schema::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::bounded::check;

/// The function, one for all.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(ScalarUDF::from(Joined { signature }))
    });
    Arc::clone(&FUNCTION)
}

/// Puts the function where the sign stands: the engine's own knows no bound.
#[derive(Debug)]
pub(super) struct Planner;

impl ExprPlanner for Planner {
    fn plan_binary_op(&self, raw: RawBinaryExpr, _: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if raw.op != BinaryOperator::StringConcat {
            return Ok(PlannerResult::Original(raw));
        }
        // A chain is one call: it may be long, but is not deep.
        let mut arguments = match raw.left {
            Expr::ScalarFunction(call) if call.func == function() => call.args,
            left => vec![left],
        };
        arguments.push(raw.right);
        Ok(PlannerResult::Planned(function().call(arguments)))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Joined {
    signature: Signature,
}

impl ScalarUDFImpl for Joined {
    fn name(&self) -> &str {
        "joined"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        if arguments.is_empty() || arguments.iter().any(DataType::is_nested) {
            return plan_err!("texts, numbers and instants can be joined, and nothing else");
        }
        Ok(vec![DataType::Utf8View; arguments.len()])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_single = arguments.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_single { 1 } else { arguments.number_rows };
        let parts = arguments.args.iter().map(Part::of).collect::<Result<Vec<_>>>()?;
        check(parts.iter().fold(0, |all, part| all.saturating_add(part.bytes(rows))))?;
        let mut joined = StringViewBuilder::with_capacity(rows);
        let mut text = String::new();
        for row in 0..rows {
            text.clear();
            let is_known = parts.iter().all(|part| match part.at(row) {
                Some(part) => {
                    text.push_str(part);
                    true
                }
                None => false,
            });
            joined.append_option(is_known.then_some(&text));
        }
        let joined = joined.finish();
        Ok(match is_single {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&joined, 0)?),
            false => ColumnarValue::Array(Arc::new(joined)),
        })
    }
}

/// One of the texts.
enum Part<'a> {
    Same(Option<&'a str>),
    Each(&'a ArrayRef),
}

impl<'a> Part<'a> {
    fn of(value: &'a ColumnarValue) -> Result<Self> {
        match value {
            ColumnarValue::Scalar(scalar) => match scalar.try_as_str() {
                Some(text) => Ok(Self::Same(text)),
                None => plan_err!("only texts can be joined"),
            },
            ColumnarValue::Array(array) if array.as_string_view_opt().is_some() => Ok(Self::Each(array)),
            ColumnarValue::Array(_) => plan_err!("only texts can be joined"),
        }
    }

    fn at(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Same(text) => *text,
            Self::Each(array) => array.is_valid(row).then(|| array.as_string_view().value(row)),
        }
    }

    fn bytes(&self, rows: usize) -> usize {
        match self {
            Self::Same(text) => text.map_or(0, str::len).saturating_mul(rows),
            Self::Each(array) => array.as_string_view().lengths().map(|length| length as usize).sum(),
        }
    }
}

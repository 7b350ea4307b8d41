//! The engine's functions that make text, held to [`MAX_STEP_BYTES`]: what they would make is reckoned before it is made.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature,
};

use super::MAX_STEP_BYTES;

/// How much a function makes of what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Growth {
    /// About as much.
    Linear,
    /// The first argument between all the others.
    Separated,
    /// The second argument between the members of the list, and the third for those that are null.
    Joined,
    /// The text as often as the number says.
    Repeat,
    /// As many characters as the number says.
    Pad,
    /// For each character of the text a replacement; `true` when that may hold the text itself.
    Replace(bool),
}

/// The function, held to the bound if it makes text.
pub(super) fn bounded(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    let growth = match function.name() {
        "btrim" | "concat" | "decode" | "initcap" | "lower" | "ltrim" | "overlay" | "regexp_match"
        | "reverse" | "rtrim" | "split_part" | "string_to_array" | "substr_index" | "to_char"
        | "translate" | "upper" => Growth::Linear,
        "array_to_string" => Growth::Joined,
        "concat_ws" => Growth::Separated,
        "repeat" => Growth::Repeat,
        "lpad" | "rpad" => Growth::Pad,
        "replace" => Growth::Replace(false),
        "regexp_replace" => Growth::Replace(true),
        _ => return function,
    };
    Arc::new(ScalarUDF::new_from_impl(Bounded { inner: function, growth }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
}

/// The engine's own simplifications of these functions would put others in their place, without the bound: there are none.
impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(arguments)
    }

    fn with_updated_config(&self, config: &ConfigOptions) -> Option<ScalarUDF> {
        let inner = Arc::new(self.inner.inner().with_updated_config(config)?);
        Some(ScalarUDF::new_from_impl(Self { inner, growth: self.growth }))
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn conditional_arguments<'a>(&self, arguments: &'a [Expr]) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.inner.conditional_arguments(arguments)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check(made(self.growth, &arguments.args, arguments.number_rows))?;
        self.inner.invoke_with_args(arguments)
    }
}

/// Whether so many bytes may be made of one batch.
pub(super) fn check(bytes: usize) -> Result<()> {
    match bytes <= MAX_STEP_BYTES {
        true => Ok(()),
        false => Err(DataFusionError::ResourcesExhausted("what one function may make of a batch".into())),
    }
}

/// About how many bytes are made of these arguments; never fewer than they take when each stands for itself in every row.
fn made(growth: Growth, arguments: &[ColumnarValue], rows: usize) -> usize {
    let sizes: Vec<Sizes> = arguments.iter().map(Sizes::of).collect();
    // Of nothing but single values, a single value is made.
    let rows = if sizes.iter().all(|sizes| matches!(sizes, Sizes::Same(_))) { 1 } else { rows };
    let taken = sum(rows, |row| sizes.iter().fold(0_usize, |all, sizes| all.saturating_add(sizes.at(row))));
    let text = |row| sizes.first().map_or(0, |sizes| sizes.at(row));
    let grown = match growth {
        Growth::Linear => 0,
        Growth::Separated => sum(rows, |row| text(row).saturating_mul(sizes.len())),
        Growth::Joined => sum(rows, |row| {
            let between = [1, 2].map(|place| sizes.get(place).map_or(0, |sizes| sizes.at(row)));
            (text(row) / MEMBER_BYTES + 1).saturating_mul(between[0].saturating_add(between[1]))
        }),
        Growth::Repeat => sum(rows, |row| text(row).saturating_mul(number(arguments.get(1), row))),
        Growth::Pad => sum(rows, |row| number(arguments.get(1), row).saturating_mul(MAX_CHAR_BYTES)),
        Growth::Replace(may_hold_text) => sum(rows, |row| {
            let by = sizes.get(2).map_or(0, |sizes| sizes.at(row));
            let sought = sizes.get(1).map_or(0, |sizes| sizes.at(row));
            if may_hold_text {
                // Every second byte of the replacement may call for all that was found; what is found, all in all, is the text.
                let found = text(row).saturating_add(1);
                return found.saturating_mul(by).saturating_add(text(row).saturating_mul(by / 2));
            }
            let found = text(row) / sought.max(1) + 1;
            found.saturating_mul(by)
        }),
    };
    taken.saturating_add(grown)
}

const MAX_CHAR_BYTES: usize = 4;
/// What a member of a list takes at least.
const MEMBER_BYTES: usize = size_of::<u128>();

fn sum(rows: usize, of: impl Fn(usize) -> usize) -> usize {
    (0..rows).fold(0, |all, row| all.saturating_add(of(row)))
}

fn number(value: Option<&ColumnarValue>, row: usize) -> usize {
    let number = match value {
        Some(ColumnarValue::Scalar(ScalarValue::Int64(number))) => *number,
        Some(ColumnarValue::Array(array)) => array
            .as_primitive_opt::<Int64Type>()
            .filter(|array| array.is_valid(row))
            .map(|array| array.value(row)),
        _ => None,
    };
    number.and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
}

/// Bytes of a value, row by row.
enum Sizes {
    Same(usize),
    Each(Vec<usize>),
}

impl Sizes {
    fn of(value: &ColumnarValue) -> Self {
        match value {
            ColumnarValue::Scalar(scalar) => Self::Same(match scalar.try_as_str() {
                Some(text) => text.map_or(0, str::len),
                None => scalar.size(),
            }),
            ColumnarValue::Array(array) => Self::Each(lengths(array)),
        }
    }

    fn at(&self, row: usize) -> usize {
        match self {
            Self::Same(bytes) => *bytes,
            Self::Each(bytes) => bytes.get(row).copied().unwrap_or(0),
        }
    }
}

fn lengths(array: &ArrayRef) -> Vec<usize> {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view().lengths().map(|length| length as usize).collect(),
        DataType::Utf8 => array.as_string::<i32>().offsets().lengths().collect(),
        DataType::LargeUtf8 => array.as_string::<i64>().offsets().lengths().collect(),
        DataType::List(_) => {
            array.as_list::<i32>().offsets().lengths().map(|length| length * MEMBER_BYTES).collect()
        }
        _ => vec![size_of::<u64>(); array.len()],
    }
}

//! The starts of buckets, as a function of the engine: its own functions know no days of 23 and 25 hours together with
//! buckets of five minutes or six hours.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array as _, ArrayRef, PrimitiveArray};
use arrow_schema::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jiff::tz::TimeZone;

use super::calendar::Calendar;
use super::interval::Interval;

/// The start of the bucket in which `instant` lies.
pub(super) fn bucket_start(interval: Interval, zone: TimeZone, instant: Expr) -> Expr {
    ScalarUDF::new_from_impl(BucketStart {
        interval,
        zone,
        signature: Signature::any(1, Volatility::Immutable),
    })
    .call(vec![instant])
}

#[derive(Debug)]
struct BucketStart {
    interval: Interval,
    zone: TimeZone,
    signature: Signature,
}

impl PartialEq for BucketStart {
    fn eq(&self, other: &Self) -> bool {
        (self.interval, &self.zone) == (other.interval, &other.zone)
    }
}

impl Eq for BucketStart {}

impl Hash for BucketStart {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.interval, self.zone.iana_name()).hash(state);
    }
}

impl ScalarUDFImpl for BucketStart {
    fn name(&self) -> &str {
        "bucket_start"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [of @ DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, _)] => Ok(of.clone()),
            other => exec_err!("buckets are of instants in microseconds, not of {other:?}"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let Some(instants) = arrays.pop() else { return exec_err!("an instant is missing") };
        let instants: &PrimitiveArray<TimestampMicrosecondType> = instants.as_primitive();
        let mut calendar = Calendar::new(self.interval, &self.zone);
        let zone = instants.timezone().map(Arc::<str>::from);
        let starts = instants.values().iter().map(|at| calendar.start_of(*at)).collect();
        let starts: PrimitiveArray<TimestampMicrosecondType> =
            PrimitiveArray::new(starts, instants.nulls().cloned());
        Ok(ColumnarValue::Array(Arc::new(starts.with_timezone_opt(zone)) as ArrayRef))
    }

    /// Later instants never lie in earlier buckets.
    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        Ok(inputs.first().map_or(SortProperties::Unordered, |input| input.sort_properties))
    }
}

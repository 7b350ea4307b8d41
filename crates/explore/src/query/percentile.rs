//! Percentiles, as an aggregate of the engine: its own approximate one depends on how the rows were split up among
//! threads, and its exact one holds every value.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, UInt64Type};
use arrow_array::{Array as _, ArrayRef};
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility};
use datafusion::scalar::ScalarValue;

use super::histogram::Histogram;

/// The value below which `p` percent of the values lie.
pub(super) fn percentile(value: Expr, p: f64) -> Expr {
    let signature = Signature::exact(vec![DataType::Float64], Volatility::Immutable);
    AggregateUDF::new_from_impl(Percentile { p_bits: p.to_bits(), signature }).call(vec![value])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Percentile {
    /// Of a number: it can be compared.
    p_bits: u64,
    signature: Signature,
}

impl AggregateUDFImpl for Percentile {
    fn name(&self) -> &str {
        "percentile"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Counting { p: f64::from_bits(self.p_bits), histogram: Histogram::default() }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = || DataType::new_list(DataType::UInt64, true);
        let fields = [
            ("places", list()),
            ("counts", list()),
            ("is_coarse", DataType::Boolean),
            ("least", DataType::Float64),
            ("greatest", DataType::Float64),
        ];
        let field = |(name, of): (&str, DataType)| {
            Arc::new(Field::new(format_state_name(arguments.name, name), of, true))
        };
        Ok(fields.map(field).to_vec())
    }
}

/// One group's values.
#[derive(Debug)]
struct Counting {
    p: f64,
    histogram: Histogram,
}

impl Accumulator for Counting {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = values.first().map(|values| values.as_primitive::<Float64Type>());
        values.into_iter().flatten().flatten().for_each(|value| self.histogram.add(value));
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.histogram.percentile(self.p)))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.histogram.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let Histogram { counts, is_coarse, least, greatest } = &self.histogram;
        let list = |numbers: Vec<u64>| {
            let numbers: Vec<ScalarValue> = numbers.into_iter().map(ScalarValue::from).collect();
            ScalarValue::List(ScalarValue::new_list_nullable(&numbers, &DataType::UInt64))
        };
        let (places, counts) = counts.iter().map(|(place, times)| (*place, *times)).unzip();
        Ok(vec![
            list(places),
            list(counts),
            ScalarValue::from(*is_coarse),
            ScalarValue::from(*least),
            ScalarValue::from(*greatest),
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [places, counts, is_coarse, least, greatest] = states else { return Ok(()) };
        let (places, counts) = (places.as_list::<i32>(), counts.as_list::<i32>());
        let (least, greatest) = (least.as_primitive::<Float64Type>(), greatest.as_primitive::<Float64Type>());
        for row in 0..places.len() {
            if is_coarse.as_boolean().value(row) {
                self.histogram.coarsen();
            }
            let (places, counts) = (places.value(row), counts.value(row));
            let (places, counts) = (places.as_primitive::<UInt64Type>(), counts.as_primitive::<UInt64Type>());
            for (place, times) in places.values().iter().zip(counts.values()) {
                self.histogram.count(*place, *times);
            }
            self.histogram.least = self.histogram.least.min(least.value(row));
            self.histogram.greatest = self.histogram.greatest.max(greatest.value(row));
        }
        Ok(())
    }
}

//! How work that is over really ends: what may run for long without a pause is given places to stop at.
//!
//! The engine stops where it waits. What makes many rows of few need not wait for minutes: so each operator that may is made to
//! pause, and each condition between two tables, which may be looked at billions of times before a row comes out, asks whether
//! anybody still wants to know.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_schema::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    and,
};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::execution_plan::CardinalityEffect;

use crate::held::Held;

/// Says that nobody wants an answer any more; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Over(Arc<AtomicBool>);

impl Over {
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The optimized plan, whose joins end when nobody wants them any more.
    pub fn stops(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let wanted: Expr = ScalarUDF::from(IsWanted::new(self.clone())).call(Vec::new());
        let stop = |node: LogicalPlan| match node {
            LogicalPlan::Join(mut join) => {
                let filter = join.filter.take();
                let has_filter = filter.is_some();
                join.filter = filter.map(|filter| and(wanted.clone(), filter));
                Ok(Transformed::new_transformed(LogicalPlan::Join(join), has_filter))
            }
            node => Ok(Transformed::no(node)),
        };
        Ok(plan.transform_up(stop)?.data)
    }
}

/// True, or an error once nobody wants to know. By its volatility it stays where it is put.
#[derive(Debug)]
struct IsWanted {
    signature: Signature,
    over: Over,
}

impl IsWanted {
    fn new(over: Over) -> Self {
        Self { signature: Signature::nullary(Volatility::Volatile), over }
    }
}

impl PartialEq for IsWanted {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.over.0, &other.over.0)
    }
}

impl Eq for IsWanted {}

impl Hash for IsWanted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for IsWanted {
    fn name(&self) -> &str {
        "is_wanted"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match self.over.0.load(Ordering::Relaxed) {
            true => Err(DataFusionError::Execution("nobody wants to know any more".into())),
            false => Ok(ColumnarValue::Scalar(ScalarValue::from(true))),
        }
    }
}

/// Makes every operator pause that may make more rows than it takes, and counts what those hold that do not say it.
#[derive(Debug)]
pub(crate) struct PauseWhereRowsGrow;

impl PhysicalOptimizerRule for PauseWhereRowsGrow {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let pause = |node: Arc<dyn ExecutionPlan>| {
            let grows = match node.cardinality_effect() {
                CardinalityEffect::Equal | CardinalityEffect::LowerEqual => false,
                CardinalityEffect::GreaterEqual | CardinalityEffect::Unknown => !node.children().is_empty(),
            };
            let node = Held::counted(node)?;
            Ok(Transformed::yes(match grows {
                true => Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>,
                false => node,
            }))
        };
        Ok(plan.transform_up(pause)?.data)
    }

    fn name(&self) -> &str {
        "pause_where_rows_grow"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

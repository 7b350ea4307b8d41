//! A view as the engine asks for it.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use super::filters::Condition;
use super::scan::{Scan, Source};
use super::shape::Shape;
use super::{Question, View, connections, facts, sessions};
use crate::error::ExploreError;

/// One view of one question.
#[derive(Debug)]
pub(super) struct ViewTable {
    view: View,
    question: Arc<Question>,
}

impl ViewTable {
    pub fn new(view: View, question: Arc<Question>) -> Self {
        Self { view, question }
    }
}

#[async_trait]
impl TableProvider for ViewTable {
    fn schema(&self) -> SchemaRef {
        self.view.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let is_exact = |filter: &&Expr| match Condition::of(self.view, filter) {
            Some(Condition::Time(_)) if self.view == View::Connections => {
                TableProviderFilterPushDown::Inexact
            }
            Some(_) if self.view != View::Connections => TableProviderFilterPushDown::Exact,
            _ => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(is_exact).collect())
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let conditions = filters.iter().filter_map(|filter| Condition::of(self.view, filter)).collect();
        let shape = Arc::new(Shape::new(self.view, &self.question, projection, conditions));
        let source: Arc<dyn Source> = match self.view {
            View::Events | View::Requests => facts::source(&self.question, &shape).await?,
            View::Sessions => sessions::source(&self.question, &shape).await?,
            View::Connections => connections::source(&self.question, &shape),
        };
        Ok(Arc::new(Scan::new(shape, source, limit)))
    }
}

/// Why rows cannot be read, as the engine carries it.
pub(super) fn failed(error: impl Into<ExploreError>) -> DataFusionError {
    DataFusionError::External(Box::new(error.into()))
}

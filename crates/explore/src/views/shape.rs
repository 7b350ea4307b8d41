//! What a scan is asked for: which rows, by what can be looked at early, and which columns, as the view declares them.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{Array as _, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_buffer::BooleanBuffer;
use arrow_cast::cast;
use arrow_schema::{Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use datafusion::error::Result;
use tidegauge_store::traffic::NETWORK_STATISTICS;
use tidegauge_store::{Query, RowTest};

use super::filters::{Condition, OneOf, Span, passing};
use super::{Question, View};

/// What a scan is asked for.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub view: View,
    /// The columns, in the order asked for.
    pub schema: SchemaRef,
    /// The time.
    pub span: Span,
    /// What texts have to be, the asker's project included.
    tests: Vec<OneOf>,
}

impl Shape {
    pub fn new(
        view: View,
        question: &Question,
        projection: Option<&Vec<usize>>,
        conditions: Vec<Condition>,
    ) -> Self {
        let all = view.schema();
        let schema = match projection {
            Some(columns) => {
                let fields = columns.iter().map(|column| Arc::clone(&all.fields()[*column]));
                Arc::new(Schema::new(fields.collect::<Vec<_>>()))
            }
            None => all,
        };
        let mut shape = Self { view, schema, span: Span::ALL, tests: Vec::new() };
        shape.tests.extend(question.project().map(OneOf::project));
        for condition in conditions {
            match condition {
                Condition::Time(span) => shape.span = shape.span.and(span),
                Condition::Text(test) => shape.tests.push(test),
            }
        }
        shape
    }

    /// The facts that are read for it.
    pub fn query(&self, question: &Question) -> Query {
        Query {
            table: self.view.table(),
            tenant: question.tenant().to_owned(),
            from: self.span.from,
            to: self.span.to,
            columns: self.columns(),
            test: None,
        }
    }

    /// [`Shape::query`], of only those rows that are wanted.
    pub fn tested_query(self: &Arc<Self>, question: &Question) -> Query {
        let shape = Arc::clone(self);
        let mut columns: Vec<&'static str> = self.tests.iter().map(|test| test.column).collect();
        columns.extend((self.view == View::Requests).then_some("response_code"));
        let test = move |batch: &RecordBatch| {
            let all = || BooleanArray::new(BooleanBuffer::new_set(batch.num_rows()), None);
            shape.wanted(batch).unwrap_or_else(all)
        };
        let test = (!columns.is_empty()).then(|| RowTest { columns, test: Arc::new(test) });
        Query { test, ..self.query(question) }
    }

    /// The columns of facts that are looked at.
    pub fn columns(&self) -> Vec<&'static str> {
        let asked = self.schema.fields().iter().filter_map(|field| fact_column(self.view, field.name()));
        let mut columns: Vec<&'static str> = asked.chain(self.tests.iter().map(|test| test.column)).collect();
        columns.extend((self.view == View::Requests).then_some("response_code"));
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether every row of the time is wanted.
    pub fn wants_all(&self) -> bool {
        self.tests.is_empty() && self.view != View::Requests
    }

    /// Which of the rows are wanted; none when all are.
    pub fn wanted(&self, batch: &RecordBatch) -> Option<BooleanArray> {
        let passing = passing(&self.tests, batch);
        if self.view != View::Requests {
            return passing;
        }
        let statistics = hits(batch)?;
        Some(match passing {
            Some(passing) => BooleanArray::new(passing.values() & &statistics, None),
            None => BooleanArray::new(statistics, None),
        })
    }

    /// Those of the rows that are wanted.
    pub fn filter(&self, batch: RecordBatch) -> Result<RecordBatch> {
        match self.wanted(&batch) {
            Some(wanted) => Ok(filter_record_batch(&batch, &wanted)?),
            None => Ok(batch),
        }
    }

    /// The rows as they are answered.
    pub fn output(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let columns = self.schema.fields().iter().map(|field| -> Result<ArrayRef> {
            let name = field.name().as_str();
            if self.view == View::Requests && name == "is_error" {
                return Ok(is_error(batch));
            }
            let Some(column) = batch.column_by_name(name) else {
                return Ok(new_null_array(field.data_type(), rows));
            };
            match column.data_type() == field.data_type() {
                true => Ok(Arc::clone(column)),
                false => Ok(cast(column, field.data_type())?),
            }
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

/// The column of facts that a view's column shows.
pub(super) fn fact_column(view: View, name: &str) -> Option<&'static str> {
    if name == "is_error" && view == View::Requests {
        return Some("response_code");
    }
    view.table().columns().iter().find(|column| **column == name).copied()
}

/// The rows that are hits, and no statistics of the network; none when all are.
fn hits(batch: &RecordBatch) -> Option<BooleanBuffer> {
    let codes = batch.column_by_name("response_code")?.as_primitive_opt::<Int64Type>()?;
    let is_hit = |row: usize| codes.is_null(row) || codes.value(row) != NETWORK_STATISTICS;
    Some(BooleanBuffer::collect_bool(codes.len(), is_hit))
}

fn is_error(batch: &RecordBatch) -> ArrayRef {
    let codes = batch.column_by_name("response_code").and_then(|codes| codes.as_primitive_opt::<Int64Type>());
    let Some(codes) = codes else {
        return new_null_array(&arrow_schema::DataType::Boolean, batch.num_rows());
    };
    let errors = BooleanBuffer::collect_bool(codes.len(), |row| codes.value(row) >= 400);
    Arc::new(BooleanArray::new(errors, codes.nulls().cloned()))
}

//! What a question's conditions say that can be looked at before rows are put together: the time, and texts that are equal.
//!
//! Promise: a condition that is taken here is kept to the letter; every other one stays with the engine.

use std::collections::HashSet;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use datafusion::logical_expr::expr::{Between, BinaryExpr, InList};
use datafusion::logical_expr::{Expr, Operator};
use datafusion::scalar::ScalarValue;

use super::View;

/// A condition on one column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    /// `event_time` is in it.
    Time(Span),
    /// A text is one of some.
    Text(OneOf),
}

/// Instants, in microseconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub from: i64,
    pub to: i64,
}

/// Texts that a column may have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OneOf {
    pub column: &'static str,
    texts: HashSet<String>,
}

impl Span {
    pub const ALL: Self = Self { from: i64::MIN, to: i64::MAX };

    /// What is in both.
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.min(other.to) }
    }
}

impl Condition {
    /// The condition that an expression is, if it is one that can be looked at here.
    pub fn of(view: View, expression: &Expr) -> Option<Self> {
        match expression {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                if let (Some("event_time"), Some(at)) = (column(left), instant(right)) {
                    return span(*op, at).map(Self::Time);
                }
                if let (Some("event_time"), Some(at)) = (column(right), instant(left)) {
                    return span(op.swap()?, at).map(Self::Time);
                }
                let (name, text) = match (column(left), column(right)) {
                    (Some(name), None) => (name, text(right)?),
                    (None, Some(name)) => (name, text(left)?),
                    _ => return None,
                };
                (*op == Operator::Eq).then_some(())?;
                Some(Self::Text(OneOf { column: text_column(view, name)?, texts: HashSet::from([text]) }))
            }
            Expr::InList(InList { expr, list, negated: false }) => {
                let texts = list.iter().map(text).collect::<Option<HashSet<_>>>()?;
                Some(Self::Text(OneOf { column: text_column(view, column(expr)?)?, texts }))
            }
            Expr::Between(Between { expr, negated: false, low, high })
                if column(expr) == Some("event_time") =>
            {
                Some(Self::Time(Span { from: instant(low)?, to: instant(high)? }))
            }
            _ => None,
        }
    }
}

fn column(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Column(column) => Some(&column.name),
        _ => None,
    }
}

fn instant(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Literal(ScalarValue::TimestampMicrosecond(at, _), _) => *at,
        _ => None,
    }
}

fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
        _ => None,
    }
}

fn span(operator: Operator, at: i64) -> Option<Span> {
    Some(match operator {
        Operator::Eq => Span { from: at, to: at },
        Operator::Lt => match at.checked_sub(1) {
            Some(to) => Span { to, ..Span::ALL },
            None => Span { from: i64::MAX, to: i64::MIN },
        },
        Operator::LtEq => Span { to: at, ..Span::ALL },
        Operator::Gt => match at.checked_add(1) {
            Some(from) => Span { from, ..Span::ALL },
            None => Span { from: i64::MAX, to: i64::MIN },
        },
        Operator::GtEq => Span { from: at, ..Span::ALL },
        _ => return None,
    })
}

/// The table's own name of a column of text.
fn text_column(view: View, name: &str) -> Option<&'static str> {
    super::shape::fact_column(view, name).filter(|_| {
        view.schema().field_with_name(name).is_ok_and(|field| *field.data_type() == DataType::Utf8View)
    })
}

impl OneOf {
    /// `project_id` is this one.
    pub fn project(project: &str) -> Self {
        Self { column: "project_id", texts: HashSet::from([project.to_owned()]) }
    }

    /// Which rows have one of the texts; none where the column is missing.
    pub fn rows(&self, batch: &RecordBatch) -> BooleanBuffer {
        let rows = batch.num_rows();
        let Some(column) = batch.column_by_name(self.column) else { return BooleanBuffer::new_unset(rows) };
        let holds = |text: &str| self.texts.contains(text);
        match column.data_type() {
            DataType::Dictionary(..) => {
                let keys = column.as_dictionary::<Int32Type>();
                let texts = keys.values().as_string::<i32>();
                let holds: Vec<bool> = texts.iter().map(|text| text.is_some_and(holds)).collect();
                let codes = keys.keys().values();
                BooleanBuffer::collect_bool(rows, |row| keys.is_valid(row) && holds[codes[row] as usize])
            }
            DataType::Utf8 => {
                let texts = column.as_string::<i32>();
                BooleanBuffer::collect_bool(rows, |row| texts.is_valid(row) && holds(texts.value(row)))
            }
            _ => BooleanBuffer::new_unset(rows),
        }
    }
}

/// The rows that pass all; none when every one does.
pub(super) fn passing(tests: &[OneOf], batch: &RecordBatch) -> Option<BooleanArray> {
    let mut tests = tests.iter().map(|test| test.rows(batch));
    let first = tests.next()?;
    let all = tests.fold(first, |so_far, rows| &so_far & &rows);
    (all.count_set_bits() < batch.num_rows()).then(|| BooleanArray::new(all, None))
}

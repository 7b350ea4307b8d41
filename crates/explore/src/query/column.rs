//! The columns of a table, as a query names them: by their own names, or as a path into `properties`.

use std::sync::Arc;

use arrow_schema::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, ScalarUDF, ident, lit, try_cast, when};

use super::{BadQuery, MAX_NAME_BYTES, TableName};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A text of `properties`, which may be of a number.
    Property,
    Integer,
    Number,
    Boolean,
    Instant,
    List,
}

/// A column that there is.
pub(super) struct Column {
    pub expr: Expr,
    pub kind: Kind,
}

/// The columns of a table.
pub(super) struct Columns<'s> {
    pub table: TableName,
    pub schema: &'s DFSchema,
    /// Reads a text out of `properties`.
    pub property: Option<Arc<ScalarUDF>>,
}

impl Columns<'_> {
    /// The column of this name, which stands in `member` of the query.
    pub fn find(&self, name: &str, member: &str) -> Result<Column, BadQuery> {
        if let Ok(field) = self.schema.field_with_unqualified_name(name) {
            let kind = Kind::of(field.data_type())
                .ok_or_else(|| BadQuery::new(member, format!("{name} cannot be asked here; ask by SQL")))?;
            return Ok(Column { expr: ident(name), kind });
        }
        let path = name.strip_prefix("properties.").filter(|path| !path.is_empty());
        match (path, &self.property) {
            (Some(path), Some(_)) if path.len() > MAX_NAME_BYTES => {
                Err(BadQuery::new(member, format!("a path of properties has at most {MAX_NAME_BYTES} bytes")))
            }
            (Some(path), Some(property)) if self.schema.has_column_with_unqualified_name("properties") => {
                let expr = property.call(vec![ident("properties"), lit(path)]);
                Ok(Column { expr, kind: Kind::Property })
            }
            _ => Err(BadQuery::new(member, no_such_column(name, self.table))),
        }
    }
}

fn no_such_column(name: &str, table: TableName) -> String {
    // A name may be as long as a body: what is shown of it is not.
    let shown: String = name.chars().take(100).collect();
    format!("no such column {shown:?} in {}", table.as_str())
}

impl Kind {
    fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Self::Text),
            DataType::Dictionary(_, values) => Self::of(values),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Some(Self::Number),
            DataType::Boolean => Some(Self::Boolean),
            DataType::Timestamp(..) => Some(Self::Instant),
            DataType::List(_) | DataType::LargeList(_) => Some(Self::List),
            integer if integer.is_integer() => Some(Self::Integer),
            _ => None,
        }
    }

    /// With its article, for sentences.
    pub fn told(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Property => "a property",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Instant => "an instant",
            Self::List => "a list",
        }
    }
}

impl Column {
    /// The column as a number, where it is one; of a property, where its text is one.
    pub fn as_number(&self) -> Expr {
        let number = try_cast(self.expr.clone(), DataType::Float64);
        if self.kind != Kind::Property {
            return number;
        }
        // `NaN` and `inf` are words that a client sent, and no numbers to reckon with.
        let is_finite = number.clone().between(lit(f64::MIN), lit(f64::MAX));
        // Invariant: both branches are numbers, so that it can be built.
        when(is_finite, number.clone()).end().unwrap_or(number)
    }
}

//! The four views: what they are called, which columns they have, and whose rows they hold.
//!
//! Promise: a view reads its asker's rows and no others. It is no filter that a query could lose: there is nothing else to
//! be read.

mod connections;
mod facts;
mod filters;
mod question;
mod scan;
mod sessions;
mod shape;
mod table;
mod texts;

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::datasource::TableProvider;
use tidegauge_facts::Table;

pub(crate) use question::Question;
use table::ViewTable;

/// What can be asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// What happened: a row an event.
    Events,
    /// Visits: a row a session.
    Sessions,
    /// A row a connection.
    Connections,
    /// API requests: a row a request.
    Requests,
}

impl View {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Events, Self::Sessions, Self::Connections, Self::Requests];

    /// Its name in SQL and in queries.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.table().name()
    }

    /// The view of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }

    /// Its columns. Texts are `Utf8View`, instants microseconds in UTC.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        static SCHEMAS: LazyLock<[SchemaRef; 4]> = LazyLock::new(|| View::ALL.map(schema));
        Arc::clone(&SCHEMAS[self as usize])
    }

    pub(crate) fn table(self) -> Table {
        match self {
            Self::Events => Table::Events,
            Self::Sessions => Table::Sessions,
            Self::Connections => Table::Connections,
            Self::Requests => Table::Requests,
        }
    }
}

/// What a table has for the store's own use.
const INTERNAL: [&str; 2] = ["tenant_id", "id_assigned"];

fn schema(view: View) -> SchemaRef {
    if view == View::Connections {
        return connections::schema();
    }
    let table = view.table().schema();
    let fields = table.fields().iter().filter(|field| !INTERNAL.contains(&field.name().as_str()));
    let mut fields: Vec<Arc<Field>> = fields.map(|field| Arc::new(declared(field))).collect();
    if view == View::Requests {
        fields.push(Arc::new(Field::new("is_error", DataType::Boolean, true)));
    }
    Arc::new(Schema::new(fields))
}

/// The column as it is answered: text is text, however it is kept.
fn declared(field: &Field) -> Field {
    let data_type = match field.data_type() {
        DataType::Dictionary(..) | DataType::Utf8 => DataType::Utf8View,
        kept => kept.clone(),
    };
    Field::new(field.name(), data_type, field.is_nullable())
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))
}

/// The views of one question.
pub(crate) fn tables(
    question: &Arc<Question>,
) -> impl Iterator<Item = (&'static str, Arc<dyn TableProvider>)> {
    View::ALL.into_iter().map(|view| {
        let table: Arc<dyn TableProvider> = Arc::new(ViewTable::new(view, Arc::clone(question)));
        (view.name(), table)
    })
}

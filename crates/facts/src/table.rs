//! The four tables, and what they share: how a row is appended and a group becomes a batch.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema, SchemaRef};

use crate::columns::Cell;
use crate::{connections, events, requests, sessions};

/// One of the four tables of facts (spec section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// What happened: one row an event.
    Events = 1,
    /// Visits: one row a session or a client's description.
    Sessions = 2,
    /// One row a version of a connection; the newest version counts.
    Connections = 3,
    /// API requests: one row a request that a gateway has answered.
    Requests = 4,
}

impl Table {
    /// All four, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Events, Self::Sessions, Self::Connections, Self::Requests];

    /// The table's name, as in SQL and in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Sessions => "sessions",
            Self::Connections => "connections",
            Self::Requests => "requests",
        }
    }

    /// The table with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table with this code, as the log writes it.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|table| *table as u8 == code)
    }

    /// The names of its columns, in the order of its schema.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Events => events::COLUMNS,
            Self::Sessions => sessions::COLUMNS,
            Self::Connections => connections::COLUMNS,
            Self::Requests => requests::COLUMNS,
        }
    }

    /// Every column of the table. A batch may hold fewer: a column that is missing is all null.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        match self {
            Self::Events => events::schema(),
            Self::Sessions => sessions::schema(),
            Self::Connections => connections::schema(),
            Self::Requests => requests::schema(),
        }
    }
}

/// A row of one table, borrowed from whatever was parsed.
pub trait Row {
    /// The table it belongs to.
    const TABLE: Table;
    /// That table's open columns.
    type Columns: TableColumns;

    /// Appends the row.
    fn append_to(&self, columns: &mut Self::Columns);

    /// That table's columns among all.
    fn columns_of(tables: &mut OpenTables) -> &mut Self::Columns;
}

/// A row that can be read from a file whose columns are named as the table's.
pub trait FromCells<'a>: Row + Sized {
    /// The row of these cells: one a column, in the order of the table's schema.
    ///
    /// # Errors
    /// The column whose cell is missing, though every row has one, or is of another kind.
    fn from_cells(cells: &[Option<Cell<'a>>]) -> Result<Self, &'static str>;
}

/// The open columns of one table.
pub trait TableColumns: Default + Send {
    /// Rows appended since the last batch.
    fn rows(&self) -> usize;

    /// About how many bytes they take.
    fn bytes(&self) -> usize;

    /// The batch of all appended rows, with the columns that any of them filled; `None` when there
    /// is no row. The columns are empty afterwards.
    fn finish(&mut self) -> Option<RecordBatch>;
}

/// The open columns of all four tables: one group before its commit.
#[derive(Default)]
pub struct OpenTables {
    /// Events.
    pub events: events::EventColumns,
    /// Sessions.
    pub sessions: sessions::SessionColumns,
    /// Connections.
    pub connections: connections::ConnectionColumns,
    /// Requests.
    pub requests: requests::RequestColumns,
}

impl OpenTables {
    /// Rows appended since the last batches.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.events.rows() + self.sessions.rows() + self.connections.rows() + self.requests.rows()
    }

    /// About how many bytes they take, here and in the log.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.events.bytes() + self.sessions.bytes() + self.connections.bytes() + self.requests.bytes()
    }

    /// The batches of all tables that have rows, in the order of the tables' codes.
    pub fn finish(&mut self) -> Vec<(Table, RecordBatch)> {
        [
            (Table::Events, self.events.finish()),
            (Table::Sessions, self.sessions.finish()),
            (Table::Connections, self.connections.finish()),
            (Table::Requests, self.requests.finish()),
        ]
        .into_iter()
        .filter_map(|(table, batch)| batch.map(|batch| (table, batch)))
        .collect()
    }
}

/// A batch of the columns that have a value.
#[allow(clippy::expect_used)]
pub(crate) fn sparse_batch(schema: &Schema, columns: Vec<Option<ArrayRef>>, rows: usize) -> RecordBatch {
    let (fields, arrays): (Vec<Arc<Field>>, Vec<ArrayRef>) = schema
        .fields()
        .iter()
        .zip(columns)
        .filter_map(|(field, array)| array.map(|array| (Arc::clone(field), array)))
        .unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
        .expect("invariant: each column finishes with its field's type and the group's row count")
}

/// Declares a table: its row, its open columns and its schema, from one list of fields.
/// `required` fields stand in every row; the others may be absent.
macro_rules! table {
    (
        $(#[$row_doc:meta])* row $row:ident, columns $columns:ident, table $table:expr, in $slot:ident;
        required { $($(#[$rdoc:meta])* $rname:ident: $rkind:ty,)* }
        optional { $($(#[$odoc:meta])* $oname:ident: $okind:ty,)* }
    ) => {
        $(#[$row_doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $row<'a> {
            $($(#[$rdoc])* pub $rname: <$rkind as $crate::columns::Column>::Value<'a>,)*
            $($(#[$odoc])* pub $oname: Option<<$okind as $crate::columns::Column>::Value<'a>>,)*
        }

        /// The table's open columns.
        #[derive(Default)]
        pub struct $columns {
            rows: usize,
            bytes: usize,
            $($rname: $rkind,)*
            $($oname: $okind,)*
        }

        /// Every column of the table.
        #[must_use]
        pub fn schema() -> arrow_schema::SchemaRef {
            static SCHEMA: std::sync::LazyLock<arrow_schema::SchemaRef> = std::sync::LazyLock::new(|| {
                use $crate::columns::Column as _;
                std::sync::Arc::new(arrow_schema::Schema::new(vec![
                    $(arrow_schema::Field::new(stringify!($rname), <$rkind>::data_type(), false),)*
                    $(arrow_schema::Field::new(stringify!($oname), <$okind>::data_type(), true),)*
                ]))
            });
            std::sync::Arc::clone(&SCHEMA)
        }

        /// The names of its columns, in their order.
        pub const COLUMNS: &[&str] = &[$(stringify!($rname),)* $(stringify!($oname),)*];

        impl $crate::table::Row for $row<'_> {
            const TABLE: $crate::table::Table = $table;
            type Columns = $columns;

            #[inline]
            fn append_to(&self, columns: &mut $columns) {
                use $crate::columns::Column as _;
                let row = columns.rows;
                let mut bytes = 0;
                $(
                    bytes += <$rkind>::size(self.$rname);
                    columns.$rname.put(row, self.$rname);
                )*
                $(if let Some(value) = self.$oname {
                    bytes += <$okind>::size(value);
                    columns.$oname.put(row, value);
                })*
                columns.bytes += bytes;
                columns.rows = row + 1;
            }

            fn columns_of(tables: &mut $crate::table::OpenTables) -> &mut $columns {
                &mut tables.$slot
            }
        }

        impl<'a> $crate::table::FromCells<'a> for $row<'a> {
            fn from_cells(cells: &[Option<$crate::columns::Cell<'a>>]) -> Result<Self, &'static str> {
                use $crate::columns::Column as _;
                let mut cells = cells.iter().copied();
                // Fields are read in the order they are written in here: the schema's.
                Ok(Self {
                    $($rname: cells.next().flatten().and_then(<$rkind>::read).ok_or(stringify!($rname))?,)*
                    $($oname: match cells.next().flatten() {
                        Some(cell) => Some(<$okind>::read(cell).ok_or(stringify!($oname))?),
                        None => None,
                    },)*
                })
            }
        }

        impl $crate::table::TableColumns for $columns {
            fn rows(&self) -> usize {
                self.rows
            }

            fn bytes(&self) -> usize {
                self.bytes
            }

            fn finish(&mut self) -> Option<arrow_array::RecordBatch> {
                use $crate::columns::Column as _;
                let rows = std::mem::take(&mut self.rows);
                self.bytes = 0;
                if rows == 0 {
                    return None;
                }
                let arrays = vec![
                    $(self.$rname.finish(rows),)*
                    $(self.$oname.finish(rows),)*
                ];
                Some($crate::table::sparse_batch(&schema(), arrays, rows))
            }
        }
    };
}
pub(crate) use table;

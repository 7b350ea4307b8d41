//! What Tidegauge records: four tables of immutable facts, their Arrow schemas, ids, limits and time.
//!
//! Promise: a row that has reached a table's columns is well-formed, and becomes a `RecordBatch`
//! without another conversion. There is no I/O here, and nothing else of Tidegauge is known here.

pub mod columns;
pub mod connections;
pub mod events;
pub mod ids;
pub mod limits;
pub mod privacy;
pub mod requests;
pub mod sessions;
pub mod table;
pub mod time;

pub use connections::Connection;
pub use events::Event;
pub use ids::{DEFAULT_NAME, FactIds, ProjectId, TenantId};
pub use privacy::IpStorage;
pub use requests::Request;
pub use sessions::Session;
pub use table::{FromCells, OpenTables, Row, Table, TableColumns};
pub use time::Micros;

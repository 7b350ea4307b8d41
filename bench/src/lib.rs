//! Measures Tidegauge beside the limits of its own HTTP server and beside PostgreSQL, ClickHouse and DuckDB: all in one
//! run, on one machine, with the same facts, so that the ratios mean something where the absolute numbers do not.

pub mod cases;
pub mod chance;
pub mod child;
pub mod cli;
pub mod control;
pub mod directory;
pub mod events;
pub mod load;
pub mod machine;
pub mod measure;
pub mod peers;
pub mod pool;
pub mod procfs;
pub mod reference;
pub mod report;
pub mod requests;
pub mod say;
pub mod sockets;
pub mod streams;
pub mod vocabulary;

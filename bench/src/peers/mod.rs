//! The databases measured beside Tidegauge: how each is started here, and how each takes a batch.

pub mod clickhouse;
pub mod duckdb;
pub mod postgres;
pub mod postgres_lines;

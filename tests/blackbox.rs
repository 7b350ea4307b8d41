//! The product as a black box: the built binary, its HTTP, its command line and its data directory.
//!
//! Each module proves one promise; every test starts its own server in a directory of its own, and stops
//! that very process when it ends, also by a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod activity;
mod activity_intake;
mod activity_vectors;
mod connect_tyk;
mod connect_tyk_redis;
mod connect_tyk_troubles;
mod connection_reports;
mod connections;
mod countries;
mod crash;
mod damage;
mod disk_trouble;
mod every_route;
mod grid_reports;
mod harness;
mod idle_timeout;
mod import;
mod lenient;
mod live;
mod mudbase;
mod otlp;
mod refusals;
mod schema_edges;
mod schemathesis;
mod signals;
mod signals_intake;
mod signals_refusals;
mod start_and_stop;
mod tenants;
mod track_vectors;
mod visibility;

//! The product as a black box: the built binary, its HTTP, its command line and its data directory.
//!
//! Each module proves one promise; every test starts its own server in a directory of its own, and stops
//! that very process when it ends, also by a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod activity;
mod activity_intake;
mod activity_vectors;
mod admin;
mod backup;
mod connect_tyk;
mod connect_tyk_redis;
mod connect_tyk_troubles;
mod connection_reports;
mod connections;
mod cors;
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
mod limits;
mod live;
mod mudbase;
mod older_directories;
mod otlp;
mod privacy;
mod refusals;
mod service;
mod signals;
mod signals_intake;
mod signals_refusals;
mod start_and_stop;
mod tenants;
mod track_vectors;
mod visibility;

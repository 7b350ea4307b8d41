//! The product as a black box: the built binary, its HTTP, its command line and its data directory.
//!
//! Each module proves one promise; every test starts its own server in a directory of its own, and stops
//! that very process when it ends, also by a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod accounts_commands;
mod accounts_on_postgres;
mod activity;
mod activity_intake;
mod activity_vectors;
mod admin;
mod backup;
mod configuration;
mod connect_tyk;
mod connect_tyk_redis;
mod connect_tyk_troubles;
mod connection_reports;
mod connections;
mod cors;
mod countries;
mod crash;
mod damage;
mod demo;
mod disk_trouble;
mod every_route;
mod explore;
mod explore_refusals;
mod grid_reports;
mod harness;
mod idle_timeout;
mod import;
mod jwt;
mod jwt_reload;
mod key_attacks;
mod lenient;
mod limits;
mod live;
mod live_stream;
mod logs;
mod me;
mod mudbase;
mod older_directories;
mod otlp;
mod page;
mod page_demo;
mod page_shell;
mod privacy;
mod raw_http;
mod raw_paths;
mod refusals;
mod schema_edges;
mod schemathesis;
mod secrets_in_logs;
mod service;
mod signals;
mod signals_intake;
mod signals_refusals;
mod slow_clients;
mod start_and_stop;
mod tenants;
mod tls;
mod top;
mod track_vectors;
mod visibility;

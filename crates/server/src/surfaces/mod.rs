//! One folder a seed: its routes and its wire types, and nothing that another needs.

pub mod activity;
pub mod admin;
pub mod connections;
pub mod grid;
pub mod otlp;
pub mod projects;
pub mod track;

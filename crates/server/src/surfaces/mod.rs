//! One folder a seed, and one a part of what is our own: its routes and its wire types, and nothing that another needs.

pub mod activity;
pub mod admin;
pub mod connections;
pub mod explore;
pub mod grid;
pub mod live;
pub mod me;
pub mod otlp;
pub mod projects;
pub mod track;

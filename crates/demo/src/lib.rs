//! Made-up traffic for all four tables: what `tidegauge demo` shows.
//!
//! Promise: the same seed and the same instants make the same facts; no fact lies in the future of the instant that was
//! asked for, and each would have passed a door. Where they are stored, and when, is left to others. Nobody in here is
//! anybody: addresses, names and sites are those that are kept for examples.

mod api_traffic;
mod apis;
mod catalog;
mod clients;
mod connections;
mod consumers;
mod countries;
mod diary;
mod dice;
mod fact;
mod incidents;
mod kiosk;
mod mobile;
mod pace;
mod people;
mod rhythm;
mod shop;
mod stands;
mod timeline;
mod visit;

pub use fact::Facts;
pub use timeline::{Demo, Timeline};

/// The projects that the facts belong to.
pub const PROJECTS: [&str; 3] = [shop::PROJECT, mobile::PROJECT, kiosk::PROJECT];

//! The grid's reports, on real stores.

mod agreement;
mod budget;
pub mod facts;
mod model;
mod speed;
mod traffic_speed;

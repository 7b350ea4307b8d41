//! The grid's reports, on real stores.

mod agreement;
pub mod facts;
mod model;
mod speed;
mod traffic_speed;

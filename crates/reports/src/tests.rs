//! The grid's reports, on real stores.

mod facts;
mod model;
mod speed;

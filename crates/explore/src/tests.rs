//! Questions asked of stores with known rows.

mod bounds;
mod facts;
mod isolation;
mod model;
mod speed;
mod statements;
mod views;

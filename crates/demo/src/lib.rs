//! Made-up traffic for all four tables: what `tidegauge demo` shows.
//!
//! Promise: the same seed and the same instant make the same history.

//! Traffic: API requests added up, so that a report over any span costs what its answer costs.

mod measure;

pub use measure::{Hit, Measure, NETWORK_STATISTICS};

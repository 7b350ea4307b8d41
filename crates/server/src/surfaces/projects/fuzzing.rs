//! The fuzz targets of what the family's methods are asked with.

use tidegauge_facts::limits::MAX_LABEL_CHARS;

use super::parameters::{period, user_ids, window_ms};
use crate::query::Query;

/// A query of `history` and `throughput`.
pub fn report_query(query: Query<'_>) {
    _ = period(query);
    assert!(window_ms(query).is_ok_and(|window| window > 0) || window_ms(query).is_err());
}

/// A body of `presence`.
pub fn presence(data: &[u8]) {
    if let Ok(ids) = user_ids(data) {
        assert!(ids.iter().all(|id| id.chars().count() <= MAX_LABEL_CHARS));
    }
}

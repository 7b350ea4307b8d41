//! What reports are asked with: their queries, and what stands in their paths and bodies.

use axum::http::Uri;

use crate::query::Query;
use crate::surfaces;

/// A byte that says which surface is asked, and a query, or what else its reports read.
pub fn query(data: &[u8]) {
    let Some((surface, rest)) = data.split_first() else { return };
    match surface % 6 {
        0 => with_text(rest, surfaces::grid::fuzzing::report_query),
        1 => surfaces::grid::fuzzing::cursor(rest),
        2 => with_query(rest, surfaces::activity::fuzzing::report_query),
        3 => with_text(rest, surfaces::activity::fuzzing::report_path),
        4 => with_query(rest, surfaces::connections::fuzzing::report_query),
        _ => {
            with_query(rest, surfaces::projects::fuzzing::report_query);
            surfaces::projects::fuzzing::presence(rest);
        }
    }
}

fn with_text(data: &[u8], read: fn(&str)) {
    if let Ok(text) = str::from_utf8(data) {
        read(text);
    }
}

/// Only what can stand in a URL comes as far as a report.
fn with_query(data: &[u8], read: fn(Query<'_>)) {
    if let Ok(uri) = Uri::try_from([b"/x?", data].concat()) {
        read(Query::of(&uri));
    }
}

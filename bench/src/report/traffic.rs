//! The table of the case `traffic`: what each report took, with few requests stored and with many.

use super::markdown::{grouped, table};
use crate::cases::result::CaseResult;
use crate::cases::traffic::asked::TrafficAsked;

/// The table; empty when no report was asked.
pub fn traffic(cases: &[CaseResult]) -> String {
    let head = ["report", "requests stored", "answers", "bytes each", "p50", "p99", "max"];
    let asked = cases.iter().flat_map(|case| &case.traffic);
    table("Reports on traffic, ms", &head, asked.map(row))
}

fn row(asked: &TrafficAsked) -> Vec<String> {
    let ms = |ms: f64| format!("{ms:.2}");
    vec![
        asked.report.clone(),
        grouped(asked.stored as f64),
        grouped(asked.times as f64),
        grouped(asked.bytes),
        ms(asked.p50_ms),
        ms(asked.p99_ms),
        ms(asked.max_ms),
    ]
}

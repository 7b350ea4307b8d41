//! The table of the case `reports`: what each report took, beside DuckDB.

use super::markdown::{grouped, table};
use crate::cases::reports::measured::Asked;
use crate::cases::reports::questions::Bar;
use crate::cases::result::CaseResult;

/// Fewer rows in an answer say nothing about rows a second.
const MANY_ROWS: u64 = 10_000;

/// The table; empty when no report was asked.
pub fn reports(cases: &[CaseResult]) -> String {
    let head = [
        "report",
        "sessions stored",
        "rows",
        "MB",
        "cold",
        "begins, p50",
        "p99",
        "complete, p50",
        "p99",
        "rows/s",
        "RSS grew MB",
        "bar",
        "",
        "DuckDB in memory",
        "from Parquet",
    ];
    let asked = cases.iter().flat_map(|case| &case.reports);
    table("Reports, ms", &head, asked.map(row))
}

fn row(asked: &Asked) -> Vec<String> {
    let duckdb = |of: fn(&crate::peers::duckdb::Answered) -> f64| {
        asked.duckdb.as_ref().map(|answered| ms(of(answered))).unwrap_or_default()
    };
    let bar = match asked.bar {
        None => String::new(),
        Some(Bar::TotalMs(most)) => format!("complete < {most} ms"),
        Some(Bar::ListMs(most, growth)) => {
            format!("begins < {most} ms, grows < {:.0} MB", growth as f64 / 1e6)
        }
    };
    let holds = match asked.holds() {
        None => "",
        Some(true) => "held",
        Some(false) => "**missed**",
    };
    vec![
        asked.report.clone(),
        grouped(asked.sessions as f64),
        grouped(asked.rows as f64),
        format!("{:.1}", asked.bytes as f64 / 1e6),
        ms(asked.cold.total_ms),
        ms(asked.first_byte.p50_ms),
        ms(asked.first_byte.p99_ms),
        ms(asked.total.p50_ms),
        ms(asked.total.p99_ms),
        if asked.rows < MANY_ROWS { String::new() } else { grouped(asked.rows_per_s()) },
        format!("{:.1}", asked.growth_bytes as f64 / 1e6),
        bar,
        holds.to_owned(),
        duckdb(|answered| answered.memory_ms),
        duckdb(|answered| answered.parquet_ms),
    ]
}

/// Milliseconds with as many digits as say something.
fn ms(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.2}") } else { grouped(ms) }
}

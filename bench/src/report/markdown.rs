//! The tables, for people. Figures are rounded here; the JSON file has them whole.

use std::fmt::Write as _;

use super::Report;
use super::ratios::{Bar, Ratio};
use super::reports::reports;
use super::traffic::traffic;
use crate::cases::result::CaseResult;
use crate::machine::Machine;

/// A case during which others took more than this part of the processors is called disturbed. The kernel's own threads
/// that write to the disk are among the others, and stay well below.
const DISTURBED: f64 = 0.15;
/// Rows of the table of samples, at most.
const SAMPLE_ROWS: usize = 20;

/// The whole report as Markdown.
pub fn render(report: &Report) -> String {
    let parts = [
        machine(&report.machine, report.quick),
        failures(&report.cases),
        disturbed(report),
        ratios(&report.ratios),
        throughput(&report.cases),
        latency(&report.cases),
        costs(&report.cases),
        reports(&report.cases),
        traffic(&report.cases),
        samples(&report.cases),
        notes(&report.cases),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn machine(machine: &Machine, quick: bool) -> String {
    let mut out = format!(
        "# Tidegauge bench, {}\n\nRevision `{}`. {}, {} cores, {:.1} GB, Linux {}, {}; appending 4 KiB and fdatasync: \
         median {} µs, p99 {} µs. Load average before: {:.2}.\n",
        machine.date,
        machine.git_revision,
        machine.cpu,
        machine.cores,
        machine.memory_bytes as f64 / 1e9,
        machine.kernel,
        machine.filesystem,
        machine.fdatasync_us.0,
        machine.fdatasync_us.1,
        machine.load_average,
    );
    if machine.is_volatile() {
        out.push_str("\n**The data lay in memory: nothing here was durable. Use --work-dir.**\n");
    }
    if quick {
        out.push_str("\n**Quick run, 3 s a case: it shows that everything works; the numbers are rough.**\n");
    }
    out
}

fn failures(cases: &[CaseResult]) -> String {
    let mut out = String::new();
    for case in cases {
        for failure in &case.failures {
            out += &format!("- **{} failed**: {}\n", case.case.name(), failure.trim());
        }
    }
    out
}

/// Names the cases that had to share the machine: their numbers, and the ratios made of them, say little.
fn disturbed(report: &Report) -> String {
    let capacity = |seconds: f64| seconds * report.machine.cores as f64;
    let names: Vec<&str> = report
        .cases
        .iter()
        .filter(|case| {
            let closed = case.load.as_ref().map_or(0.0, |load| load.other_cpu_s / capacity(load.duration_s));
            let open = case.open.as_ref().map_or(0.0, |open| open.other_cpu_s / capacity(open.duration_s));
            closed.max(open) > DISTURBED
        })
        .map(|case| case.case.name())
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        "**The machine was not ours alone** (something else took more than {:.0} % of it) during: {}. \
         Measure these again.\n",
        DISTURBED * 100.0,
        names.join(", ")
    )
}

fn ratios(ratios: &[Ratio]) -> String {
    let rows = ratios.iter().map(|ratio| {
        let bar = match ratio.bar {
            None => String::new(),
            Some(Bar::AtLeast(least)) => format!("≥ {least}"),
            Some(Bar::AtMost(most)) => format!("≤ {most}"),
        };
        let holds = match ratio.holds() {
            None => "",
            Some(true) => "held",
            Some(false) => "**missed**",
        };
        vec![ratio.what.to_owned(), format!("{:.2} {}", ratio.value, ratio.unit), bar, holds.to_owned()]
    });
    table("Ratios", &["what", "figure", "bar", ""], rows)
}

fn throughput(cases: &[CaseResult]) -> String {
    let rows = cases.iter().filter_map(|case| {
        let load = case.load.as_ref()?;
        Some(vec![
            case.case.name().to_owned(),
            case.about.clone(),
            load.connections.to_string(),
            format!("{:.0}", load.duration_s),
            grouped(load.requests_per_s),
            grouped(load.events_per_s),
            load.refused.to_string(),
            case.counted.map_or_else(String::new, |counted| {
                let verdict = if counted.acknowledged == counted.stored { "all" } else { "**not all**" };
                format!("{verdict} {} counted", grouped(counted.acknowledged as f64))
            }),
            format!("{:.0}", load.mean_event_bytes),
        ])
    });
    let head = [
        "case",
        "what",
        "connections",
        "s",
        "requests/s",
        "events/s",
        "refused",
        "acknowledged",
        "bytes/event",
    ];
    table("Throughput (closed loop)", &head, rows)
}

fn latency(cases: &[CaseResult]) -> String {
    let rows = cases.iter().filter_map(|case| {
        let load = case.load.as_ref()?;
        let ms = |us: u64| format!("{:.2}", us as f64 / 1e3);
        let mut row = vec![case.case.name().to_owned()];
        match &case.open {
            Some(open) => row.extend([
                grouped(open.arrivals_per_s),
                ms(open.latency.p50_us),
                ms(open.latency.p99_us),
                ms(open.latency.p999_us),
                ms(open.latency.max_us),
                open.refused.to_string(),
                open.unsent.to_string(),
                format!("{:.1}", open.other_cpu_s),
            ]),
            None => row.extend(std::iter::repeat_n(String::new(), 8)),
        }
        row.extend([ms(load.latency.p50_us), ms(load.latency.p99_us)]);
        Some(row)
    });
    let head = [
        "case",
        "open loop, arrivals/s",
        "p50",
        "p99",
        "p99.9",
        "max",
        "refused",
        "unsent",
        "other CPU s",
        "closed loop at full load, p50",
        "p99",
    ];
    table("Latency, ms (open loop: from the scheduled arrival to the answer)", &head, rows)
}

fn costs(cases: &[CaseResult]) -> String {
    let rows = cases.iter().map(|case| {
        let mb = |bytes: u64| format!("{:.1}", bytes as f64 / 1e6);
        let load = |show: &dyn Fn(&crate::cases::result::Load) -> String| {
            case.load.as_ref().map(show).unwrap_or_default()
        };
        vec![
            case.case.name().to_owned(),
            load(&|load| format!("{:.1}", load.server_cpu_s)),
            load(&|load| format!("{:.1}", load.client_cpu_s)),
            load(&|load| format!("{:.1}", load.other_cpu_s)),
            load(&|load| format!("{:.2}", load.server_cpu_s / load.events.max(1) as f64 * 1e6)),
            case.memory.map(|memory| mb(memory.peak_bytes)).unwrap_or_default(),
            case.memory.map(|memory| mb(memory.resident_bytes)).unwrap_or_default(),
            load(&|load| mb(load.written_bytes)),
            case.disk_bytes.map(mb).unwrap_or_default(),
        ]
    });
    let head = [
        "case",
        "server CPU s",
        "client CPU s",
        "other CPU s",
        "server CPU µs/event",
        "RSS peak MB",
        "RSS end MB",
        "written MB",
        "events on disk MB",
    ];
    table("Costs (of the closed loop)", &head, rows)
}

fn samples(cases: &[CaseResult]) -> String {
    let Some(case) = cases.iter().find(|case| case.case.name() == "sustained" && !case.samples.is_empty())
    else {
        return String::new();
    };
    let step = case.samples.len().div_ceil(SAMPLE_ROWS);
    let rows = case.samples.chunks(step).filter_map(|chunk| {
        let last = chunk.last()?;
        let mean = chunk.iter().map(|sample| sample.events_per_s).sum::<f64>() / chunk.len() as f64;
        Some(vec![
            format!("{:.1}", last.at_s),
            grouped(mean),
            format!("{:.1}", last.resident_bytes as f64 / 1e6),
        ])
    });
    table("Sustained, over time", &["s", "events/s", "RSS MB"], rows)
}

fn notes(cases: &[CaseResult]) -> String {
    cases.iter().flat_map(|case| &case.notes).map(|note| format!("- {note}\n")).collect()
}

pub(super) fn table(title: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = format!("## {title}\n\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    let empty = out.len();
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    if out.len() == empty { String::new() } else { out }
}

/// A number with its thousands apart.
pub(super) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([grouped(7.0), grouped(1_234.4), grouped(2_000_000.0)], ["7", "1,234", "2,000,000"]);
    }
}

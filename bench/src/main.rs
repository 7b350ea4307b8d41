//! The command `tidegauge-bench`: runs the cases asked for, writes the report, and exits 1 if a case failed. A case that
//! fails does not keep the others from being measured.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use mimalloc::MiMalloc;
use tidegauge_bench::cases::result::CaseResult;
use tidegauge_bench::cli::{Cli, Command, Options};
use tidegauge_bench::machine::Machine;
use tidegauge_bench::report::Report;
use tidegauge_bench::{reference, say};

/// The product's allocator, so that the reference handlers have no other.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Some(Command::Reference { listen }) => serve_reference(listen).map(|()| true),
        None => measure(&cli.options.settled()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say::line(&format!("tidegauge-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn serve_reference(listen: std::net::SocketAddr) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(reference::serve(listen))
}

/// Runs the cases; says whether all went well.
fn measure(options: &Options) -> anyhow::Result<bool> {
    std::fs::create_dir_all(&options.work_dir)
        .with_context(|| format!("cannot make {}", options.work_dir.display()))?;
    let machine = Machine::look(&options.work_dir)?;
    let cases = options.cases();
    let mut results = Vec::new();
    for (nth, case) in cases.iter().enumerate() {
        say::line(&format!("[{}/{}] {}", nth + 1, cases.len(), case.name()));
        let result = case.run(options).unwrap_or_else(|error| {
            let mut failed = CaseResult::new(*case, "");
            failed.failures.push(format!("{error:#}"));
            failed
        });
        for failure in &result.failures {
            say::line(&format!("    FAILED: {failure}"));
        }
        if let Some(load) = &result.load {
            say::line(&format!(
                "    {:.0} requests/s, {:.0} events/s",
                load.requests_per_s, load.events_per_s
            ));
        }
        results.push(result);
    }
    let report = Report::new(machine, options.quick, results);
    let path = report.write(&options.out)?;
    writeln!(std::io::stdout(), "{}", report.markdown())?;
    say::line(&format!("written to {} and the .json beside it", path.display()));
    Ok(report.is_sound())
}

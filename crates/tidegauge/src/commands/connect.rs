//! `tidegauge connect`: facts brought from where another system leaves them.

mod metrics;
mod progress;
mod tyk;

/// Bring facts from another system.
#[derive(clap::Subcommand)]
pub enum Command {
    Tyk(tyk::Args),
}

pub fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Tyk(args) => tyk::run(args),
    }
}

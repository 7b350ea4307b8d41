//! The binary: one file per command.
//!
//! Exit codes: 0 done, 1 failed (one line on standard error), 2 wrong usage.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Real-time analytics for platforms that show analytics to their own customers.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(commands::serve::Args),
    #[command(subcommand)]
    Key(commands::key::Command),
    #[command(subcommand)]
    Tenant(commands::tenant::Command),
    #[command(subcommand)]
    Connect(commands::connect::Command),
    Check(commands::check::Args),
    Export(commands::export::Args),
    Import(commands::import::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(args) => commands::serve::run(args),
        Command::Key(command) => commands::key::run(command),
        Command::Tenant(command) => commands::tenant::run(command),
        Command::Connect(command) => commands::connect::run(command),
        Command::Check(args) => commands::check::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Import(args) => commands::import::run(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            commands::say_error(&error);
            ExitCode::FAILURE
        }
    }
}

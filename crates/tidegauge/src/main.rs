//! The binary: one file per command.
//!
//! Exit codes: 0 done, 1 failed (one line on standard error), 2 wrong usage.

mod backup;
mod commands;
mod logging;
mod notify;
mod settings;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::settings::{Effective, Settings, Sources, Unusable};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Real-time analytics for platforms that show analytics to their own customers.
#[derive(Parser)]
#[command(about, max_term_width = 100)]
struct Cli {
    /// Print the version.
    #[arg(short = 'V', long)]
    version: bool,
    /// With --version: also what data the binary carries, of which day and under which licence.
    #[arg(long, requires = "version")]
    verbose: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(Box<Settings>),
    Demo(Box<commands::demo::Args>),
    Config(Box<commands::config::Args>),
    #[command(subcommand)]
    Key(commands::key::Command),
    #[command(subcommand)]
    Tenant(commands::tenant::Command),
    #[command(subcommand)]
    Project(commands::project::Command),
    #[command(subcommand)]
    Audit(commands::audit::Command),
    #[command(subcommand)]
    Connect(commands::connect::Command),
    Health(commands::health::Args),
    Top(commands::top::Args),
    Check(commands::check::Args),
    Backup(commands::backup::Args),
    Restore(commands::restore::Args),
    Export(commands::export::Args),
    Import(commands::import::Args),
}

fn main() -> ExitCode {
    // Of the two that other crates may bring, this one: before anything speaks TLS.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let sources = Sources::of_process(Cli::command());
    let (cli, effective) = read(&sources).unwrap_or_else(|unusable| match unusable {
        Unusable::Usage(error) => error.exit(),
        other => commands::wrong_usage(&other),
    });
    if cli.version {
        commands::say_version(cli.verbose);
        return ExitCode::SUCCESS;
    }
    let Some(command) = cli.command else {
        Cli::command().error(ErrorKind::MissingSubcommand, "a command is missing; --help lists them").exit()
    };
    let result = match command {
        Command::Serve(settings) => commands::serve::run(*settings, effective.options, sources, None),
        Command::Demo(args) => commands::demo::run(*args, effective.options, sources),
        Command::Config(args) => commands::config::run(&args, &effective.options),
        Command::Key(command) => commands::key::run(command),
        Command::Tenant(command) => commands::tenant::run(command),
        Command::Project(command) => commands::project::run(command),
        Command::Audit(command) => commands::audit::run(command),
        Command::Connect(command) => commands::connect::run(command),
        Command::Health(args) => commands::health::run(&args),
        Command::Top(args) => commands::top::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Backup(args) => commands::backup::run(&args),
        Command::Restore(args) => commands::restore::run(&args),
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

fn read(sources: &Sources) -> Result<(Cli, Effective), Unusable> {
    let effective = sources.read()?;
    Ok((Cli::from_arg_matches(&effective.matches)?, effective))
}

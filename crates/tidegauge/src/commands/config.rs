//! `tidegauge config`: what the server would run by, and who says so.

use super::say;
use crate::settings::{OptionValue, Settings};

/// Print the configuration that `serve` would run by, as TOML, and where each value comes from.
#[derive(clap::Args)]
pub struct Args {
    /// Say only whether it can be used.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(args: &Args, options: &[OptionValue]) -> anyhow::Result<()> {
    if args.check {
        let file = args.settings.config.as_ref().map(|file| format!("{}: ", file.display()));
        say(&format!("{}the configuration can be used", file.unwrap_or_default()));
        return Ok(());
    }
    say("# The configuration as `tidegauge serve` would take it; each value with where it comes from.");
    // Options without a section come first: in TOML they would belong to the one before them.
    let (top, rest): (Vec<_>, Vec<_>) = options.iter().partition(|option| option.section().0.is_none());
    let mut section = None;
    for option in top.iter().chain(&rest) {
        if option.section().0 != section {
            section = option.section().0;
            say(&format!("\n[{}]", section.unwrap_or_default()));
        }
        say(&line(option));
    }
    Ok(())
}

fn line(option: &OptionValue) -> String {
    let (_, name) = option.section();
    match option.to_toml() {
        Some(value) => format!("{name} = {value} # {}", option.origin),
        None => format!("# {name} is not set"),
    }
}

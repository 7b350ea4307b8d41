//! `tidegauge demo`: the server on a data directory of made-up traffic, which goes on while it runs.
//!
//! History is written before the server starts, by the store itself; then it is served as any other data directory is.

mod history;
mod live;
mod place;

use tidegauge_demo::Demo;

pub use self::history::Fill;
pub use self::live::Live;
use self::place::Place;
use super::serve;
use crate::settings::{OptionValue, Origin, Settings, Sources};

/// Most days of history.
const MAX_DAYS: i64 = 365;
/// Most times as dense as by default.
const MAX_RATE: f64 = 100.0;
/// What the same demo is made from, unless somebody wants another.
const SEED: u64 = 1;

/// Run a server with a month of made-up traffic that goes on: to look at, and to try things out.
///
/// Takes every option of `serve`. Without --data it is gone when it ends; with --data it is kept, and goes on from where it
/// stopped when it is started there again.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
    /// Days of history.
    #[arg(long, default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=MAX_DAYS))]
    days: i64,
    /// Another number is another history [default: 1, or what the data directory's demo was made from].
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// How many times as much happens from now on: 1 is about 6 events and 6 requests a second.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", value_parser = rate)]
    rate: f64,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| *rate > 0.0 && *rate <= MAX_RATE);
    rate.ok_or_else(|| format!("a number above 0, up to {MAX_RATE}"))
}

pub fn run(args: Args, options: Vec<OptionValue>, sources: Sources) -> anyhow::Result<()> {
    let Args { mut settings, days, seed, rate } = args;
    let is_given = options.iter().any(|option| option.key == "data" && option.origin != Origin::Default);
    let place = Place::take(is_given.then_some(&*settings.data), seed)?;
    settings.data = place.path().to_owned();
    let demo = Demo { seed: place.seed(), origin: place.origin(), rate };
    serve::run(settings, options, sources, Some(Fill { demo, days }))
    // Only now does a temporary place go.
}

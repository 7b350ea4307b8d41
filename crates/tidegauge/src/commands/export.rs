//! `tidegauge export`: every row of a table on standard output, one JSON object a line.

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use arrow_json::LineDelimitedWriter;
use tidegauge_facts::Table;
use tidegauge_store::{Options, Store};

use super::say_error;
use crate::logging;

/// Write every row of a table to standard output as NDJSON. The data directory must not be in use.
#[derive(clap::Args)]
pub struct Args {
    /// The data directory.
    #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
    data: PathBuf,
    /// The table: events, sessions, connections or requests.
    #[arg(long, default_value = "events", value_parser = table)]
    table: Table,
}

fn table(name: &str) -> Result<Table, String> {
    Table::from_name(name).ok_or_else(|| "the tables are events, sessions, connections, requests".to_owned())
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    logging::start_as_variables_say("warn");
    let store = Store::open_existing(&args.data, Options::default())?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut unreadable = 0;
    for batch in store.snapshot().scan(args.table) {
        match batch {
            Ok(batch) => {
                let mut writer = LineDelimitedWriter::new(&mut out);
                writer.write(&batch).and_then(|()| writer.finish()).context("cannot write the rows")?;
            }
            Err(error) => {
                unreadable += 1;
                say_error(&error.into());
            }
        }
    }
    out.flush().context("cannot write the rows")?;
    unreadable += store.health().damaged_logs.len();
    match unreadable {
        0 => Ok(()),
        n => anyhow::bail!("{n} files could not be read to their end; every other row was written"),
    }
}

//! Where settings are read from: the process's command line and variables, and the file that they name.
//!
//! Promise: reading again, while the server runs, goes exactly the way of the first time.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, FromArgMatches as _};

use super::Settings;
use super::file::{FileError, FileValues};
use super::option::{Kind, OptionValue, is_option};

/// The command line, to be read as often as needed.
#[derive(Debug, Clone)]
pub struct Sources {
    pub(super) command: Command,
    pub(super) args: Vec<OsString>,
}

/// What there is after flags, variables, file and defaults were laid over each other.
#[derive(Debug)]
pub struct Effective {
    /// Of the whole command line.
    pub matches: ArgMatches,
    /// Every option of the file, with its value; none when the command takes no file.
    pub options: Vec<OptionValue>,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The command line or a variable is wrong; or it asks for help.
    #[error("{}", one_line(.0))]
    Usage(#[from] clap::Error),
    /// The file is wrong.
    #[error(transparent)]
    File(#[from] FileError),
    /// Options do not go together.
    #[error("{0}")]
    Together(String),
}

impl Sources {
    /// The arguments of this process, for these commands.
    pub fn of_process(command: Command) -> Self {
        Self { command, args: std::env::args_os().collect() }
    }

    /// Reads everything.
    ///
    /// # Errors
    /// See [`Unusable`].
    pub fn read(&self) -> Result<Effective, Unusable> {
        let command = self.command.clone().mut_subcommands(without_empty_variables);
        let matches = command.clone().try_get_matches_from(&self.args)?;
        let Some((name, options)) = options_of(&self.command, &matches) else {
            return Ok(Effective { matches, options: Vec::new() });
        };
        let file = match config_file(&matches) {
            Some(file) => FileValues::read(&file, &options)?,
            None => FileValues::default(),
        };
        // What the file says takes the place of the defaults: flags and variables go before those. No list has a
        // default, so that an empty one changes nothing.
        let fill = |arg: Arg| match file.text(arg.get_id().as_str()).map(str::to_owned) {
            Some(text) if !(text.is_empty() && Kind::of(&arg) == Kind::List) => arg.default_value(text),
            _ => arg,
        };
        let command = command.mut_subcommand(&name, |subcommand| subcommand.mut_args(fill));
        let matches = command.try_get_matches_from(&self.args)?;
        let subcommand = matches.subcommand_matches(&name).unwrap_or(&matches);
        let options = options.iter().map(|arg| OptionValue::of(arg, subcommand, &file)).collect();
        Settings::from_arg_matches(subcommand)?.check().map_err(Unusable::Together)?;
        Ok(Effective { matches, options })
    }
}

impl Effective {
    /// The settings themselves.
    ///
    /// # Errors
    /// The command takes none.
    pub fn settings(&self) -> Result<Settings, Unusable> {
        let subcommand = self.matches.subcommand().map_or(&self.matches, |(_, matches)| matches);
        Ok(Settings::from_arg_matches(subcommand)?)
    }
}

/// A variable that is set to nothing is one that is not set.
fn without_empty_variables(command: Command) -> Command {
    let is_empty = |arg: &Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    command.mut_args(|arg| if is_empty(&arg) { arg.env(None::<&str>) } else { arg })
}

/// The command that was called and its options, when it takes a file.
fn options_of(command: &Command, matches: &ArgMatches) -> Option<(String, Vec<Arg>)> {
    let (name, _) = matches.subcommand()?;
    let args = || command.find_subcommand(name).into_iter().flat_map(Command::get_arguments);
    args()
        .any(|arg| arg.get_id() == "config")
        .then(|| (name.to_owned(), args().filter(|arg| is_option(arg)).cloned().collect()))
}

fn config_file(matches: &ArgMatches) -> Option<PathBuf> {
    matches.subcommand()?.1.get_one("config").cloned()
}

/// The first line of clap's words, which go on with how to use it.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

//! One option: what it is called, what its values are, what it is set to and by whom.

use std::any::TypeId;
use std::ffi::OsStr;
use std::fmt;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};
use tidegauge_server::client_address::TrustedProxies;

use super::file::FileValues;
use super::tenant_defaults::Origins;

/// What stands for a secret where settings are shown.
const MASK: &str = "********";

/// What the values of an option are, in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Bool,
    /// An array of strings, or one.
    List,
}

/// Who has set an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag,
    /// A variable of the environment.
    Variable,
    /// This line of the file.
    File(usize),
    /// Nobody.
    Default,
}

/// An option and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionValue {
    /// Its key in the file.
    pub key: String,
    /// The value as text; `None` when it is not set and has no default.
    pub text: Option<String>,
    /// Who has set it.
    pub origin: Origin,
    kind: Kind,
    is_secret: bool,
}

/// Whether an argument is an option of the file: it has a variable, and is not the file itself.
pub fn is_option(arg: &Arg) -> bool {
    arg.get_env().is_some() && arg.get_id() != "config"
}

impl Kind {
    /// What the values of an argument are.
    pub fn of(arg: &Arg) -> Self {
        let of_value = arg.get_value_parser().type_id();
        let is = |types: &[TypeId]| types.iter().any(|one| of_value == *one);
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            Self::Bool
        } else if is(&[TypeId::of::<u32>(), TypeId::of::<u64>(), TypeId::of::<usize>()]) {
            Self::Number
        } else if arg.get_value_delimiter().is_some()
            || is(&[TypeId::of::<TrustedProxies>(), TypeId::of::<Origins>()])
        {
            Self::List
        } else {
            Self::Text
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a string",
            Self::Number => "a whole number",
            Self::Bool => "true or false",
            Self::List => "a string or an array of them",
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Variable => f.write_str("variable"),
            Self::File(line) => write!(f, "file, line {line}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl OptionValue {
    /// What an option is set to.
    pub fn of(arg: &Arg, matches: &ArgMatches, file: &FileValues) -> Self {
        let key = arg.get_id().as_str();
        let texts = matches.get_raw(key).map(|texts| texts.map(OsStr::to_string_lossy).collect::<Vec<_>>());
        Self {
            key: key.to_owned(),
            text: texts.map(|texts| texts.join(",")),
            origin: match (matches.value_source(key), file.line(key)) {
                (Some(ValueSource::CommandLine), _) => Origin::Flag,
                (Some(ValueSource::EnvVariable), _) => Origin::Variable,
                (_, Some(line)) => Origin::File(line),
                (_, None) => Origin::Default,
            },
            kind: Kind::of(arg),
            is_secret: arg.is_hide_env_values_set(),
        }
    }

    /// The section it stands in, and its name there.
    pub fn section(&self) -> (Option<&str>, &str) {
        match self.key.split_once('.') {
            Some((section, name)) => (Some(section), name),
            None => (None, &self.key),
        }
    }

    /// The value as the file has it, a secret masked; `None` when it is not set.
    pub fn to_toml(&self) -> Option<String> {
        let text = match self.text.as_deref()? {
            // A list of secrets is still a list.
            text if self.is_secret && !text.is_empty() => MASK,
            text => text,
        };
        let quoted = |text: &str| toml::Value::from(text).to_string();
        Some(match self.kind {
            Kind::Number | Kind::Bool => text.to_owned(),
            Kind::Text => quoted(text),
            Kind::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(quoted);
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
        })
    }
}

//! The options as a whole: the example names them all, and mistakes in a file are told.

use std::fs;
use std::path::Path;

use clap::{Args as _, Command, FromArgMatches as _};

use super::file::FileValues;
use super::option::is_option;
use super::{Effective, OptionValue, Settings, Sources};

const EXAMPLE: &str = include_str!("../../../../packaging/tidegauge.toml");

fn command() -> Command {
    Command::new("tidegauge").subcommand(Settings::augment_args(Command::new("serve")))
}

fn effective(args: &[&str]) -> Effective {
    let args = ["tidegauge", "serve"].iter().chain(args).map(Into::into).collect();
    Sources { command: command(), args }.read().unwrap()
}

/// What a file with this text makes of the options.
fn with_file(text: &str, more: &[&str]) -> Effective {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("tidegauge.toml");
    fs::write(&file, text).unwrap();
    effective(&[&["--config", file.to_str().unwrap()], more].concat())
}

fn refusal(text: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("t.toml");
    fs::write(&file, text).unwrap();
    let options: Vec<_> = Settings::augment_args(Command::new("serve"))
        .get_arguments()
        .filter(|arg| is_option(arg))
        .cloned()
        .collect();
    let refused = FileValues::read(&file, &options).unwrap_err().to_string();
    refused.strip_prefix(&format!("{}, ", file.display())).unwrap_or(&refused).to_owned()
}

fn value<'a>(effective: &'a Effective, key: &str) -> &'a OptionValue {
    effective.options.iter().find(|option| option.key == key).unwrap()
}

/// The example's options, uncommented: those with a default, and the names of those without.
fn uncommented() -> (String, Vec<String>) {
    let (mut text, mut without, mut section) = (String::new(), Vec::new(), String::new());
    for line in EXAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.trim_end_matches(']'));
        }
        match line.strip_prefix('#').filter(|rest| rest.starts_with(|first: char| first.is_ascii_lowercase()))
        {
            Some(option) if option.ends_with('=') => {
                without.push(format!("{section}{}", option.trim_end_matches(" =")));
            }
            Some(option) => text.extend([option, "\n"]),
            None => text.extend([line, "\n"]),
        }
    }
    (text, without)
}

#[test]
fn the_example_names_every_option_with_its_default() {
    let (text, without) = uncommented();
    let (defaults, of_file) = (effective(&[]), with_file(&text, &[]));
    assert!(defaults.options.len() > 30);
    for (default, of_file) in defaults.options.iter().zip(&of_file.options) {
        let key = &default.key;
        // What is not set is an empty list too.
        let default_text = default.text.as_deref().unwrap_or_default();
        assert_eq!(of_file.text.as_deref().unwrap_or_default(), default_text, "{key}");
        let is_there = of_file.origin.to_string().starts_with("file");
        assert!(is_there != without.contains(key), "{key} is missing in packaging/tidegauge.toml");
    }
    // Each is a line behind a comment that says what it is.
    for (at, line) in EXAMPLE.lines().enumerate().filter(|(_, line)| line.contains(" =")) {
        assert!(line.len() <= 120, "line {}", at + 1);
    }
    assert!(with_file(EXAMPLE, &[]).options.iter().all(|option| option.origin.to_string() == "default"));
}

#[test]
fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
    let text =
        "listen = '127.0.0.1:1'\ntrusted_proxies = ['10.0.0.0/8', '::1']\n[limits]\nmax_connections = 0x10";
    let effective = with_file(text, &["--listen", "127.0.0.1:2"]);
    let of = |key: &str| {
        let option = value(&effective, key);
        (option.to_toml().unwrap(), option.origin.to_string())
    };
    assert_eq!(of("listen"), ("\"127.0.0.1:2\"".into(), "flag".into()));
    assert_eq!(of("trusted_proxies"), (r#"["10.0.0.0/8", "::1"]"#.into(), "file, line 2".into()));
    assert_eq!(of("limits.max_connections"), ("16".into(), "file, line 4".into()));
    assert_eq!(of("data"), ("\"./data\"".into(), "default".into()));
    let settings = effective.settings().unwrap();
    assert_eq!(settings.listen.port(), 2);
    assert!(settings.trusted_proxies.trusts("10.1.2.3".parse().unwrap()));
    assert_eq!(settings.limits.limits(10_000).max_connections_per_address, 64);
}

#[test]
fn a_flag_may_name_what_belongs_to_an_option_of_the_file() {
    let effective =
        with_file("[tyk]\nredis = ['redis://localhost']\nredis_cluster = true", &["--tyk-tenant", "acme"]);
    assert_eq!(value(&effective, "tyk.tenant").text.as_deref(), Some("acme"));
    assert_eq!(value(&effective, "tyk.redis_cluster").text.as_deref(), Some("true"));
    assert_eq!(value(&effective, "tyk.redis").to_toml().as_deref(), Some(r#"["********"]"#));
    let alone =
        Sources { command: command(), args: ["t", "serve", "--tyk-tenant", "acme"].map(Into::into).into() };
    assert!(alone.read().unwrap_err().to_string().contains("tyk.redis"));
}

#[test]
fn a_mistake_in_a_file_is_named_with_its_line_and_what_may_be_meant() {
    for (text, told) in [
        ("\nlisten = 8080", "line 2: `listen` takes a string, not a whole number"),
        ("listen = 'nowhere'", r#"line 1: `listen` cannot be "nowhere": invalid socket address syntax"#),
        (
            "[limits]\nmax_conections = 1",
            "line 2: there is no option `limits.max_conections`; `limits.max_connections` may be meant",
        ),
        (
            "max_connections = 1",
            "line 1: there is no option `max_connections`; `limits.max_connections` may be meant",
        ),
        ("[limit]\nmax_connections = 1", "line 1: there is no option `limit`"),
        (
            "[limits]\nmax_connections = 1.5",
            "line 2: `limits.max_connections` takes a whole number, not a number with a fraction",
        ),
        (
            "[limits]\nmax_connections = '1'",
            "line 2: `limits.max_connections` takes a whole number, not a string",
        ),
        (
            "[limits]\nmax_connections = -1",
            "line 2: `limits.max_connections` cannot be \"-1\": invalid digit found in string",
        ),
        (
            "[limits]\nwebsocket_ping_seconds = 28",
            "line 2: `limits.websocket_ping_seconds` cannot be \"28\": 28 is not in 1..=27",
        ),
        ("limits = 1", "line 1: `limits` is a section: write [limits] on a line of its own"),
        ("[listen]\na = 1", "line 1: `listen` takes a string, not a section"),
        ("[log]\nformat = 'xml'", "line 2: `log.format` cannot be \"xml\": it is one of text, json"),
        ("[log]\nlevel = 'inof'", "line 2: `log.level` cannot be \"inof\": a level is off"),
        (
            "trusted_proxies = 1",
            "line 1: `trusted_proxies` takes a string or an array of them, not a whole number",
        ),
        (
            "trusted_proxies = ['::1', 1]",
            "line 1: `trusted_proxies` takes a string or an array of them, not an array of other things",
        ),
        ("[tyk]\nredis_cluster = 'yes'", "line 2: `tyk.redis_cluster` takes true or false, not a string"),
        ("listen = '1.2.3.4:5'\nlisten = '1.2.3.4:5'", "line 2: duplicate key"),
        ("listen = [", "line 1: unclosed array"),
        ("config = 'x'", "line 1: there is no option `config`"),
        ("data = ''", "line 1: `data` cannot be \"\": a value is needed"),
    ] {
        let refused = refusal(text);
        assert!(refused.starts_with(told), "{text}: {refused}");
    }
    let missing = FileValues::read(Path::new("/nowhere/t.toml"), &[]).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read /nowhere/t.toml: "), "{missing}");
}

#[test]
fn a_file_that_is_no_text_or_far_too_long_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("t.toml");
    for (bytes, told) in [(vec![0xff; 3], "not UTF-8"), (vec![b'#'; (1 << 20) + 1], "longer than")] {
        fs::write(&file, bytes).unwrap();
        let refused = FileValues::read(&file, &[]).unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
}

#[test]
fn all_defaults_make_settings() {
    let effective = effective(&[]);
    let serve = effective.matches.subcommand_matches("serve").unwrap();
    assert!(Settings::from_arg_matches(serve).unwrap().check().is_ok());
}

//! A data directory of a test's own, in which servers and commands run one after the other.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::command::{EventRow, Ran, tidegauge};
use super::server::{Server, Start};

/// The directory; it goes with this value.
pub struct Site {
    /// Holds the data directory, and copies of it.
    place: TempDir,
    data: PathBuf,
}

impl Site {
    /// A place in which no server has run yet: the data directory is not even made.
    pub fn new() -> Self {
        // Beside the build and not in /tmp: that may be a memory disk, where nothing is ever synced.
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let data = place.path().join("data");
        Self { place, data }
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Starts a server with further arguments, and waits until it listens.
    pub fn start(&self, args: &[&str]) -> Server {
        self.prepare(args).listening()
    }

    /// Starts `tidegauge demo` with further arguments, and waits until it listens.
    pub fn start_demo(&self, args: &[&str]) -> Server {
        Start::demo(&self.data, args).listening()
    }

    /// A start to be refined.
    pub fn prepare(&self, args: &[&str]) -> Start {
        Start::new(&self.data, args)
    }

    /// The key that the first start wrote.
    pub fn admin_key(&self) -> String {
        fs::read_to_string(self.data.join("admin.key")).unwrap().trim().to_owned()
    }

    /// A key of `tenant`, made by the command line.
    pub fn make_key(&self, tenant: &str, scopes: &str, more: &[&str]) -> String {
        let text = self.key_create(tenant, scopes, more)["key"].as_str().map(str::to_owned);
        text.expect("a new key is shown")
    }

    /// What `key create` printed.
    pub fn key_create(&self, tenant: &str, scopes: &str, more: &[&str]) -> serde_json::Value {
        let ran = self.run(&[&["key", "create", "--tenant", tenant, "--scope", scopes], more].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Runs a command on the data directory.
    pub fn run(&self, args: &[&str]) -> Ran {
        run_on(&self.data, args)
    }

    /// A copy of the data directory as it is now, beside the original. No server may run in it.
    pub fn copy(&self) -> Copied {
        let place = tempfile::tempdir_in(self.place.path()).unwrap();
        let data = place.path().join("data");
        copy_dir(&self.data, &data);
        Copied { _place: place, data }
    }

    /// The rows of a table, read from a copy so that nothing here changes, in the order of their instants. No server
    /// may run.
    pub fn rows(&self, table: &str) -> Vec<serde_json::Value> {
        let ran = self.copy().run(&["export", "--table", table]);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "export");
        let mut rows: Vec<serde_json::Value> =
            ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        // Without the Z texts of different precision sort as their instants do.
        rows.sort_by_key(|row| row["event_time"].as_str().unwrap().trim_end_matches('Z').to_owned());
        rows
    }

    /// The rows of the table `events`, read from a copy so that nothing here changes. No server may run.
    pub fn events(&self) -> Vec<EventRow> {
        self.copy().events()
    }
}

/// A copy of a data directory; it goes with this value.
pub struct Copied {
    _place: TempDir,
    data: PathBuf,
}

impl Copied {
    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        run_on(&self.data, args)
    }

    pub fn prepare(&self, args: &[&str]) -> Start {
        Start::new(&self.data, args)
    }

    /// The rows of the table `events` of a directory in which nothing is damaged.
    pub fn events(&self) -> Vec<EventRow> {
        let ran = self.run(&["export", "--table", "events"]);
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "export");
        ran.events()
    }
}

fn run_on(data: &Path, args: &[&str]) -> Ran {
    tidegauge(&[args, &["--data", data.to_str().unwrap()]].concat())
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), &to).unwrap()),
        }
    }
}

/// The newest file of a part of the data directory, by its name.
pub fn newest_file(dir: &Path, ending: &str) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().is_some_and(|path| path.ends_with(ending)))
        .collect();
    files.sort();
    files.pop().unwrap_or_else(|| panic!("no {ending} file in {}", dir.display()))
}

//! A real PostgreSQL on a free loopback port, in a directory of its own, stopped by its process id.
//!
//! It refuses to run as root, so root hands it to another user. Should the test be killed, it ends too. The tests of
//! the crate `accounts` use this file as well.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Who runs it if we are root, the first that exists.
const USERS: [&str; 2] = ["postgres", "nobody"];
/// The password of its user `tide`, and how a URL has it.
pub const PASSWORD: &str = "s3cr%t/pass";
const PASSWORD_IN_URL: &str = "s3cr%25t%2Fpass";
const PATIENCE: Duration = Duration::from_secs(60);

/// The server.
pub struct Postgres {
    running: Option<Running>,
    user: Option<User>,
    port: u16,
    databases: AtomicUsize,
    /// Declared last, so that the server has ended when it is removed.
    place: TempDir,
}

impl Postgres {
    /// Makes its files, starts it and waits until it answers. It lets everybody in, which takes no time.
    pub fn start() -> Self {
        Self::start_with("--auth=trust", None)
    }

    /// The same with a server that asks for the password.
    pub fn start_with_password() -> Self {
        Self::start_with("--auth=scram-sha-256", None)
    }

    /// The same as [`Postgres::start`] with TLS, by a certificate and its key in PEM.
    pub fn start_with_tls(certificate: &str, key: &str) -> Self {
        Self::start_with("--auth=trust", Some((certificate, key)))
    }

    fn start_with(auth: &str, tls: Option<(&str, &str)>) -> Self {
        // Not beside the build: the other user must get to it.
        let place = tempfile::tempdir().expect("a directory");
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("a directory for all");
        let user = user_to_become();
        let data = data_of(&place);
        fs::create_dir(&data).expect("a directory for its data");
        if let Some(user) = &user {
            chown(&data, Some(user.uid), Some(user.gid)).expect("a directory of the user's");
        }
        let password = place.path().join("password");
        fs::write(&password, PASSWORD).expect("a file with the password");
        let mut initdb = command(user.as_ref(), "initdb");
        initdb.args([auth, "--username=tide", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        initdb.arg("--pwfile").arg(&password).arg("-D").arg(&data);
        let made = initdb.output().expect("an initdb, which tests/install-postgres installs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        if let Some((certificate, key)) = tls {
            let files =
                [("server.crt", certificate), ("server.key", key), ("postgresql.auto.conf", "ssl = on\n")];
            for (name, text) in files {
                let file = data.join(name);
                fs::write(&file, text).expect("a file for TLS");
                fs::set_permissions(&file, fs::Permissions::from_mode(0o600))
                    .expect("a file of the user's alone");
                if let Some(user) = &user {
                    chown(&file, Some(user.uid), Some(user.gid)).expect("a file of the user's");
                }
            }
        }
        // Another program may take a port between the look and the start: then another one.
        for _ in 0..20 {
            let port =
                TcpListener::bind("127.0.0.1:0").and_then(|at| at.local_addr()).expect("a port").port();
            if let Some(running) = Running::start(user.as_ref(), &data, port) {
                return Self { running: Some(running), user, port, databases: AtomicUsize::new(0), place };
            }
        }
        panic!("no PostgreSQL started")
    }

    /// The URL of a new, empty database.
    pub fn database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The URL of a database, with the user `tide` and the password.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://tide:{PASSWORD_IN_URL}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs SQL in a database, and returns what it answers, a row a line.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(binary("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.url(database)]);
        let ran = psql.output().expect("a psql");
        assert!(ran.status.success(), "{sql}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("UTF-8").trim().to_owned()
    }

    /// Stops it, its connections with it.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Starts it again, on the same port and with what it held.
    pub fn start_again(&mut self) {
        self.running = Running::start(self.user.as_ref(), &data_of(&self.place), self.port);
        assert!(self.running.is_some(), "its port was taken by somebody else");
    }
}

fn data_of(place: &TempDir) -> PathBuf {
    place.path().join("data")
}

/// Its process, which ends with this value.
struct Running(Child);

impl Running {
    /// `None` when it ends before it answers.
    fn start(user: Option<&User>, data: &Path, port: u16) -> Option<Self> {
        let mut postgres = command(user, "postgres");
        postgres.arg("-D").arg(data).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        // Nothing here outlives the test, so nothing is synced.
        for setting in
            ["fsync=off", "unix_socket_directories=", "shared_buffers=16MB", "log_min_messages=fatal"]
        {
            postgres.args(["-c", setting]);
        }
        let child = postgres.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a postgres");
        let mut running = Self(child);
        let begun = Instant::now();
        loop {
            let mut probe = Command::new(binary("pg_isready"));
            probe.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
            if running.0.try_wait().expect("a child").is_some() {
                return None;
            }
            if probe.status().expect("a pg_isready").success() {
                return Some(running);
            }
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not answer");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its fast shutdown: sessions are ended.
        let _ = kill_process(Pid::from_child(&self.0), Signal::INT);
        let _ = self.0.wait();
    }
}

/// A command that runs one of PostgreSQL's binaries, as another user if need be, and that ends with us. `setpriv`
/// replaces itself by the binary, so the child's id is the server's.
fn command(user: Option<&User>, name: &str) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(user) = user {
        command
            .arg(format!("--reuid={}", user.uid))
            .arg(format!("--regid={}", user.gid))
            .arg("--clear-groups");
    }
    command.arg("--pdeathsig=INT").arg(binary(name));
    // The directory we were started in may be closed to the other user.
    command.current_dir("/");
    command
}

/// Debian keeps most of PostgreSQL's programs out of the path: the newest version's.
fn binary(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|version| version.path()).max_by_key(number);
    let debian = newest.map(|version| version.join("bin").join(name)).filter(|path| path.exists());
    debian.unwrap_or_else(|| name.into())
}

struct User {
    uid: u32,
    gid: u32,
}

/// Whom root becomes; `None` if we are not root.
fn user_to_become() -> Option<User> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").expect("the users");
    let user = USERS.iter().find_map(|name| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some(User { uid: ids.next()?.ok()?, gid: ids.next()?.ok()? })
    });
    Some(user.expect("a user postgres or nobody: PostgreSQL does not run as root"))
}

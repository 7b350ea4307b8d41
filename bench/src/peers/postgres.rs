//! A PostgreSQL of our own: initialised in a fresh directory, on a free loopback port, tuned as one would for intake, and
//! with every guarantee on (fsync, synchronous_commit, full_page_writes). It refuses to run as root, so root hands it
//! to another user.

use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use rustix::process::Signal;

use crate::child::{Server, free_address};
use crate::directory::Directory;

/// Where Debian puts the binaries.
const DEBIAN: &str = "/usr/lib/postgresql/15/bin";
/// Who runs it if we are root, the first that exists.
const USERS: [&str; 2] = ["postgres", "nobody"];
/// What differs from the defaults. The guarantees are named although they are defaults: they are the point.
const SETTINGS: [&str; 11] = [
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "unix_socket_directories=",
    "max_connections=100",
    "shared_buffers=1GB",
    "wal_buffers=64MB",
    "max_wal_size=16GB",
    "min_wal_size=12GB",
    "checkpoint_timeout=15min",
    "log_min_messages=error",
];
/// As the report says it.
pub const TUNING: &str = "fsync, synchronous_commit and full_page_writes on; shared_buffers 1 GB, max_wal_size 16 GB, \
     wal_buffers 64 MB, WAL segments recycled from the trials";

/// A running PostgreSQL.
pub struct Postgres {
    /// The postmaster.
    pub server: Server,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its data directory.
    pub data: PathBuf,
    /// Declared last, so that the server has ended when it is removed.
    _directory: Directory,
}

impl Postgres {
    /// Initialises and starts it.
    pub fn start(work_dir: &Path) -> anyhow::Result<Self> {
        let directory = Directory::fresh(work_dir)?;
        let data = directory.path().join("data");
        std::fs::create_dir(&data)?;
        let user = user_to_become()?;
        if let Some(user) = &user {
            chown(&data, Some(user.uid), Some(user.gid)).context("cannot hand the data directory over")?;
        }

        let mut initdb = command(user.as_ref(), "initdb");
        initdb.args(["--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C", "-D"]).arg(&data);
        let output = initdb.output().context("cannot run initdb; see bench/install-peers.sh")?;
        if !output.status.success() {
            bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr));
        }

        let address = free_address()?;
        let mut postgres = command(user.as_ref(), "postgres");
        postgres.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &address.port().to_string()]);
        for setting in SETTINGS {
            postgres.args(["-c", setting]);
        }
        // SIGINT is its fast shutdown: sessions are ended, a checkpoint is written.
        let mut server = Server::start(postgres, &directory.path().join("postgres.log"), Signal::INT)?;
        let mut probe = Command::new(binary("pg_isready"));
        probe.args(["-q", "-h", "127.0.0.1", "-p", &address.port().to_string()]);
        server.await_ready(|| probe.status().is_ok_and(|status| status.success()))?;
        Ok(Self { server, address, data, _directory: directory })
    }
}

/// A command that runs one of PostgreSQL's binaries, as another user if need be. `setpriv` replaces itself by the
/// binary, so the child's id is the postmaster's.
fn command(user: Option<&User>, name: &str) -> Command {
    let Some(user) = user else { return Command::new(binary(name)) };
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={}", user.uid)).arg(format!("--regid={}", user.gid)).arg("--clear-groups");
    command.arg(binary(name));
    // The directory we were started in may be closed to the other user.
    command.current_dir("/");
    command
}

fn binary(name: &str) -> PathBuf {
    let debian = Path::new(DEBIAN).join(name);
    if debian.exists() { debian } else { PathBuf::from(name) }
}

struct User {
    uid: u32,
    gid: u32,
}

/// Whom root becomes; `None` if we are not root.
fn user_to_become() -> anyhow::Result<Option<User>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    let user = USERS.iter().find_map(|name| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some(User { uid: ids.next()?.ok()?, gid: ids.next()?.ok()? })
    });
    Ok(Some(
        user.context("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")?,
    ))
}

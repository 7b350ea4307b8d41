//! A ClickHouse of our own (Debian's 18.16): a fresh directory, free loopback ports, a configuration that says only what
//! it must. It acknowledges an insert when the part is written, not when it is on the disk: it does not fsync.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use rustix::process::Signal;

use crate::child::{Server, free_address};
use crate::control::{answers_ok, ask};
use crate::directory::Directory;

/// Where Debian puts the binary.
const DEBIAN: &str = "/usr/sbin/clickhouse-server";
/// What it answers (with a 500) when inserts outrun its merges: its way of saying 503.
pub const TOO_MANY_PARTS: &str = "Too many parts";
/// The path and query of an insert.
pub const INSERT: &str = "/?query=INSERT%20INTO%20events%20FORMAT%20JSONEachRow";

/// Sorted by time, as its users would; 18.16 has neither sub-second times nor a stable LowCardinality.
const TABLE: &str = "CREATE TABLE events (
    ts DateTime, us UInt32, name String, category String, priority String, properties String, session_id String,
    page_url String, referrer String, user_agent String
) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (name, ts)";

const USERS: &str = "<yandex>
    <profiles><default><max_memory_usage>10000000000</max_memory_usage></default></profiles>
    <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
        <profile>default</profile><quota>default</quota></default></users>
    <quotas><default></default></quotas>
</yandex>";

/// A running ClickHouse.
pub struct ClickHouse {
    /// The process.
    pub server: Server,
    /// Its HTTP interface.
    pub address: SocketAddr,
    /// Declared last, so that the server has ended when it is removed.
    _directory: Directory,
}

impl ClickHouse {
    /// Starts it and makes the table.
    pub fn start(work_dir: &Path) -> anyhow::Result<Self> {
        let directory = Directory::fresh(work_dir)?;
        let home = directory.path();
        let data = home.join("data");
        std::fs::create_dir(&data)?;
        let address = free_address()?;
        std::fs::write(home.join("users.xml"), USERS)?;
        std::fs::write(home.join("config.xml"), configuration(home, address, free_address()?))?;

        let binary = if Path::new(DEBIAN).exists() { DEBIAN } else { "clickhouse-server" };
        let mut command = Command::new(binary);
        command.arg(format!("--config-file={}", home.join("config.xml").display())).current_dir(home);
        let mut server = Server::start(command, &home.join("output.log"), Signal::TERM)
            .context("see bench/install-peers.sh")?;
        server.await_ready(|| answers_ok(address, "/ping"))?;
        let peer = Self { server, address, _directory: directory };
        peer.query(TABLE)?;
        Ok(peer)
    }

    /// Rows of the table.
    pub fn count(&self) -> anyhow::Result<u64> {
        Ok(self.query("SELECT count() FROM events")?.trim().parse()?)
    }

    /// Bytes of the parts that hold the rows now; those already merged away lie around for minutes and do not count.
    pub fn active_bytes(&self) -> anyhow::Result<u64> {
        Ok(self
            .query("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'default'")?
            .trim()
            .parse()?)
    }

    fn query(&self, statement: &str) -> anyhow::Result<String> {
        let (status, body) = ask(self.address, "POST", "/", "", statement)?;
        ensure!(status == 200, "ClickHouse answered {status}: {body}");
        Ok(body)
    }
}

fn configuration(home: &Path, http: SocketAddr, native: SocketAddr) -> String {
    let (home, http, native) = (home.display(), http.port(), native.port());
    format!(
        "<yandex>
    <logger><level>warning</level><log>{home}/server.log</log><errorlog>{home}/error.log</errorlog></logger>
    <listen_host>127.0.0.1</listen_host>
    <http_port>{http}</http_port>
    <tcp_port>{native}</tcp_port>
    <path>{home}/data/</path>
    <tmp_path>{home}/tmp/</tmp_path>
    <user_files_path>{home}/user_files/</user_files_path>
    <format_schema_path>{home}/format_schemas/</format_schema_path>
    <users_config>{home}/users.xml</users_config>
    <default_profile>default</default_profile>
    <default_database>default</default_database>
    <max_connections>4096</max_connections>
    <keep_alive_timeout>600</keep_alive_timeout>
    <max_concurrent_queries>100</max_concurrent_queries>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <mark_cache_size>536870912</mark_cache_size>
    <timezone>UTC</timezone>
</yandex>"
    )
}

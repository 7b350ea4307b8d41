//! `[store]`: how facts are kept.

use std::time::Duration;

use tidegauge_store::Options;

use super::seconds;

/// How facts are kept.
#[derive(clap::Args)]
pub struct StoreSettings {
    /// Facts are written to segments at least this often, in seconds.
    #[arg(id = "store.flush_interval_seconds", long = "flush-interval-seconds")]
    #[arg(env = "TIDEGAUGE_FLUSH_INTERVAL_SECONDS", default_value_t = 60, value_parser = seconds())]
    flush_interval_seconds: u64,
    /// Facts are written to segments once their log is this long, in bytes.
    #[arg(id = "store.flush_bytes", long = "flush-bytes", env = "TIDEGAUGE_FLUSH_BYTES")]
    #[arg(default_value_t = Options::default().flush_bytes)]
    flush_bytes: u64,
    /// Writes are refused while more bytes of log than this are in no segment.
    #[arg(id = "store.max_backlog_bytes", long = "max-backlog-bytes", env = "TIDEGAUGE_MAX_BACKLOG_BYTES")]
    #[arg(default_value_t = Options::default().max_backlog_bytes)]
    max_backlog_bytes: u64,
    /// Writes are refused while the disk has fewer bytes free than this.
    #[arg(id = "store.min_free_bytes", long = "min-free-bytes", env = "TIDEGAUGE_MIN_FREE_BYTES")]
    #[arg(default_value_t = Options::default().min_free_bytes)]
    min_free_bytes: u64,
    /// Clients' event ids remembered against repeats, for 24 hours at most.
    #[arg(id = "store.max_dedupe_ids", long = "max-dedupe-ids", env = "TIDEGAUGE_MAX_DEDUPE_IDS")]
    #[arg(default_value_t = tidegauge_store::DEFAULT_MAX_IDS)]
    max_dedupe_ids: usize,
    /// A connection that says nothing for longer counts as closed at its last activity, in seconds; `tidegauge tenant
    /// set` gives a tenant its own.
    #[arg(id = "store.idle_timeout_seconds", long = "idle-timeout-seconds")]
    #[arg(env = "TIDEGAUGE_IDLE_TIMEOUT_SECONDS", default_value_t = 300, value_parser = seconds())]
    idle_timeout_seconds: u64,
}

impl StoreSettings {
    /// As the store takes them.
    pub fn options(&self) -> Options {
        Options {
            max_dedupe_ids: self.max_dedupe_ids,
            flush_interval: Duration::from_secs(self.flush_interval_seconds),
            flush_bytes: self.flush_bytes,
            max_backlog_bytes: self.max_backlog_bytes,
            min_free_bytes: self.min_free_bytes,
            idle_timeout: Duration::from_secs(self.idle_timeout_seconds),
        }
    }
}

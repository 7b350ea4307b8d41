//! `[limits]`: bounds of the whole server.

use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use tidegauge_server::Limits;

use super::seconds;

/// Open files kept back from connections, for the log, segments and accounts.
const FILES_KEPT_BACK: usize = 128;
/// What one address may hold at least, when nothing is said of it: a browser holds six, a pool of connections more.
const MIN_PER_ADDRESS: usize = 64;

/// Bounds of the whole server.
#[derive(clap::Args)]
pub struct LimitSettings {
    /// Longest request body, in bytes.
    #[arg(id = "limits.max_body_bytes", long = "max-body-bytes", env = "TIDEGAUGE_MAX_BODY_BYTES")]
    #[arg(default_value_t = Limits::default().max_body_bytes)]
    max_body_bytes: usize,
    /// How long a request's head, and then its body, may take to arrive, and a connection may idle between two
    /// requests, in seconds.
    #[arg(id = "limits.request_timeout_seconds", long = "request-timeout-seconds")]
    #[arg(env = "TIDEGAUGE_REQUEST_TIMEOUT_SECONDS", default_value_t = 30, value_parser = seconds())]
    request_timeout_seconds: u64,
    /// Connections held at once; fewer when the system allows fewer open files.
    #[arg(id = "limits.max_connections", long = "max-connections", env = "TIDEGAUGE_MAX_CONNECTIONS")]
    #[arg(default_value_t = Limits::default().max_connections)]
    max_connections: usize,
    /// Connections of one address (of IPv6: of one /64); a quarter of them all, and 64 at least, when it is not set.
    /// A trusted proxy has no such bound.
    #[arg(id = "limits.max_connections_per_address", long = "max-connections-per-address")]
    #[arg(env = "TIDEGAUGE_MAX_CONNECTIONS_PER_ADDRESS", value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    max_connections_per_address: Option<u64>,
    /// How often the other end of a WebSocket is asked for a sign of life, in seconds; after 2.2 times as long without
    /// one it is taken for gone.
    #[arg(id = "limits.websocket_ping_seconds", long = "websocket-ping-seconds")]
    #[arg(env = "TIDEGAUGE_WEBSOCKET_PING_SECONDS", default_value_t = 25, value_parser = ping_seconds())]
    websocket_ping_seconds: u64,
}

/// A dead peer is to be noticed within a minute.
fn ping_seconds() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=27)
}

impl LimitSettings {
    /// The bounds where so many files may be open.
    pub fn limits(&self, open_files: usize) -> Limits {
        let timeout = Duration::from_secs(self.request_timeout_seconds);
        let ping = Duration::from_secs(self.websocket_ping_seconds);
        let most = open_files.saturating_sub(FILES_KEPT_BACK).clamp(1, 1 << 20);
        let max_connections = self.max_connections.clamp(1, most);
        let per_address =
            self.max_connections_per_address.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        Limits {
            max_body_bytes: self.max_body_bytes,
            max_connections,
            max_connections_per_address: per_address.unwrap_or((max_connections / 4).max(MIN_PER_ADDRESS)),
            // A quarter stays free for requests: sockets come to stay.
            max_websockets: (max_connections - max_connections / 4).max(1),
            websocket_ping: ping,
            websocket_silence: ping * 11 / 5,
            head_timeout: timeout,
            body_timeout: timeout,
            ..Limits::default()
        }
    }
}

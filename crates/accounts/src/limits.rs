//! How much a tenant, or one key, may do: what each limit is and how far it can be set.
//!
//! Promise: a limit that exists is within its bounds. `None` is the server's default (of a key: the tenant's limit
//! alone). What keeps to the limits is the server.

use serde::{Deserialize, Serialize};

use crate::bounded::bounded;
use crate::patch::with_patch;

bounded!(
    /// HTTP requests taken per second.
    RequestsPerSecond: 1 to 10_000_000, "requests_per_second is a whole number from 1 to 10000000"
);
bounded!(
    /// Facts (events, sessions, connection messages, requests) taken per second.
    EventsPerSecond: 1 to 100_000_000, "events_per_second is a whole number from 1 to 100000000"
);
bounded!(
    /// Bytes of request bodies taken per second.
    BytesPerSecond: 1 to 1_000_000_000_000, "bytes_per_second is a whole number from 1 to 1000000000000"
);
bounded!(
    /// WebSockets and live streams held open at once.
    OpenConnections: 1 to 10_000_000, "open_connections is a whole number from 1 to 10000000"
);
bounded!(
    /// Reports worked on at once.
    ConcurrentReports: 1 to 10_000, "concurrent_reports is a whole number from 1 to 10000"
);
bounded!(
    /// Memory of one report, in bytes.
    ReportMemoryBytes: 1_048_576 to 1_099_511_627_776,
    "report_memory_bytes is a whole number from 1048576 (1 MiB) to 1099511627776 (1 TiB)"
);
bounded!(
    /// Time of one report, in seconds.
    ReportSeconds: 1 to 86_400, "report_seconds is a whole number from 1 to 86400"
);
bounded!(
    /// Projects that a tenant can have, its `default` one included.
    MaxProjects: 1 to 10_000, "max_projects is a whole number from 1 to 10000"
);

with_patch!(
    /// A tenant's limits; `None` is the server's default.
    TenantLimits,
    /// A change of a tenant's limits: what is absent stays, null goes back to the default.
    TenantLimitsPatch {
        /// HTTP requests per second.
        requests_per_second: RequestsPerSecond,
        /// Facts per second.
        events_per_second: EventsPerSecond,
        /// Bytes of bodies per second.
        bytes_per_second: BytesPerSecond,
        /// Open connections at once.
        open_connections: OpenConnections,
        /// Reports at once.
        concurrent_reports: ConcurrentReports,
        /// Memory of one report.
        report_memory_bytes: ReportMemoryBytes,
        /// Time of one report.
        report_seconds: ReportSeconds,
        /// Projects.
        max_projects: MaxProjects,
    }
);

/// The limits of one key, beside its tenant's; `None` is none of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyLimits {
    /// HTTP requests per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<RequestsPerSecond>,
    /// Facts per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_per_second: Option<EventsPerSecond>,
    /// Bytes of bodies per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<BytesPerSecond>,
}

//! What holds for a tenant: what is set for it, over the server's defaults.

use std::sync::Arc;

use tidegauge_accounts::{CorsOrigin, TenantSettings};
use tidegauge_facts::IpStorage;

/// What one tenant may take up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantLimits {
    /// Requests a second.
    pub requests_per_second: u64,
    /// Facts a second.
    pub events_per_second: u64,
    /// Bytes of request bodies a second.
    pub bytes_per_second: u64,
    /// WebSockets and streams held open.
    pub open_connections: u64,
    /// Reports under way.
    pub concurrent_reports: u64,
    /// Memory that one report may take for what it brings together, in bytes.
    pub report_memory_bytes: u64,
    /// How long one report may take.
    pub report_seconds: u64,
    /// Distinct projects.
    pub max_projects: u64,
}

impl Default for TenantLimits {
    /// Rates are more than two cores can serve, so that a tenant alone on a server has all of it. What lasts is less than
    /// all of it: seven eighths of the WebSockets that a server holds by default, half of the grid's reports, so that
    /// others always find places.
    fn default() -> Self {
        Self {
            requests_per_second: 200_000,
            events_per_second: 5_000_000,
            bytes_per_second: 4 << 30,
            open_connections: 10_752,
            concurrent_reports: 8,
            report_memory_bytes: 512 << 20,
            report_seconds: 60,
            max_projects: 10_000,
        }
    }
}

/// What holds for a tenant: its limits, and what is kept of its people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Its limits.
    pub limits: TenantLimits,
    /// Whether some rate was set for it: then its callers are told what is left.
    pub has_own_rates: bool,
    /// How addresses are stored.
    pub ip_addresses: IpStorage,
    /// Pages of these origins may ask in its users' browsers; `*` is any.
    pub cors_origins: Arc<[String]>,
}

impl Terms {
    /// Whether pages of this origin may ask.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.cors_origins.iter().any(|one| one == "*" || one == origin)
    }

    /// What holds for a tenant of these settings, where these are the defaults.
    #[must_use]
    pub fn of(settings: &TenantSettings, defaults: &Self) -> Self {
        let (set, default) = (&settings.limits, &defaults.limits);
        let has_own_rates = set.requests_per_second.is_some()
            || set.events_per_second.is_some()
            || set.bytes_per_second.is_some();
        Self {
            limits: TenantLimits {
                requests_per_second: set
                    .requests_per_second
                    .map_or(default.requests_per_second, |limit| limit.get()),
                events_per_second: set
                    .events_per_second
                    .map_or(default.events_per_second, |limit| limit.get()),
                bytes_per_second: set.bytes_per_second.map_or(default.bytes_per_second, |limit| limit.get()),
                open_connections: set.open_connections.map_or(default.open_connections, |limit| limit.get()),
                concurrent_reports: set
                    .concurrent_reports
                    .map_or(default.concurrent_reports, |limit| limit.get()),
                report_memory_bytes: set
                    .report_memory_bytes
                    .map_or(default.report_memory_bytes, |limit| limit.get()),
                report_seconds: set.report_seconds.map_or(default.report_seconds, |limit| limit.get()),
                max_projects: set.max_projects.map_or(default.max_projects, |limit| limit.get()),
            },
            has_own_rates: has_own_rates || defaults.has_own_rates,
            ip_addresses: settings.ip_addresses.map_or(defaults.ip_addresses, IpStorage::from),
            cors_origins: settings.cors_origins.as_ref().map_or_else(
                || Arc::clone(&defaults.cors_origins),
                |origins| origins.as_slice().iter().map(CorsOrigin::to_string).collect(),
            ),
        }
    }
}

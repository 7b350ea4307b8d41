//! `[tenant_defaults]`: what holds for tenants that nothing is set for.

use std::convert::Infallible;
use std::str::FromStr;
use std::sync::Arc;

use clap::ValueEnum;
use tidegauge_facts::IpStorage;
use tidegauge_server::limits::{TenantLimits, Terms};

/// What holds for tenants that nothing is set for.
#[derive(clap::Args)]
pub struct TenantDefaults {
    /// Requests a second of one tenant.
    #[arg(id = "tenant_defaults.requests_per_second", long = "tenant-requests-per-second")]
    #[arg(env = "TIDEGAUGE_TENANT_REQUESTS_PER_SECOND", default_value_t = TenantLimits::default().requests_per_second)]
    requests_per_second: u64,
    /// Events, sessions, messages about connections and API requests a second of one tenant.
    #[arg(id = "tenant_defaults.events_per_second", long = "tenant-events-per-second")]
    #[arg(env = "TIDEGAUGE_TENANT_EVENTS_PER_SECOND", default_value_t = TenantLimits::default().events_per_second)]
    events_per_second: u64,
    /// Bytes of request bodies a second of one tenant.
    #[arg(id = "tenant_defaults.bytes_per_second", long = "tenant-bytes-per-second")]
    #[arg(env = "TIDEGAUGE_TENANT_BYTES_PER_SECOND", default_value_t = TenantLimits::default().bytes_per_second)]
    bytes_per_second: u64,
    /// WebSockets and streams that one tenant holds open.
    #[arg(id = "tenant_defaults.open_connections", long = "tenant-open-connections")]
    #[arg(env = "TIDEGAUGE_TENANT_OPEN_CONNECTIONS", default_value_t = TenantLimits::default().open_connections)]
    open_connections: u64,
    /// Reports of one tenant under way.
    #[arg(id = "tenant_defaults.concurrent_reports", long = "tenant-concurrent-reports")]
    #[arg(env = "TIDEGAUGE_TENANT_CONCURRENT_REPORTS", default_value_t = TenantLimits::default().concurrent_reports)]
    concurrent_reports: u64,
    /// Memory that one report may take for what it brings together, in bytes.
    #[arg(id = "tenant_defaults.report_memory_bytes", long = "tenant-report-memory-bytes")]
    #[arg(env = "TIDEGAUGE_TENANT_REPORT_MEMORY_BYTES", default_value_t = TenantLimits::default().report_memory_bytes)]
    report_memory_bytes: u64,
    /// How long one report may take, in seconds.
    #[arg(id = "tenant_defaults.report_seconds", long = "tenant-report-seconds")]
    #[arg(env = "TIDEGAUGE_TENANT_REPORT_SECONDS", default_value_t = TenantLimits::default().report_seconds)]
    report_seconds: u64,
    /// Distinct projects of one tenant.
    #[arg(id = "tenant_defaults.max_projects", long = "tenant-max-projects")]
    #[arg(env = "TIDEGAUGE_TENANT_MAX_PROJECTS", default_value_t = TenantLimits::default().max_projects)]
    max_projects: u64,
    /// How much is stored of the addresses that facts come from.
    #[arg(id = "tenant_defaults.ip_addresses", long = "tenant-ip-addresses", value_name = "HOW")]
    #[arg(env = "TIDEGAUGE_TENANT_IP_ADDRESSES", default_value = "whole")]
    ip_addresses: IpAddresses,
    /// Origins whose pages may ask from a browser, such as `https://app.example.com`, separated by commas; `*` is any.
    #[arg(id = "tenant_defaults.cors_origins", long = "tenant-cors-origins", value_name = "ORIGINS")]
    #[arg(env = "TIDEGAUGE_TENANT_CORS_ORIGINS", default_value = "", hide_default_value = true)]
    cors_origins: Origins,
}

/// How much is stored of an address.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum IpAddresses {
    /// All of it.
    Whole,
    /// The first 24 bits of an IPv4 address, the first 48 of an IPv6 one.
    Shortened,
    /// Nothing.
    None,
}

impl From<IpAddresses> for IpStorage {
    fn from(said: IpAddresses) -> Self {
        match said {
            IpAddresses::Whole => Self::Whole,
            IpAddresses::Shortened => Self::Shortened,
            IpAddresses::None => Self::None,
        }
    }
}

/// Origins, separated by commas.
#[derive(Debug, Clone)]
pub struct Origins(Arc<[String]>);

impl FromStr for Origins {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        Ok(Self(origins.map(|origin| origin.trim_end_matches('/').to_owned()).collect()))
    }
}

impl TenantDefaults {
    /// As the server takes them.
    pub fn terms(&self) -> Terms {
        let limits = TenantLimits {
            requests_per_second: self.requests_per_second,
            events_per_second: self.events_per_second,
            bytes_per_second: self.bytes_per_second,
            open_connections: self.open_connections,
            concurrent_reports: self.concurrent_reports,
            report_memory_bytes: self.report_memory_bytes,
            report_seconds: self.report_seconds,
            max_projects: self.max_projects,
        };
        Terms {
            has_own_rates: limits != TenantLimits::default(),
            limits,
            ip_addresses: self.ip_addresses.into(),
            cors_origins: Arc::clone(&self.cors_origins.0),
        }
    }
}

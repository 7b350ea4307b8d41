//! What the server runs by: flags, variables, one TOML file and defaults, in this order.
//!
//! Promise: an option stands once, as an argument of [`Settings`] that has a variable. The argument's id is its key
//! in the file: `--tls-cert`, `TIDEGAUGE_TLS_CERT`, and `cert` in the section `[tls]` are the id `tls.cert`. A struct
//! of further options that is flattened in here, under ids of its own, is in the file, in `tidegauge config` and in a
//! reload without another line.

mod file;
mod jwt;
mod limits;
mod option;
mod sources;
mod store;
mod tenant_defaults;
mod tls;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use tidegauge_facts::TenantId;
use tidegauge_geo::CountrySource;
use tidegauge_server::client_address::TrustedProxies;

pub use jwt::JwtSettings;
pub use limits::LimitSettings;
pub use option::{OptionValue, Origin};
pub use sources::{Effective, Sources, Unusable};
pub use store::StoreSettings;
pub use tenant_defaults::{IpAddresses, TenantDefaults};
pub use tls::TlsSettings;

use crate::commands::{DatabaseArgs, TykArgs};
use crate::logging::LogSettings;

/// Every option of `serve`.
#[derive(clap::Args)]
pub struct Settings {
    /// A TOML file with any of these options; flags and variables go before it.
    #[arg(long, value_name = "FILE", env = "TIDEGAUGE_CONFIG")]
    pub config: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080", env = "TIDEGAUGE_LISTEN")]
    pub listen: SocketAddr,
    /// The data directory; it is made when it is missing.
    #[arg(long, default_value = "./data", env = "TIDEGAUGE_DATA")]
    pub data: PathBuf,
    /// The accounts' database.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Proxies whose `X-Forwarded-For` or `Forwarded` is believed: addresses and networks, separated by commas.
    #[arg(long, default_value = "", hide_default_value = true, env = "TIDEGAUGE_TRUSTED_PROXIES")]
    pub trusted_proxies: TrustedProxies,
    /// Where the country of an address comes from when a fact names none: `bundled`, `off`, or the path of a file in
    /// MaxMind's format (.mmdb).
    #[arg(long, value_name = "SOURCE", default_value = "bundled", env = "TIDEGAUGE_COUNTRY_DATABASE")]
    pub country_database: CountrySource,
    /// The tenant whose administrators run the server itself, and every tenant.
    #[arg(long, value_name = "TENANT", default_value = "default", env = "TIDEGAUGE_OPERATOR_TENANT")]
    pub operator_tenant: TenantId,
    /// TLS.
    #[command(flatten)]
    pub tls: TlsSettings,
    /// Tokens.
    #[command(flatten)]
    pub jwt: JwtSettings,
    /// Bounds of the whole server.
    #[command(flatten)]
    pub limits: LimitSettings,
    /// What holds for tenants that nothing is set for.
    #[command(flatten)]
    pub tenant_defaults: TenantDefaults,
    /// How facts are kept.
    #[command(flatten)]
    pub store: StoreSettings,
    /// The log.
    #[command(flatten)]
    pub log: LogSettings,
    /// An address of its own for `/metrics`, which needs no credential there: a private one.
    #[arg(id = "metrics.listen", long = "metrics-listen", value_name = "ADDRESS")]
    #[arg(env = "TIDEGAUGE_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// A gateway's records.
    #[command(flatten)]
    pub tyk: TykArgs,
}

impl Settings {
    /// What no option can say of itself: which need one another.
    ///
    /// # Errors
    /// A sentence.
    pub fn check(&self) -> Result<(), String> {
        self.tls.check()?;
        self.tyk.check()
    }
}

/// A span of one second to one day.
fn seconds() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=86_400)
}

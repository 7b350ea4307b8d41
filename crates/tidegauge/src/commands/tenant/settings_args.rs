//! The options of `tidegauge tenant set`: one a setting, a value or `default`.

use std::str::FromStr;

use tidegauge_accounts::{
    BytesPerSecond, ConcurrentReports, CorsOrigins, EventsPerSecond, IdleTimeout, IpAddresses, MaxProjects,
    OpenConnections, ReportMemoryBytes, ReportSeconds, RequestsPerSecond, RetentionDays, RetentionPatch,
    TenantLimitsPatch, TenantSettingsPatch, parse_duration,
};

/// What is to be set; at least one.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = true)]
pub struct SettingsArgs {
    /// How long its connections may be silent before they count as closed: such as 10m, up to 24h, or `default`
    /// for the server's.
    #[arg(long, value_name = "TIME", value_parser = or_default(idle_timeout))]
    idle_timeout: Option<OwnOrDefault<IdleTimeout>>,
    /// Most HTTP requests per second, or `default`.
    #[arg(long, value_name = "NUMBER", value_parser = or_default(RequestsPerSecond::from_str))]
    requests_per_second: Option<OwnOrDefault<RequestsPerSecond>>,
    /// Most facts per second, or `default`.
    #[arg(long, value_name = "NUMBER", value_parser = or_default(EventsPerSecond::from_str))]
    events_per_second: Option<OwnOrDefault<EventsPerSecond>>,
    /// Most bytes of bodies per second, or `default`.
    #[arg(long, value_name = "NUMBER", value_parser = or_default(BytesPerSecond::from_str))]
    bytes_per_second: Option<OwnOrDefault<BytesPerSecond>>,
    /// Most connections held open at once, or `default`.
    #[arg(long, value_name = "NUMBER", value_parser = or_default(OpenConnections::from_str))]
    open_connections: Option<OwnOrDefault<OpenConnections>>,
    /// Most reports worked on at once, or `default`.
    #[arg(long, value_name = "NUMBER", value_parser = or_default(ConcurrentReports::from_str))]
    concurrent_reports: Option<OwnOrDefault<ConcurrentReports>>,
    /// Most memory of one report, or `default`.
    #[arg(long, value_name = "BYTES", value_parser = or_default(ReportMemoryBytes::from_str))]
    report_memory_bytes: Option<OwnOrDefault<ReportMemoryBytes>>,
    /// Most time of one report, or `default`.
    #[arg(long, value_name = "SECONDS", value_parser = or_default(ReportSeconds::from_str))]
    report_seconds: Option<OwnOrDefault<ReportSeconds>>,
    /// Most projects, the project `default` included, or `default`.
    #[arg(long, value_name = "NUMBER", value_parser = or_default(MaxProjects::from_str))]
    max_projects: Option<OwnOrDefault<MaxProjects>>,
    /// For how many days events are kept, 1 to 36500, or `default` for ever.
    #[arg(long, value_name = "DAYS", value_parser = or_default(RetentionDays::from_str))]
    keep_events: Option<OwnOrDefault<RetentionDays>>,
    /// For how many days sessions are kept, or `default`.
    #[arg(long, value_name = "DAYS", value_parser = or_default(RetentionDays::from_str))]
    keep_sessions: Option<OwnOrDefault<RetentionDays>>,
    /// For how many days connections are kept, or `default`.
    #[arg(long, value_name = "DAYS", value_parser = or_default(RetentionDays::from_str))]
    keep_connections: Option<OwnOrDefault<RetentionDays>>,
    /// For how many days API requests are kept, or `default`.
    #[arg(long, value_name = "DAYS", value_parser = or_default(RetentionDays::from_str))]
    keep_requests: Option<OwnOrDefault<RetentionDays>>,
    /// How IP addresses are stored: whole, shortened (/24, /48) or none, or `default`.
    #[arg(long, value_name = "HOW", value_parser = or_default(ip_addresses))]
    ip_addresses: Option<OwnOrDefault<IpAddresses>>,
    /// From which web pages a browser may use its data: origins such as https://app.example.com, separated by commas,
    /// `*` for all, nothing ("") for none, or `default`.
    #[arg(long, value_name = "ORIGINS", value_parser = or_default(CorsOrigins::from_str))]
    cors_origins: Option<OwnOrDefault<CorsOrigins>>,
}

impl SettingsArgs {
    /// The change that they make.
    pub fn patch(self) -> TenantSettingsPatch {
        let limits = TenantLimitsPatch {
            requests_per_second: said(self.requests_per_second),
            events_per_second: said(self.events_per_second),
            bytes_per_second: said(self.bytes_per_second),
            open_connections: said(self.open_connections),
            concurrent_reports: said(self.concurrent_reports),
            report_memory_bytes: said(self.report_memory_bytes),
            report_seconds: said(self.report_seconds),
            max_projects: said(self.max_projects),
        };
        let retention = RetentionPatch {
            events: said(self.keep_events),
            sessions: said(self.keep_sessions),
            connections: said(self.keep_connections),
            requests: said(self.keep_requests),
        };
        TenantSettingsPatch {
            idle_timeout: said(self.idle_timeout),
            limits: (limits != TenantLimitsPatch::default()).then_some(Some(limits)),
            retention: (retention != RetentionPatch::default()).then_some(Some(retention)),
            ip_addresses: said(self.ip_addresses),
            cors_origins: said(self.cors_origins),
        }
    }
}

/// A value of the tenant's own, or the server's.
#[derive(Debug, Clone)]
pub enum OwnOrDefault<T> {
    Own(T),
    Default,
}

fn said<T>(value: Option<OwnOrDefault<T>>) -> Option<Option<T>> {
    value.map(|value| match value {
        OwnOrDefault::Own(value) => Some(value),
        OwnOrDefault::Default => None,
    })
}

fn or_default<T, E: std::fmt::Display>(
    parse: fn(&str) -> Result<T, E>,
) -> impl Fn(&str) -> Result<OwnOrDefault<T>, String> + Clone {
    move |text| match text {
        "default" => Ok(OwnOrDefault::Default),
        text => parse(text).map(OwnOrDefault::Own).map_err(|error| format!("{error}; or default")),
    }
}

fn idle_timeout(text: &str) -> Result<IdleTimeout, String> {
    let time = parse_duration(text).map_err(|error| error.to_string())?;
    IdleTimeout::from_secs(time.as_secs()).map_err(|error| error.to_string())
}

fn ip_addresses(text: &str) -> Result<IpAddresses, &'static str> {
    match text {
        "whole" => Ok(IpAddresses::Whole),
        "shortened" => Ok(IpAddresses::Shortened),
        "none" => Ok(IpAddresses::None),
        _ => Err("IP addresses are stored whole, shortened or none"),
    }
}

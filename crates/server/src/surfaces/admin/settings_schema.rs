//! A tenant's settings and a key's limits in the OpenAPI document, from the bounds that their types carry.

use serde_json::json;
use tidegauge_accounts::{
    BytesPerSecond, ConcurrentReports, EventsPerSecond, MAX_CORS_ORIGINS, MAX_IDLE_TIMEOUT_SECONDS,
    MAX_ORIGIN_BYTES, MIN_IDLE_TIMEOUT_SECONDS, MaxProjects, OpenConnections, ReportMemoryBytes,
    ReportSeconds, RequestsPerSecond, RetentionDays,
};
use tidegauge_facts::Table;
use utoipa::Number;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};

use crate::openapi::{Members, named_schema, or_null};

named_schema!(
    /// What is set for a tenant.
    TenantSettings,
    || settings(Which::Answer)
);
named_schema!(
    /// What is to be set for a tenant.
    TenantSettingsChange,
    || settings(Which::Change)
);
named_schema!(
    /// The limits of one key.
    KeyLimits,
    || {
        let rates = RATES.map(|(name, least, most, told)| (name, number_or_null(least, most, told)));
        let limits = Members::new("A key's own limits, beside its tenant's; null, or absent, is none.");
        rates.into_iter().fold(limits, |limits, (name, number)| limits.optional(name, number)).closed()
    }
);

/// The two places where settings stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// All of them are there.
    Answer,
    /// What is absent stays as it is.
    Change,
}

type Bounded = (&'static str, u64, u64, &'static str);

const RATES: [Bounded; 3] = [
    ("requests_per_second", RequestsPerSecond::LEAST, RequestsPerSecond::MOST, "HTTP requests."),
    ("events_per_second", EventsPerSecond::LEAST, EventsPerSecond::MOST, "Facts of every kind."),
    ("bytes_per_second", BytesPerSecond::LEAST, BytesPerSecond::MOST, "Of request bodies."),
];
const SHARES: [Bounded; 5] = [
    (
        "open_connections",
        OpenConnections::LEAST,
        OpenConnections::MOST,
        "WebSockets and live streams at once.",
    ),
    ("concurrent_reports", ConcurrentReports::LEAST, ConcurrentReports::MOST, "Reports worked on at once."),
    ("report_memory_bytes", ReportMemoryBytes::LEAST, ReportMemoryBytes::MOST, "Memory of one report."),
    ("report_seconds", ReportSeconds::LEAST, ReportSeconds::MOST, "Time of one report."),
    ("max_projects", MaxProjects::LEAST, MaxProjects::MOST, "Projects, the one called `default` included."),
];

impl Which {
    fn of(self, answer: &'static str, change: &'static str) -> &'static str {
        if self == Self::Answer { answer } else { change }
    }

    fn member(
        self,
        members: Members,
        name: &str,
        schema: impl Into<utoipa::openapi::RefOr<Schema>>,
    ) -> Members {
        if self == Self::Answer { members.required(name, schema) } else { members.optional(name, schema) }
    }

    fn group(self, told: &str, members: impl IntoIterator<Item = Bounded>) -> Schema {
        let members = members.into_iter().fold(Members::new(told), |group, (name, least, most, told)| {
            self.member(group, name, number_or_null(least, most, told))
        });
        match members.closed().build() {
            // A whole group goes back to the defaults by null.
            Schema::Object(mut group) if self == Self::Change => {
                group.schema_type = SchemaType::from_iter([Type::Object, Type::Null]);
                Schema::Object(group)
            }
            group => group,
        }
    }
}

fn settings(which: Which) -> Members {
    let told = which.of(
        "What a tenant has otherwise than the server's defaults; null is the default.",
        "What is absent stays, null goes back to the server's default, a value is set.",
    );
    let days = Table::ALL.map(|table| (table.name(), RetentionDays::LEAST, RetentionDays::MOST, "Days."));
    let idle = number_or_null(
        MIN_IDLE_TIMEOUT_SECONDS,
        MAX_IDLE_TIMEOUT_SECONDS,
        "How long a connection may be silent before it counts as closed.",
    );
    let addresses = ["whole", "shortened", "none"].map(|name| json!(name));
    let addresses = or_null(Type::String, ObjectBuilder::new())
        .enum_values(Some(addresses.into_iter().chain([json!(null)])))
        .description(Some("How IP addresses are stored: `shortened` is /24 of IPv4 and /48 of IPv6."));
    let members = Members::new(told);
    let members = which.member(members, "idle_timeout_seconds", idle);
    let limits = which.group("How much it may take up.", RATES.into_iter().chain(SHARES));
    let members = which.member(members, "limits", limits);
    let retention = which.group("For how many days facts are kept; null is for ever.", days);
    let members = which.member(members, "retention_days", retention);
    let members = which.member(members, "ip_addresses", addresses);
    which
        .member(members, "cors_origins", origins())
        .closed()
        .example(json!({"retention_days": {"events": 90}, "ip_addresses": "shortened"}))
}

/// As browsers write them: in lower case, without a path, and without the usual port of their scheme.
fn origins() -> ArrayBuilder {
    let label = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?";
    let host = format!(r"{label}(\.{label})*");
    let port = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
    let pattern = format!(r"^(\*|https://{host}(:(?!443$){port})?|http://{host}(:(?!80$){port})?)$");
    let origin = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    ArrayBuilder::new()
        .items(origin.max_length(Some(MAX_ORIGIN_BYTES)))
        .max_items(Some(MAX_CORS_ORIGINS))
        .unique_items(true)
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .description(Some("From which web pages a browser may use the tenant's data; `*` is every page."))
}

fn number_or_null(least: u64, most: u64, told: &str) -> ObjectBuilder {
    or_null(Type::Integer, whole(least, most)).description(Some(told))
}

/// A whole number from `least` to `most`.
pub(super) fn whole(least: u64, most: u64) -> ObjectBuilder {
    let bound = |bound: u64| isize::try_from(bound).ok().map(Number::Int);
    ObjectBuilder::new().schema_type(Type::Integer).minimum(bound(least)).maximum(bound(most))
}

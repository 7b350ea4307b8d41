//! Tenants, their settings, projects, API keys and the audit log: kept in SQLite (`DATA/accounts.db`) or PostgreSQL,
//! answered from memory.
//!
//! Promise: what [`Accounts`] returned as done survives power loss; a key's text is never stored, only
//! its SHA-256; and [`KeyRing::authenticate`] touches neither the disk nor the allocator. Several
//! processes may hold the same database open, and each sees the others' changes within a second.
//! How a key travels in a request, JWTs, and what a scope allows are left to the server.

mod accounts;
mod audit;
mod backup;
mod base32;
mod bounded;
mod cors_origins;
mod create_key;
mod credential;
mod database;
mod duration_text;
mod error;
mod expiry;
mod first_start;
mod idle_timeout;
mod key_id;
mod key_name;
mod key_ring;
mod key_text;
mod last_used;
mod limits;
mod list_keys;
mod list_tenants;
mod location;
mod object;
mod patch;
mod postgres;
mod projects;
mod retention;
mod revoke_key;
mod ring_feed;
mod rotate_key;
mod scopes;
mod settings_feed;
mod sqlite_file;
mod tenant_settings;
mod watch;

pub use accounts::Accounts;
pub use audit::{AuditEntry, AuditFilter, MAX_AUDIT_DETAILS_BYTES, MAX_AUDIT_PAGE};
pub use backup::copy_accounts;
pub use bounded::{OutOfBounds, WholeNumber};
pub use cors_origins::{
    CorsOrigin, CorsOrigins, InvalidCorsOrigins, InvalidOrigin, MAX_CORS_ORIGINS, MAX_ORIGIN_BYTES,
};
pub use create_key::{KeyRequest, MAX_KEY_NAME_CHARS, MAX_KEYS, NewKey};
pub use credential::{Actor, Credential, MAX_SHOWN_CHARS};
pub use database::{BUSY_WAIT, MAX_DATABASE_CONNECTIONS};
pub use duration_text::{InvalidDuration, parse_duration};
pub use error::AccountsError;
pub use expiry::{InvalidExpiry, MAX_EXPIRY, parse_expiry};
pub use idle_timeout::{IdleTimeout, InvalidIdleTimeout, MAX_IDLE_TIMEOUT_SECONDS, MIN_IDLE_TIMEOUT_SECONDS};
pub use key_ring::{KeyRing, Principal};
pub use key_text::{InvalidKeyText, KEY_TEXT_CHARS, KeyText, SHOWN_PREFIX_CHARS};
pub use last_used::SAVE_USES_EVERY;
pub use limits::{
    BytesPerSecond, ConcurrentReports, EventsPerSecond, KeyLimits, MaxProjects, OpenConnections,
    ReportMemoryBytes, ReportSeconds, RequestsPerSecond, TenantLimits, TenantLimitsPatch,
};
pub use list_keys::KeyRow;
pub use list_tenants::TenantRow;
pub use location::{DatabaseUrl, InvalidDatabaseUrl, Location};
pub use object::Object;
pub use projects::{MAX_PROJECTS_PER_TENANT, MAX_TENANTS, ProjectRow};
pub use retention::{Retention, RetentionDays, RetentionPatch};
pub use rotate_key::MAX_ROTATION_OVERLAP;
pub use scopes::{InvalidScopes, Scope, Scopes};
pub use sqlite_file::{DATABASE_FILE, LOCK_FILE};
pub use tenant_settings::{IpAddresses, TenantSettings, TenantSettingsPatch};
pub use watch::WATCH_EVERY;

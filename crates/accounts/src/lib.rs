//! Tenants, their settings, projects and API keys: kept in SQLite (`DATA/accounts.db`), answered from memory.
//!
//! Promise: what [`Accounts`] returned as done survives power loss; a key's text is never stored, only
//! its SHA-256; and [`KeyRing::authenticate`] touches neither the disk nor the allocator. Several
//! processes may hold the same database open, and each sees the others' changes within a second.
//! How a key travels in a request, JWTs, and what a scope allows are left to the server.

mod accounts;
mod backup;
mod base32;
mod create_key;
mod database;
mod duration_text;
mod error;
mod expiry;
mod first_start;
mod idle_timeout;
mod key_id;
mod key_ring;
mod key_text;
mod list_keys;
mod list_tenants;
mod projects;
mod revoke_key;
mod ring_feed;
mod scopes;
mod settings_feed;
mod tenant_settings;
mod watch;

pub use accounts::Accounts;
pub use backup::copy_accounts;
pub use create_key::{KeyRequest, MAX_KEY_NAME_CHARS, MAX_KEYS, NewKey};
pub use database::{BUSY_WAIT, DATABASE_FILE, LOCK_FILE};
pub use duration_text::{InvalidDuration, parse_duration};
pub use error::AccountsError;
pub use expiry::{InvalidExpiry, MAX_EXPIRY, parse_expiry};
pub use idle_timeout::{IdleTimeout, InvalidIdleTimeout, MAX_IDLE_TIMEOUT_SECONDS, MIN_IDLE_TIMEOUT_SECONDS};
pub use key_ring::{KeyRing, Principal};
pub use key_text::{InvalidKeyText, KEY_TEXT_CHARS, KeyText, SHOWN_PREFIX_CHARS};
pub use list_keys::KeyRow;
pub use list_tenants::TenantRow;
pub use projects::{MAX_PROJECTS_PER_TENANT, MAX_TENANTS};
pub use scopes::{InvalidScopes, Scope, Scopes};
pub use tenant_settings::TenantSettings;
pub use watch::WATCH_EVERY;

//! What the accounts promise whichever database keeps them: each file's promises are kept on SQLite and on PostgreSQL.

pub mod audit;
pub mod keys;
pub mod rotation;
pub mod tenant_settings;
pub mod tenants_and_projects;
pub mod two_processes;

//! Rebuilds the crate when a migration is added: `sqlx::migrate!` alone notices only the known files.

fn main() {
    println!("cargo:rerun-if-changed=migrations/sqlite");
    println!("cargo:rerun-if-changed=migrations/postgres");
}

//! Where accounts are kept: in a data directory, or in a PostgreSQL database that a URL names.
//!
//! Promise: a URL's password shows up in no `Debug` and no `Display` output, nor in an error about the URL.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::ConnectOptions as _;
use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// Where the accounts of a server are kept.
#[derive(Debug, Clone)]
pub enum Location {
    /// In `accounts.db` of this directory, which must exist.
    Directory(PathBuf),
    /// In a PostgreSQL database, which must exist; its tables are made.
    Database(DatabaseUrl),
}

impl From<&Path> for Location {
    fn from(directory: &Path) -> Self {
        Self::Directory(directory.to_owned())
    }
}

impl From<PathBuf> for Location {
    fn from(directory: PathBuf) -> Self {
        Self::Directory(directory)
    }
}

impl From<DatabaseUrl> for Location {
    fn from(url: DatabaseUrl) -> Self {
        Self::Database(url)
    }
}

/// Why a text is no database's URL; it is not repeated, since a password may be in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a database URL is postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters of its parts percent-encoded; \
     for a socket postgres:///DATABASE?host=/DIRECTORY&user=USER"
)]
pub struct InvalidDatabaseUrl;

/// The URL of a PostgreSQL database. It may hold a password: `Debug` and `Display` leave it out.
#[derive(Clone)]
pub struct DatabaseUrl {
    options: AnyConnectOptions,
    shown: String,
}

impl DatabaseUrl {
    /// How to connect to it.
    pub(crate) fn options(&self) -> AnyConnectOptions {
        self.options.clone()
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let text = text.trim();
        if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(InvalidDatabaseUrl);
        }
        let options: AnyConnectOptions = text.parse().map_err(|_| InvalidDatabaseUrl)?;
        let postgres = PgConnectOptions::from_url(&options.database_url).map_err(|_| InvalidDatabaseUrl)?;
        let host = postgres.get_socket().map_or(postgres.get_host().into(), |path| path.to_string_lossy());
        let (user, port) = (postgres.get_username(), postgres.get_port());
        // PostgreSQL's rule: a database that is not named has the user's name.
        let database = postgres.get_database().unwrap_or(user);
        Ok(Self { shown: format!("postgres://{user}@{host}:{port}/{database}"), options })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let known = [
            ("postgres://tide:s3cret@db.example:6432/accounts", "postgres://tide@db.example:6432/accounts"),
            ("postgresql://tide:s3cr%2Fet@[::1]/", "postgres://tide@[::1]:5432/tide"),
            ("postgres:///a?host=/run/pg&user=u&password=s3cret", "postgres://u@/run/pg:5432/a"),
        ];
        for (text, shown) in known {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?} {:?}", Location::from(url.clone())).contains("s3cr"), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        let wrong = [
            "",
            "s3cret",
            "mysql://u:s3cret@h/d",
            "sqlite://s3cret.db",
            "postgres:s3cret",
            "postgres://u:s3cret@h:port/d",
            "postgres://u:s3cret@h/d?sslmode=perhaps",
        ];
        for text in wrong {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{text}");
        }
    }
}

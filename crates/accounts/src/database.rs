//! An open accounts database, SQLite's or PostgreSQL's: connections to it, and one writer at a time.
//!
//! Promise: the same queries do for both (`$1` is a placeholder in both); a commit is durable when it returns; what
//! a write transaction reads stays true until it commits, as no other writer of any process is let in meanwhile.
//! Where the two differ is here, in `sqlite_file`, `postgres` and in the two folders of migrations.

use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Transaction};

use crate::credential::OneLine;
use crate::error::AccountsError;
use crate::location::Location;
use crate::postgres;
use crate::sqlite_file::{self, SqliteFile};

/// How long a write, or an opening, waits for another process before it gives up.
pub const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Most connections of a process to its accounts: one is for reading what others changed, which no crowd of other
/// questions holds up, and the rest are for everything else.
pub const MAX_DATABASE_CONNECTIONS: u32 = 5;
const WATCHING_CONNECTIONS: u32 = 1;

/// Rows read at a time, so that a million keys are never in memory as rows; a page of them is also the most
/// that holds up the ring's readers at once.
pub(crate) const PAGE_ROWS: usize = 5_000;

/// A call waits for a free connection while others wait, each in its turn, for the database; a server that does not
/// answer is waited for as long.
pub(crate) const CONNECTION_WAIT: Duration = Duration::from_secs(10);

/// An open accounts database.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) pool: AnyPool,
    /// For reading changes alone.
    pub(crate) watching: AnyPool,
    place: Arc<Place>,
}

/// Which of the two a database is, and how its errors name it.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Sqlite(String),
    Postgres(String),
}

impl Place {
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Sqlite(shown) | Self::Postgres(shown) => shown,
        }
    }

    fn migrations(&self) -> &'static Migrator {
        static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
        static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");
        match self {
            Self::Sqlite(_) => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }

    fn connection_rules(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite_file::CONNECTION_RULES,
            Self::Postgres(_) => postgres::CONNECTION_RULES,
        }
    }
}

impl Database {
    /// Opens the database at `location`; makes its tables and brings them up to date as needed.
    pub(crate) async fn open(location: &Location) -> Result<Self, AccountsError> {
        sqlx::any::install_default_drivers();
        match location {
            Location::Directory(data_dir) => {
                let file = SqliteFile::make(data_dir).await?;
                let options = file.options()?;
                Self::open_at(Place::Sqlite(file.path.display().to_string()), options).await
            }
            Location::Database(url) => Self::open_at(Place::Postgres(url.to_string()), url.options()).await,
        }
    }

    async fn open_at(place: Place, options: AnyConnectOptions) -> Result<Self, AccountsError> {
        let options = options.disable_statement_logging();
        let failed = |source| AccountsError::from_database(&place, source);
        // A connection of its own first: a pool would not say why it gets none.
        let mut first = tokio::time::timeout(CONNECTION_WAIT, options.connect())
            .await
            .map_err(|_| failed(sqlx::Error::PoolTimedOut))?
            .map_err(failed)?;
        sqlx::raw_sql(place.connection_rules()).execute(&mut first).await.map_err(failed)?;
        if let Place::Postgres(_) = place {
            postgres::check_version(&mut first, &place).await?;
        }
        first.close().await.map_err(failed)?;

        let rules = place.connection_rules();
        let pool_of = |most| {
            AnyPoolOptions::new()
                .max_connections(most)
                .acquire_timeout(CONNECTION_WAIT)
                .after_connect(move |connection, _| {
                    Box::pin(async move { sqlx::raw_sql(rules).execute(connection).await.map(drop) })
                })
                .connect_lazy_with(options.clone())
        };
        let pool = pool_of(MAX_DATABASE_CONNECTIONS - WATCHING_CONNECTIONS);
        let watching = pool_of(WATCHING_CONNECTIONS);
        let migrated = place.migrations().run(&pool).await;
        migrated.map_err(|e| AccountsError::from_migration(&place, e))?;
        Ok(Self { pool, watching, place: Arc::new(place) })
    }

    /// A transaction that holds the write lock from its start: what it reads stays true until it commits.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Any>, AccountsError> {
        match *self.place {
            Place::Sqlite(_) => self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(|e| self.error(e)),
            Place::Postgres(_) => {
                let mut transaction = self.pool.begin().await.map_err(|e| self.error(e))?;
                postgres::lock_out_writers(&mut transaction).await.map_err(|e| self.error(e))?;
                Ok(transaction)
            }
        }
    }

    /// Makes what `transaction` did durable.
    pub(crate) async fn commit(&self, transaction: Transaction<'static, Any>) -> Result<(), AccountsError> {
        transaction.commit().await.map_err(|e| self.error(e))
    }

    /// The sentence for what the database reported.
    pub(crate) fn error(&self, source: sqlx::Error) -> AccountsError {
        AccountsError::from_database(&self.place, source)
    }

    pub(crate) fn unreadable_row(&self, what: &'static str) -> AccountsError {
        AccountsError::UnreadableRow { place: self.place.shown().to_owned(), what }
    }

    pub(crate) fn unreadable_settings(&self, tenant: &str) -> AccountsError {
        let tenant = OneLine(tenant).to_string();
        AccountsError::UnreadableSettings { place: self.place.shown().to_owned(), tenant }
    }

    /// Its file, or its URL without a password.
    pub(crate) fn shown(&self) -> &str {
        self.place.shown()
    }
}

/// A connection, of a pool or of a transaction.
pub(crate) type DatabaseConnection = AnyConnection;
/// A row of either.
pub(crate) type DatabaseRow = sqlx::any::AnyRow;

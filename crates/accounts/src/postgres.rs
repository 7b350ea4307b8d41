//! What PostgreSQL needs that SQLite does not: rules of a connection, a lock against other writers, a version.
//!
//! Promise: a commit is on the server's disk when it returns, whatever the server's default is; nothing waits for
//! ever for a lock.

use sqlx::AnyConnection;

use crate::database::Place;
use crate::error::AccountsError;

/// The oldest version that is taken, as `server_version_num` counts: 14, the oldest that is maintained.
pub(crate) const MIN_VERSION: i64 = 140_000;

/// The number of the lock that a writer of accounts holds; PostgreSQL keeps such locks per database.
const WRITE_LOCK: i64 = 0x7469_6465_6761_7567;

/// What each connection is told. A lock is waited for as long as in SQLite; a process that hangs inside a transaction
/// does not keep the others out for ever.
pub(crate) const CONNECTION_RULES: &str = "SET lock_timeout = 5000; SET statement_timeout = 60000; \
    SET idle_in_transaction_session_timeout = 60000; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// Lets no other writer in until `transaction` ends.
pub(crate) async fn lock_out_writers(transaction: &mut AnyConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITE_LOCK).execute(transaction).await.map(drop)
}

/// Refuses a server that is too old.
pub(crate) async fn check_version(
    connection: &mut AnyConnection,
    place: &Place,
) -> Result<(), AccountsError> {
    let version: i64 = sqlx::query_scalar("SELECT current_setting('server_version_num')::bigint")
        .fetch_one(connection)
        .await
        .map_err(|e| AccountsError::from_database(place, e))?;
    if version < MIN_VERSION {
        return Err(AccountsError::ServerTooOld {
            place: place.shown().to_owned(),
            version: format!("{}.{}", version / 10_000, version % 10_000),
        });
    }
    Ok(())
}

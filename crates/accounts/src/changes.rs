//! Reading on in a table whose rows carry the number of their last change.
//!
//! Promise: no change is passed over, also when the database is suddenly an older one than what was read of it, as when
//! a replica that lacked the last commits took the primary's place, or a backup was restored under a running server:
//! then [`Changes::next`] says so, and the reader begins anew. Numbers are handed out under the write lock and rows are
//! never deleted, so that the greatest number only grows in one and the same database.

use sqlx::Row as _;

use crate::database::{Database, DatabaseRow, PAGE_ROWS};
use crate::error::AccountsError;

/// How far a reader has come: nowhere yet, or to the row with the greatest number that it has seen.
#[derive(Default)]
pub(crate) struct Changes {
    last: Option<(i64, String)>,
}

/// Rows with the next numbers.
pub(crate) struct Page {
    pub(crate) rows: Vec<DatabaseRow>,
    /// Whether there are no more.
    pub(crate) is_last: bool,
}

impl Changes {
    /// The number of the last change read; no change has number 0.
    pub(crate) fn number(&self) -> i64 {
        self.last.as_ref().map_or(0, |(number, _)| *number)
    }

    /// The next page; `None` when the database does not hold what was read of it before.
    ///
    /// `sql` selects `change`, `row_name` (what the row is of) and the rest from the rows from number $1 on, in the
    /// order of their numbers, at most $2 of them.
    pub(crate) async fn next(
        &mut self,
        database: &Database,
        sql: &'static str,
    ) -> Result<Option<Page>, AccountsError> {
        let mut rows = sqlx::query(sql)
            .bind(self.number())
            .bind(PAGE_ROWS as i64)
            .fetch_all(&database.watching)
            .await
            .map_err(|e| database.error(e))?;
        let is_last = rows.len() < PAGE_ROWS;
        let named = |row: &DatabaseRow| -> Result<(i64, String), AccountsError> {
            let number = row.try_get("change").map_err(|e| database.error(e))?;
            Ok((number, row.try_get("row_name").map_err(|e| database.error(e))?))
        };
        let next = rows.last().map(named).transpose()?;
        if let Some(last) = &self.last {
            // The row of the last number has it still, or a greater one by now: some row has that number or more.
            let Some(first) = rows.first().map(named).transpose()? else { return Ok(None) };
            if first == *last {
                rows.remove(0);
            } else if first.0 == last.0 {
                return Ok(None);
            }
        }
        self.last = next;
        Ok(Some(Page { rows, is_last }))
    }
}

//! Rows into the store, in the order of their file.

use std::collections::hash_map::Entry;
use std::time::Duration;

use tidegauge_facts::{Connection, Event, Micros, Request, Session, Table};
use tidegauge_store::{Appended, Fingerprint, Refused, Store};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::access_log::LogTarget;
use crate::error::ImportError;
use crate::identity::Identified;
use crate::parse::Rows;
use crate::recent::Left;

/// How often it is looked, while there is no room, whether some can still come.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Appends the rows of one file.
pub(crate) struct Appender<'a> {
    store: &'a Store,
    target: LogTarget<'a>,
    runtime: Runtime,
    /// Rows behind the record that a crash has left in the store.
    left: Left,
    /// When the last rows were taken in: it never goes back within an import, whatever the clock does.
    stamp: i64,
}

impl<'a> Appender<'a> {
    pub fn new(store: &'a Store, target: LogTarget<'a>, left: Left, since: i64) -> Result<Self, ImportError> {
        let runtime = Builder::new_current_thread().enable_time().build();
        let runtime =
            runtime.map_err(ImportError::io("cannot wait for", std::path::Path::new("the disk")))?;
        Ok(Self { store, target, runtime, left, stamp: since })
    }

    /// No row that comes is taken in before this instant.
    pub fn stamp(&self) -> i64 {
        self.stamp
    }

    /// Appends the first `most` rows of a piece.
    pub fn append(&mut self, rows: &Rows, most: usize) -> Result<Appended, ImportError> {
        self.stamp = self.stamp.max(Micros::now().0);
        match rows {
            Rows::Log(rows) => {
                let (target, at) = (self.target, self.stamp);
                self.append_all(|| rows.requests(most, target, at))
            }
            Rows::Cells { rows, received_at } => {
                let lists = rows.all_lists();
                let received_at = (*received_at, self.stamp);
                match rows.table() {
                    Table::Events => self.append_all(|| rows.rows::<Event<'_>>(&lists, received_at, most)),
                    Table::Sessions => {
                        self.append_all(|| rows.rows::<Session<'_>>(&lists, received_at, most))
                    }
                    Table::Connections => {
                        self.append_all(|| rows.rows::<Connection<'_>>(&lists, received_at, most))
                    }
                    Table::Requests => {
                        self.append_all(|| rows.rows::<Request<'_>>(&lists, received_at, most))
                    }
                }
            }
        }
    }

    fn append_all<R: Identified, I: Iterator<Item = R>>(
        &mut self,
        rows: impl Fn() -> I,
    ) -> Result<Appended, ImportError> {
        let store = self.store;
        let print = |row: &R| store.fingerprint(row.tenant(), row.project(), R::TABLE, &row.id());
        if self.left.is_empty() {
            return self.wait_for_room(|| {
                store.append(rows().map(|row| (row.is_named().then(|| print(&row)), row)))
            });
        }
        let left = &mut self.left;
        let is_there: Vec<bool> = rows()
            .map(|row| match row.is_named() {
                // It is stored once however often it stands in the file, and also when the store has forgotten its name.
                true => left.contains_key(&print(&row)),
                false => take_one(left, print(&row)),
            })
            .collect();
        let mut appended = self.wait_for_room(|| {
            let missing = rows().zip(&is_there).filter(|(_, is_there)| !**is_there);
            store.append(missing.map(|(row, _)| (row.is_named().then(|| print(&row)), row)))
        })?;
        appended.repeated += is_there.iter().filter(|is_there| **is_there).count();
        Ok(appended)
    }

    fn wait_for_room(&self, append: impl Fn() -> Result<Appended, Refused>) -> Result<Appended, ImportError> {
        loop {
            // Asked for before the try, so that no waking is missed.
            let room = self.store.room();
            match append() {
                Ok(appended) => return Ok(appended),
                Err(Refused::Busy) => {
                    // Room comes of flushes: where these fail, none may ever come.
                    if let Some(reason) = self.store.health().flush_error {
                        return Err(ImportError::Stopped { reason });
                    }
                    // Room or none, it is tried again.
                    let _ = self.runtime.block_on(async { timeout(LOOK_EVERY, room).await });
                }
                Err(Refused::DiskFull) => return Err(ImportError::DiskFull),
                Err(Refused::Stopped) => {
                    let reason =
                        self.store.health().commit_error.unwrap_or_else(|| "it is closing".to_owned());
                    return Err(ImportError::Stopped { reason });
                }
            }
        }
    }
}

/// Takes one of these rows out; false when there is none.
fn take_one(left: &mut Left, row: Fingerprint) -> bool {
    let Entry::Occupied(mut found) = left.entry(row) else { return false };
    if *found.get() > 1 {
        *found.get_mut() -= 1;
    } else {
        found.remove();
    }
    true
}

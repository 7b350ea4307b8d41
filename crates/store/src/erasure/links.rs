//! The sessions and connections that are found to be a person's, as prints that lead to nobody.
//!
//! Promise: they are on the disk before the rows that tell of them go, so that what is joined through them is found again
//! after a crash.

use std::collections::HashSet;
use std::fs;
use std::io;

use ahash::RandomState;
use tidegauge_facts::Table;

use super::{ErasureId, record};
use crate::dedupe::{Fingerprint, Fingerprinter};
use crate::directory::{DataDir, replace_file};
use crate::error::StoreError;

/// Sessions and connections that are found at once, of all persons together; about 35 bytes each.
pub(super) const MAX_LINKS: usize = 2_000_000;

#[derive(Debug)]
pub(super) struct Links {
    id: ErasureId,
    printer: Fingerprinter,
    prints: HashSet<u128, RandomState>,
    is_changed: bool,
}

impl Links {
    /// Those that an earlier try has found.
    pub fn load(dir: &DataDir, id: ErasureId) -> Result<Self, StoreError> {
        let path = record::links_path(dir, id);
        let content = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(StoreError::io("cannot read", &path))?,
        };
        let (prints, _) = content.as_chunks::<16>();
        let prints = prints.iter().map(|bytes| u128::from_le_bytes(*bytes)).collect();
        Ok(Self { id, printer: Fingerprinter::with_keys(id.0.as_u64_pair()), prints, is_changed: false })
    }

    /// A session's print: sessions are joined by their ids within a tenant.
    pub fn of_session(&self, session: &str) -> Fingerprint {
        self.printer.of("", "", Table::Sessions, session)
    }

    /// A connection's print: its id is its own within a project.
    pub fn of_connection(&self, project: &str, connection: &str) -> Fingerprint {
        self.printer.of("", project, Table::Connections, connection)
    }

    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    pub fn contains(&self, print: Fingerprint) -> bool {
        self.prints.contains(&print.bits())
    }

    pub fn len(&self) -> usize {
        self.prints.len()
    }

    pub fn insert(&mut self, print: Fingerprint) {
        self.is_changed |= self.prints.insert(print.bits());
    }

    pub fn save(&mut self, dir: &DataDir) -> Result<(), StoreError> {
        if std::mem::take(&mut self.is_changed) {
            let content: Vec<u8> = self.prints.iter().flat_map(|print| print.to_le_bytes()).collect();
            replace_file(&record::links_path(dir, self.id), &content)?;
        }
        Ok(())
    }
}

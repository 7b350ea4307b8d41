//! Traffic: API requests added up by hour, day and month, so that a report over any span costs what its answer costs.
//!
//! What is added up stands in *parts*: files of sorted entries, each a [`Measure`] under a key. A flush writes the part of
//! the requests that it moves into segments, small parts are merged, and a reader adds up what it finds in all of them.
//! Promise: the parts of a manifest have measured each request in its segments once. They can be made again from
//! the facts, and are when they are of another version or damaged; until then [`Traffic::is_whole`] says no.

mod block;
mod compact;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod key;
mod measure;
mod part;
mod tally;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::error::StoreError;

pub(crate) use compact::{can_tidy, compact, rebuild, tidy};
pub use key::{Family, Level, Texts};
pub use measure::{Hit, Measure, NETWORK_STATISTICS};
pub(crate) use part::{Part, PartMeta, name as part_name, remove_orphans};
pub(crate) use tally::write_tally;

/// The version of what is added up, and how it is written. Another one is not read, but made anew.
pub(crate) const VERSION: u32 = 2;

/// What is added up of the requests in segments.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    pub(crate) parts: Vec<Arc<Part>>,
    /// The parts are to be made anew.
    pub(crate) is_stale: bool,
}

/// What is read: some requests of one tenant.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Whose.
    pub tenant: &'a str,
    /// How they are told apart.
    pub family: Family,
    /// The key or the OAuth client; empty for a family of all.
    pub who: &'a str,
    /// How long the spans are.
    pub level: Level,
    /// The spans; see [`Level::span`].
    pub spans: Range<i64>,
}

/// Some requests added up.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The span they fall in; see [`Level::span`].
    pub span: i64,
    /// What else they have in common.
    pub texts: Texts<'a>,
    /// Them.
    pub measure: &'a Measure,
}

impl Traffic {
    /// Whether every request in a segment is measured here; if not, only the facts know.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.is_stale && !self.parts.iter().any(|part| part.is_damaged())
    }

    /// Visits what is wanted; the same texts may come several times.
    ///
    /// # Errors
    /// A part cannot be read. If it is damaged, the parts are no longer whole, and will be made anew.
    pub fn visit(&self, wanted: &Wanted<'_>, mut visit: impl FnMut(Entry<'_>)) -> Result<(), StoreError> {
        let prefix = key::prefix(wanted);
        let (from, to) = (key::at_span(&prefix, wanted.spans.start), key::at_span(&prefix, wanted.spans.end));
        for part in &self.parts {
            part.visit(&from, &to, |key, measure| {
                let (span, texts) = key::after_prefix(key, prefix.len());
                visit(Entry { span, texts, measure });
            })?;
        }
        Ok(())
    }

    pub(crate) fn of_parts(dir: &Path, parts: Vec<PartMeta>) -> Self {
        Self {
            parts: parts.into_iter().map(|meta| Arc::new(Part::new(dir, meta))).collect(),
            is_stale: false,
        }
    }
}

//! Where facts are kept: log, hot, segments, manifest, and the gauges beside them.
//!
//! ```text
//! append ─ open group ─ commit (log, fdatasync) ─ hot + gauges ─ flush (segments, manifest)
//!                              └─ only now is a ticket good
//! ```
//! Promise: what a ticket has confirmed survives `kill -9` and power loss, is there once, and is seen by
//! every view taken afterwards. Readers never wait for the disk, and writers never wait for readers.

mod aligned;
pub mod backup;
mod budget;
mod check;
mod checkpoint;
mod commit;
mod compact;
pub mod connections;
mod cursor;
mod dedupe;
mod directory;
mod erasure;
mod error;
mod feed;
mod flush;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gauges;
mod hot;
mod intake;
mod log;
mod log_recovery;
mod manifest;
mod merge;
mod newest_first;
pub mod parquet_panic;
mod pieces;
mod read;
mod recovery;
mod remembered;
mod replace;
mod retention;
mod rows;
mod segment;
mod shared;
mod snapshot;
mod store;
mod tend;
#[cfg(test)]
mod tests;
pub mod traffic;

pub use budget::{Budget, Reader};
pub use check::{CheckReport, check};
pub use dedupe::{DEFAULT_MAX_IDS, Fingerprint};
pub use directory::{DataDir, FORMAT};
pub use erasure::{
    EraseRefused, Erased, Erasure, ErasureId, ErasureState, MAX_DONE_ERASURES, MAX_PERSON_BYTES,
    MAX_WAITING_ERASURES, Person,
};
pub use error::{NotDurable, Refused, StoreError};
pub use feed::{Followed, Follower, MAX_FOLLOWED_BYTES, Published};
pub use gauges::{Covered, EventCounts, Gauges, Horizon, MAX_AHEAD, MAX_NAMES, ProjectGauges, TenantGauges};
pub use hot::{Hot, MAX_RESIDENT_BYTES, MAX_RESIDENT_FACTS, Part};
pub use intake::{Appended, MAX_GROUP_BYTES, Ticket};
pub use log::LOG_FILE_BYTES;
pub use log_recovery::Damage;
pub use manifest::Manifest;
pub use newest_first::{NewestFirst, Position};
pub use pieces::Piece;
pub use retention::{REQUEST_RETENTION_CHECK_EVERY, RETENTION_CHECK_EVERY, RETENTION_PAUSE, RetentionDays};
pub use rows::{Query, RowTest};
pub use segment::{Segment, SegmentMeta};
pub use shared::{Health, Options};
pub use snapshot::{Snapshot, View};
pub use store::Store;

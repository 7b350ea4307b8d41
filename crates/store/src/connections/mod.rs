//! Connections: which are open, which were, and how many at once.
//!
//! ```text
//! messages ─ lives (ledger: open ones, and those that ended in the last day) ─ peaks by the minute
//!                └─ what ended before is read from the facts    └─ peaks by hour and day (past)
//! ```
//! Promise: every number is a function of the set of messages, whatever order they came in, and of the clock.
//! The ledger lives in memory and is read from the facts when the store opens; a checkpoint keeps the past.

mod chunks;
pub(crate) mod forget;
mod from_facts;
mod groups;
mod idle;
mod interner;
mod ledger;
mod life;
mod message;
mod past;
mod peaks;
mod tenant;

pub use from_facts::{MAX_CONNECTIONS_READ, connections_since};
pub(crate) use from_facts::{peaks_of, read_until};
pub use groups::Group;
pub(crate) use ledger::LedgerPast;
pub use ledger::{DEFAULT_IDLE, Ledger, MAX_IDLE, MAX_LIVES};
pub use life::{Life, NONE};
pub(crate) use message::Messages;
pub use past::PastPeaks;
pub use peaks::Peaks;
pub use tenant::{Description, Lives, ProjectLedger, TenantLedger};

//! How load is made: `crew` runs lines (connections) on a few threads, `closed` sends as fast as answers come, `open`
//! sends on a schedule, `tally` holds what was seen. What is sent, and over which protocol, is a `Target`'s matter.

pub mod closed;
pub mod crew;
pub mod http;
pub mod open;
pub mod response;
pub mod tally;

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

/// Something that takes batches: it makes the lines that a run sends over.
pub trait Target: Sync {
    /// One connection of this target.
    type Line: Line + 'static;

    /// Opens the `nth` of `of` connections.
    fn connect(&self, nth: usize, of: usize) -> impl Future<Output = anyhow::Result<Self::Line>>;
}

/// One connection with its own share of requests.
pub trait Line {
    /// Sends the next request and waits for its answer. An error ends the whole run.
    fn send(&mut self) -> impl Future<Output = anyhow::Result<Reply>>;
}

/// What the receiver said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It acknowledged this many events.
    Taken(u32),
    /// It has no room now (503), nothing was stored, and asks to wait this long.
    Refused(Duration),
}

/// What the threads of a run share with each other and with the sampler.
#[derive(Default)]
pub struct Progress {
    /// Events acknowledged so far.
    pub events: AtomicU64,
    /// Set when a line failed: the others stop at their next request.
    pub abort: AtomicBool,
}

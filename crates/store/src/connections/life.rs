//! One connection's life, as its messages tell it.
//!
//! Promise: a life is a function of the set of its messages, whatever order they come in and however often:
//! it was opened at the earliest instant of any, and the newest one says whether it is closed. Of two at one
//! instant, the one that says more counts: close before activity before open.

use tidegauge_facts::connections::State;

/// No text: a connection without a key, or without a user.
pub const NONE: u32 = u32::MAX;

const RANK: u32 = 0b11;
const OPEN: u32 = 1 << 2;
const LIVE: u32 = 1 << 3;
const SCHEDULED: u32 = 1 << 4;

/// A connection's life: what reports go through by the million. Instants are microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// When it was opened.
    pub opened: i64,
    /// The newest message's instant; once the connection has ended, when it ended.
    pub last: i64,
    /// Its service, protocol, data center and project: see [`super::Lives::groups`].
    pub group: u32,
    /// Its API key, as a code within its tenant; [`NONE`] without one.
    pub key: u32,
    /// Its user, as a code within its tenant; [`NONE`] without one.
    pub user: u32,
    flags: u32,
}

impl Life {
    /// A place that no connection has.
    pub(super) const VACANT: Self = Self { opened: 0, last: 0, group: NONE, key: NONE, user: NONE, flags: 0 };

    pub(super) fn begin(opened: i64, at: i64, state: State, group: u32) -> Self {
        Self { opened, last: at, group, flags: state as u32, ..Self::VACANT }
    }

    /// True when a connection has this place.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.group != NONE
    }

    /// True while it counts as open: not closed, and not silent for the idle timeout.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.flags & OPEN != 0
    }

    /// True for a WebSocket of this server's own.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.flags & LIVE != 0
    }

    /// When its life ends: at `now` for an open one.
    #[must_use]
    pub fn end(&self, now: i64) -> i64 {
        if self.is_open() { now.max(self.last) } else { self.last }
    }

    /// True when it was open at some moment from `from` to `to`, both included.
    #[must_use]
    pub fn overlaps(&self, from: i64, to: i64) -> bool {
        self.opened <= to && (self.is_open() || self.last >= from)
    }

    /// Takes a message in, and says whether it is the newest one so far.
    pub(super) fn merge(&mut self, opened: i64, at: i64, state: State) -> bool {
        self.opened = self.opened.min(opened);
        let is_newest = (at, state as u32) > (self.last, self.flags & RANK);
        if is_newest {
            self.last = at;
            self.flags = self.flags & !RANK | state as u32;
        }
        is_newest
    }

    /// Whether it ought to count as open at `now`.
    pub(super) fn should_be_open(&self, idle: i64, now: i64) -> bool {
        self.flags & RANK != State::Close as u32 && now <= self.last.saturating_add(idle)
    }

    /// True when its newest message closed it; one that fell silent is closed without.
    #[must_use]
    pub fn is_closed_by_message(&self) -> bool {
        self.flags & RANK == State::Close as u32
    }

    pub(super) fn set_open(&mut self, open: bool) {
        self.set(OPEN, open);
    }

    pub(super) fn set_live(&mut self) {
        self.set(LIVE, true);
    }

    /// True when the place is in the queue of idle deadlines.
    pub(super) fn is_scheduled(&self) -> bool {
        self.flags & SCHEDULED != 0
    }

    pub(super) fn set_scheduled(&mut self, scheduled: bool) {
        self.set(SCHEDULED, scheduled);
    }

    fn set(&mut self, flag: u32, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }
}

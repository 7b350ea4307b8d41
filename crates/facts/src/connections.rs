//! `connections`: each row is a version of one connection (spec section 6); the newest one counts.

use crate::columns::{Flag, Instant, Int, Label, Name, Named, Text};
use crate::table::{Table, table};

table! {
    /// One version of a connection, as a message told it.
    row Connection, columns ConnectionColumns, table Table::Connections, in connections;
    required {
        /// Whose it is.
        tenant_id: Label,
        /// The part of the tenant it belongs to.
        project_id: Label,
        /// The connection, as the platform names it; `socketId` in the projects surface.
        connection_id: Text,
        /// The instant this version tells of (`at` on the wire).
        event_time: Instant,
        /// When the server took it in.
        received_at: Instant,
        /// What the message told.
        state: Name<State>,
        /// Seed 001's `serviceName`.
        service_name: Label,
        /// Seed 001's `protocolName`.
        protocol_name: Label,
        /// Seed 001's `dataCenter`.
        data_center: Label,
        /// When it was opened.
        opened_at: Instant,
    }
    optional {
        /// When it was closed; null while it is open.
        closed_at: Instant,
        /// SHA-256 of the key that opened it, in hex: the key itself is never kept.
        api_key_hash: Label,
        /// The person, as the platform names them.
        user_id: Text,
        /// The peer's address.
        ip: Label,
        /// Bytes received so far.
        bytes_in: Int,
        /// Bytes sent so far.
        bytes_out: Int,
        /// Why it was closed.
        close_reason: Label,
        /// The machine that holds it.
        host: Label,
        /// True when the server gave the message its instant: such a message has no name to be repeated by.
        at_assigned: Flag,
        /// True for a WebSocket of this server's own: it ends at the latest when the server does.
        is_live: Flag,
    }
}

/// A connection's state, as a message tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It has been opened.
    Open,
    /// It has been active.
    Activity,
    /// It has been closed.
    Close,
}

impl State {
    /// The wire's text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The state of exactly this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Activity, Self::Close].into_iter().find(|state| state.as_str() == name)
    }
}

impl Named for State {
    const NAMES: &'static [&'static str] = &["open", "activity", "close"];

    fn code(self) -> u8 {
        self as u8
    }
}

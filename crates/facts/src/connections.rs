//! `connections`: each row is a version of one connection (spec section 6); the newest one counts.

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
        /// `open`, `activity` or `close`.
        state: Label,
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
    }
}

/// A connection's state, as a message tells it.
pub mod state {
    /// It has been opened.
    pub const OPEN: &str = "open";
    /// It has been active.
    pub const ACTIVITY: &str = "activity";
    /// It has been closed.
    pub const CLOSE: &str = "close";
}

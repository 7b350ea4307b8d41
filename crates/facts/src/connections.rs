//! `connections`: each row is a version of one connection (spec section 6); the newest one counts.

use uuid::Uuid;

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

    /// The one of exactly this name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Open, Self::Activity, Self::Close].into_iter().find(|state| state.as_str() == text)
    }
}

impl Named for State {
    const NAMES: &'static [&'static str] = &["open", "activity", "close"];

    fn code(self) -> u8 {
        self as u8
    }

    fn from_name(text: &str) -> Option<Self> {
        Self::from_name(text)
    }
}

/// The name by which a message that carries its own instant (`at`, in microseconds) is known, so that a repeat of it is
/// stored once: two messages of one connection, state and instant say the same.
#[must_use]
pub fn message_id(connection_id: &str, state: &str, at: i64) -> String {
    // NUL passes no door, so that no id can run into what follows it.
    format!("{connection_id}\0{state}\0{at}")
}

/// The id by which reports name an API key: a UUIDv8 (RFC 9562) of the first 122 bits of the hash kept of it
/// (`api_key_hash`), so that equal keys have equal ids and an id leads to no key. `None` for what is no hash in hex.
#[must_use]
pub fn api_key_id(hash: &str) -> Option<Uuid> {
    let front = hash.get(..32)?;
    let bits = u128::from_str_radix(front, 16).ok()?;
    Some(uuid::Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in [State::Open, State::Activity, State::Close] {
            assert_eq!(State::from_name(state.as_str()), Some(state));
        }
        assert_eq!(State::from_name("Open"), None);
    }

    #[test]
    fn a_message_is_named_by_its_connection_its_state_and_its_instant() {
        assert_eq!(message_id("c", "open", 5), ["c", "open", "5"].join("\0"));
        assert_ne!(message_id("c", "open", 5), message_id("c", "close", 5));
    }

    #[test]
    fn a_key_has_one_id_and_what_is_no_hash_has_none() {
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let id = api_key_id(hash).unwrap();
        assert_eq!(id.to_string(), "ba7816bf-8f01-8fea-8141-40de5dae2223");
        assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122));
        for text in ["", "abc", "zz7816bf8f01cfea414140de5dae2223", &"é".repeat(40)] {
            assert_eq!(api_key_id(text), None, "{text}");
        }
    }
}

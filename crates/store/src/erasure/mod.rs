//! Erasure: a person's rows leave every file of the data directory.
//!
//! Promise: a request is durable before its id is told, and is carried out however often the process dies meanwhile. What
//! was committed before the request goes, of the person's tenant alone, and nobody else's row is lost or doubled; what
//! comes later is new. Once it says done, no file holds the person's id, the file of the request included.
//!
//! Whose a row is: its own column says so; where it has none, its session does (or, among messages about a connection,
//! its connection), if a row of that names the person. A tenant's requests take effect in their order: each sees the rows as
//! those before it leave them, whether they share a pass or not.

mod carry_out;
mod links;
mod logs;
mod person;
mod record;
mod register;
mod request;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tidegauge_facts::Micros;
use uuid::Uuid;

use crate::error::StoreError;

pub(crate) use carry_out::carry_out;
pub(crate) use record::inspect;
pub(crate) use register::Register;
pub(crate) use request::request;

/// A tenant's requests that may wait or be under way at once.
pub const MAX_WAITING_ERASURES: usize = 100;
/// A tenant's erasures that are remembered once they are done.
pub const MAX_DONE_ERASURES: usize = 100;
/// The longest id of a person, in bytes.
pub const MAX_PERSON_BYTES: usize = 4096;

/// Who is to be forgotten. The id is compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// By `user_id`, of events, sessions and connections.
    User(String),
    /// By `client_id`, of events and sessions, and by `oauth_id`, of API requests.
    Client(String),
    /// By `session_id`, of events and sessions.
    Session(String),
}

impl Person {
    /// The id itself.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Client(id) | Self::Session(id) => id,
        }
    }
}

/// Names a request; leads to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ErasureId(pub(crate) Uuid);

impl fmt::Display for ErasureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<ErasureId> for String {
    fn from(id: ErasureId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ErasureId {
    type Error = uuid::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for ErasureId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A request and how far it is. Whom it was about is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its name.
    pub id: ErasureId,
    /// When it was made.
    pub requested_at: Micros,
    /// How far it is.
    pub state: ErasureState,
}

/// How far an erasure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasureState {
    /// It has not begun.
    Waiting,
    /// It goes on.
    Running {
        /// Segments looked through, and rewritten where need be.
        done: usize,
        /// Segments to look through.
        total: usize,
    },
    /// No file that the store reads holds the id.
    Done(Erased),
    /// It could not be carried out as a whole. It is tried again: at the latest when the store opens next.
    Failed {
        /// What is in the way.
        reason: String,
    },
}

/// What an erasure did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// When it was done.
    #[serde(with = "record::micros")]
    pub at: Micros,
    /// Rows removed of events, sessions, connections and requests, each counted by the first erasure that took it; what was
    /// removed before a restart is not counted.
    pub rows: [u64; 4],
    /// Files beside the store that hold the bytes of the id: what was set aside because it could not be read. Nothing reads
    /// them; whether they may go is for their owner to say.
    pub set_aside: Vec<String>,
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub enum EraseRefused {
    /// Nobody is named.
    #[error("a person's id must not be empty")]
    EmptyId,
    /// No row can have such an id.
    #[error("a person's id is at most {MAX_PERSON_BYTES} bytes long")]
    LongId,
    /// Too many of the tenant's requests wait.
    #[error("{MAX_WAITING_ERASURES} requests for erasure wait already: ask again when some are done")]
    TooMany,
    /// The store is shutting down.
    #[error("the store is shutting down")]
    Closing,
    /// The request could not be written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

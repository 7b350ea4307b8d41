//! Where records go.

use std::hash::Hash;
use std::time::Duration;

use crate::gateway_record::{GatewayRecord, Unusable};

/// A record and its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Identified {
    /// What makes a repeat the same request.
    pub request_id: String,
    /// The record.
    pub record: GatewayRecord,
}

/// What became of records that were handed over: each is durable or refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Records stored now.
    pub stored: usize,
    /// Records stored before, and not again.
    pub repeated: usize,
    /// Records that will never be stored.
    pub refused: Vec<Refused>,
}

/// A record that will never be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its place in what was handed over.
    pub index: usize,
    /// Why.
    pub reason: Unusable,
}

/// Why nothing is known to be stored. The records are to be handed over again, unless it is for ever.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It will pass.
    #[error("{reason}")]
    Passing {
        /// What is the matter.
        reason: String,
        /// How long the other side asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It will not pass without a person.
    #[error("{0}")]
    Lasting(String),
}

/// Takes records.
pub trait Sink: Send + Sync {
    /// A tenant: whom records of an organization belong to.
    type Place: Clone + Eq + Hash + Send + Sync;

    /// Whose an organization's records are; [`Unusable`] when they are nobody's: they are set aside.
    ///
    /// # Errors
    /// It cannot be told now.
    fn place(
        &self,
        organization: &str,
    ) -> impl Future<Output = Result<Result<Self::Place, Unusable>, Trouble>> + Send;

    /// Stores records of one place; every one has an end when this is `Ok`.
    ///
    /// # Errors
    /// What became of them is unknown.
    fn store(
        &self,
        place: &Self::Place,
        records: &[Identified],
    ) -> impl Future<Output = Result<Outcome, Trouble>> + Send;
}

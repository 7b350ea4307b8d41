//! Records that an API gateway leaves in Redis, handed on to Tidegauge until they are durable (spec section 7).
//!
//! Promise: a record leaves its list only after a [`Sink`] has called it durable, or in the same step in which it is
//! set aside; a connector that is killed at any moment loses none, and none is counted twice. Where the facts go is
//! left to the sinks: [`http::HttpSink`] for a server elsewhere, one inside the server for `serve`.

pub mod backoff;
pub mod connector;
pub mod figures;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod gateway_record;
pub mod http;
pub mod lists;
pub mod queue;
pub mod request_id;
pub mod sink;
pub mod wire;

pub use connector::{Connector, Ended, Fatal, Mode};
pub use figures::{Figures, Tally};
pub use gateway_record::{GatewayRecord, Unusable};
pub use sink::{Outcome, Refused, Sink, Trouble};

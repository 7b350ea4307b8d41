//! Who is asking: the HTTP surfaces, credentials, and the intake of facts.
//!
//! Promise: nothing but a surface knows its wire format; what passes a surface's door is well-formed, and
//! a write is answered with 2xx only after the store made it durable.

pub mod app;
pub mod auth;
pub mod body;
pub mod client_address;
mod entity_tag;
pub mod front_door;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod gateway;
pub mod intake;
pub mod limits;
pub mod live;
pub mod metrics;
pub mod openapi;
pub mod page;
pub mod probes;
pub mod problem;
pub mod query;
pub mod reading;
mod router;
pub mod serve;
pub mod sockets;
pub mod surfaces;
pub mod tls;
pub mod unavailable;
mod validation;

pub use app::{App, Limits};
pub use router::router;
pub use serve::{ServeError, serve};
